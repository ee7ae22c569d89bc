"""Organizations of these tests, which need no credential types."""

import pytest

from tests.core import bare
from tests.service import Service, Tenant


@pytest.fixture
async def tenant(service: Service) -> Tenant:
    """An organization and its owner's key."""
    return await bare.found(service, "Harbour Health")


@pytest.fixture
async def stranger(service: Service) -> Tenant:
    """Another organization."""
    return await bare.found(service, "Somebody Else")
