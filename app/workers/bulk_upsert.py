"""Create, update or restore many workers from a system of record, matched by source system and external id."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError, Required
from app.core.fields import Input, value_at
from app.core.text import is_blank, normalize
from app.db import bulk
from app.db.idempotency import replayable
from app.db.session import Session
from app.workers import deletion, editing, managers, people, references
from app.workers.tables import Worker


class UpsertStatus(StrEnum):
    """The status of one row after an upsert."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    RESTORED = "RESTORED"
    FAILED = "FAILED"


class RehirePolicy(StrEnum):
    """The treatment of a row whose worker is deleted."""

    RESTORE = "RESTORE"
    CREATE = "CREATE"


ARRIVALS = frozenset({UpsertStatus.CREATED, UpsertStatus.RESTORED})
"""The statuses of workers who were not present before the call."""


@replayable
@dataclass(frozen=True)
class UpsertResult:
    """The outcome of one row, by its index in the input."""

    index: int
    status: UpsertStatus
    worker: Worker | None = None
    errors: list[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Upserted(bulk.BulkOutcome[UpsertResult]):
    """The outcomes of all rows, with totals."""


async def upsert(session: Session, actor: Actor, input: Input) -> Upserted:
    """Create, update or restore the worker of each of up to 500 rows. Each row succeeds or fails alone."""
    policy = input.get("rehire") or RehirePolicy.RESTORE

    async def upsert_one(row: Input) -> tuple[UpsertStatus, Worker]:
        return await _upsert_row(session, actor, row, policy)

    outcomes = await bulk.run_each(
        session, input["rows"], upsert_one, path="rows", order_key=_source_key, row_key=_row_key
    )
    arrived = {
        worker.id: worker
        for status, worker in (outcome for outcome in outcomes if not isinstance(outcome, list))
        if status in ARRIVALS
    }
    await managers.link_waiting(session, actor, list(arrived.values()))
    results = [
        UpsertResult(index, UpsertStatus.FAILED, errors=outcome)
        if isinstance(outcome, list)
        else UpsertResult(index, *outcome)
        for index, outcome in enumerate(outcomes)
    ]
    return Upserted.of(results)


def _source_key(row: Input) -> str:
    return "\0".join(
        normalize(str(value_at(row, ("source", name))[1] or "")) for name in ("sourceSystem", "externalId")
    )


def _row_key(row: Input) -> str | None:
    return None if is_blank(str(value_at(row, ("source", "externalId"))[1] or "")) else _source_key(row)


async def _upsert_row(session: Session, actor: Actor, row: Input, policy: RehirePolicy) -> tuple[UpsertStatus, Worker]:
    source = row.get("source") or {}
    if is_blank(str(source.get("externalId") or "")):
        raise Required("source", "externalId")
    may_restore = policy is RehirePolicy.RESTORE
    worker = await references.find_by_source(session, actor, people.WORKER, source, include_deleted=may_restore)
    if worker is None:
        return UpsertStatus.CREATED, await editing.add(people.WORKER, session, actor, row)
    if worker.deleted_at is not None:
        await deletion.mark_undeleted(people.WORKER, session, actor, worker)
        await editing.write(people.WORKER, session, actor, worker, _rehired(worker, row), "keep")
        return UpsertStatus.RESTORED, worker
    is_changed = await editing.write(people.WORKER, session, actor, worker, row, "keep")
    return UpsertStatus.UPDATED if is_changed else UpsertStatus.UNCHANGED, worker


def _rehired(worker: Worker, row: Input) -> Input:
    """Return the row of a restored worker, without the end of an employment that ended before the new one starts."""
    _, start = value_at(row, ("employment", "startDate"))
    is_end_stated, _ = value_at(row, ("employment", "endDate"))
    if start is None or is_end_stated or worker.end_date is None or worker.end_date >= start:
        return row
    return {**row, "employment": {**row["employment"], "endDate": None}}
