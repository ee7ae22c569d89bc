"""A day gone by is told afterwards as it was seen on it, of the demo organization's life."""

from app.core.database import Database
from app.workers.tables import Standing
from tests.demo.replay import Replay

SAMPLED = frozenset({*range(-6, 0), *range(-40, -6, 11), *range(-365, -40, 108), -700})


async def test_past_days_are_told_as_they_were_seen(database: Database) -> None:
    replay = Replay(database, SAMPLED)
    await replay.live()
    assert len(replay.seen) == len(SAMPLED)
    # The days differ from each other, so that mistaking one for another would show.
    assert len({str(seen["cells"]) for seen in replay.seen.values()}) >= len(SAMPLED) - 2
    last = replay.seen[max(replay.seen)]["summary of organization"]
    assert all(last["STANDING", standing.value] > 10 for standing in Standing)
    assert await replay.differing() == []
