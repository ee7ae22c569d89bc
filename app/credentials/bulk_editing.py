"""Updating many credentials in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from app.access import Actor
from app.core.errors import DomainError
from app.core.fields import Input
from app.credentials import editing
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session


@replayable
@dataclass(frozen=True)
class UpdateResult:
    """The outcome for one credential: the credential as updated, or the refusals."""

    credential_id: str
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Updated(bulk.BulkOutcome[UpdateResult]):
    """The outcomes for all credentials, with totals."""


async def update_all(session: Session, actor: Actor, input: Input) -> Updated:
    """Update up to 500 credentials in the order of the input. A refused credential does not affect the others."""
    rows: list[Input] = input["updates"]

    async def update(row: Input) -> Credential:
        return await editing.update(session, actor, row)

    bulk.check_length(rows, "updates")
    await row_access.lock_all(session, actor, Credential, [row["id"] for row in rows])
    outcomes = await bulk.run_each(session, rows, update, path="updates", row_key=itemgetter("id"))
    results = [
        UpdateResult(row["id"], errors=outcome) if isinstance(outcome, list) else UpdateResult(row["id"], outcome)
        for row, outcome in zip(rows, outcomes, strict=True)
    ]
    return Updated.of(results)
