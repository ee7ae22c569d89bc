"""Many workers at once from a system of record, matched by source system and external id."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError, NotFound, Required
from app.core.fields import Given, at
from app.core.text import composed
from app.db import bulk
from app.db.database import Session
from app.db.idempotency import outcome
from app.workers import editing, people, references
from app.workers.tables import Worker


class UpsertStatus(StrEnum):
    """What became of one row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    FAILED = "FAILED"


@outcome
@dataclass(frozen=True)
class UpsertResult:
    """The outcome of one row, by its place in the input."""

    index: int
    status: UpsertStatus
    worker: Worker | None = None
    errors: list[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Upserted:
    """The outcomes of all rows, with totals."""

    results: list[UpsertResult]
    total: int
    succeeded: int
    failed: int


async def upsert(session: Session, actor: Actor, given: Given) -> Upserted:
    """Create or update each row's worker; rows stand or fall alone, at most 500 in one call."""

    async def one(row: Given) -> tuple[UpsertStatus, Worker]:
        return await _row(session, actor, row)

    done = await bulk.each(session, given["rows"], one, path="rows", turn=_source)
    results = [
        UpsertResult(index, UpsertStatus.FAILED, errors=result)
        if isinstance(result, list)
        else UpsertResult(index, *result)
        for index, result in enumerate(done)
    ]
    failed = sum(result.status is UpsertStatus.FAILED for result in results)
    return Upserted(results, len(results), len(results) - failed, failed)


def _source(row: Given) -> str:
    return "\0".join(composed(str(at(row, ("source", name))[1] or "")) for name in ("sourceSystem", "externalId"))


async def _row(session: Session, actor: Actor, row: Given) -> tuple[UpsertStatus, Worker]:
    _, external_id = at(row, ("source", "externalId"))
    _, source_system = at(row, ("source", "sourceSystem"))
    if not str(external_id or "").strip():
        raise Required("source", "externalId")
    by = {"externalId": external_id, "sourceSystem": source_system or ""}
    try:
        worker = await references.find(session, actor, people.WORKER, by, ("source",), lock=True)
    except NotFound:
        return UpsertStatus.CREATED, await editing.create(people.WORKER, session, actor, row)
    changed = await editing.write(people.WORKER, session, actor, worker, row, "keep")
    return UpsertStatus.UPDATED if changed else UpsertStatus.UNCHANGED, worker
