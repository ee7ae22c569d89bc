"""Every server writes the same rows for an approval, and the undo removes all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import reactions
from app.core import clock
from app.credentials.tables import Credential
from app.db.database import Database
from app.jobs import settle
from app.main import create_app
from app.migrations import migrator
from app.organizations.tables import ApiKey
from app.settings import Settings
from scripts.benchmark.peers import approval, plain_approval
from scripts.benchmark.peers.keys import Caller
from scripts.benchmark.undo import ApprovalUndo
from tests.databases import create_on_server
from tests.service import Service, Tenant

PASS = {"code": "SITE_PASS", "name": "Site pass", "category": "SCREENING", "verificationSource": "site"}
WRITTEN = {"credentials", "credential_versions", "events", "history", "idempotency_keys", "unsettled"}


@dataclass(frozen=True)
class ApprovalDatabase:
    """A database with pending credentials, for this module alone, because the undo reverts all approvals in it."""

    url: str
    tenant: Tenant
    credentials: tuple[str, ...]
    """The ids of a credential that expires and of one that never does."""

    async def key(self) -> ApiKey:
        """Return the owner's key."""
        async with self.tenant.service.database.reading("test") as session:
            return (await session.scalars(select(ApiKey).where(col(ApiKey.organization_id) == self.tenant.id))).one()


@pytest.fixture(scope="module")
async def place(postgresql: str, settings: Settings) -> AsyncIterator[ApprovalDatabase]:
    async with _open_database(await create_on_server(postgresql, "credgraph_approval"), settings) as place:
        yield place


@pytest.fixture
async def embedded(tmp_path: Path, settings: Settings) -> AsyncIterator[ApprovalDatabase]:
    async with _open_database(f"sqlite:///{tmp_path / 'credgraph.sqlite'}", settings) as place:
        yield place


@asynccontextmanager
async def _open_database(url: str, settings: Settings) -> AsyncIterator[ApprovalDatabase]:
    database = Database(url, clock.system, before_commit=reactions.react)
    await migrator.upgrade(database)
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        tenant = await Tenant.create(Service(client, database), "Measured Health")
        await tenant.mutate("organizationUpdate", "organization { id }", approvalsEnabled=True)
        await tenant.mutate("credentialTypeCreate", "credentialType { id }", approvalRequired=True, **PASS)
        worker, kind = await tenant.add_worker(), {"credentialType": PASS["code"]}
        expiring = await tenant.add_credential(worker, identification=kind)
        lasting = await tenant.add_credential(worker, identification=kind, issuing={"expiryDate": None})
        async with database.writing("test") as session:
            # As in the measured data, the registry's next word is awaited.
            await session.execute(update(Credential).values(next_check_at=session.now + timedelta(days=3)))
        yield ApprovalDatabase(url, tenant, (expiring, lasting))
    await database.close()


async def by_service(place: ApprovalDatabase, credential: str) -> None:
    given = {"id": credential, "reason": approval.REASON, "idempotencyKey": credential}
    payload = await place.tenant.mutate("credentialApprove", "credential { id }", **given)
    assert payload["errors"] == []


async def by_handler(place: ApprovalDatabase, credential: str) -> None:
    key = await place.key()
    connection = await asyncpg.connect(place.url)
    caller = Caller(place.tenant.id, key.id, key.name, 30)
    answer = await approval.approve(connection, caller, {"id": credential, "key": credential})
    await connection.close()
    assert answer["credentialApprove"]["errors"] == []


async def by_plain_strawberry(place: ApprovalDatabase, credential: str) -> None:
    key = await place.key()
    async with AsyncSession(place.tenant.service.database.engine) as session, session.begin():
        row = await session.get_one(Credential, (place.tenant.id, credential))
        await plain_approval.approve(session, key, row, approval.REASON, credential)


Approve = Callable[[ApprovalDatabase, str], Awaitable[None]]


async def rows_of(place: ApprovalDatabase, changes: ApprovalUndo, approve: Approve) -> list[dict[str, Any]]:
    """Approve the credentials, undo the approvals, and return the rows that the approvals wrote."""
    for credential in place.credentials:
        await approve(place, credential)
    rows = [await changes.written_rows(credential) for credential in place.credentials]
    await changes.restore()
    return rows


@pytest.mark.parametrize("approve", [by_service, by_handler, by_plain_strawberry])
async def test_approvals_are_taken_back_to_the_last_row(place: ApprovalDatabase, approve: Approve) -> None:
    changes = ApprovalUndo(place.url)
    await changes.save()
    before = await place.tenant.rows()

    for credential in place.credentials:
        await approve(place, credential)
    after = await place.tenant.rows()
    assert {name for name, rows in after.items() if rows != before[name]} == WRITTEN
    assert await changes.count_approvals() == len(place.credentials)

    await changes.restore()
    assert await place.tenant.rows() == before


async def settled_rows(place: ApprovalDatabase) -> dict[str, Any]:
    """Return all rows after the jobs have settled everything, without the ids of sums, which change."""
    while await settle.run(place.tenant.service.database):
        pass
    rows = await place.tenant.rows()
    tallies = [
        [row["org_unit_id"], row["dimension"], row["value"], row["day"], row["number"]] for row in rows["tallies"]
    ]
    return {**rows, "tallies": sorted(tallies)}


async def test_what_the_service_settles_of_approvals_is_taken_back_too(embedded: ApprovalDatabase) -> None:
    before = await settled_rows(embedded)
    changes = ApprovalUndo(embedded.url)
    await changes.save()

    for credential in embedded.credentials:
        await by_service(embedded, credential)
    after = await settled_rows(embedded)
    assert {name for name, rows in after.items() if rows != before[name]} == WRITTEN - {"unsettled"} | {
        "settled",
        "tallies",
    }
    assert await changes.count_approvals() == len(embedded.credentials)

    await changes.restore()
    assert await settled_rows(embedded) == before


@pytest.mark.parametrize("approve", [by_handler, by_plain_strawberry])
async def test_a_peer_writes_what_the_service_writes(place: ApprovalDatabase, approve: Approve) -> None:
    changes = ApprovalUndo(place.url)
    await changes.save()

    ours = await rows_of(place, changes, by_service)
    assert all(all(found.values()) for found in ours)
    assert await rows_of(place, changes, approve) == ours
