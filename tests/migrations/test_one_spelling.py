"""Revision 0018 spells a category LICENCE and scopes like WORKERS_READ wherever they are stored."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from app.core import clock
from app.db.database import Database
from app.migrations import migrator
from tests import databases

STORED = (
    "INSERT INTO organizations (organization_id, id, name, time_zone, approvals_enabled, approval_finality, "
    "resubmit_on_reject, self_review_allowed, expiring_soon_days, reminder_days, sandbox, revision, created_at, "
    "last_updated) VALUES ('org_1', 'org_1', 'Acme', 'UTC', true, 'REVERSIBLE', true, false, 30, '[]', false, 1, "
    "'2026-01-01 00:00:00', '2026-01-01 00:00:00')",
    "INSERT INTO tallies (organization_id, id, org_unit_id, dimension, value, day, number) "
    "VALUES ('org_1', 'tly_1', '', 'CATEGORY', 'LICENSE', '0001-01-01', 1)",
    "INSERT INTO tallies (organization_id, id, org_unit_id, dimension, value, day, number) "
    "VALUES ('org_1', 'tly_2', '', 'JURISDICTION', 'LICENSE', '0001-01-01', 1)",
    "INSERT INTO settled (organization_id, id, recheck_on, counted) "
    """VALUES ('org_1', 'wkr_1', '9999-12-31', '[["CATEGORY", "LICENSE", "0001-01-01", 1]]')""",
    'INSERT INTO history (organization_id, id, kind, row_id, recorded_at, "values") VALUES '
    """('org_1', 'hist_1', 'credentials', 'cred_1', '2026-01-01 00:00:00', '{"category": "LICENSE"}')""",
    'INSERT INTO history (organization_id, id, kind, row_id, recorded_at, "values") VALUES '
    """('org_1', 'hist_2', 'credentials', 'cred_1', '2026-01-01 00:00:00', 'null')""",
    "INSERT INTO api_keys (organization_id, id, name, name_key, scopes, secret_hash, created_by, created_at) VALUES ("
    """'org_1', 'key_1', 'Sync', 'sync', '["self:credentials", "workers:read"]', '', 'sys', '2026-01-01 00:00:00')""",
)
READS = (
    "SELECT value FROM tallies ORDER BY id",
    "SELECT CAST(counted AS TEXT) FROM settled",
    'SELECT CAST("values" AS TEXT) FROM history ORDER BY id',
    "SELECT CAST(scopes AS TEXT) FROM api_keys",
)


@pytest.mark.parametrize("kind", databases.KINDS)
async def test_categories_and_scopes_are_respelled(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    database = Database(await databases.new_url(kind, request, tmp_path), clock.system)
    await migrator._run(database, lambda config: command.upgrade(config, "0017"))
    async with database.engine.begin() as connection:
        for statement in STORED:
            await connection.execute(text(statement))

    async def stored() -> list[list[str]]:
        async with database.engine.begin() as connection:
            return [[row[0].replace(" ", "") for row in await connection.execute(text(read))] for read in READS]

    before = await stored()
    await migrator._run(database, lambda config: command.upgrade(config, "0018"))
    assert await stored() == [
        ["LICENCE", "LICENSE"],
        ['[["CATEGORY","LICENCE","0001-01-01",1]]'],
        ['{"category":"LICENCE"}', "null"],
        ['["SELF_CREDENTIALS","WORKERS_READ"]'],
    ]
    await migrator._run(database, lambda config: command.downgrade(config, "0017"))
    assert await stored() == before
    await database.close()
