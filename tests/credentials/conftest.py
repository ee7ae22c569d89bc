"""Organizations of these tests, with a few credential types."""

import pytest

from tests.core import bare
from tests.service import Service, Tenant


@pytest.fixture
async def tenant(service: Service) -> Tenant:
    """An organization and its owner's key."""
    return await bare.found(service, "Harbour Health", types=bare.FEW)


@pytest.fixture
async def stranger(service: Service) -> Tenant:
    """Another organization."""
    return await bare.found(service, "Somebody Else", types=bare.FEW)
