"""What tests of the doors share."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from tests.oidc import trusting
from tests.service import Tenant


@pytest.fixture(scope="module")
async def shut(home: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Tenant]:
    """The organization for refusals, behind a door that trusts the issuer."""
    async with trusting(home, settings, str(jwks)) as service:
        yield replace(home, service=service)
