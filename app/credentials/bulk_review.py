"""Approving and rejecting many credentials in one call."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError
from app.core.fields import Input
from app.credentials import review
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session

Decision = Callable[[Session, Actor, Input], Awaitable[Credential]]


class ReviewStatus(StrEnum):
    """The outcome of a bulk decision for one credential."""

    DECIDED = "DECIDED"
    SKIPPED = "SKIPPED"


@replayable
@dataclass(frozen=True)
class ReviewResult:
    """The outcome for one credential: the credential as decided, or the refusals."""

    credential_id: str
    status: ReviewStatus
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Reviewed(bulk.BulkOutcome[ReviewResult]):
    """The outcomes for all credentials, with totals."""


async def approve_all(session: Session, actor: Actor, input: Input) -> Reviewed:
    """Approve the latest version of up to 500 credentials. A refused credential does not affect the others."""
    return await _decide_all(session, actor, input, review.approve)


async def reject_all(session: Session, actor: Actor, input: Input) -> Reviewed:
    """Reject the latest version of up to 500 credentials. A refused credential does not affect the others."""
    return await _decide_all(session, actor, input, review.reject)


async def _decide_all(session: Session, actor: Actor, input: Input, action: Decision) -> Reviewed:
    keys: list[str] = input["ids"]
    comments = {name: input[name] for name in ("reason", "notes") if name in input}

    async def decide(key: str) -> Credential:
        return await action(session, actor, {"id": key, **comments})

    bulk.check_length(keys, "ids")
    await row_access.lock_all(session, actor, Credential, keys)
    outcomes = await bulk.run_each(session, keys, decide, path="ids")
    results = [
        ReviewResult(key, ReviewStatus.SKIPPED, errors=outcome)
        if isinstance(outcome, list)
        else ReviewResult(key, ReviewStatus.DECIDED, outcome)
        for key, outcome in zip(keys, outcomes, strict=True)
    ]
    return Reviewed.of(results)
