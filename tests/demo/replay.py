"""Living through the demo organization's days again, and asking afterwards what was so on each.

`python -m tests.demo.replay DAYS` replays so many days, day by day, in a database of its own.
"""

import asyncio
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from app import reactions
from app.access import ALL_SCOPES, Actor, ActorKind
from app.compliance import settlement
from app.compliance.evaluation import worker_facts
from app.compliance.rollups import counters, gaps, scope, summary
from app.compliance.rollups.scope import RollupScope
from app.core import clock
from app.db.database import Database
from app.db.session import Session
from app.demo import requirements, seed
from app.migrations import migrator
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Position, Worker

PLACE = "Harbour Hospital"


@dataclass
class Replay:
    """What was so at the end of some days, as it was seen on them."""

    database: Database
    days: Collection[int]
    """Days counted from today, -1 for yesterday."""
    seen: dict[date, Any] = field(default_factory=dict)
    actor: Actor | None = None

    async def live(self) -> None:
        """Load the demo organization, and look around each evening."""
        await seed.load(self.database, self._evening)

    async def _evening(self, session: Session, day: int) -> None:
        if day not in self.days:
            return
        organization = (await session.scalars(select(Organization).order_by(col(Organization.id).desc()))).first()
        assert organization is not None
        self.actor = Actor(
            organization.id,
            ActorKind.SYSTEM,
            "replay",
            "Replay",
            ALL_SCOPES,
            time_zone=ZoneInfo(organization.time_zone),
        )
        await self.database.before_commit(session)
        while await settlement.settle(session, organization.id):
            pass
        today = clock.today(session.now, self.actor.time_zone)
        self.seen[today] = await look(session, self.actor, today, today)

    async def differing(self) -> list[date]:
        """The days of which something else is said today."""
        assert self.actor is not None
        found = []
        async with self.database.reading() as session:
            today = clock.today(session.now, self.actor.time_zone)
            for day, seen in self.seen.items():
                if await look(session, self.actor, day, today) != seen:
                    found.append(day)
        return found


async def look(session: Session, actor: Actor, day: date, today: date) -> dict[str, Any]:
    """The roll-ups of a day: the summary of each scope, the gaps, and every worker's cells."""
    mine = col(OrgUnit.organization_id) == actor.organization_id
    unit = (await session.scalars(select(OrgUnit).where(mine, col(OrgUnit.name) == PLACE))).one_or_none()
    its = col(Position.organization_id) == actor.organization_id
    named = col(Position.name) == requirements.SUPPORT_WORKER
    position = (await session.scalars(select(Position).where(its, named))).one_or_none()
    scopes = {"organization": RollupScope(day, today)}
    if unit is not None:
        scopes["unit"] = await scope.resolve(session, actor, {"orgUnit": unit.id, "asOf": day})
    if position is not None:
        scopes["position"] = RollupScope(day, today, position_id=position.id)
    found: dict[str, Any] = {}
    for name, extent in scopes.items():
        if extent.has_counters:
            sums = await counters.load_sums(session, actor.organization_id, extent.units, day, summary.SUMMED)
        else:
            sums = (await summary.summarize(session, actor, extent)).sums
        found[f"summary of {name}"] = {key: number for key, number in sorted(sums.items()) if number}
        found[f"gaps of {name}"] = {
            rule: {status: number for status, number in by.items() if number}
            for rule, by in sorted((await gaps.count_by_rule(session, actor, extent)).items())
        }
    keys = list(await session.scalars(select(col(Worker.id)).where(actor.visible_rows(Worker))))
    judged = await worker_facts.evaluate_workers(session, actor, keys, day)
    found["cells"] = {
        key: (one.standing, [(cell.rule.id, cell.status, cell.reason, cell.credential_id) for cell in one.cells])
        for key, one in sorted(judged.items())
    }
    return found


async def main(days: int) -> None:
    """Replay so many days, and tell what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/replay.sqlite", clock.system, before_commit=reactions.react)
        await migrator.upgrade(database)
        replay = Replay(database, range(-days, 0))
        await replay.live()
        differing = await replay.differing()
        await database.close()
    sys.stdout.write(f"{len(replay.seen)} days replayed, {len(differing)} told otherwise afterwards {differing}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
