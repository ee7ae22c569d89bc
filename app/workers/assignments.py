"""Who holds a position from when to when: assigning, ending, moving.

A worker's assignments are written by whoever has locked the worker, so that no two for the same position overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import col

from app.access import Actor
from app.core import fields, ids
from app.core.errors import AlreadyAssigned, DomainError, Invalid, allow
from app.core.fields import Changes, Fields, Given, plain
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.workers import permissions
from app.workers.tables import Assignment, Position, Worker

SPAN = Fields((fields.day("from", "from_date"), fields.day("to", "to_date")))
LAST_DAY = Fields((fields.day("to", "to_date"),))
MOVE = Fields((fields.day("on", "from_date"), fields.day("to", "to_date")))
DAY = timedelta(days=1)


@outcome
@dataclass(frozen=True)
class AssignmentResult:
    """What became of one worker."""

    worker_id: str
    assignment: Assignment | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Assigned:
    """What became of all, with totals."""

    results: list[AssignmentResult]
    total: int
    succeeded: int
    failed: int


@outcome
@dataclass(frozen=True)
class Unassigned:
    """An assignment as it is now, or as it was where it is removed."""

    assignment: Assignment
    removed: bool


@outcome
@dataclass(frozen=True)
class Moved:
    """The assignment that ended, or that was removed since it had not begun, and the one that follows it."""

    ended: Assignment
    removed: bool
    assignment: Assignment


async def assign(session: Session, actor: Actor, given: Given) -> Assigned:
    """Give workers a position from a day (today unless given) to a day; each stands alone, at most 500 in one call."""
    keys: list[str] = given["workers"]
    bulk.check_length(keys, "workers")
    position = await _position(session, actor, given, "position")
    span = await _span(session, actor, SPAN.read(given, absent="clear"), ("to",))

    async def one(key: str) -> Assignment:
        worker = await row_access.claim(session, actor, Worker, key, ("id",))
        return await _add(session, actor, worker, position, *span, ("id",))

    await row_access.lock(session, actor, Worker, keys)
    done = await bulk.each(session, keys, one, path="workers")
    results = [
        AssignmentResult(key, errors=found) if isinstance(found, list) else AssignmentResult(key, found)
        for key, found in zip(keys, done, strict=True)
    ]
    failed = sum(result.assignment is None for result in results)
    return Assigned(results, len(results), len(results) - failed, failed)


async def unassign(session: Session, actor: Actor, given: Given) -> Unassigned:
    """End an assignment after a day, today unless given. One that would end before it began never was: it goes."""
    assignment = await _claim(session, actor, given)
    row_access.expect(assignment.revision, given.get("expectedRevision"))
    last = LAST_DAY.read(given, absent="clear")["to_date"] or await calendar.today(session, actor.organization_id)
    if assignment.to_date is not None and last > assignment.to_date:
        raise Invalid(f"to is after {assignment.to_date}, on which the assignment ends already", ("to",))
    await _end(session, actor, assignment, last)
    return Unassigned(assignment, last < assignment.from_date)


async def move(session: Session, actor: Actor, given: Given) -> Moved:
    """Let a worker hold another position from a day, today unless given, and the one before until the day before."""
    assignment = await _claim(session, actor, given)
    row_access.expect(assignment.revision, given.get("expectedRevision"))
    position = await _position(session, actor, given, "position")
    if position.id == assignment.position_id:
        raise Invalid("position is the one that the worker holds", ("position",))
    first, last = await _span(session, actor, MOVE.read(given, absent="clear"), ("to",))
    if assignment.to_date is not None and first > assignment.to_date + DAY:
        raise Invalid(f"on is after {assignment.to_date}, on which the assignment ends already", ("on",))
    if assignment.to_date is None or first <= assignment.to_date:
        await _end(session, actor, assignment, first - DAY)
    worker = await row_access.claim(session, actor, Worker, assignment.worker_id, ("id",))
    follows = await _add(session, actor, worker, position, first, last, ("position",))
    return Moved(assignment, first <= assignment.from_date, follows)


async def _claim(session: Session, actor: Actor, given: Given) -> Assignment:
    """The assignment, with its worker locked."""
    assignment = await row_access.find(session, actor, Assignment, given["id"], ("id",))
    await row_access.lock(session, actor, Worker, [assignment.worker_id])
    # It was read to learn whose it is; until the worker was ours, somebody else may have changed it.
    session.expunge(assignment)
    return await row_access.claim(session, actor, Assignment, given["id"], ("id",))


async def _position(session: Session, actor: Actor, given: Given, name: str) -> Position:
    position = await row_access.find(session, actor, Position, given[name], (name,))
    allow(permissions.in_use(position), (name,))
    return position


async def _span(
    session: Session, actor: Actor, values: dict[str, Any], path: tuple[str, ...]
) -> tuple[date, date | None]:
    first: date = values["from_date"] or await calendar.today(session, actor.organization_id)
    last: date | None = values["to_date"]
    if last is not None and last < first:
        raise Invalid(f"to is before {first}, on which it begins", path)
    return first, last


async def _add(
    session: Session,
    actor: Actor,
    worker: Worker,
    position: Position,
    first: date,
    last: date | None,
    path: tuple[str, ...],
) -> Assignment:
    allow(permissions.update(worker), path)
    await _check_free(session, worker, position, first, last, path)
    assignment = Assignment(
        organization_id=actor.organization_id,
        id=ids.new(Assignment.prefix),
        position_id=position.id,
        worker_id=worker.id,
        from_date=first,
        to_date=last,
        created_at=session.now,
        last_updated=session.now,
    )
    session.add(assignment)
    await session.gather()
    changes: Changes = {
        "position": {"from": None, "to": position.id},
        "from": {"from": None, "to": plain(first)},
        "to": {"from": None, "to": plain(last)},
    }
    event_log.record(session, actor, EventKind.POSITION_ASSIGNED, assignment, changes, worker_id=worker.id)
    return assignment


async def _check_free(
    session: Session, worker: Worker, position: Position, first: date, last: date | None, path: tuple[str, ...]
) -> None:
    ends, begins = col(Assignment.to_date), col(Assignment.from_date)
    statement = select(Assignment).where(
        col(Assignment.organization_id) == worker.organization_id,
        col(Assignment.worker_id) == worker.id,
        col(Assignment.position_id) == position.id,
        or_(ends.is_(None), ends >= first),
        begins <= (last or date.max),
    )
    held = (await session.scalars(statement.limit(1))).one_or_none()
    if held is not None:
        until = f"to {held.to_date}" if held.to_date else "on"
        raise AlreadyAssigned(f"the worker holds {position.name} from {held.from_date} {until}", path)


async def _end(session: Session, actor: Actor, assignment: Assignment, last: date) -> None:
    """Let an assignment end after a day; where that is before it began, remove it."""
    if assignment.to_date == last:
        return
    removed = last < assignment.from_date
    changes: Changes = {"to": {"from": plain(assignment.to_date), "to": plain(last)}}
    if removed:
        changes = {
            "position": {"from": assignment.position_id, "to": None},
            "from": {"from": plain(assignment.from_date), "to": None},
            "to": {"from": plain(assignment.to_date), "to": None},
        }
        await session.delete(assignment)
    else:
        assignment.to_date = last
        assignment.revision += 1
        assignment.last_updated = session.now
    await session.gather()
    event_log.record(session, actor, EventKind.POSITION_UNASSIGNED, assignment, changes, worker_id=assignment.worker_id)
