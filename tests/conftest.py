"""What tests share: both databases, a clock to set, the service, and organizations to call it for."""

import fcntl
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app import reactions
from app.core import logs
from app.db.database import Database, url_of
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests import postgres, s3
from tests.oidc import Issuer, service_trusting_issuer
from tests.service import STARTER_TYPES, Service, Tenant
from tests.serving import assert_first_start, serving

SECRET = "a secret for tests that is long enough"
WITHOUT_TYPES = {"core", "credential_types", "organizations", "workers"}
"""Folders whose tests need no types of credentials, or make those that they speak of."""


logs.configure()


class SettableClock:
    """The system's time, until a test sets another."""

    def __init__(self) -> None:
        self._at: datetime | None = None

    def __call__(self) -> datetime:
        return self._at or datetime.now(UTC)

    def set(self, at: datetime) -> None:
        """Stop at an instant."""
        self._at = at

    def advance(self, by: timedelta) -> None:
        """Go on from where it stands, and stop there."""
        self._at = self() + by

    @contextmanager
    def stopped(self, at: datetime | None = None) -> Iterator[None]:
        """Stop at an instant, if one is told; whatever comes, follow the system again after it."""
        self._at = at
        try:
            yield
        finally:
            self._at = None


@pytest.fixture(scope="session")
def session_clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def clock(session_clock: SettableClock) -> Iterator[SettableClock]:
    """The service's clock."""
    with session_clock.stopped():
        yield session_clock


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgres.running_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server."""
    with s3.running_server() as url:
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """A migrated database, once for each kind. Tests share it: each works in organizations of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite'}"
    else:
        url = await new_database(request.getfixturevalue("postgresql"), f"credgraph_{secrets.token_hex(4)}")
    opened = Database(url, session_clock, before_commit=reactions.react)
    await migrator.upgrade(opened)
    yield opened
    await opened.close()


async def new_database(server: str, name: str) -> str:
    """Create a database on a PostgreSQL server; gives its address."""
    engine = create_async_engine(url_of(server), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    return url_of(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that read nothing from the machine."""
    return Settings(data=Path(tmp_path_factory.mktemp("data")), secret=SECRET)


@pytest.fixture(scope="session")
async def service(database: Database, settings: Settings) -> AsyncIterator[Service]:
    """The service over a database, called in memory through its ASGI door."""
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield Service(client, database)


@pytest.fixture(scope="module")
def starter_types(request: pytest.FixtureRequest) -> frozenset[str]:
    """The types of credentials that organizations have from the start: none where the tests need none."""
    return frozenset() if request.path.parent.name in WITHOUT_TYPES else STARTER_TYPES


@pytest.fixture
async def tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """An organization and its owner's key."""
    return await Tenant.create(service, "Harbour Health", types=starter_types)


@pytest.fixture
async def other_tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """Another organization."""
    return await Tenant.create(service, "Somebody Else", types=starter_types)


@pytest.fixture(scope="module")
async def shared_tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """An organization that a module's tests share, such as those that only look or are refused."""
    return await Tenant.create(service, "Home", types=starter_types)


@dataclass(frozen=True)
class Live:
    """The demo organization, served, and its owner's key."""

    url: str
    key: str


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that has been served once; leaving `serving` has shown that Ctrl-C stops it cleanly.

    The first of the processes that share the tests serves it, for that takes long; each has a copy.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    first = shared / "served first"
    with (shared / "served first.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not first.exists():
            data = tmp_path_factory.mktemp("starting")
            with serving(data) as running:
                assert_first_start(running)
            data.rename(first)
    return shutil.copytree(first, tmp_path_factory.mktemp("served"), dirs_exist_ok=True)


@pytest.fixture(scope="session")
def live(served_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real service in a process of its own, over a copy of the folder: its visitors change things."""
    data = shutil.copytree(served_folder, tmp_path_factory.mktemp("live"), dirs_exist_ok=True)
    with serving(data) as running:
        yield Live(running.url, running.keys["owner"])


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
async def oidc_tenant(tenant: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Tenant]:
    """The organization, behind a door that trusts the issuer."""
    async with service_trusting_issuer(tenant, settings, str(jwks)) as service:
        yield replace(tenant, service=service)
