"""May this worker work here on this day, and why not."""

from datetime import date

import msgspec

from app.access import Actor
from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.facts import Cell, Post, Situation
from app.compliance.rollups import counting
from app.core import clock
from app.core.fields import Given
from app.db import row_access
from app.db.database import Session
from app.organizations.tables import OrgUnit
from app.workers import people, references
from app.workers.tables import Position, Standing, Worker


class Clearance(msgspec.Struct, frozen=True):
    """A worker judged as if they held a position, or belonged to a unit, on a day."""

    worker_id: str
    position_id: str | None
    org_unit_id: str | None
    day: date
    cells: list[Cell]
    standing: Standing | None
    """None for those whom the organization does not employ on the day."""

    @property
    def cleared(self) -> bool:
        """Whether they may work."""
        return self.standing in (Standing.COMPLIANT, Standing.AT_RISK)

    @property
    def blocking(self) -> list[Cell]:
        """The cells that stand against it."""
        return [cell for cell in self.cells if counting.is_gap(cell)]

    @property
    def reasons(self) -> list[str]:
        """Why not; nothing for those who are cleared."""
        if self.standing is None:
            return ["They are not at work in the organization on that day."]
        return [cell.reason for cell in self.blocking]


async def check(session: Session, actor: Actor, given: Given) -> Clearance:
    """Judge a worker on a day, today unless given, by the rules that would apply if they were placed so.

    Where neither a position nor a unit is named, as they are placed that day.
    """
    worker_facts.check_day(given.get("on"), "on")
    worker = await references.find(session, actor, people.WORKER, given["worker"], ("worker",))
    position, unit = given.get("position"), given.get("orgUnit")
    if position is not None:
        position = (await row_access.find(session, actor, Position, position, ("position",))).id
    if unit is not None:
        unit = (await row_access.find(session, actor, OrgUnit, unit, ("orgUnit",))).id
    day = given.get("on") or clock.today(session.now, actor.time_zone)
    frame = await day_context.of(session, actor.organization_id, day)
    return await _judge(frame, worker, position, unit)


async def _judge(frame: Frame, worker: Worker, position: str | None, unit: str | None) -> Clearance:
    gathered = (await worker_facts.gather(frame, [worker.id])).get(worker.id)
    if gathered is None or gathered.situation is None:
        return Clearance(worker.id, position, unit, frame.day, [], None)
    situation = placed(gathered.situation, frame, position, unit)
    own = [rule for rule in gathered.rules if rule.worker_id == worker.id]
    judged = worker_facts.judge(situation, frame.rules.for_(situation, own), frame.day)
    return Clearance(worker.id, position, unit, frame.day, judged.cells, judged.standing)


def placed(situation: Situation, frame: Frame, position: str | None, unit: str | None) -> Situation:
    """A situation as if the worker held a position and belonged to a unit, from the day on unless they do already."""
    day = frame.day
    if unit is not None and unit not in situation.units:
        situation = msgspec.structs.replace(situation, units=frame.above(unit), unit_since=day)
    held = any(post.position_id == position and post.covers(day) for post in situation.posts)
    if position is not None and not held:
        situation = msgspec.structs.replace(situation, posts=(*situation.posts, Post(position, day)))
    return situation
