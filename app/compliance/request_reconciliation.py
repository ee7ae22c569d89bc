"""Reconciling requests with the rules: raising what they want of workers, withdrawing what none wants any more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import or_, select
from sqlmodel import col

from app.access import Actor
from app.compliance import request_lifecycle
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.request_lifecycle import Wanted, Wish
from app.compliance.tables import CredentialRequest, RaisedBy, RequirementRule
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential, Intake
from app.db.database import Session
from app.db.records import Record
from app.lists.key_lists import among
from app.organizations import calendar

RAISING = frozenset({CellStatus.MISSING, CellStatus.EXPIRED, CellStatus.GRACE})
"""The cells for which something is requested. What is ineligible is for a person to judge."""

Row = TypeVar("Row", bound=Record)


async def reconcile(session: Session, actor: Actor, cells_by_worker: Mapping[str, Sequence[Cell]]) -> None:
    """Raise what the rules want of some workers, and withdraw what they asked for and no rule wants any more.

    What a person cancelled is not asked for again, until it was there meanwhile. What a person asked for stays.
    """
    cells = [cell for found in cells_by_worker.values() for cell in found if cell.rule.auto_request]
    wanted = {(cell.worker_id, kind) for cell in cells for kind in cell.wanted}
    known = await _pending(session, actor, list(cells_by_worker))
    gone = [request for request in known if request.wanted not in wanted]
    for request in gone:
        request.held_off = False
    await _withdraw(session, actor, gone)
    there = {request.wanted for request in known}
    lacking = {
        key: cell
        for cell in reversed(cells)
        for kind in cell.wanted
        if cell.status in RAISING and (key := (cell.worker_id, kind)) not in there
    }
    if lacking:
        await request_lifecycle.raise_all(session, actor, await _wishes(session, actor, lacking))


async def _pending(session: Session, actor: Actor, workers: Sequence[str]) -> list[CredentialRequest]:
    """The requests that are open, or that a person cancelled and no rule may raise again."""
    statement = select(CredentialRequest).where(
        col(CredentialRequest.organization_id) == actor.organization_id,
        among(col(CredentialRequest.worker_id), workers, session.dialect),
        or_(col(CredentialRequest.closed_at).is_(None), col(CredentialRequest.held_off)),
    )
    return list(await session.scalars(statement))


async def _withdraw(session: Session, actor: Actor, gone: Iterable[CredentialRequest]) -> None:
    """Cancel those of some requests that rules raised and no worker has answered."""
    open_ = {
        request.credential_id: request
        for request in gone
        if request.closed_at is None and request.raised_by is RaisedBy.RULE and request.status is Intake.REQUESTED
    }
    if not open_:
        return
    statement = (
        select(Credential)
        .where(
            col(Credential.organization_id) == actor.organization_id,
            among(col(Credential.id), list(open_), session.dialect),
        )
        .order_by(col(Credential.id))
        .execution_options(populate_existing=True)
    )
    await session.flush()
    # Its worker may have answered while we waited for it.
    for credential in await session.locked(statement):
        if credential.intake is Intake.REQUESTED:
            await request_lifecycle.cancel(session, actor, open_[credential.id], credential)


async def _wishes(session: Session, actor: Actor, lacking: Mapping[Wanted, Cell]) -> list[Wish]:
    """What lacks, as what to ask for. Nobody is asked for a type that is out of use."""
    kinds = await _rows(session, actor.organization_id, CredentialType, {kind for _, kind in lacking})
    rules = await _rows(session, actor.organization_id, RequirementRule, {cell.rule.id for cell in lacking.values()})
    today = await calendar.today(session, actor.organization_id)
    wishes = []
    for (worker_id, kind_id), cell in lacking.items():
        kind, rule = kinds[kind_id], rules[cell.rule.id]
        if kind.archived_at is None:
            due = None if rule.request_due_days is None else today + timedelta(days=rule.request_due_days)
            wishes.append(Wish(worker_id, kind, RaisedBy.RULE, rule.id, rule.request_message, None, due))
    return wishes


async def _rows(session: Session, organization_id: str, table: type[Row], keys: Collection[str]) -> dict[str, Row]:
    statement = select(table).where(
        col(table.organization_id) == organization_id, among(col(table.id), list(keys), session.dialect)
    )
    return {row.id: row for row in await session.scalars(statement)}
