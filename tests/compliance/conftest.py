"""Organizations of these tests."""

import pytest

from tests.compliance.organization import TYPES, Asked, noon
from tests.conftest import SettableClock
from tests.core import calls
from tests.service import Service, Tenant


@pytest.fixture
async def asked(service: Service, clock: SettableClock) -> Asked:
    """An organization that is founded on the first day."""
    clock.set(noon(0))
    return await _found(service, "Asked", clock)


@pytest.fixture
async def other(service: Service, clock: SettableClock) -> Asked:
    """Another organization."""
    clock.set(noon(0))
    return await _found(service, "Other", clock)


async def _found(service: Service, name: str, clock: SettableClock) -> Asked:
    """With a type for which expiring soon means what it means in the organization."""
    asked = Asked(await Tenant.found(service, name, types=TYPES), clock)
    await calls.done(
        asked.tenant, "credentialTypeUpdate", "credentialType { id }", id=await asked.type(), expiringSoonDays=None
    )
    return asked
