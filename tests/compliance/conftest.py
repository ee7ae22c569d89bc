"""Organizations for tests of compliance."""

import pytest

from tests.compliance.organization import DatedOrganization, noon
from tests.conftest import SettableClock
from tests.service import Service, Tenant


@pytest.fixture
async def organization(service: Service, clock: SettableClock) -> DatedOrganization:
    """Create an organization on the first day."""
    clock.set(noon(0))
    return await DatedOrganization.create(service, "Asked", clock)


@pytest.fixture
async def other_organization(service: Service, clock: SettableClock) -> DatedOrganization:
    """Create another organization on the first day."""
    clock.set(noon(0))
    return await DatedOrganization.create(service, "Other", clock)


@pytest.fixture(scope="module")
async def someone(shared_tenant: Tenant) -> str:
    """Return the id of a worker in the organization that a module's tests share."""
    return await shared_tenant.add_worker()
