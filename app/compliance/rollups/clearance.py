"""Clearance: evaluate whether a worker may work in a position or a unit on a day."""

from datetime import date
from enum import StrEnum

import msgspec

from app.access import Actor
from app.compliance.evaluation import day_context, evaluate, worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.facts import AssignmentFacts, Cell, WorkerFacts
from app.compliance.rollups import counting
from app.core import clock
from app.core.fields import Input, check_day
from app.db import row_access
from app.db.session import Session
from app.organizations.tables import OrgUnit
from app.workers import people, references
from app.workers.tables import Position, Standing, Worker


class ClearanceReasonCode(StrEnum):
    """The kind of a reason that prevents clearance: the worker's employment, or the status of a cell."""

    NOT_AT_WORK = "NOT_AT_WORK"
    MISSING = "MISSING"
    EXPIRED = "EXPIRED"
    INELIGIBLE = "INELIGIBLE"


class Reason(msgspec.Struct, frozen=True):
    """A reason that prevents clearance, with the rule and the credential behind it."""

    code: ClearanceReasonCode
    message: str
    rule_id: str | None = None
    credential_id: str | None = None
    changes_on: date = date.max
    """The next day on which the reason changes by the passing of time alone; `date.max` if never."""


class Clearance(msgspec.Struct, frozen=True):
    """The evaluation of a worker as if they held a position, or belonged to a unit, on a day."""

    worker_id: str
    position_id: str | None
    org_unit_id: str | None
    day: date
    cells: list[Cell]
    standing: Standing | None
    """None for a worker whom the organization does not employ on the day."""

    @property
    def cleared(self) -> bool:
        """Return whether the worker may work."""
        return self.standing in (Standing.COMPLIANT, Standing.AT_RISK)

    @property
    def blocking(self) -> list[Cell]:
        """Return the cells that prevent clearance."""
        return [cell for cell in self.cells if counting.is_gap(cell)]

    @property
    def reasons(self) -> list[Reason]:
        """Return the reasons that prevent clearance; an empty list for a cleared worker."""
        if self.standing is None:
            return [Reason(ClearanceReasonCode.NOT_AT_WORK, "They are not at work in the organization on that day.")]
        return [
            Reason(
                ClearanceReasonCode(cell.status.value),
                cell.reason,
                cell.rule_id,
                cell.credential_id,
                evaluate.changes_on(cell),
            )
            for cell in self.blocking
        ]


async def check(session: Session, actor: Actor, input: Input) -> Clearance:
    """Evaluate a worker on a day, today by default, by the rules that would apply in a position or unit.

    `input` has worker, position, orgUnit and on. Without position and orgUnit, the worker's own placement counts.
    """
    check_day(input.get("asOf"))
    worker = await references.find(session, actor, people.WORKER, input["worker"], ("worker",))
    position_id, unit_id = input.get("position"), input.get("orgUnit")
    if position_id is not None:
        position_id = (await row_access.find(session, actor, Position, position_id, ("position",))).id
    if unit_id is not None:
        unit_id = (await row_access.find(session, actor, OrgUnit, unit_id, ("orgUnit",))).id
    day = input.get("asOf") or clock.today(session.now, actor.time_zone)
    context = await day_context.load(session, actor.organization_id, day)
    return await _evaluate(context, worker, position_id, unit_id)


async def _evaluate(context: DayContext, worker: Worker, position_id: str | None, unit_id: str | None) -> Clearance:
    on_day = (await worker_facts.load(context, [worker.id])).get(worker.id)
    if on_day is None or on_day.facts is None:
        return Clearance(worker.id, position_id, unit_id, context.day, [], None)
    facts = place(on_day.facts, context, position_id, unit_id)
    own_rules = [rule for rule in on_day.rules if rule.worker_id == worker.id]
    evaluation = worker_facts.evaluate_worker(facts, context.rules.for_worker(facts, own_rules), context.day)
    return Clearance(worker.id, position_id, unit_id, context.day, evaluation.cells, evaluation.standing)


def place(worker: WorkerFacts, context: DayContext, position_id: str | None, unit_id: str | None) -> WorkerFacts:
    """Return a worker's facts as if they held a position and belonged to a unit, since `context.day` at the latest."""
    day = context.day
    if unit_id is not None and unit_id not in worker.units:
        worker = msgspec.structs.replace(worker, units=context.ancestors(unit_id), unit_since=day)
    is_held = any(assignment.position_id == position_id and assignment.covers(day) for assignment in worker.assignments)
    if position_id is not None and not is_held:
        worker = msgspec.structs.replace(worker, assignments=(*worker.assignments, AssignmentFacts(position_id, day)))
    return worker
