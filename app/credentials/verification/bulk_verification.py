"""Requesting checks of many credentials. The job loop runs them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError, raise_if_refused
from app.core.fields import Input
from app.credentials import permissions
from app.credentials.tables import Credential
from app.credentials.verification import attempts
from app.credentials.verification.tables import VerificationAttempt, VerificationTrigger
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session


class RequestStatus(StrEnum):
    """The outcome of a bulk request for one credential."""

    ACCEPTED = "ACCEPTED"
    SKIPPED = "SKIPPED"


@replayable
@dataclass(frozen=True)
class RequestResult:
    """The outcome for one credential: its pending attempt, or the refusals."""

    credential_id: str
    status: RequestStatus
    correlation_id: str | None = None
    attempt: VerificationAttempt | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Requested(bulk.BulkOutcome[RequestResult]):
    """The outcomes for all credentials, with totals."""


async def request_all(session: Session, actor: Actor, input: Input) -> Requested:
    """Request checks of up to 500 credentials. A refused credential does not affect the others."""
    keys: list[str] = input["ids"]

    async def open_attempt(key: str) -> VerificationAttempt:
        credential = await row_access.find_for_update(session, actor, Credential, key, ("id",))
        raise_if_refused(permissions.verify(credential))
        return await attempts.open_attempt(session, actor, credential, VerificationTrigger.MANUAL)

    bulk.check_length(keys, "ids")
    await row_access.lock_all(session, actor, Credential, keys)
    outcomes = await bulk.run_each(session, keys, open_attempt, path="ids", row_key=str)
    results = [
        RequestResult(key, RequestStatus.SKIPPED, errors=outcome)
        if isinstance(outcome, list)
        else RequestResult(key, RequestStatus.ACCEPTED, outcome.correlation_id, outcome)
        for key, outcome in zip(keys, outcomes, strict=True)
    ]
    return Requested.of(results)
