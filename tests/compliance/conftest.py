"""Organizations of these tests."""

import pytest

from tests.compliance.organization import TYPES, Asked, noon
from tests.conftest import SettableClock
from tests.core import bare, calls
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


@pytest.fixture
async def tenant(service: Service) -> Tenant:
    """An organization and its owner's key."""
    return await bare.found(service, "Harbour Health", types=bare.FEW)


@pytest.fixture
async def stranger(service: Service) -> Tenant:
    """Another organization."""
    return await bare.found(service, "Somebody Else", types=bare.FEW)


async def _found(service: Service, name: str, clock: SettableClock) -> Asked:
    """With a type for which expiring soon means what it means in the organization."""
    asked = Asked(await bare.found(service, name, types=TYPES), clock)
    await calls.done(
        asked.tenant, "credentialTypeUpdate", "credentialType { id }", id=await asked.type(), expiringSoonDays=None
    )
    return asked
