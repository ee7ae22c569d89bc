"""Revisions upgrade and downgrade databases of every state that installations have."""

import secrets
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from app.core import clock
from app.db.database import Database
from app.migrations import migrator
from tests.conftest import new_database

EARLY = (
    "ALTER TABLE credential_types ADD COLUMN verification_interval_days INTEGER",
    "DROP INDEX credentials_by_review",
    "CREATE INDEX credentials_waiting ON credentials (organization_id, latest_version_at, id) WHERE "
    "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED') "
    "AND intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
)
"""Changes that some databases got with the second revision, and others with the fourth."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("early", [EARLY, ()], ids=["with what came early", "without"])
async def test_the_fourth_revision_brings_what_is_not_there_yet(
    kind: str, early: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'landed.sqlite'}"
    else:
        url = await new_database(request.getfixturevalue("postgresql"), f"landed_{secrets.token_hex(4)}")
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
