"""The version check without Alembic agrees with Alembic."""

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from app.core import clock
from app.db.database import Database
from app.migrations import migrator, version
from tests import databases


def test_the_newest_is_the_head_of_all_revisions() -> None:
    assert ScriptDirectory.from_config(migrator._config(None)).get_heads() == [version.newest()]


@pytest.mark.parametrize("kind", databases.KINDS)
async def test_an_empty_or_older_database_is_not_at_it(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = await databases.new_url(kind, request, tmp_path)
    database = Database(url, clock.system)
    assert not await version.is_newest(database)
    await migrator.upgrade(database)
    assert await version.is_newest(database)
    await migrator._run(database, lambda config: command.downgrade(config, "-1"))
    assert not await version.is_newest(database)
    await migrator._run(database, lambda config: command.downgrade(config, "base"))
    assert not await version.is_newest(database)
    await database.close()
