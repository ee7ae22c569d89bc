"""Verification as tests call it: a service with a registry of its own, an organization, and the job loop by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from app import reactions
from app.attachments.storage import Storage
from app.credentials.tables import Credential
from app.credentials.verification.tables import VerificationAttempt
from app.db.database import Database
from app.events.tables import Event
from app.jobs import loop
from app.main import create_app, open_storage
from app.migrations import migrator
from app.registries.registry_set import Guard, RegistrySet
from app.settings import Settings
from tests import registry
from tests.conftest import SettableClock, new_database
from tests.registry import FakeRegistry
from tests.service import Service, Tenant, credential_input, random_name

CHECKED_TYPE = "CHECKED"
FAST_GUARD = Guard(first_wait_seconds=0.001, max_wait_seconds=0.002)
VERIFY_PAYLOAD = """
    eligibility statusDetail expiryDate errorMessage correlationId cached
    attempt { id trigger outcome source adapter correlationId eligibility statusDetail rawStatus expiryDate
        problems errorMessage latencyMs requestedBy { kind name } resolution { resolvedBy reason notes } }
    credential { id verification { status eligibility statusDetail } issuing { expiryDate } }
"""


@dataclass(frozen=True)
class VerificationHarness:
    """An organization whose type CHECKED is verified by a registry of its own."""

    tenant: Tenant
    source: str
    """The registry's name."""
    sources: RegistrySet
    """What the job loop asks."""
    storage: Storage
    """Where the service keeps files."""

    @property
    def database(self) -> Database:
        """Where it all is kept."""
        return self.tenant.service.database

    async def add(self, number: str = "N1", *, code: str = CHECKED_TYPE, **content: Any) -> str:
        """Add a credential with its first check still to be made; gives the id."""
        return str((await self.create(number, code=code, **content))["credential"]["id"])

    async def create(self, number: str = "N1", *, code: str = CHECKED_TYPE, **content: Any) -> Any:
        """Add a credential; gives the payload."""
        worker = await self.tenant.add_worker()
        said = {"credentialType": code, "referenceNumber": number}
        given = credential_input(worker, identification=said, **content)
        payload = await self.tenant.mutate("credentialCreate", "credential { id } correlationId", **given)
        assert payload["errors"] == []
        return payload

    async def add_checked(self, number: str = "N1", **content: Any) -> str:
        """Add a credential and make its first check; gives the id."""
        key = await self.add(number, **content)
        await self.run_jobs()
        return key

    async def verify(self, key: str, **given: Any) -> Any:
        """Have a credential checked; gives the payload, which has no errors."""
        payload = await self.tenant.mutate("credentialVerify", VERIFY_PAYLOAD, id=key, **given)
        assert payload.pop("errors") == []
        return payload

    async def run_jobs(self) -> int:
        """Turn the jobs until there is nothing to do; gives how much was done."""
        total = 0
        while done := await loop.run_once(self.database, self.sources, self.storage):
            total += done
        return total

    async def credential(self, key: str) -> Credential:
        """A credential's row."""
        async with self.database.reading() as session:
            return await session.get_row(Credential, (self.tenant.id, key))

    async def attempts(self, key: str) -> list[VerificationAttempt]:
        """A credential's checks, from the first."""
        statement = select(VerificationAttempt).where(
            col(VerificationAttempt.organization_id) == self.tenant.id, col(VerificationAttempt.credential_id) == key
        )
        async with self.database.reading() as session:
            return list(await session.scalars(statement.order_by(col(VerificationAttempt.id))))

    async def events(self, key: str, kind: str = "credential.verified") -> list[Event]:
        """What the ledger says of a credential, of one kind, in the order it was written."""
        statement = select(Event).where(
            col(Event.organization_id) == self.tenant.id, col(Event.subject_id) == key, col(Event.kind) == kind
        )
        async with self.database.reading() as session:
            return list(await session.scalars(statement.order_by(col(Event.id))))

    async def create_another(self, name: str = "Second", *, sandbox: bool = False) -> "VerificationHarness":
        """Another organization at the same service, with the same registry."""
        return await create_harness(self.tenant.service, self.source, self.sources, self.storage, name, sandbox=sandbox)


@asynccontextmanager
async def open_harness(
    database: Database, settings: Settings, folder: Path, fake: FakeRegistry, *, sandbox: bool = False, **described: Any
) -> AsyncIterator[VerificationHarness]:
    """A service over a database, with a registry that is described so, and an organization."""
    name = f"registry-{random_name()}"
    file = registry.write_config(folder, **{name: fake.config(**described)})
    sources = RegistrySet(file, FAST_GUARD)
    transport = httpx.ASGITransport(create_app(settings.model_copy(update={"registries": file}), database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        storage = open_storage(settings)
        yield await create_harness(Service(client, database), name, sources, storage, "Harbour Health", sandbox=sandbox)
    await sources.close()


async def create_harness(
    service: Service, source: str, sources: RegistrySet, storage: Storage, name: str, *, sandbox: bool
) -> VerificationHarness:
    """Found an organization whose type CHECKED is verified by a source."""
    tenant = await Tenant.create(service, name, sandbox=sandbox)
    given = {"code": CHECKED_TYPE, "name": "Checked", "category": "SCREENING", "verificationSource": source}
    supports = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE"]
    payload = await tenant.mutate("credentialTypeCreate", "credentialType { id }", supports=supports, **given)
    assert payload["errors"] == []
    return VerificationHarness(tenant, source, sources, storage)


async def delete_all_rows(database: Database) -> None:
    """Forget all organizations, so that a later turn of the jobs has no work but its own test's."""
    async with database.engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            await connection.execute(table.delete())


@asynccontextmanager
async def new_own_database(
    kind: str, request: pytest.FixtureRequest, folders: pytest.TempPathFactory, clock: SettableClock
) -> AsyncIterator[Database]:
    """A migrated database, `sqlite` or `postgresql`, that no other fixture shares.

    So a turn of the jobs, which work for all organizations in it, meets no other test's work.
    """
    name = f"own-{random_name()}"
    if kind == "sqlite":
        url = f"sqlite:///{folders.mktemp('own') / name}.sqlite"
    else:
        url = await new_database(request.getfixturevalue("postgresql"), name)
    database = Database(url, clock, before_commit=reactions.react)
    await migrator.upgrade(database)
    yield database
    await database.close()
