"""Updates of many credentials in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.access import Actor
from app.core.errors import DomainError
from app.core.fields import Given
from app.credentials import editing
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome


@outcome
@dataclass(frozen=True)
class UpdateResult:
    """What became of one credential."""

    credential_id: str
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Updated:
    """What became of all, with totals."""

    results: list[UpdateResult]
    total: int
    succeeded: int
    failed: int


async def update_all(session: Session, actor: Actor, given: Given) -> Updated:
    """Change what is given of each credential, in the order given; each stands alone, at most 500 in one call."""
    rows: list[Given] = given["updates"]

    async def one(row: Given) -> Credential:
        return await editing.update(session, actor, row)

    bulk.check_length(rows, "updates")
    await row_access.lock(session, actor, Credential, [row["id"] for row in rows])
    done = await bulk.each(session, rows, one, path="updates")
    results = [
        UpdateResult(row["id"], errors=found) if isinstance(found, list) else UpdateResult(row["id"], found)
        for row, found in zip(rows, done, strict=True)
    ]
    failed = sum(result.credential is None for result in results)
    return Updated(results, len(results), len(results) - failed, failed)
