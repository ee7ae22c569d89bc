"""Checks of many credentials: written as pending, and made by the job loop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.access import Actor
from app.core.errors import DomainError, allow
from app.core.fields import Given
from app.credentials import permissions
from app.credentials.tables import Credential
from app.credentials.verification import attempts
from app.credentials.verification.tables import Trigger, VerificationAttempt
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome


class RequestStatus(StrEnum):
    """What became of one credential."""

    ACCEPTED = "ACCEPTED"
    SKIPPED = "SKIPPED"


@outcome
@dataclass(frozen=True)
class RequestResult:
    """What became of one credential."""

    credential_id: str
    status: RequestStatus
    correlation_id: str | None = None
    attempt: VerificationAttempt | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Requested:
    """What became of all, with totals."""

    results: list[RequestResult]
    total: int
    succeeded: int
    failed: int


async def request_all(session: Session, actor: Actor, given: Given) -> Requested:
    """Ask for a check of each credential; each stands alone, at most 500 in one call."""
    keys: list[str] = given["ids"]

    async def one(key: str) -> VerificationAttempt:
        credential = await row_access.claim(session, actor, Credential, key, ("id",))
        allow(permissions.verify(credential))
        return await attempts.open_attempt(session, actor, credential, Trigger.MANUAL)

    bulk.check_length(keys, "ids")
    await row_access.lock(session, actor, Credential, keys)
    done = await bulk.each(session, keys, one, path="ids")
    results = [
        RequestResult(key, RequestStatus.SKIPPED, errors=found)
        if isinstance(found, list)
        else RequestResult(key, RequestStatus.ACCEPTED, found.correlation_id, found)
        for key, found in zip(keys, done, strict=True)
    ]
    failed = sum(result.status is RequestStatus.SKIPPED for result in results)
    return Requested(results, len(results), len(results) - failed, failed)
