"""Fixtures of all tests: both databases, a settable clock, the service, and organizations that call it."""

import fcntl
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.core import logs
from app.db.database import Database
from app.main import create_app
from app.settings import Settings
from tests import databases, postgres, registry, s3
from tests.oidc import Issuer, service_trusting_issuer
from tests.registry import FakeRegistry
from tests.service import STARTER_TYPES, Service, Tenant
from tests.serving import assert_first_start, serving

SECRET = "a secret for tests that is long enough"
WITHOUT_TYPES = {"core", "db", "lists", "signing", "credential_types", "organizations", "workers"}
"""Test folders whose tests need no credential types, or create their own."""


logs.configure()


class SettableClock:
    """A clock that follows the system until a test sets it."""

    def __init__(self) -> None:
        self._at: datetime | None = None

    def __call__(self) -> datetime:
        return self._at or datetime.now(UTC)

    def set(self, at: datetime) -> None:
        """Stop the clock at an instant."""
        self._at = at

    def advance(self, by: timedelta) -> None:
        """Move the clock on from its present time, and stop it there."""
        self._at = self() + by

    @contextmanager
    def stopped(self, at: datetime | None = None) -> Iterator[None]:
        """Stop the clock at an instant, if there is one, and follow the system again after the block."""
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
    """The URL of a PostgreSQL server."""
    with postgres.running_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an S3 server."""
    with s3.running_server() as url:
        yield url


@pytest.fixture(scope="session", params=databases.KINDS)
async def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """A migrated SQLite or PostgreSQL database. All tests share it, and each works in its own organizations."""
    url = await databases.new_url(request.param, request, tmp_path_factory.mktemp("database"))
    async with databases.open_migrated(url, session_clock) as opened:
        yield opened


@pytest.fixture(scope="module", params=databases.KINDS)
async def own_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """A migrated database for one module, because jobs work for all organizations of a database."""
    url = await databases.new_url(request.param, request, tmp_path_factory.mktemp("own"))
    async with databases.open_migrated(url, session_clock) as opened:
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeRegistry]:
    """A registry that finds everything valid until a test changes its replies."""
    async with registry.running_registry() as running:
        yield running


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings that do not depend on the environment of the machine."""
    return Settings(data=Path(tmp_path_factory.mktemp("data")), secret=SECRET)


@pytest.fixture(scope="session")
async def service(database: Database, settings: Settings) -> AsyncIterator[Service]:
    """The service on a database, called in memory as an ASGI application."""
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield Service(client, database)


@pytest.fixture(scope="module")
def starter_types(request: pytest.FixtureRequest) -> frozenset[str]:
    """The credential types of new organizations: none for the folders in `WITHOUT_TYPES`."""
    return frozenset() if request.path.parent.name in WITHOUT_TYPES else STARTER_TYPES


@pytest.fixture
async def tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """An organization with an owner's key."""
    return await Tenant.create(service, "Harbour Health", types=starter_types)


@pytest.fixture
async def other_tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """Another organization."""
    return await Tenant.create(service, "Somebody Else", types=starter_types)


@pytest.fixture(scope="module")
async def shared_tenant(service: Service, starter_types: frozenset[str]) -> Tenant:
    """An organization shared by the tests of a module that change nothing."""
    return await Tenant.create(service, "Home", types=starter_types)


@dataclass(frozen=True)
class Live:
    """A running service with the demo organization, and the owner's key."""

    url: str
    key: str


@pytest.fixture(scope="session")
def served_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder that has been served once, with the demo organization in it.

    Loading the demo takes long, so only the first test process serves the folder; every process gets a copy. The end of
    `serving` has asserted that Ctrl-C stops the service cleanly.
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
    """The real service in its own process, on a copy of the served folder, because the tests change data."""
    data = shutil.copytree(served_folder, tmp_path_factory.mktemp("live"), dirs_exist_ok=True)
    with serving(data) as running:
        yield Live(running.url, running.keys["owner"])


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer.with_keys("RS256", "ES256", "EdDSA")


@pytest.fixture(scope="session")
def jwks(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the issuer's public keys."""
    file = tmp_path_factory.mktemp("issuer") / "jwks.json"
    file.write_bytes(issuer.jwks())
    return file


@pytest.fixture
async def oidc_tenant(tenant: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Tenant]:
    """The organization, at a service that trusts the issuer."""
    async with service_trusting_issuer(tenant, settings, str(jwks)) as service:
        yield replace(tenant, service=service)
