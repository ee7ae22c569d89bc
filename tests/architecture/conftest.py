"""What the architecture's tests share: a service with room for generated documents, and organizations full of rows."""

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
from app.settings import Settings
from tests.architecture.worlds import STOCKED, World, populate
from tests.conftest import SECRET
from tests.service import Service, Tenant

ISSUER, AUDIENCE = "https://issuer.test", "credgraph"
Person = Callable[[Tenant, str | None, Role], str]


@pytest.fixture(scope="session")
def issuer() -> Ed25519PrivateKey:
    """The key of an issuer of tokens."""
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
async def service(
    database: Database, issuer: Ed25519PrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """The service, without the limits that a generated document passes, and with an issuer of tokens."""
    data = tmp_path_factory.mktemp("data")
    public: dict[str, Any] = OKPAlgorithm.to_jwk(issuer.public_key(), as_dict=True)
    (data / "jwks.json").write_text(json.dumps({"keys": [{**public, "kid": "one", "alg": "EdDSA"}]}))
    room: dict[str, Any] = {name: 10**9 for name in Settings.model_fields if name.startswith("max_")}
    settings = Settings(
        **room,
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
def person(issuer: Ed25519PrivateKey) -> Person:
    """Signs a person in: the token of someone of an organization, in a role, tied to a worker or not."""

    def sign(tenant: Tenant, worker: str | None, role: Role) -> str:
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "someone",
            "exp": datetime.now(UTC) + timedelta(hours=1),
            "organization": tenant.id,
            "roles": [role.value],
        }
        tied = {} if worker is None else {"worker": worker}
        return jwt.encode({**claims, **tied}, issuer, algorithm="EdDSA", headers={"kid": "one"})

    return sign


@pytest.fixture(scope="session")
def starter_types() -> frozenset[str]:
    """The types that are asked about here."""
    return STOCKED


@pytest.fixture(scope="session")
async def home(service: Service) -> World:
    """An organization to ask for."""
    return await populate(await Tenant.create(service, "Home", types=STOCKED), "home")


@pytest.fixture(scope="session")
async def abroad(service: Service) -> World:
    """Another organization, of which nothing may be seen."""
    return await populate(await Tenant.create(service, "zqabroad000000 of others", types=STOCKED), "abroad")


@pytest.fixture(scope="module", autouse=True)
def plain_logs() -> Iterator[None]:
    """Errors in the log as plain text: to draw one takes a minute where the documents are as large as here.

    No logger may remember this: other tests read the log.
    """
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )
    yield
    structlog.configure(**before)
