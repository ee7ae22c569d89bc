"""The history of rows that are older than the history itself, and their settlement."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from alembic import command
from sqlalchemy import select
from sqlmodel import col

from app import reactions
from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.snapshots import SNAPSHOTS
from app.core import clock
from app.db.database import Database
from app.db.history import History
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests import calls, databases
from tests.compliance import recount
from tests.service import Service, Tenant


@pytest.mark.parametrize("kind", databases.KINDS)
async def test_rows_from_before_are_remembered(
    kind: str, tmp_path: Path, settings: Settings, request: pytest.FixtureRequest
) -> None:
    url = await databases.new_url(kind, request, tmp_path)
    database = Database(url, clock.system, before_commit=reactions.react)
    await migrator.upgrade(database)
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        tenant = await Tenant.create(Service(client, database), "Old", types=frozenset({"NPI", "WWCC_NSW"}))
        worker = await tenant.add_worker()
        await tenant.add_credential(worker)
        await tenant.mutate("credentialArchive", "credential { id }", id=await tenant.add_credential(worker))
        await tenant.mutate("applicantCreate", "applicant { id }", identity={"displayName": "Somebody"})
        await tenant.mutate("orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
        kind = await calls.credential_type_id(tenant, "NPI")
        await tenant.mutate("credentialTypeArchive", "credentialType { id }", id=kind)
        before = await _latest(database, tenant.id)
        await migrator._run(database, lambda config: command.downgrade(config, "0002"))
        await migrator.upgrade(database)
        assert await _latest(database, tenant.id) == before
        assert await recount.count_marks(database, tenant.id) == 2
        await recount.settle_all(database, tenant.id)
        await recount.assert_matches_recount(database, tenant.id)
        async with database.reading() as session:
            today = clock.today(session.now, tenant.actor.time_zone)
            evaluations = await worker_facts.evaluate_workers(
                session, tenant.actor, [worker], today - timedelta(days=1)
            )
        assert evaluations == {}
    await database.close()


async def _latest(database: Database, organization_id: str) -> dict[tuple[str, str], Any]:
    """Return the last recorded facts of each row."""
    async with database.reading() as session:
        statement = select(History).where(col(History.organization_id) == organization_id)
        rows = await session.scalars(statement.order_by(col(History.recorded_at), col(History.id)))
        return {
            (row.kind, row.row_id): msgspec.convert({**row.values, "id": row.row_id}, SNAPSHOTS[row.kind])
            for row in rows
        }
