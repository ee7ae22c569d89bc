"""Organizations of these tests."""

import pytest

from tests.compliance.organization import Asked, noon
from tests.conftest import SettableClock
from tests.service import Service, Tenant


@pytest.fixture
async def asked(service: Service, clock: SettableClock) -> Asked:
    """An organization that is founded on the first day."""
    clock.set(noon(0))
    return await Asked.found(service, "Asked", clock)


@pytest.fixture
async def other(service: Service, clock: SettableClock) -> Asked:
    """Another organization."""
    clock.set(noon(0))
    return await Asked.found(service, "Other", clock)


@pytest.fixture(scope="module")
async def someone(shared_tenant: Tenant) -> str:
    """The id of a worker of the organization that a module's tests share."""
    return await shared_tenant.add_worker()
