"""A day gone by is told afterwards as it was seen on it, of the demo organization's life."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app import reactions
from app.core import clock
from app.db.database import Database
from app.migrations import migrator
from app.workers.tables import Standing
from tests.demo.replay import Replay

SAMPLED = frozenset({*range(-6, 0), *range(-40, -6, 11), *range(-365, -40, 108), -700})


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Database]:
    """A database of its own. What differs from one kind to another is shown by smaller organizations."""
    opened = Database(f"sqlite:///{tmp_path / 'replay.sqlite'}", clock.system, before_commit=reactions.react)
    await migrator.upgrade(opened)
    yield opened
    await opened.close()


async def test_past_days_are_told_as_they_were_seen(own: Database) -> None:
    replay = Replay(own, SAMPLED)
    await replay.live()
    assert len(replay.seen) == len(SAMPLED)
    # The days differ from each other, so that mistaking one for another would show.
    assert len({str(seen["cells"]) for seen in replay.seen.values()}) >= len(SAMPLED) - 2
    last = replay.seen[max(replay.seen)]["summary of organization"]
    assert all(last["STANDING", standing.value] > 10 for standing in Standing)
    assert await replay.differing() == []
