"""Assign workers to positions for a period, end assignments, and move workers to other positions.

Every change to a worker's assignments locks the worker first, so that no two for the same position overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from app.access import Actor
from app.core import fields, ids
from app.core.errors import AlreadyAssigned, DomainError, Invalid, raise_if_refused
from app.core.fields import Changes, Input, InputFields, json_value
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.workers import permissions
from app.workers.tables import Assignment, Position, Worker

PERIOD = InputFields((fields.day("startsOn", "from_date"), fields.day("endsOn", "to_date")))
LAST_DAY = InputFields((fields.day("endsOn", "to_date"),))
DAY = timedelta(days=1)


@replayable
@dataclass(frozen=True)
class AssignmentResult:
    """The outcome for one worker."""

    worker_id: str
    assignment: Assignment | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Assigned(bulk.BulkOutcome[AssignmentResult]):
    """The outcomes of a call, with totals."""


@replayable
@dataclass(frozen=True)
class Unassigned:
    """An assignment after its end was set, or as it was before it was removed."""

    assignment: Assignment
    removed: bool


@replayable
@dataclass(frozen=True)
class Moved:
    """The assignment that ended, or was removed because it had not begun, and its successor."""

    ended: Assignment
    removed: bool
    assignment: Assignment


async def assign(session: Session, actor: Actor, input: Input) -> Assigned:
    """Assign up to 500 workers to a position, from today by default. Each worker succeeds or fails alone."""
    worker_ids: list[str] = input["workers"]
    bulk.check_length(worker_ids, "workers")
    position = await _find_position(session, actor, input, "position")
    span = await _period(session, actor, PERIOD.parse(input, absent="clear"))

    async def assign_one(worker_id: str) -> Assignment:
        worker = await row_access.find_for_update(session, actor, Worker, worker_id, ("id",))
        return await _add(session, actor, worker, position, *span, ("id",))

    await row_access.lock_all(session, actor, Worker, worker_ids)
    outcomes = await bulk.run_each(session, worker_ids, assign_one, path="workers")
    results = [
        AssignmentResult(worker_id, errors=outcome)
        if isinstance(outcome, list)
        else AssignmentResult(worker_id, outcome)
        for worker_id, outcome in zip(worker_ids, outcomes, strict=True)
    ]
    return Assigned.of(results)


async def unassign(session: Session, actor: Actor, input: Input) -> Unassigned:
    """End an assignment after a day, today by default. An assignment that would end before it begins is removed."""
    assignment, _ = await _find_for_update(session, actor, input)
    row_access.check_revision(assignment.revision, input.get("expectedRevision"))
    last_day = LAST_DAY.parse(input, absent="clear")["to_date"] or await calendar.today(session, actor.organization_id)
    if assignment.to_date is not None and last_day > assignment.to_date:
        raise Invalid(f"endsOn: must not be after {assignment.to_date}, the last day of the assignment", ("endsOn",))
    await _end(session, actor, assignment, last_day)
    return Unassigned(assignment, last_day < assignment.from_date)


async def move(session: Session, actor: Actor, input: Input) -> Moved:
    """Move a worker to another position from a day, today by default, and end the assignment on the day before."""
    assignment, worker = await _find_for_update(session, actor, input)
    row_access.check_revision(assignment.revision, input.get("expectedRevision"))
    position = await _find_position(session, actor, input, "position")
    if position.id == assignment.position_id:
        raise Invalid("position: must differ from the position of the assignment", ("position",))
    first_day, last_day = await _period(session, actor, PERIOD.parse(input, absent="clear"))
    if assignment.to_date is not None and first_day > assignment.to_date + DAY:
        raise Invalid(
            f"startsOn: must not be after {assignment.to_date + DAY}, the day after the assignment ends", ("startsOn",)
        )
    if assignment.to_date is None or first_day <= assignment.to_date:
        await _end(session, actor, assignment, first_day - DAY)
    successor = await _add(session, actor, worker, position, first_day, last_day, ("position",))
    return Moved(assignment, first_day <= assignment.from_date, successor)


async def _find_for_update(session: Session, actor: Actor, input: Input) -> tuple[Assignment, Worker]:
    """Return the assignment and its worker, locked: every change of a worker's assignments holds the worker."""
    assignment, worker = await row_access.find_with_parent_locked(
        session, actor, Assignment, input["id"], ("id",), Worker, "worker_id"
    )
    raise_if_refused(permissions.update(worker))
    return assignment, worker


async def _find_position(session: Session, actor: Actor, input: Input, name: str) -> Position:
    position = await row_access.find(session, actor, Position, input[name], (name,))
    raise_if_refused(permissions.use_position(position), (name,))
    return position


async def _period(session: Session, actor: Actor, values: dict[str, Any]) -> tuple[date, date | None]:
    first_day: date = values["from_date"] or await calendar.today(session, actor.organization_id)
    last_day: date | None = values["to_date"]
    if last_day is not None and last_day < first_day:
        raise Invalid(f"endsOn: must not be before {first_day}, the first day", ("endsOn",))
    return first_day, last_day


async def _add(
    session: Session,
    actor: Actor,
    worker: Worker,
    position: Position,
    first_day: date,
    last_day: date | None,
    path: tuple[str, ...],
) -> Assignment:
    raise_if_refused(permissions.update(worker), path)
    await _check_free(session, worker, position, first_day, last_day, path)
    assignment = Assignment(
        organization_id=actor.organization_id,
        id=ids.new(Assignment.prefix),
        position_id=position.id,
        worker_id=worker.id,
        from_date=first_day,
        to_date=last_day,
        created_at=session.now,
        updated_at=session.now,
    )
    session.add(assignment)
    changes: Changes = {
        "position": {"from": None, "to": position.id},
        "startsOn": {"from": None, "to": json_value(first_day)},
        "endsOn": {"from": None, "to": json_value(last_day)},
    }
    event_log.record(session, actor, EventKind.POSITION_ASSIGNED, assignment, changes, worker_id=worker.id)
    return assignment


async def _check_free(
    session: Session, worker: Worker, position: Position, first_day: date, last_day: date | None, path: tuple[str, ...]
) -> None:
    to_date, from_date = col(Assignment.to_date), col(Assignment.from_date)
    statement = select(Assignment).where(
        col(Assignment.organization_id) == worker.organization_id,
        col(Assignment.worker_id) == worker.id,
        col(Assignment.position_id) == position.id,
        or_(to_date.is_(None), to_date >= first_day),
        from_date <= (last_day or date.max),
    )
    overlapping = (await session.scalars(statement.limit(1))).one_or_none()
    if overlapping is not None:
        until = f"to {overlapping.to_date}" if overlapping.to_date else "on"
        raise AlreadyAssigned(f"the worker already holds {position.name} from {overlapping.from_date} {until}", path)


async def _end(session: Session, actor: Actor, assignment: Assignment, last_day: date) -> None:
    """End an assignment after a day, or remove an assignment that would end before it begins."""
    if assignment.to_date == last_day:
        return
    is_removed = last_day < assignment.from_date
    changes: Changes = {"endsOn": {"from": json_value(assignment.to_date), "to": json_value(last_day)}}
    if is_removed:
        changes = {
            "position": {"from": assignment.position_id, "to": None},
            "startsOn": {"from": json_value(assignment.from_date), "to": None},
            "endsOn": {"from": json_value(assignment.to_date), "to": None},
        }
        await session.delete(assignment)
    else:
        assignment.to_date = last_day
        row_access.touch(assignment, session.now)
    event_log.record(session, actor, EventKind.POSITION_UNASSIGNED, assignment, changes, worker_id=assignment.worker_id)
