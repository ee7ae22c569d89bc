"""Settlement: bring kept standings and counts in line with the facts.

The service keeps each worker's standing, the counts of each owner, and the counters that sum them. A transaction that
may change them only inserts a mark, and so waits for no lock. A settlement reads the marks, evaluates each marked owner
from the current rows, and writes the difference. The lock on the organization's row allows one settlement at a time.
A mark becomes visible together with all changes of its transaction; a later mark waits for the next settlement, so
that no change is lost.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col

from app.access import Actor
from app.compliance import request_lifecycle, request_reconciliation
from app.compliance.evaluation import day_context
from app.compliance.rollups import counters, owner_counts
from app.compliance.rollups.owner_counts import OwnerCounts
from app.compliance.tables import Settled, Unsettled
from app.core import clock, ids
from app.core.fields import Changes
from app.db import read_executor
from app.db.database import Database
from app.db.prepared_statements import Statement, slot
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.lists.key_lists import in_keys
from app.organizations import calendar
from app.organizations.tables import Organization
from app.workers.tables import Standing, Worker

BATCH_SIZE = 1_000
"""The number of owners that one transaction settles, which bounds its memory and the time it holds locks."""
NOTHING_WRONG = (None, Standing.COMPLIANT)


async def mark(session: Session, organization_id: str, owner_ids: Iterable[str]) -> None:
    """Mark owners whose standing or counts may have changed."""
    rows = [
        {"organization_id": organization_id, "id": ids.new(Unsettled.prefix), "owner_id": key}
        for key in dict.fromkeys(owner_ids)
    ]
    if rows:
        await session.queue_inserts(Unsettled, rows)
        session.settlement_marks.setdefault(organization_id, []).extend(row["id"] for row in rows)


async def settle_marked(session: Session, organization_id: str, limit: int = BATCH_SIZE) -> int:
    """Settle up to `limit` of the marks of the current transaction. Return the number of owners settled."""
    mark_ids = session.settlement_marks.pop(organization_id, [])
    if not mark_ids:
        return 0
    await _lock(session, organization_id)
    return await _settle(session, organization_id, await _marks(session, organization_id, limit, mark_ids), [])


async def settle(session: Session, organization_id: str, limit: int = BATCH_SIZE, *, wait: bool = True) -> int:
    """Settle up to `limit` owners and return their number: marked owners first, then owners due for a recheck.

    Without `wait`, settle none while another transaction holds the settlement lock.
    """
    if not await _lock(session, organization_id, wait=wait):
        return 0
    marks = await _marks(session, organization_id, limit)
    today = await calendar.today(session, organization_id)
    statement = select(col(Settled.id)).where(*_due(organization_id, today)).order_by(col(Settled.recheck_on))
    due = list(await session.scalars(statement.limit(max(0, limit - len(marks)))))
    return await _settle(session, organization_id, marks, due)


def pending_read(database: Database, actor: Actor) -> Read:
    """Return the read that `is_pending` needs, to be merged with other reads."""
    today = clock.today(database.clock(), actor.time_zone)
    return _PENDING.read(database.dialect, organization=actor.organization_id, today=today)


def is_pending(database: Database, actor: Actor) -> ReadProgram[bool]:
    """Report whether any owner is marked or due for a recheck."""
    [[[pending]]] = read_executor.raise_first_error((yield [pending_read(database, actor)]))
    return bool(pending)


def _pending(_dialect: str) -> Select[Any]:
    organization_id = slot("organization", col(Unsettled.organization_id))
    has_mark = exists().where(col(Unsettled.organization_id) == organization_id)
    return select(or_(has_mark, exists().where(*_due(organization_id, slot("today", col(Settled.recheck_on))))))


_PENDING = Statement(_pending)


async def organizations_to_settle(session: Session) -> list[str]:
    """Return the ids of all organizations, across tenants, that may have owners to settle."""
    organization_id = col(Organization.organization_id)
    has_mark = exists().where(col(Unsettled.organization_id) == organization_id)
    # In some time zones it is tomorrow already. `settle` uses the organization's own day and so skips early matches.
    tomorrow = session.now.date() + timedelta(days=1)
    has_due = exists().where(col(Settled.organization_id) == organization_id, col(Settled.recheck_on) <= tomorrow)
    return list(await session.scalars(select(organization_id).where(or_(has_mark, has_due)).order_by(organization_id)))


def _due(organization_id: Any, today: Any) -> list[Any]:
    return [col(Settled.organization_id) == organization_id, col(Settled.recheck_on) <= today]


async def _lock(session: Session, organization_id: str, *, wait: bool = True) -> bool:
    """Take the organization's settlement lock. Rows that refer to the organization can still be inserted."""
    statement = select(col(Organization.id)).where(col(Organization.organization_id) == organization_id)
    return bool(await session.scalars_for_update(statement, key_share=True, skip_locked=not wait))


async def _marks(
    session: Session, organization_id: str, limit: int, mark_ids: Sequence[str] | None = None
) -> dict[str, str]:
    """Return owner ids by mark id, the oldest marks first."""
    statement = select(col(Unsettled.id), col(Unsettled.owner_id)).where(
        col(Unsettled.organization_id) == organization_id
    )
    if mark_ids is not None:
        statement = statement.where(in_keys(col(Unsettled.id), mark_ids, session.dialect_name))
    rows = await session.execute(statement.order_by(col(Unsettled.id)).limit(limit))
    return {row[0]: row[1] for row in rows}


async def _settle(session: Session, organization_id: str, marks: dict[str, str], due: Collection[str]) -> int:
    owners = await _lock_owners(session, organization_id, sorted({*marks.values(), *due}))
    if not owners:
        return 0
    context = await day_context.load(session, organization_id)
    counts = await owner_counts.load(context, owners)
    await counters.write(session, organization_id, counts)
    await _write_standings(session, organization_id, counts)
    await request_reconciliation.reconcile(
        session,
        request_lifecycle.system_actor(organization_id),
        {
            owner_id: owner.evaluation.cells if owner.evaluation else []
            for owner_id, owner in counts.items()
            if ids.prefix_of(owner_id) == Worker.prefix
        },
    )
    done_ids = [mark_id for mark_id, owner in marks.items() if owner in owners]
    await session.execute(
        delete(Unsettled).where(
            col(Unsettled.organization_id) == organization_id,
            in_keys(col(Unsettled.id), done_ids, session.dialect_name),
        )
    )
    return len(owners)


async def _lock_owners(session: Session, organization_id: str, owners: list[str]) -> set[str]:
    """Return the owners that no other transaction is changing; workers among them are locked.

    A transaction that changes a worker may be waiting for the settlement lock. Waiting for that worker here would be a
    deadlock, so locked workers are skipped; their marks stay for the next settlement.
    """
    statement = select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, in_keys(col(Worker.id), owners, session.dialect_name)
    )
    workers = set(await session.scalars_for_update(statement, skip_locked=True, key_share=True)) if owners else set()
    return workers | {owner for owner in owners if ids.prefix_of(owner) != Worker.prefix}


async def _write_standings(session: Session, organization_id: str, counts: dict[str, OwnerCounts]) -> None:
    """Write changed standings to workers, and record an event for each change other than between none and COMPLIANT."""
    statement = select(col(Worker.id), col(Worker.standing)).where(
        col(Worker.organization_id) == organization_id, in_keys(col(Worker.id), list(counts), session.dialect_name)
    )
    ids_by_standing: dict[Standing | None, list[str]] = {}
    for worker_id, before in await session.execute(statement):
        evaluation = counts[worker_id].evaluation
        after = evaluation.standing if evaluation else None
        if before is after:
            continue
        ids_by_standing.setdefault(after, []).append(worker_id)
        if not (before in NOTHING_WRONG and after in NOTHING_WRONG):
            _record_standing_change(session, organization_id, worker_id, before, after)
    for after, worker_ids in ids_by_standing.items():
        is_own = col(Worker.organization_id) == organization_id
        await session.execute(
            update(Worker)
            .where(is_own, in_keys(col(Worker.id), worker_ids, session.dialect_name))
            .values(standing=after)
            .execution_options(synchronize_session=False)
        )
    standings = {worker_id: after for after, worker_ids in ids_by_standing.items() for worker_id in worker_ids}
    for worker_id, row in session.loaded_rows(Worker).items():
        if worker_id in standings:
            set_committed_value(row, "standing", standings[worker_id])


def _record_standing_change(
    session: Session, organization_id: str, worker_id: str, before: Standing | None, after: Standing | None
) -> None:
    changes: Changes = {"standing": {"from": before and before.value, "to": after and after.value}}
    subject = Worker(organization_id=organization_id, id=worker_id)  # type: ignore[call-arg]  # the event needs only the id
    kind = EventKind.COMPLIANCE_STANDING_CHANGED
    event_log.record(
        session, request_lifecycle.system_actor(organization_id), kind, subject, changes, worker_id=worker_id
    )
