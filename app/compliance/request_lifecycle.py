"""Requests for credentials: raised, cancelled, and kept in line with their credentials.

An open request of a worker for a type is unique by an index, so that raising again, however often and by however many
at once, raises nothing twice.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from app.access import Actor, ActorKind
from app.compliance.tables import CredentialRequest, RaisedBy
from app.core import ids
from app.core.errors import AlreadyRequested
from app.core.fields import Changes
from app.credential_types.tables import CredentialType
from app.credentials import submission
from app.credentials.tables import Approval, Credential, Intake
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.lists.key_lists import among

Wanted = tuple[str, str]
"""A worker and a credential type."""


@dataclass(frozen=True)
class Wish:
    """What is to be asked of a worker."""

    worker_id: str
    kind: CredentialType
    raised_by: RaisedBy
    rule_id: str | None = None
    message: str | None = None
    guidance: str | None = None
    due_on: date | None = None

    @property
    def wanted(self) -> Wanted:
        """Of which there is one open request at most."""
        return self.worker_id, self.kind.id


async def raise_all(session: Session, actor: Actor, wishes: Iterable[Wish]) -> dict[Wanted, CredentialRequest]:
    """Raise requests, each with its credential; gives those that are new, and not those that were open already."""
    # Sorted, so that two transactions that raise the same never wait for each other in a circle.
    sorted_ = [wish for _, wish in sorted({wish.wanted: wish for wish in wishes}.items())]
    if not sorted_:
        return {}
    insert = insert_postgresql if session.dialect == "postgresql" else insert_sqlite
    rows = [_row(session, actor, wish).model_dump() for wish in sorted_]
    statement = insert(CredentialRequest).on_conflict_do_nothing().returning(CredentialRequest)
    raised = {request.wanted: request for request in await session.scalars(statement, rows)}
    for wish in sorted_:
        if wish.wanted in raised:
            _open(session, actor, wish, raised[wish.wanted])
    await session.flush()
    return raised


async def follow(
    session: Session, organization_id: str, credentials: Collection[Credential], back: Collection[str] = ()
) -> None:
    """Bring the requests of some credentials in line with them; `back` are those that were just restored.

    What nobody answered is given up where it is somebody else's now: it would outlive its request. It cannot come back
    while it is asked for anew. Raises AlreadyRequested.
    """
    keys = {credential.request_id: credential for credential in credentials if credential.request_id is not None}
    if not keys:
        return
    for request in await _find(session, organization_id, col(CredentialRequest.id), list(keys)):
        credential = keys[request.id]
        waiting = waits(credential, request.worker_id)
        followed = await _set(session, request, credential.intake, waiting)
        theirs = credential.worker_id == request.worker_id
        if credential.id in back and not followed:
            raise AlreadyRequested("its worker is asked for it anew; cancel that request before", ("id",))
        if credential.intake is Intake.REQUESTED and not (theirs and followed):
            await submission.give_up(session, system(organization_id), credential)
    await session.flush()


async def follow_purged(session: Session, organization_id: str, credential_ids: Sequence[str]) -> None:
    """Close the requests of credentials that are gone."""
    for request in await _find(session, organization_id, col(CredentialRequest.credential_id), credential_ids):
        await _set(session, request, Intake.CANCELLED if request.closed_at is None else request.status, False)
    await session.flush()


def waits(credential: Credential, worker_id: str) -> bool:
    """Whether somebody waits for a credential of a worker: for the worker to submit it, or for a decision on it."""
    theirs = credential.worker_id == worker_id
    live = credential.archived_at is None and credential.deleted_at is None
    undecided = credential.intake is Intake.SUBMITTED and credential.latest_approval is Approval.PENDING
    return theirs and live and (credential.intake is Intake.REQUESTED or undecided)


async def cancel(session: Session, actor: Actor, request: CredentialRequest, credential: Credential) -> None:
    """Ask no more: the request is closed, and its claimed credential cancelled."""
    await submission.give_up(session, actor, credential)
    changes: Changes = {"status": {"from": request.status.value, "to": Intake.CANCELLED.value}}
    await _set(session, request, Intake.CANCELLED, False)
    event_log.record(session, actor, EventKind.REQUEST_CANCELLED, request, changes, worker_id=request.worker_id)


def _row(session: Session, actor: Actor, wish: Wish) -> CredentialRequest:
    return CredentialRequest(
        organization_id=actor.organization_id,
        id=ids.new(CredentialRequest.prefix),
        worker_id=wish.worker_id,
        credential_type_id=wish.kind.id,
        credential_id=ids.new(Credential.prefix),
        rule_id=wish.rule_id,
        raised_by=wish.raised_by,
        message=wish.message,
        guidance=wish.guidance,
        due_on=wish.due_on,
        due_key=wish.due_on or date.max,
        created_at=session.now,
        last_updated=session.now,
    )


def _open(session: Session, actor: Actor, wish: Wish, request: CredentialRequest) -> None:
    submission.open_requested(
        session,
        actor,
        wish.kind,
        wish.worker_id,
        key=request.credential_id,
        request_id=request.id,
        rule_id=wish.rule_id,
        due_on=wish.due_on,
    )
    changes: Changes = {"credentialType": {"from": None, "to": wish.kind.code}}
    event_log.record(session, actor, EventKind.REQUEST_CREATED, request, changes, worker_id=wish.worker_id)


def system(organization_id: str) -> Actor:
    """The service itself, which raises and withdraws what rules ask."""
    return Actor(organization_id, ActorKind.SYSTEM, "compliance", "Compliance", frozenset())


async def _set(session: Session, request: CredentialRequest, status: Intake, waiting: bool) -> bool:
    """Write how far a request is; gives whether it could be: there may be another open one by now."""
    if (request.status, request.closed_at is None) == (status, waiting):
        return True
    request.status = status
    request.revision += 1
    request.last_updated = session.now
    if not waiting:
        request.closed_at = request.closed_at or session.now
        return True
    await session.flush()  # of what may fail below, only this is told
    try:
        async with session.begin_nested():
            request.closed_at = None
            await session.flush()
        return True
    except IntegrityError:
        # Another request asks the worker for it meanwhile; this one stays closed.
        await session.refresh(request)
        return False


async def _find(session: Session, organization_id: str, column: Any, keys: Sequence[str]) -> list[CredentialRequest]:
    statement = select(CredentialRequest).where(
        col(CredentialRequest.organization_id) == organization_id, among(column, keys, session.dialect)
    )
    return list(await session.scalars(statement.order_by(col(CredentialRequest.id))))
