"""The roll-ups of a past day are the same as they were on that day, in the demo organization's history."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import reactions
from app.core import clock
from app.db.database import Database
from app.migrations import migrator
from app.workers.tables import Standing
from tests.demo.replay import Replay

SAMPLE_DAYS = frozenset({*range(-6, 0), *range(-40, -6, 11), *range(-365, -40, 108), -700})


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database. Smaller organizations test the differences between the databases."""
    opened = Database(f"sqlite:///{tmp_path / 'replay.sqlite'}", clock.system, before_commit=reactions.react)
    await migrator.upgrade(opened)
    yield opened
    await opened.close()


async def test_past_days_have_the_rollups_that_they_had_then(own: Database) -> None:
    replay = Replay(own, SAMPLE_DAYS)
    await replay.run()
    assert len(replay.recorded) == len(SAMPLE_DAYS)
    # The days differ from each other, so that a mix-up of two days would be noticed.
    assert len({str(rollups["cells"]) for rollups in replay.recorded.values()}) >= len(SAMPLE_DAYS) - 2
    last = replay.recorded[max(replay.recorded)]["summary of organization"]
    assert all(last["STANDING", standing.value] > 10 for standing in Standing)
    assert await replay.changed_days() == []
