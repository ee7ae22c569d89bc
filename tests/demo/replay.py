"""Replay of the demo organization's history: the roll-ups of each day, computed on the day and again afterwards.

`python -m tests.demo.replay DAYS` replays the last DAYS days in a new database.
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

UNIT = "Harbour Hospital"


@dataclass
class Replay:
    """The roll-ups of some days, recorded at the end of each day."""

    database: Database
    days: Collection[int]
    """The days to record, counted from today; -1 is yesterday."""
    recorded: dict[date, Any] = field(default_factory=dict)
    actor: Actor | None = None

    async def run(self) -> None:
        """Load the demo organization, and record the roll-ups of each of the days."""
        await seed.load(self.database, self._record)

    async def _record(self, session: Session, day: int) -> None:
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
        self.recorded[today] = await compute_rollups(session, self.actor, today, today)

    async def changed_days(self) -> list[date]:
        """Return the days whose roll-ups are different when computed today."""
        assert self.actor is not None
        changed = []
        async with self.database.reading() as session:
            today = clock.today(session.now, self.actor.time_zone)
            for day, recorded in self.recorded.items():
                if await compute_rollups(session, self.actor, day, today) != recorded:
                    changed.append(day)
        return changed


async def compute_rollups(session: Session, actor: Actor, day: date, today: date) -> dict[str, Any]:
    """Return the roll-ups of a day: the summary and the gaps of each scope, and every worker's cells."""
    own_units = col(OrgUnit.organization_id) == actor.organization_id
    unit = (await session.scalars(select(OrgUnit).where(own_units, col(OrgUnit.name) == UNIT))).one_or_none()
    own_positions = col(Position.organization_id) == actor.organization_id
    is_support_worker = col(Position.name) == requirements.SUPPORT_WORKER
    position = (await session.scalars(select(Position).where(own_positions, is_support_worker))).one_or_none()
    scopes = {"organization": RollupScope(day, today)}
    if unit is not None:
        scopes["unit"] = await scope.resolve(session, actor, {"orgUnit": unit.id, "asOf": day})
    if position is not None:
        scopes["position"] = RollupScope(day, today, position_id=position.id)
    rollups: dict[str, Any] = {}
    for name, rollup_scope in scopes.items():
        if rollup_scope.has_counters:
            sums = await counters.load_sums(session, actor.organization_id, rollup_scope.units, day, summary.SUMMED)
        else:
            sums = (await summary.summarize(session, actor, rollup_scope)).sums
        rollups[f"summary of {name}"] = {key: number for key, number in sorted(sums.items()) if number}
        rollups[f"gaps of {name}"] = {
            rule: {status: number for status, number in counts.items() if number}
            for rule, counts in sorted((await gaps.count_by_rule(session, actor, rollup_scope)).items())
        }
    keys = list(await session.scalars(select(col(Worker.id)).where(actor.visible_rows(Worker))))
    evaluations = await worker_facts.evaluate_workers(session, actor, keys, day)
    rollups["cells"] = {
        key: (
            evaluation.standing,
            [(cell.rule.id, cell.status, cell.reason, cell.credential_id) for cell in evaluation.cells],
        )
        for key, evaluation in sorted(evaluations.items())
    }
    return rollups


async def main(days: int) -> None:
    """Replay some days, and print the days whose roll-ups changed."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/replay.sqlite", clock.system, before_commit=reactions.react)
        await migrator.upgrade(database)
        replay = Replay(database, range(-days, 0))
        await replay.run()
        changed = await replay.changed_days()
        await database.close()
    sys.stdout.write(f"{len(replay.recorded)} days replayed, {len(changed)} changed afterwards: {changed}\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
