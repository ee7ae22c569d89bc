"""Fixtures of the architecture tests: a service without limits for generated documents, and filled organizations."""

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from app.access import Role
from app.db.database import Database
from app.main import create_app
from app.settings import Limits, Settings
from tests.architecture.worlds import WORLD_TYPES, World, populate
from tests.conftest import SECRET
from tests.service import Service, Tenant

ISSUER, AUDIENCE = "https://issuer.test", "credgraph"
SignIn = Callable[[Tenant, str | None, Role], str]


@pytest.fixture(scope="session")
def issuer() -> Ed25519PrivateKey:
    """The private key of a token issuer."""
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
async def service(
    database: Database, issuer: Ed25519PrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The service with a token issuer, and without the limits that generated documents exceed."""
    data = tmp_path_factory.mktemp("data")
    public: dict[str, Any] = OKPAlgorithm.to_jwk(issuer.public_key(), as_dict=True)
    (data / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": "one", "alg": "EdDSA"}]}))
    settings = Settings(
        max=Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**9)),
        data=data,
        secret=SECRET,
        body_bytes=10**8,
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        jwt_jwks=str(data / "jwks.json"),
    )
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield Service(client, database)


@pytest.fixture(scope="session")
def sign_in(issuer: Ed25519PrivateKey) -> SignIn:
    """A function that returns the token of a person of an organization in a role, linked to a worker or not."""

    def sign(tenant: Tenant, worker: str | None, role: Role) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "someone",
            "exp": datetime.now(UTC) + timedelta(hours=1),
            "organization": tenant.id,
            "roles": [role.value],
        }
        link = {} if worker is None else {"worker": worker}
        return jwt.encode({**claims, **link}, issuer, algorithm="EdDSA", headers={"kid": "one"})

    return sign


@pytest.fixture(scope="session")
def starter_types() -> frozenset[str]:
    """The credential types of the populated organizations."""
    return WORLD_TYPES


@pytest.fixture(scope="session")
async def world(service: Service) -> World:
    """The organization of the callers, with rows of every kind."""
    return await populate(await Tenant.create(service, "Home", types=WORLD_TYPES), "home")


@pytest.fixture(scope="session")
async def other_world(service: Service) -> World:
    """Another organization with rows of every kind, none of which a caller of `world` may see."""
    return await populate(await Tenant.create(service, "zqabroad000000 of others", types=WORLD_TYPES), "abroad")


@pytest.fixture(scope="module", autouse=True)
def plain_logs() -> Iterator[None]:
    """Log errors as plain text: rendering a traceback with documents of this size takes a minute.

    Loggers must not cache this configuration, because other tests read the log.
    """
    previous = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )
    yield
    structlog.configure(**previous)
