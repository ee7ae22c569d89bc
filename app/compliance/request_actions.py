"""Requests made and pursued by hand: asking workers for credentials, reminding, asking again, cancelling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance import permissions, request_lifecycle
from app.compliance.request_lifecycle import Wish
from app.compliance.tables import CredentialRequest, RaisedBy
from app.core import fields
from app.core.errors import (
    AlreadyRequested,
    DomainError,
    Invalid,
    NotFound,
    Refused,
    Required,
    TypeArchived,
    allow,
    gathering,
)
from app.core.fields import Fields, Given
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.workers import permissions as worker_states
from app.workers.tables import Worker

MOST_WORKERS = 50
MOST_TYPES = 20
FIELDS = Fields((fields.text("message", "message", longest=2_000), fields.day("dueOn", "due_on")))
GUIDANCE = Fields((fields.text("guidance", "guidance", longest=2_000),))


@outcome
@dataclass(frozen=True)
class AskResult:
    """What became of one worker and one type."""

    worker_id: str
    credential_type: str
    request: CredentialRequest | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class Asked:
    """What became of all, with totals."""

    results: list[AskResult]
    total: int
    succeeded: int
    failed: int


async def create(session: Session, actor: Actor, given: Given) -> Asked:
    """Ask each of at most 50 workers for each of at most 20 types, whether or not they hold one already.

    Each worker and type stands alone; what an open request asks for already is refused.
    """
    keys: list[str] = given["workers"]
    bulk.check_length(keys, "workers", MOST_WORKERS)
    for name in ("workers", "types"):
        if not given[name]:
            raise Required(name)
    bulk.check_length(given["types"], "types", MOST_TYPES)
    values = await _words(session, actor, given)
    kinds = await _kinds(session, actor, given["types"])
    workers = [await _worker(session, actor, key, index) for index, key in enumerate(keys)]
    wishes = [
        Wish(worker.id, kind, RaisedBy.PERSON, None, values["message"], guidance, values["due_on"])
        for worker in workers
        if isinstance(worker, Worker)
        for kind, guidance in kinds
    ]
    raised = await request_lifecycle.raise_all(session, actor, wishes)
    results = []
    for index, (key, worker) in enumerate(zip(keys, workers, strict=True)):
        for kind, _ in kinds:
            if not isinstance(worker, Worker):
                results.append(AskResult(key, kind.code, errors=[worker]))
                continue
            # What is named twice is asked for once, and refused the second time.
            request = raised.pop((worker.id, kind.id), None)
            refused = AlreadyRequested(f"the worker is asked for {kind.code} already", ("workers", str(index)))
            results.append(AskResult(key, kind.code, request, [refused] if request is None else []))
    failed = sum(result.request is None for result in results)
    return Asked(results, len(results), len(results) - failed, failed)


async def remind(session: Session, actor: Actor, given: Given) -> CredentialRequest:
    """Tell a worker again that they are asked for a credential."""
    request, _ = await _claim(session, actor, given)
    allow(permissions.pursue(request))
    row_access.expect(request.revision, given.get("expectedRevision"))
    request.reminders += 1
    request.last_reminded_at = session.now
    request.revision += 1
    request.last_updated = session.now
    event_log.record(session, actor, EventKind.REQUEST_REMINDED, request, worker_id=request.worker_id)
    return request


async def cancel(session: Session, actor: Actor, given: Given) -> CredentialRequest:
    """Ask no more for what its worker has not submitted. No rule asks for it again, until it was there meanwhile."""
    request, credential = await _claim(session, actor, given)
    allow(permissions.pursue(request))
    row_access.expect(request.revision, given.get("expectedRevision"))
    if credential is None:
        raise NotFound("id: the requested credential is gone", ("id",))
    request.held_off = request.raised_by is RaisedBy.RULE
    await request_lifecycle.cancel(session, actor, request, credential)
    return request


async def resend(session: Session, actor: Actor, given: Given) -> CredentialRequest:
    """Ask once more for what a closed request asked for; gives the new request, which has a credential of its own.

    The message and the guidance are the old one's unless given; the due date is what is given.
    """
    request, _ = await _claim(session, actor, given)
    allow(permissions.resend(request))
    row_access.expect(request.revision, given.get("expectedRevision"))
    worker = await row_access.find(session, actor, Worker, request.worker_id, ("id",))
    allow(worker_states.update(worker))
    kind = await row_access.find(session, actor, CredentialType, request.credential_type_id, ("id",))
    if kind.archived_at is not None:
        raise TypeArchived(f"the credential type {kind.code} is archived", ("id",))
    words = await _words(session, actor, given)
    message = words["message"] if "message" in given else request.message
    wish = Wish(worker.id, kind, RaisedBy.PERSON, None, message, request.guidance, words["due_on"])
    request.held_off = False
    raised = await request_lifecycle.raise_all(session, actor, [wish])
    if wish.wanted not in raised:
        raise AlreadyRequested(f"the worker is asked for {kind.code} already", ("id",))
    return raised[wish.wanted]


async def _claim(session: Session, actor: Actor, given: Given) -> tuple[CredentialRequest, Credential | None]:
    """A request with its credential, both locked: the credential first, as whoever changes it does."""
    request = await row_access.find(session, actor, CredentialRequest, given["id"], ("id",))
    statement = select(Credential).where(
        col(Credential.organization_id) == actor.organization_id, col(Credential.id) == request.credential_id
    )
    credential = next(iter(await session.locked(statement)), None)
    # It was read to learn which credential is its; until that was ours, somebody else may have changed it.
    session.expunge(request)
    return await row_access.claim(session, actor, CredentialRequest, given["id"], ("id",)), credential


async def _worker(session: Session, actor: Actor, key: str, index: int) -> Worker | DomainError:
    path = ("workers", str(index))
    try:
        worker = await row_access.find(session, actor, Worker, key, path)
    except (NotFound, Invalid) as error:
        return error
    refusal = worker_states.update(worker)
    if refusal is not None:
        refusal.path = path
        return refusal
    return worker


async def _kinds(session: Session, actor: Actor, types: Sequence[Given]) -> list[tuple[CredentialType, str | None]]:
    """The types that are asked for, each with its guidance; the call is refused if one of them cannot be asked for."""
    codes = [str(item.get("credentialType") or "").strip() for item in types]
    statement = select(CredentialType).where(actor.sees(CredentialType), col(CredentialType.code).in_(codes))
    known = {kind.code: kind for kind in await session.scalars(statement)}
    errors: list[DomainError] = []
    found: list[tuple[CredentialType, str | None]] = []
    for index, (code, item) in enumerate(zip(codes, types, strict=True)):
        path, kind = ("types", str(index), "credentialType"), known.get(code)
        if not code:
            errors.append(Required(*path))
        elif kind is None:
            errors.append(NotFound(f"{'.'.join(path)}: there is no credential type {code}", path))
        elif kind.archived_at is not None:
            errors.append(TypeArchived(f"{'.'.join(path)}: the credential type {code} is archived", path))
        else:
            with gathering(errors, "types", str(index)):
                found.append((kind, GUIDANCE.read(item, absent="clear")["guidance"]))
    if errors:
        raise Refused(errors)
    return found


async def _words(session: Session, actor: Actor, given: Given) -> dict[str, Any]:
    values = FIELDS.read(given, absent="clear")
    due: date | None = values["due_on"]
    if due is not None and due < await calendar.today(session, actor.organization_id):
        raise Invalid("dueOn lies in the past", ("dueOn",))
    return values
