"""Settling: bringing what is kept of owners in line with the facts.

Kept are each worker's standing, what each owner was counted as, and the sums of that. Whatever may change them only
adds a mark, and so waits for nobody; settling takes the marks, works each owner out anew from the rows as they are,
and writes the difference. An organization is settled by one at a time: its row is locked. A mark that is seen brings
all that its transaction changed; one that comes later stays for the next settling, so that nothing is lost.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col

from app.access import Actor
from app.compliance import request_lifecycle, request_reconciliation
from app.compliance.evaluation import day_context
from app.compliance.rollups import counters, owner_counts
from app.compliance.rollups.owner_counts import Portfolio
from app.compliance.tables import Settled, Unsettled
from app.core import clock, ids
from app.core.fields import Changes
from app.db import read_executor
from app.db.database import Database, Session
from app.db.prepared_statements import Statement, slot
from app.db.read_batch import Read
from app.db.read_executor import Reading
from app.events import event_log
from app.events.event_kinds import EventKind
from app.lists.key_lists import among
from app.organizations import calendar
from app.organizations.tables import Organization
from app.workers.tables import Standing, Worker

AT_ONCE = 1_000
"""The most owners that one transaction settles."""
MARKED = "marked"
NOTHING_WRONG = (None, Standing.COMPLIANT)


async def mark(session: Session, organization_id: str, owner_ids: Iterable[str]) -> None:
    """Note that the standing or the counts of some owners may have changed."""
    rows = [
        {"organization_id": organization_id, "id": ids.new(Unsettled.prefix), "owner_id": key}
        for key in dict.fromkeys(owner_ids)
    ]
    if rows:
        await session.insert(Unsettled, rows)
        session.info.setdefault(MARKED, {}).setdefault(organization_id, []).extend(row["id"] for row in rows)


async def settle_marked(session: Session, organization_id: str, limit: int = AT_ONCE) -> int:
    """Settle whom the current transaction marked, but for those beyond a limit; gives how many owners."""
    mine = session.info.get(MARKED, {}).pop(organization_id, [])
    if not mine:
        return 0
    await _lock(session, organization_id)
    return await _settle(session, organization_id, await _marks(session, organization_id, limit, mine), [])


async def settle(session: Session, organization_id: str, limit: int = AT_ONCE, *, wait: bool = True) -> int:
    """Settle up to so many owners: those marked, the first ones first, and those whose day has come; gives how many.

    Without waiting, none while somebody else settles.
    """
    if not await _lock(session, organization_id, wait=wait):
        return 0
    marks = await _marks(session, organization_id, limit)
    today = await calendar.today(session, organization_id)
    statement = select(col(Settled.id)).where(*_due(organization_id, today)).order_by(col(Settled.recheck_on))
    due = list(await session.scalars(statement.limit(max(0, limit - len(marks)))))
    return await _settle(session, organization_id, marks, due)


def pending(database: Database, actor: Actor) -> Read:
    """Reads whether somebody is marked, or somebody's day has come."""
    today = clock.today(database.clock(), actor.time_zone)
    return _PENDING.read(database.dialect, organization=actor.organization_id, today=today)


def is_pending(database: Database, actor: Actor) -> Reading[bool]:
    """Whether somebody is marked, or somebody's day has come."""
    [[[found]]] = read_executor.told((yield [pending(database, actor)]))
    return bool(found)


def _pending(_dialect: str) -> Select[Any]:
    organization = slot("organization", col(Unsettled.organization_id))
    marked = exists().where(col(Unsettled.organization_id) == organization)
    return select(or_(marked, exists().where(*_due(organization, slot("today", col(Settled.recheck_on))))))


_PENDING = Statement(_pending)


async def organizations_to_settle(session: Session) -> list[str]:
    """The organizations in which there may be somebody to settle, across tenants."""
    mine = col(Organization.organization_id)
    marked = exists().where(col(Unsettled.organization_id) == mine)
    # Somewhere it is tomorrow already; what that finds too early is told apart inside the organization.
    tomorrow = session.now.date() + timedelta(days=1)
    due = exists().where(col(Settled.organization_id) == mine, col(Settled.recheck_on) <= tomorrow)
    return list(await session.scalars(select(mine).where(or_(marked, due)).order_by(mine)))


def _due(organization_id: Any, today: Any) -> list[Any]:
    return [col(Settled.organization_id) == organization_id, col(Settled.recheck_on) <= today]


async def _lock(session: Session, organization_id: str, *, wait: bool = True) -> bool:
    """Be the only one to settle an organization. Rows that refer to it can be added meanwhile."""
    statement = select(col(Organization.id)).where(col(Organization.organization_id) == organization_id)
    return bool(await session.locked(statement, key_share=True, skip_locked=not wait))


async def _marks(
    session: Session, organization_id: str, limit: int, mine: Sequence[str] | None = None
) -> dict[str, str]:
    """Marks and their owners."""
    statement = select(col(Unsettled.id), col(Unsettled.owner_id)).where(
        col(Unsettled.organization_id) == organization_id
    )
    if mine is not None:
        statement = statement.where(among(col(Unsettled.id), mine, session.dialect))
    rows = await session.execute(statement.order_by(col(Unsettled.id)).limit(limit))
    return {row[0]: row[1] for row in rows}


async def _settle(session: Session, organization_id: str, marks: dict[str, str], due: Collection[str]) -> int:
    owners = await _free(session, organization_id, sorted({*marks.values(), *due}))
    if not owners:
        return 0
    frame = await day_context.of(session, organization_id)
    found = await owner_counts.of(frame, owners)
    await counters.keep(session, organization_id, found)
    await _keep_standings(session, organization_id, found)
    await request_reconciliation.reconcile(
        session,
        request_lifecycle.system(organization_id),
        {key: one.judged.cells if one.judged else [] for key, one in found.items() if ids.kind(key) == Worker.prefix},
    )
    done = [key for key, owner in marks.items() if owner in owners]
    await session.execute(
        delete(Unsettled).where(
            col(Unsettled.organization_id) == organization_id, among(col(Unsettled.id), done, session.dialect)
        )
    )
    return len(owners)


async def _free(session: Session, organization_id: str, owners: list[str]) -> set[str]:
    """Those of some owners whom nobody else is changing, locked if they are workers.

    Whoever changes a worker may be waiting for this settling to end: to wait for them would be to wait in a circle.
    """
    statement = select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, among(col(Worker.id), owners, session.dialect)
    )
    workers = set(await session.locked(statement, skip_locked=True, key_share=True)) if owners else set()
    return workers | {owner for owner in owners if ids.kind(owner) != Worker.prefix}


async def _keep_standings(session: Session, organization_id: str, found: dict[str, Portfolio]) -> None:
    """Write the standings that changed into the workers, and record each change that matters."""
    statement = select(col(Worker.id), col(Worker.standing)).where(
        col(Worker.organization_id) == organization_id, among(col(Worker.id), list(found), session.dialect)
    )
    changed: dict[Standing | None, list[str]] = {}
    for key, before in await session.execute(statement):
        judged = found[key].judged
        after = judged.standing if judged else None
        if before is after:
            continue
        changed.setdefault(after, []).append(key)
        if not (before in NOTHING_WRONG and after in NOTHING_WRONG):
            _record(session, organization_id, key, before, after)
    for after, keys in changed.items():
        mine = col(Worker.organization_id) == organization_id
        await session.execute(
            update(Worker)
            .where(mine, among(col(Worker.id), keys, session.dialect))
            .values(standing=after)
            .execution_options(synchronize_session=False)
        )
    standings = {key: after for after, keys in changed.items() for key in keys}
    for key, row in session.at_hand(Worker).items():
        if key in standings:
            set_committed_value(row, "standing", standings[key])


def _record(session: Session, organization_id: str, key: str, before: Standing | None, after: Standing | None) -> None:
    changes: Changes = {"standing": {"from": before and before.value, "to": after and after.value}}
    subject = Worker(organization_id=organization_id, id=key)  # type: ignore[call-arg]  # of whom only the id is told
    kind = EventKind.COMPLIANCE_STANDING_CHANGED
    event_log.record(session, request_lifecycle.system(organization_id), kind, subject, changes, worker_id=key)
