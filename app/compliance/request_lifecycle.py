"""The lifecycle of credential requests: raise them, cancel them, and keep them in line with their credentials.

A unique index allows one open request per worker and credential type. Raising the same request again, even from
concurrent transactions, therefore adds nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from app.access import Actor, ActorKind
from app.compliance.tables import CredentialRequest, Exemption, RaisedBy
from app.core import ids
from app.core.errors import AlreadyRequested
from app.core.fields import Changes
from app.credential_types.tables import CredentialType
from app.credentials import submission
from app.credentials.tables import ApprovalStatus, Credential, IntakeStatus, OwnerType
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.lists.key_lists import in_keys
from app.workers.tables import Assignment, Worker

NOTED_TABLES: tuple[type[CredentialRequest | Exemption | Assignment], ...] = (CredentialRequest, Exemption, Assignment)
"""The tables about workers whose rows say that the worker is deleted."""
RequestTarget = tuple[str, str]
"""The ids of a worker and a credential type."""


@dataclass(frozen=True)
class RequestDraft:
    """A request to be raised."""

    worker_id: str
    credential_type: CredentialType
    raised_by: RaisedBy
    rule_id: str | None = None
    message: str | None = None
    guidance: str | None = None
    due_on: date | None = None

    @property
    def target(self) -> RequestTarget:
        """Return the pair that has at most one open request."""
        return self.worker_id, self.credential_type.id


async def raise_all(
    session: Session, actor: Actor, drafts: Iterable[RequestDraft]
) -> dict[RequestTarget, CredentialRequest]:
    """Raise requests, each with a new credential. Return the new requests only, not those that were already open."""
    # Sorted, so that two transactions that raise the same requests cannot deadlock.
    ordered = [draft for _, draft in sorted({draft.target: draft for draft in drafts}.items())]
    if not ordered:
        return {}
    insert = insert_postgresql if session.dialect_name == "postgresql" else insert_sqlite
    rows = [_new_request(session, actor, draft).model_dump() for draft in ordered]
    statement = insert(CredentialRequest).on_conflict_do_nothing().returning(CredentialRequest)
    raised = {request.target: request for request in await session.scalars(statement, rows)}
    for draft in ordered:
        if draft.target in raised:
            _add_credential(session, actor, draft, raised[draft.target])
    return raised


async def sync_with_credentials(
    session: Session, organization_id: str, credentials: Collection[Credential], restored_ids: Collection[str] = ()
) -> None:
    """Bring the requests of credentials in line with the credentials; `restored_ids` were restored just now.

    An unanswered credential is cancelled if its request is closed, or if it now belongs to another owner: otherwise it
    would outlive its request. Raises AlreadyRequested for a restored credential whose worker has another open request
    for the same type.
    """
    credentials_by_request = {
        credential.request_id: credential for credential in credentials if credential.request_id is not None
    }
    if not credentials_by_request:
        return
    for request in await _requests(session, organization_id, col(CredentialRequest.id), list(credentials_by_request)):
        credential = credentials_by_request[request.id]
        is_open = is_waiting(credential, request.worker_id)
        synced = await _set_status(session, request, credential.intake, is_open)
        is_owner = credential.worker_id == request.worker_id
        if credential.id in restored_ids and not synced:
            raise AlreadyRequested(
                "id: the worker has another open request for this type; cancel that request first", ("id",)
            )
        if credential.intake is IntakeStatus.REQUESTED and not (is_owner and synced):
            await submission.cancel(session, system_actor(organization_id), credential)


async def follow_workers(
    session: Session, organization_id: str, worker_ids: Collection[str], credentials: Collection[Credential]
) -> None:
    """Follow the deletion or restoration of workers, who own the credentials.

    Their settlement withdraws the requests of deleted workers. A request that a restored worker had answered is open
    again.
    """
    for table in NOTED_TABLES:
        is_deleted = (
            select(col(Worker.deleted_at).is_not(None))
            .where(col(Worker.organization_id) == col(table.organization_id), col(Worker.id) == col(table.worker_id))
            .scalar_subquery()
        )
        await session.execute(
            update(table)
            .where(
                col(table.organization_id) == organization_id,
                in_keys(col(table.worker_id), sorted(worker_ids), session.dialect_name),
            )
            .values(worker_deleted=is_deleted)
            .execution_options(synchronize_session=False)
        )
    answered = [credential for credential in credentials if credential.intake is IntakeStatus.SUBMITTED]
    await sync_with_credentials(session, organization_id, answered)


async def close_purged(session: Session, organization_id: str, credential_ids: Sequence[str]) -> None:
    """Close the requests of purged credentials."""
    for request in await _requests(session, organization_id, col(CredentialRequest.credential_id), credential_ids):
        await _set_status(
            session, request, IntakeStatus.CANCELLED if request.closed_at is None else request.status, False
        )


def is_waiting(credential: Credential, worker_id: str) -> bool:
    """Return whether a worker's credential awaits submission or a decision, so that its request stays open.

    Nothing is awaited of a deleted worker.
    """
    is_owner = credential.worker_id == worker_id and credential.living_owner is OwnerType.WORKER
    is_live = credential.archived_at is None and credential.deleted_at is None
    is_undecided = credential.intake is IntakeStatus.SUBMITTED and credential.latest_approval is ApprovalStatus.PENDING
    return is_owner and is_live and (credential.intake is IntakeStatus.REQUESTED or is_undecided)


async def cancel(session: Session, actor: Actor, request: CredentialRequest, credential: Credential) -> None:
    """Close a request and cancel its credential, which must be locked."""
    await submission.cancel(session, actor, credential)
    changes: Changes = {"status": {"from": request.status.value, "to": IntakeStatus.CANCELLED.value}}
    await _set_status(session, request, IntakeStatus.CANCELLED, False)
    event_log.record(session, actor, EventKind.REQUEST_CANCELLED, request, changes, worker_id=request.worker_id)


def _new_request(session: Session, actor: Actor, draft: RequestDraft) -> CredentialRequest:
    return CredentialRequest(
        organization_id=actor.organization_id,
        id=ids.new(CredentialRequest.prefix),
        worker_id=draft.worker_id,
        credential_type_id=draft.credential_type.id,
        credential_id=ids.new(Credential.prefix),
        rule_id=draft.rule_id,
        raised_by=draft.raised_by,
        message=draft.message,
        guidance=draft.guidance,
        due_on=draft.due_on,
        due_key=draft.due_on or date.max,
        created_at=session.now,
        updated_at=session.now,
    )


def _add_credential(session: Session, actor: Actor, draft: RequestDraft, request: CredentialRequest) -> None:
    submission.open_requested(
        session,
        actor,
        draft.credential_type,
        draft.worker_id,
        key=request.credential_id,
        request_id=request.id,
        rule_id=draft.rule_id,
        due_on=draft.due_on,
    )
    changes: Changes = {"credentialType": {"from": None, "to": draft.credential_type.code}}
    event_log.record(session, actor, EventKind.REQUEST_CREATED, request, changes, worker_id=draft.worker_id)


def system_actor(organization_id: str) -> Actor:
    """Return the actor that raises and withdraws requests on behalf of rules."""
    return Actor(organization_id, ActorKind.SYSTEM, "compliance", "Compliance", frozenset())


async def close(session: Session, request: CredentialRequest) -> None:
    """Close a request whose worker answered it, and leave the answer as it is."""
    await _set_status(session, request, request.status, False)


async def _set_status(session: Session, request: CredentialRequest, status: IntakeStatus, is_open: bool) -> bool:
    """Set a request's status, and open or close it. Return False if another open request prevents opening it."""
    if (request.status, request.closed_at is None) == (status, is_open):
        return True
    request.status = status
    row_access.touch(request, session.now)
    if not is_open:
        request.closed_at = request.closed_at or session.now
        return True
    await session.flush()  # so that the savepoint below holds, and can undo, nothing but this change
    try:
        async with session.begin_nested():
            request.closed_at = None
            await session.flush()
        return True
    except IntegrityError:
        # The worker has another open request for the same type; this one stays closed.
        await session.refresh(request)
        return False


async def _requests(
    session: Session, organization_id: str, column: Any, keys: Sequence[str]
) -> list[CredentialRequest]:
    statement = select(CredentialRequest).where(
        col(CredentialRequest.organization_id) == organization_id, in_keys(column, keys, session.dialect_name)
    )
    return list(await session.scalars(statement.order_by(col(CredentialRequest.id))))
