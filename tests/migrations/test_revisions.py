"""Revisions upgrade and downgrade databases of every state that installations have."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from app.core import clock
from app.db.database import Database
from app.migrations import migrator
from tests import databases

EARLY = (
    "ALTER TABLE credential_types ADD COLUMN verification_interval_days INTEGER",
    "DROP INDEX credentials_by_review",
    "CREATE INDEX credentials_waiting ON credentials (organization_id, latest_version_at, id) WHERE "
    "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED') "
    "AND intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
)
"""Changes that some databases got with the second revision, and others with the fourth."""


@pytest.mark.parametrize("kind", databases.KINDS)
@pytest.mark.parametrize("early", [EARLY, ()], ids=["with what came early", "without"])
async def test_the_fourth_revision_brings_what_is_not_there_yet(
    kind: str, early: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = await databases.new_url(kind, request, tmp_path)
    database = Database(url, clock.system)
    await migrator._run(database, lambda config: command.upgrade(config, "0003"))
    async with database.engine.begin() as connection:
        for statement in early:
            await connection.execute(text(statement))
    for _ in range(2):
        assert await migrator.upgrade(database)
        assert await migrator.differences(database) is None
        await migrator._run(database, lambda config: command.downgrade(config, "0003"))
    await database.close()
