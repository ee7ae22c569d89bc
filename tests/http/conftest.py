"""What tests of tokens share: an issuer, and the service that trusts it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings import Settings
from tests.http.oidc import Issuer, trusting
from tests.service import Tenant


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.with_keys("RS256", "ES256", "EdDSA")


@pytest.fixture(scope="session")
def jwks(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The issuer's keys in a file."""
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_bytes(issuer.jwks())
    return file


@pytest.fixture
async def door(tenant: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Tenant]:
    """The organization, behind a door that trusts the issuer."""
    async with trusting(tenant, settings, str(jwks)) as service:
        yield replace(tenant, service=service)
