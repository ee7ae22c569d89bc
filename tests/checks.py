"""A harness for verification tests: a service with a fake registry, an organization, and the job loop run by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from sqlmodel import SQLModel, col

from app.attachments.storage import Storage
from app.credentials.tables import Credential
from app.credentials.verification.tables import VerificationAttempt
from app.db.database import Database
from app.events.tables import Event
from app.jobs import loop
from app.main import create_app, open_storage
from app.registries.registry_set import Guard, RegistrySet
from app.settings import Settings
from tests import registry
from tests.registry import FakeRegistry
from tests.service import Service, Tenant, credential_input, random_name

CHECKED_TYPE = "CHECKED"
FAST_GUARD = Guard(first_wait_seconds=0.001, max_wait_seconds=0.002)
VERIFY_PAYLOAD = """
    eligibility statusDetail expiryDate errorMessage correlationId cached
    attempt { id trigger outcome registry adapter correlationId eligibility statusDetail rawStatus expiryDate
        problems errorMessage latencyMs requestedBy { kind name } resolution { resolvedBy reason notes } }
    credential { id verification { status eligibility statusDetail } issuing { expiryDate } }
"""


@dataclass(frozen=True)
class VerificationHarness:
    """An organization whose credential type CHECKED is verified by a fake registry."""

    tenant: Tenant
    source: str
    """The registry's name."""
    sources: RegistrySet
    """The registries that the job loop asks."""
    storage: Storage
    """The store of the service's files."""

    @property
    def database(self) -> Database:
        """The database of the service."""
        return self.tenant.service.database

    async def add(self, number: str = "N1", *, code: str = CHECKED_TYPE, **content: Any) -> str:
        """Create a credential whose first verification is still pending; return the id."""
        return str((await self.create(number, code=code, **content))["credential"]["id"])

    async def create(self, number: str = "N1", *, code: str = CHECKED_TYPE, **content: Any) -> Any:
        """Create a credential; return the payload."""
        worker = await self.tenant.add_worker()
        identification = {"credentialType": code, "referenceNumber": number}
        input = credential_input(worker, identification=identification, **content)
        payload = await self.tenant.mutate("credentialCreate", "credential { id } correlationId", **input)
        assert payload["errors"] == []
        return payload

    async def add_checked(self, number: str = "N1", **content: Any) -> str:
        """Create a credential and run its first verification; return the id."""
        key = await self.add(number, **content)
        await self.run_jobs()
        return key

    async def verify(self, key: str, **input: Any) -> Any:
        """Verify a credential; assert that there are no errors and return the payload."""
        payload = await self.tenant.mutate("credentialVerify", VERIFY_PAYLOAD, id=key, **input)
        assert payload.pop("errors") == []
        return payload

    async def run_jobs(self) -> int:
        """Run the jobs until there is nothing left to do; return the number of things done."""
        total = 0
        while done := await loop.run_once(self.database, self.sources, self.storage):
            total += done
        return total

    async def credential(self, key: str) -> Credential:
        """Return a credential's row."""
        async with self.database.reading() as session:
            return await session.get_row(Credential, (self.tenant.id, key))

    async def attempts(self, key: str) -> list[VerificationAttempt]:
        """Return a credential's verification attempts in order."""
        statement = select(VerificationAttempt).where(
            col(VerificationAttempt.organization_id) == self.tenant.id, col(VerificationAttempt.credential_id) == key
        )
        async with self.database.reading() as session:
            return list(await session.scalars(statement.order_by(col(VerificationAttempt.id))))

    async def events(self, key: str, kind: str = "credential.verified") -> list[Event]:
        """Return the events of one kind about a credential, in order."""
        statement = select(Event).where(
            col(Event.organization_id) == self.tenant.id, col(Event.subject_id) == key, col(Event.kind) == kind
        )
        async with self.database.reading() as session:
            return list(await session.scalars(statement.order_by(col(Event.id))))

    async def create_another(self, name: str = "Second", *, sandbox: bool = False) -> "VerificationHarness":
        """Create another organization at the same service, with the same registry."""
        return await create_harness(self.tenant.service, self.source, self.sources, self.storage, name, sandbox=sandbox)


@asynccontextmanager
async def open_harness(
    database: Database, settings: Settings, folder: Path, fake: FakeRegistry, *, sandbox: bool = False, **described: Any
) -> AsyncIterator[VerificationHarness]:
    """Run a service with a registry configured by `described`, and create an organization."""
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
    """Create an organization whose credential type CHECKED is verified by a registry."""
    tenant = await Tenant.create(service, name, sandbox=sandbox)
    input = {"code": CHECKED_TYPE, "name": "Checked", "category": "SCREENING", "verificationSource": source}
    supports = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE"]
    payload = await tenant.mutate("credentialTypeCreate", "credentialType { id }", supports=supports, **input)
    assert payload["errors"] == []
    return VerificationHarness(tenant, source, sources, storage)


async def delete_all_rows(database: Database) -> None:
    """Delete all rows, so that the jobs of a later test have only that test's work."""
    async with database.engine.begin() as connection:
        for table in reversed(SQLModel.metadata.sorted_tables):
            await connection.execute(table.delete())
