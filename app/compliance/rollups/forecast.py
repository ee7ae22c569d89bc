"""What expires when, and who turns non-compliant by then, if nothing is done about it."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.worker_facts import AT_ONCE, Gathered
from app.compliance.rollups import counting, scope
from app.compliance.rollups.scope import Extent
from app.compliance.tables import Settled
from app.core.errors import Invalid, NotFound, TooMany
from app.core.fields import LATEST, Given
from app.credential_types.tables import CredentialType
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import Credential
from app.db.database import Session
from app.workers.tables import Applicant, Standing, Worker

MOST_SPANS = 60
USUAL_SPANS = 6
NAMED = 20
"""Workers whom a span names; the others are only counted."""


class ForecastStep(StrEnum):
    """How long the spans of a forecast are."""

    WEEK = "WEEK"
    MONTH = "MONTH"


class OfType(msgspec.Struct, frozen=True):
    """How many credentials of a type."""

    credential_type_id: str
    count: int


class Span(msgspec.Struct, frozen=True):
    """A week or a month, as far as it lies within the forecast."""

    first: date
    last: date
    by_type: list[OfType]
    turning: int
    """Workers who turn non-compliant in it."""
    worker_ids: list[str]

    @property
    def total(self) -> int:
        """How many credentials expire in it."""
        return sum(one.count for one in self.by_type)


class Forecast(msgspec.Struct, frozen=True):
    """What is to come, seen from a day."""

    day: date
    spans: list[Span]


async def foresee(session: Session, actor: Actor, extent: Extent, given: Given) -> Forecast:
    """The forecast of an extent. `given` has by, from, to and type (codes)."""
    spans = list(_spans(given["by"], *_range(extent.day, given)))
    types = await _types(session, actor, given.get("type"))
    frame = await day_context.of(session, actor.organization_id, extent.day)
    first, last = spans[0][0], spans[-1][1]
    if extent.day == extent.today:
        expiring = await _expiring(session, actor, extent, first, last)
        found = [worker async for worker in _changing(session, actor, frame, extent, last)]
    else:
        found = [worker async for worker in scope.workers(session, actor, frame, extent)]
        expiring = Counter(
            (credential.expires_on, credential.credential_type_id)
            for worker in found
            for credential in worker.credentials
            if worker.worker.deleted_at is None and counting.counted(credential)
        )
    turning = [(day, one.worker.id) for one in found if (day := turns_on(one, frame.day, last)) is not None]
    return Forecast(
        extent.day,
        [
            _span(begin, end, expiring, sorted(key for day, key in turning if begin <= day <= end), types)
            for begin, end in spans
        ],
    )


def _span(
    first: date, last: date, expiring: Counter[tuple[date, str]], turning: list[str], types: frozenset[str] | None
) -> Span:
    by_type: Counter[str] = Counter()
    for (day, type_id), number in expiring.items():
        if first <= day <= last and (types is None or type_id in types):
            by_type[type_id] += number
    most_first = sorted(by_type.items(), key=lambda one: (-one[1], one[0]))
    return Span(first, last, [OfType(key, number) for key, number in most_first], len(turning), turning[:NAMED])


async def _expiring(
    session: Session, actor: Actor, extent: Extent, first: date, last: date
) -> Counter[tuple[date, str]]:
    """How many credentials expire on each day, by type: counted by the database, from an index of the days."""
    row = (col(Credential.expires_on), col(Credential.credential_type_id))
    statement = (
        select(*row, func.count())
        .join(Worker, _same(Worker, col(Credential.worker_id)), isouter=True)
        .join(Applicant, _same(Applicant, col(Credential.applicant_id)), isouter=True)
        .where(
            actor.sees(Credential),
            col(Credential.expires_on).between(first, last),
            col(Credential.archived_at).is_(None),
            col(Credential.deleted_at).is_(None),
            col(Credential.intake).not_in(UNANSWERED),
            case((col(Credential.worker_id).is_not(None), col(Worker.deleted_at)), else_=col(Applicant.deleted_at)).is_(
                None
            ),
            *scope.held_within(session, actor, extent),
        )
        .group_by(*row)
    )
    return Counter({(row[0], row[1]): row[2] for row in await session.execute(statement)})


def _same(table: type[Worker] | type[Applicant], key: Any) -> ColumnElement[bool]:
    return and_(col(table.organization_id) == col(Credential.organization_id), col(table.id) == key)


async def _changing(
    session: Session, actor: Actor, frame: Frame, extent: Extent, last: date
) -> AsyncIterator[Gathered]:
    """The workers of an extent whose standing may be another by a day, as settling has noted."""
    statement = (
        select(col(Worker.id))
        .join(Settled, and_(col(Settled.organization_id) == col(Worker.organization_id), col(Settled.id) == Worker.id))
        .where(actor.sees(Worker), col(Settled.recheck_on) <= last, scope.within(session, actor, extent))
        .order_by(col(Worker.id))
    )
    keys = list(await session.scalars(statement))
    for at in range(0, len(keys), AT_ONCE):
        for found in (await worker_facts.gather(frame, keys[at : at + AT_ONCE])).values():
            yield found


def turns_on(worker: Gathered, day: date, last: date) -> date | None:
    """The first day after one, up to a last one, on which a worker is non-compliant who was not before."""
    if worker.situation is None:
        return None
    before = worker_facts.judge(worker.situation, worker.rules, day)
    while before.standing is not Standing.NON_COMPLIANT and before.changes_on <= last:
        before = worker_facts.judge(worker.situation, worker.rules, before.changes_on)
        if before.standing is Standing.NON_COMPLIANT:
            return before.day
    return None


def _range(day: date, given: Given) -> tuple[date, date]:
    first: date = given.get("from") or day
    worker_facts.check_day(first, "from")
    if first < day:
        raise Invalid("from is before the day that is looked from", ("from",))
    usual = (
        timedelta(days=7 * USUAL_SPANS - 1) if given["by"] is ForecastStep.WEEK else timedelta(days=30 * USUAL_SPANS)
    )
    last: date = given.get("to") or min(first + usual, LATEST)
    worker_facts.check_day(last, "to")
    if last < first:
        raise Invalid("to is before from", ("to",))
    return first, last


def _spans(by: ForecastStep, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The calendar's weeks (from Monday) or months, cut off at both ends."""
    number = 0
    while first <= last:
        number += 1
        if number > MOST_SPANS:
            raise TooMany(f"from and to hold more than {MOST_SPANS} of them", ("to",), limit=MOST_SPANS)
        if by is ForecastStep.WEEK:
            end = first + timedelta(days=6 - first.weekday())
        else:
            end = (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        yield first, min(end, last)
        first = end + timedelta(days=1)


async def _types(session: Session, actor: Actor, codes: Sequence[str] | None) -> frozenset[str] | None:
    if codes is None:
        return None
    statement = select(col(CredentialType.code), col(CredentialType.id)).where(
        actor.sees(CredentialType), col(CredentialType.code).in_(codes)
    )
    found = {row[0]: row[1] for row in await session.execute(statement)}
    for index, code in enumerate(codes):
        if code not in found:
            raise NotFound(f"type: there is no credential type {code}", ("type", str(index)))
    return frozenset(found.values())
