"""Measure the cost of `CREDGRAPH_SQLITE_SYNCHRONOUS`: `python -m tests.db.synchronous FOLDER`, on a real disk."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import get_args

from app import reactions
from app.access import ALL_SCOPES, Actor, ActorKind
from app.core import clock
from app.db.database import Database
from app.db.engine.connection_pool import Synchronous
from app.migrations import migrator
from app.organizations import founding
from app.workers import editing, people

CHANGES, CALLERS = 1_000, 16
ROUNDS = 3


async def main(folder: str) -> None:
    """Print the milliseconds per change with each setting, by one caller and by several at once; medians of rounds."""
    settings = get_args(Synchronous)
    measured: dict[str, list[tuple[float, float]]] = {setting: [] for setting in settings}
    for _ in range(ROUNDS):
        for setting in settings:
            measured[setting].append(await _measure(Path(folder), setting))
    for setting, times in measured.items():
        alone, together = (sorted(values)[ROUNDS // 2] for values in zip(*times, strict=True))
        sys.stdout.write(f"{setting:<7} {alone:.2f} ms by one caller, {together:.2f} ms by {CALLERS} callers\n")


async def _measure(folder: Path, synchronous: Synchronous) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        database = Database(
            f"sqlite:///{own}/measured.sqlite", clock.system, synchronous=synchronous, before_commit=reactions.react
        )
        await migrator.upgrade(database)
        async with database.writing() as session:
            organization = await founding.create(session, "Measured")
            actor = Actor(organization.id, ActorKind.SYSTEM, "test", "Test", ALL_SCOPES)
            await session.flush()
            worker = await editing.create(people.WORKER, session, actor, {"identity": {"displayName": "Jo"}})

        async def change(numbers: range) -> None:
            for number in numbers:
                async with database.writing() as session:
                    input = {"worker": {"id": worker.id}, "employment": {"team": str(number)}}
                    await editing.update(people.WORKER, session, actor, input)

        times = []
        for callers in (1, CALLERS):
            started = time.perf_counter()
            await asyncio.gather(*(change(range(first, CHANGES, callers)) for first in range(callers)))
            times.append((time.perf_counter() - started) / CHANGES * 1_000)
        await database.close()
    return times[0], times[1]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
