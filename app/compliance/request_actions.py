"""Actions of people on credential requests: create, remind, resend, cancel."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance import permissions, request_lifecycle
from app.compliance.request_lifecycle import RequestDraft
from app.compliance.tables import CredentialRequest, RaisedBy
from app.core import fields
from app.core.errors import (
    AlreadyRequested,
    DomainError,
    DomainErrorGroup,
    Invalid,
    NotFound,
    Required,
    TypeArchived,
    collect_refusals,
    raise_if_refused,
)
from app.core.fields import Input, InputFields
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.workers import permissions as worker_permissions
from app.workers.tables import Worker

MAX_WORKERS = 50
MAX_TYPES = 20
FIELDS = InputFields((fields.text("message", "message", max_length=2_000), fields.day("dueOn", "due_on")))
GUIDANCE = InputFields((fields.text("guidance", "guidance", max_length=2_000),))


@replayable
@dataclass(frozen=True)
class AskResult:
    """The outcome for one worker and one credential type."""

    worker_id: str
    credential_type: str
    request: CredentialRequest | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class Asked(bulk.BulkOutcome[AskResult]):
    """The outcomes of a call, with totals."""


async def create(session: Session, actor: Actor, input: Input) -> Asked:
    """Ask each of up to 50 workers for each of up to 20 types, even for types of which they hold a credential.

    Each pair of worker and type succeeds or fails alone. A pair with an open request fails.
    """
    worker_keys: list[str] = input["workers"]
    bulk.check_length(worker_keys, "workers", MAX_WORKERS)
    for name in ("workers", "types"):
        if not input[name]:
            raise Required(name)
    bulk.check_length(input["types"], "types", MAX_TYPES)
    values = await _parse(session, actor, input)
    types = await _find_types(session, actor, input["types"])
    workers = [await _find_worker(session, actor, key, index) for index, key in enumerate(worker_keys)]
    drafts = [
        RequestDraft(worker.id, credential_type, RaisedBy.PERSON, None, values["message"], guidance, values["due_on"])
        for worker in workers
        if isinstance(worker, Worker)
        for credential_type, guidance in types
    ]
    raised = await request_lifecycle.raise_all(session, actor, drafts)
    results = []
    for index, (key, worker) in enumerate(zip(worker_keys, workers, strict=True)):
        for credential_type, _ in types:
            if not isinstance(worker, Worker):
                results.append(AskResult(key, credential_type.code, errors=[worker]))
                continue
            # A pair that the input names twice is requested once, and refused the second time.
            request = raised.pop((worker.id, credential_type.id), None)
            refusal = AlreadyRequested(
                f"workers.{index}: the worker already has an open request for {credential_type.code}",
                ("workers", str(index)),
            )
            results.append(AskResult(key, credential_type.code, request, [refusal] if request is None else []))
    return Asked.of(results)


async def remind(session: Session, actor: Actor, input: Input) -> CredentialRequest:
    """Remind a worker of an open request."""
    request, _ = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.remind_or_cancel(request))
    row_access.check_revision(request.revision, input.get("expectedRevision"))
    request.reminders += 1
    request.last_reminded_at = session.now
    row_access.touch(request, session.now)
    event_log.record(session, actor, EventKind.REQUEST_REMINDED, request, worker_id=request.worker_id)
    return request


async def cancel(session: Session, actor: Actor, input: Input) -> CredentialRequest:
    """Cancel a request that its worker has not answered.

    If a rule raised the request, no rule raises it again until its requirement has been met once.
    """
    request, credential = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.remind_or_cancel(request))
    row_access.check_revision(request.revision, input.get("expectedRevision"))
    if credential is None:
        raise NotFound("id: the requested credential is gone", ("id",))
    request.held_off = request.raised_by is RaisedBy.RULE
    await request_lifecycle.cancel(session, actor, request, credential)
    return request


async def resend(session: Session, actor: Actor, input: Input) -> CredentialRequest:
    """Raise a closed request again and return the new request, which has a credential of its own.

    The new request copies the guidance, and the message unless the input has one. Its due date is that of the input.
    """
    request, _ = await _find_for_update(session, actor, input)
    raise_if_refused(permissions.resend(request))
    row_access.check_revision(request.revision, input.get("expectedRevision"))
    worker = await row_access.find(session, actor, Worker, request.worker_id, ("id",))
    raise_if_refused(worker_permissions.update(worker))
    credential_type = await row_access.find(session, actor, CredentialType, request.credential_type_id, ("id",))
    if credential_type.archived_at is not None:
        raise TypeArchived(f"id: the credential type {credential_type.code} is archived", ("id",))
    values = await _parse(session, actor, input)
    message = values["message"] if "message" in input else request.message
    draft = RequestDraft(worker.id, credential_type, RaisedBy.PERSON, None, message, request.guidance, values["due_on"])
    request.held_off = False
    raised = await request_lifecycle.raise_all(session, actor, [draft])
    if draft.target not in raised:
        raise AlreadyRequested(f"id: the worker already has an open request for {credential_type.code}", ("id",))
    return raised[draft.target]


async def _find_for_update(session: Session, actor: Actor, input: Input) -> tuple[CredentialRequest, Credential | None]:
    """Return a request and its credential, both locked: the credential first, the order of every change to it."""
    request = await row_access.find(session, actor, CredentialRequest, input["id"], ("id",))
    statement = select(Credential).where(
        col(Credential.organization_id) == actor.organization_id, col(Credential.id) == request.credential_id
    )
    credential = next(iter(await session.scalars_for_update(statement)), None)
    return await row_access.read_again(session, request, ("id",), lock=True), credential


async def _find_worker(session: Session, actor: Actor, key: str, index: int) -> Worker | DomainError:
    path = ("workers", str(index))
    try:
        worker = await row_access.find(session, actor, Worker, key, path)
    except (NotFound, Invalid) as error:
        return error
    refusal = worker_permissions.update(worker)
    if refusal is not None:
        refusal.path = path
        return refusal
    return worker


async def _find_types(
    session: Session, actor: Actor, types: Sequence[Input]
) -> list[tuple[CredentialType, str | None]]:
    """Return the requested types, each with its guidance. Raises DomainErrorGroup with the errors of all types."""
    codes = [str(item.get("credentialType") or "").strip() for item in types]
    statement = select(CredentialType).where(actor.visible_rows(CredentialType), col(CredentialType.code).in_(codes))
    types_by_code = {credential_type.code: credential_type for credential_type in await session.scalars(statement)}
    errors: list[DomainError] = []
    requested: list[tuple[CredentialType, str | None]] = []
    for index, (code, item) in enumerate(zip(codes, types, strict=True)):
        path, credential_type = ("types", str(index), "credentialType"), types_by_code.get(code)
        if not code:
            errors.append(Required(*path))
        elif credential_type is None:
            errors.append(NotFound(f"{'.'.join(path)}: there is no credential type {code}", path))
        elif credential_type.archived_at is not None:
            errors.append(TypeArchived(f"{'.'.join(path)}: the credential type {code} is archived", path))
        else:
            with collect_refusals(errors, "types", str(index)):
                requested.append((credential_type, GUIDANCE.parse(item, absent="clear")["guidance"]))
    if errors:
        raise DomainErrorGroup(errors)
    return requested


async def _parse(session: Session, actor: Actor, input: Input) -> dict[str, Any]:
    values = FIELDS.parse(input, absent="clear")
    due_on: date | None = values["due_on"]
    if due_on is not None and due_on < await calendar.today(session, actor.organization_id):
        raise Invalid("dueOn: must not be in the past", ("dueOn",))
    return values
