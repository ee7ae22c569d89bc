"""Settling: bringing what is kept of owners in line with the facts.

Kept are each worker's standing, what each owner was counted as, and the sums of that. Whatever may change them only
adds a mark, and so waits for nobody; settling takes the marks, works each owner out anew from the rows as they are,
and writes the difference. An organization is settled by one at a time: its row is locked. A mark that is seen brings
all that its transaction changed; one that comes later stays for the next settling, so that nothing is lost.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, exists, func, insert, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col

from app.access import Actor
from app.compliance import gathering, portfolios, requests
from app.compliance.counting import Dimension, Key
from app.compliance.portfolios import Portfolio
from app.compliance.tables import Settled, Tally, Unsettled
from app.core import clock, ids, writing
from app.core.database import Session
from app.core.fields import Changes
from app.core.keys import among
from app.events import ledger
from app.events.kinds import EventKind
from app.organizations import days
from app.organizations.tables import Organization
from app.workers.tables import Standing, Worker

EVERYBODY = ""
"""Stands for the whole organization among the units of tallies."""
AT_ONCE = 1_000
"""The most owners that one transaction settles."""
MARKED = "marked"
NOTHING_WRONG = (None, Standing.COMPLIANT)
_MARKING = insert(Unsettled.__dict__["__table__"])
Counts = Counter[tuple[str, Key]]
"""How many, by unit and key."""


async def mark(session: Session, organization_id: str, owner_ids: Iterable[str]) -> None:
    """Note that the standing or the counts of some owners may have changed."""
    rows = [
        {"organization_id": organization_id, "id": ids.new(Unsettled.prefix), "owner_id": key}
        for key in dict.fromkeys(owner_ids)
    ]
    if rows:
        await (await session.connection()).execute(_MARKING, rows)
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
    today = await days.today(session, organization_id)
    statement = select(col(Settled.id)).where(*_due(organization_id, today)).order_by(col(Settled.recheck_on))
    due = list(await session.scalars(statement.limit(max(0, limit - len(marks)))))
    return await _settle(session, organization_id, marks, due)


async def is_pending(session: Session, actor: Actor) -> bool:
    """Whether somebody is marked, or somebody's day has come."""
    today = clock.today(session.now, actor.time_zone)
    marked = exists().where(col(Unsettled.organization_id) == actor.organization_id)
    due = exists().where(*_due(actor.organization_id, today))
    return bool(await session.scalar(select(or_(marked, due))))


async def organizations_to_settle(session: Session) -> list[str]:
    """The organizations in which there may be somebody to settle, across tenants."""
    mine = col(Organization.organization_id)
    marked = exists().where(col(Unsettled.organization_id) == mine)
    # Somewhere it is tomorrow already; what that finds too early is told apart inside the organization.
    tomorrow = session.now.date() + timedelta(days=1)
    due = exists().where(col(Settled.organization_id) == mine, col(Settled.recheck_on) <= tomorrow)
    return list(await session.scalars(select(mine).where(or_(marked, due)).order_by(mine)))


async def counts(
    session: Session, organization_id: str, units: Sequence[str] | None, day: date, dimensions: Iterable[Dimension]
) -> dict[tuple[str, str], int]:
    """Kept counts of an organization or of some units, by dimension and value, as of a day from today on."""
    mine = [
        col(Tally.organization_id) == organization_id,
        col(Tally.dimension).in_([str(dimension) for dimension in dimensions]),
        col(Tally.day) <= day,
    ]
    if units is None:
        mine.append(col(Tally.org_unit_id) == EVERYBODY)
    else:
        mine.append(among(col(Tally.org_unit_id), units, session.dialect))
    statement = (
        select(col(Tally.dimension), col(Tally.value), func.sum(col(Tally.number)))
        .where(*mine)
        .group_by(col(Tally.dimension), col(Tally.value))
    )
    return {(row[0], row[1]): int(row[2]) for row in await session.execute(statement) if row[2]}


async def sweep(session: Session, organization_id: str) -> None:
    """Remove sums that came to nothing."""
    await session.execute(delete(Tally).where(col(Tally.organization_id) == organization_id, col(Tally.number) == 0))


def _due(organization_id: str, today: date) -> list[Any]:
    return [col(Settled.organization_id) == organization_id, col(Settled.recheck_on) <= today]


async def _lock(session: Session, organization_id: str, *, wait: bool = True) -> bool:
    """Be the only one to settle an organization. Rows that refer to it can be added meanwhile."""
    statement = select(col(Organization.id)).where(col(Organization.organization_id) == organization_id)
    found = await session.scalars(statement.with_for_update(key_share=True, skip_locked=not wait))
    return found.one_or_none() is not None


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
    frame = await gathering.frame(session, organization_id)
    found = await portfolios.of(frame, owners)
    await _keep_counts(session, organization_id, found)
    await _keep_standings(session, organization_id, found)
    await requests.reconcile(
        session,
        requests.system(organization_id),
        organization_id,
        {key: one.judged.cells if one.judged else [] for key, one in found.items() if key.startswith(Worker.prefix)},
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
    statement = (
        select(col(Worker.id))
        .where(col(Worker.organization_id) == organization_id, among(col(Worker.id), owners, session.dialect))
        .with_for_update(skip_locked=True, key_share=True)
    )
    workers = set(await session.scalars(statement)) if owners else set()
    return workers | {owner for owner in owners if not owner.startswith(f"{Worker.prefix}_")}


async def _keep_counts(session: Session, organization_id: str, found: dict[str, Portfolio]) -> None:
    """Write the difference between what owners count as and what they were counted as."""
    statement = select(col(Settled.id), col(Settled.org_unit_id), col(Settled.counted), col(Settled.recheck_on)).where(
        col(Settled.organization_id) == organization_id, among(col(Settled.id), list(found), session.dialect)
    )
    before = {row.id: row for row in await session.execute(statement)}
    difference: Counts = Counter()
    rows: list[dict[str, Any]] = []
    for key, portfolio in found.items():
        counted = [[*_plain(name), number] for name, number in sorted(portfolio.counts.items()) if number]
        row = {
            "organization_id": organization_id,
            "id": key,
            "org_unit_id": portfolio.org_unit_id,
            "recheck_on": portfolio.recheck_on,
            "counted": counted,
        }
        was = before.get(key)
        if was is not None:
            if (was.org_unit_id, was.counted, was.recheck_on) == (row["org_unit_id"], counted, row["recheck_on"]):
                continue
            _add(difference, was.org_unit_id, {_key(item): item[3] for item in was.counted}, -1)
        _add(difference, portfolio.org_unit_id, portfolio.counts, 1)
        rows.append(row)
    await writing.upsert(
        session, Settled, rows, ("organization_id", "id"), replaced=("org_unit_id", "recheck_on", "counted")
    )
    tallies = [
        _tally(organization_id, unit, key, number) for (unit, key), number in sorted(difference.items()) if number
    ]
    await writing.upsert(
        session, Tally, tallies, ("organization_id", "org_unit_id", "dimension", "value", "day"), added=("number",)
    )


def _add(difference: Counts, unit: str | None, counted: Any, sign: int) -> None:
    for key, number in counted.items():
        difference[EVERYBODY, key] += sign * number
        if unit is not None:
            difference[unit, key] += sign * number


def _plain(key: Key) -> list[str]:
    return [str(key[0]), key[1], key[2].isoformat()]


def _key(item: Sequence[Any]) -> Key:
    return Dimension(item[0]), item[1], date.fromisoformat(item[2])


def _tally(organization_id: str, unit: str, key: Key, number: int) -> dict[str, Any]:
    dimension, value, day = key
    # There are many sums, and nobody asks in what order they came.
    found = {"organization_id": organization_id, "id": f"{Tally.prefix}_{token_hex(8)}", "org_unit_id": unit}
    return {**found, "dimension": str(dimension), "value": value, "day": day, "number": number}


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
    subject = Worker(organization_id=organization_id, id=key)  # type: ignore[call-arg]
    kind = EventKind.COMPLIANCE_STANDING_CHANGED
    ledger.record(session, requests.system(organization_id), kind, subject, changes, worker_id=key)
