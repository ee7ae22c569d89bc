"""Reconcile requests with rules: raise the requests that rules want, withdraw those that no rule wants any more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlmodel import col

from app.access import Actor
from app.compliance import request_lifecycle
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.request_lifecycle import RequestDraft, RequestTarget
from app.compliance.tables import CredentialRequest, RaisedBy, RequirementRule
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential, IntakeStatus
from app.db.records import Row
from app.db.session import Session
from app.lists.key_lists import in_keys
from app.organizations import calendar

RAISING_STATUSES = frozenset({CellStatus.MISSING, CellStatus.EXPIRED, CellStatus.GRACE})
"""Cell statuses for which a request is raised. INELIGIBLE is left out: a person must decide what to do about it."""


async def reconcile(session: Session, actor: Actor, cells_by_worker: Mapping[str, Sequence[Cell]]) -> None:
    """Raise the requests that rules want of workers, and withdraw requests of rules that no rule wants any more.

    A request that a person cancelled is not raised again until its requirement has been met once. A request that a
    person raised stays. Nothing at all is requested of a deleted worker.
    """
    cells = [cell for worker_cells in cells_by_worker.values() for cell in worker_cells if cell.rule.auto_request]
    wanted = {(cell.worker_id, type_id) for cell in cells for type_id in cell.wanted}
    pending = await _pending(session, actor, list(cells_by_worker))
    unwanted = [request for request in pending if request.target not in wanted]
    for request in unwanted:
        request.held_off = False
    await _withdraw(session, actor, unwanted)
    pending_targets = {request.target for request in pending}
    cells_by_target = {
        target: cell
        for cell in reversed(cells)
        for type_id in cell.wanted
        if cell.status in RAISING_STATUSES and (target := (cell.worker_id, type_id)) not in pending_targets
    }
    if cells_by_target:
        await request_lifecycle.raise_all(session, actor, await _drafts(session, actor, cells_by_target))


async def _pending(session: Session, actor: Actor, workers: Sequence[str]) -> list[CredentialRequest]:
    """Return the requests that are open, or that a person cancelled so that no rule may raise them again."""
    statement = select(CredentialRequest).where(
        col(CredentialRequest.organization_id) == actor.organization_id,
        in_keys(col(CredentialRequest.worker_id), workers, session.dialect_name),
        or_(col(CredentialRequest.closed_at).is_(None), col(CredentialRequest.held_off)),
    )
    return list(await session.scalars(statement))


async def _withdraw(session: Session, actor: Actor, requests: Iterable[CredentialRequest]) -> None:
    """Cancel the open requests that rules raised and no worker has answered; for deleted workers, end all requests."""
    unanswered: dict[str, CredentialRequest] = {}
    for request in requests:
        if request.closed_at is None and request.status is IntakeStatus.REQUESTED:
            if request.raised_by is RaisedBy.RULE or request.worker_deleted:
                unanswered[request.credential_id] = request
        elif request.closed_at is None and request.worker_deleted:
            await request_lifecycle.close(session, request)
    if not unanswered:
        return
    statement = (
        select(Credential)
        .where(
            col(Credential.organization_id) == actor.organization_id,
            in_keys(col(Credential.id), list(unanswered), session.dialect_name),
        )
        .order_by(col(Credential.id))
        .execution_options(populate_existing=True)
    )
    await session.flush()  # the query below overwrites changes that are not written
    # The worker may have answered while this transaction waited for the lock.
    for credential in await session.scalars_for_update(statement):
        if credential.intake is IntakeStatus.REQUESTED:
            await request_lifecycle.cancel(session, actor, unanswered[credential.id], credential)


async def _drafts(session: Session, actor: Actor, cells_by_target: Mapping[RequestTarget, Cell]) -> list[RequestDraft]:
    """Return the drafts of requests for unmet cells, without archived credential types."""
    types = await _rows(session, actor.organization_id, CredentialType, {type_id for _, type_id in cells_by_target})
    rules = await _rows(
        session, actor.organization_id, RequirementRule, {cell.rule.id for cell in cells_by_target.values()}
    )
    today = await calendar.today(session, actor.organization_id)
    drafts = []
    for (worker_id, type_id), cell in cells_by_target.items():
        credential_type, rule = types[type_id], rules[cell.rule.id]
        if credential_type.archived_at is None:
            due_on = None if rule.request_due_days is None else today + timedelta(days=rule.request_due_days)
            drafts.append(
                RequestDraft(worker_id, credential_type, RaisedBy.RULE, rule.id, rule.request_message, None, due_on)
            )
    return drafts


async def _rows(session: Session, organization_id: str, table: type[Row], keys: Collection[str]) -> dict[str, Row]:
    statement = select(table).where(
        col(table.organization_id) == organization_id, in_keys(col(table.id), list(keys), session.dialect_name)
    )
    return {row.id: row for row in await session.scalars(statement)}
