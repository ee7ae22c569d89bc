"""The revisions about people who left: what is kept of them is filled in, and their settlement follows."""

from pathlib import Path

import httpx
import pytest
from alembic import command
from sqlalchemy import text

from app import reactions
from app.compliance.tables import CredentialRequest
from app.core import clock
from app.credentials.tables import Credential, OwnerType
from app.db.database import Database
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from app.workers.tables import Worker
from tests import databases
from tests.compliance import recount, requirement_calls
from tests.compliance.requirement_calls import add_rule, requested_codes
from tests.credentials import actions
from tests.service import Service, Tenant

BEFORE = "0013"


@pytest.mark.parametrize("kind", databases.KINDS)
async def test_people_who_left_before_are_settled(
    kind: str, tmp_path: Path, settings: Settings, request: pytest.FixtureRequest
) -> None:
    url = await databases.new_url(kind, request, tmp_path)
    database = Database(url, clock.system, before_commit=reactions.react)
    await migrator.upgrade(database)
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        tenant = await Tenant.create(Service(client, database), "Old", types=frozenset({"NPI", "WWCC_NSW"}))
        deleted, ended = await tenant.add_worker(), await tenant.add_worker()
        await add_rule(tenant, "NPI")
        alone, shared = await tenant.add_credential(deleted), await tenant.add_credential(deleted)
        applicant = await actions.add_applicant(tenant)
        to = {"type": "APPLICANT", "id": applicant}
        await actions.mutation_payload(tenant, "credentialLink", "status", id=shared, to=to)
        await migrator._run(database, lambda config: command.downgrade(config, BEFORE))
        async with database.engine.begin() as connection:
            await connection.execute(
                text("UPDATE workers SET deleted_at = created_at WHERE id = :worker"), {"worker": deleted}
            )
            await connection.execute(
                text("UPDATE workers SET end_date = '2020-01-01' WHERE id = :worker"), {"worker": ended}
            )
        await migrator.upgrade(database)
        assert (await actions.credential_row(tenant, alone)).living_owner is None
        assert (await actions.credential_row(tenant, alone)).next_check_at is None
        assert (await actions.credential_row(tenant, shared)).living_owner is OwnerType.APPLICANT
        [of_deleted] = await requirement_calls.rows(tenant, CredentialRequest, worker_id=deleted)
        assert of_deleted.worker_deleted
        await recount.settle_all(database, tenant.id)
        assert await requested_codes(tenant, deleted) == await requested_codes(tenant, ended) == []
        assert [row.standing for row in await requirement_calls.rows(tenant, Worker)] == [None, None]
        assert {row.living_owner for row in await requirement_calls.rows(tenant, Credential, worker_id=ended)} == {
            OwnerType.WORKER
        }
        await recount.assert_matches_recount(database, tenant.id)
    await database.close()
