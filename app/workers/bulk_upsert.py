"""Create or update many workers from a system of record, matched by source system and external id."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError, NotFound, Required
from app.core.fields import Input, value_at
from app.core.text import normalize
from app.db import bulk
from app.db.idempotency import replayable
from app.db.session import Session
from app.workers import editing, people, references
from app.workers.tables import Worker


class UpsertStatus(StrEnum):
    """The status of one row after an upsert."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    FAILED = "FAILED"


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
    """Create or update the worker of each of up to 500 rows. Each row succeeds or fails alone."""

    async def upsert_one(row: Input) -> tuple[UpsertStatus, Worker]:
        return await _upsert_row(session, actor, row)

    outcomes = await bulk.run_each(session, input["rows"], upsert_one, path="rows", order_key=_source_key)
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


async def _upsert_row(session: Session, actor: Actor, row: Input) -> tuple[UpsertStatus, Worker]:
    _, external_id = value_at(row, ("source", "externalId"))
    _, source_system = value_at(row, ("source", "sourceSystem"))
    if not str(external_id or "").strip():
        raise Required("source", "externalId")
    reference = {"externalId": external_id, "sourceSystem": source_system or ""}
    try:
        worker = await references.find(session, actor, people.WORKER, reference, ("source",), lock=True)
    except NotFound:
        return UpsertStatus.CREATED, await editing.create(people.WORKER, session, actor, row)
    is_changed = await editing.write(people.WORKER, session, actor, worker, row, "keep")
    return UpsertStatus.UPDATED if is_changed else UpsertStatus.UNCHANGED, worker
