"""The forecast: credentials that expire, and workers who become non-compliant, if no fact changes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import and_, func, select
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.snapshots import CredentialSnapshot
from app.compliance.evaluation.worker_facts import BATCH_SIZE, WorkerOnDay
from app.compliance.rollups import counting, scope
from app.compliance.rollups.scope import RollupScope
from app.compliance.tables import Settled
from app.core.errors import Invalid, NotFound, TooMany
from app.core.fields import MAX_DATE, Input, check_day
from app.credential_types.tables import CredentialType
from app.credentials.permissions import UNANSWERED
from app.credentials.tables import Credential
from app.db.session import Session
from app.workers.tables import Standing, Worker

MAX_SPANS = 60
DEFAULT_SPANS = 6
MAX_NAMED_WORKERS = 20
"""The number of workers listed per span; further workers are only counted."""


class ForecastStep(StrEnum):
    """The length of the spans of a forecast."""

    WEEK = "WEEK"
    MONTH = "MONTH"


class TypeCount(msgspec.Struct, frozen=True):
    """The number of expiring credentials of a type."""

    credential_type_id: str
    count: int


class Span(msgspec.Struct, frozen=True):
    """A week or a month, limited to the period of the forecast."""

    first: date
    last: date
    by_type: list[TypeCount]
    turning: int
    """The number of workers who become non-compliant in the span."""
    worker_ids: list[str]

    @property
    def total(self) -> int:
        """Return the number of credentials that expire in the span."""
        return sum(count.count for count in self.by_type)


class Forecast(msgspec.Struct, frozen=True):
    """A forecast as of a day."""

    day: date
    spans: list[Span]


async def build(session: Session, actor: Actor, rollup_scope: RollupScope, input: Input) -> Forecast:
    """Return the forecast of a scope. `input` has by, from, to and type (codes)."""
    spans = list(_spans(input["by"], *_period(rollup_scope.day, input)))
    types = await _types(session, actor, input.get("type"))
    context = await day_context.load(session, actor.organization_id, rollup_scope.day)
    first, last = spans[0][0], spans[-1][1]
    if rollup_scope.day == rollup_scope.today:
        expiring = await _expiring(session, actor, rollup_scope, first, last)
        workers = [worker async for worker in _changing(session, actor, context, rollup_scope, last)]
    else:
        workers = [worker async for worker in scope.load_workers(session, actor, context, rollup_scope)]
        expiring = Counter(
            (expiry_day, credential.credential_type_id)
            for worker in workers
            for credential in worker.credentials
            if worker.worker.deleted_at is None and counting.is_counted(credential)
            for expiry_day in credential.expiry_days(first)
        )
    turning = [(day, worker.worker.id) for worker in workers for day in turning_days(worker, context.day, last)]
    return Forecast(
        rollup_scope.day,
        [
            _span(first, last, expiring, sorted({key for day, key in turning if first <= day <= last}), types)
            for first, last in spans
        ],
    )


def _span(
    first: date, last: date, expiring: Counter[tuple[date, str]], worker_ids: list[str], types: frozenset[str] | None
) -> Span:
    by_type: Counter[str] = Counter()
    for (day, type_id), number in expiring.items():
        if first <= day <= last and (types is None or type_id in types):
            by_type[type_id] += number
    ordered = sorted(by_type.items(), key=lambda item: (-item[1], item[0]))
    return Span(
        first,
        last,
        [TypeCount(key, number) for key, number in ordered],
        len(worker_ids),
        worker_ids[:MAX_NAMED_WORKERS],
    )


async def _expiring(
    session: Session, actor: Actor, rollup_scope: RollupScope, first: date, last: date
) -> Counter[tuple[date, str]]:
    """Return the number of credentials that expire, by day and type.

    The database counts them from an index, except those of which another version takes over: their periods are read.
    """
    is_renewed = col(Credential.next_takeover_on).is_not(None)
    columns = (col(Credential.expires_on), col(Credential.credential_type_id))
    in_period = (col(Credential.expires_on).between(first, last), col(Credential.next_takeover_on).is_(None))
    statement = _counted(select(*columns, func.count()), session, actor, rollup_scope).where(*in_period)
    expiring = Counter({(row[0], row[1]): row[2] for row in await session.execute(statement.group_by(*columns))})
    snapshot_columns = [getattr(Credential, name) for name in CredentialSnapshot.__struct_fields__]
    renewed = _counted(select(*snapshot_columns), session, actor, rollup_scope).where(is_renewed)
    for row in (await session.execute(renewed)).mappings():
        credential = msgspec.convert(dict(row), CredentialSnapshot)
        expiring.update((day, credential.credential_type_id) for day in credential.expiry_days(first))
    return expiring


def _counted(statement: Any, session: Session, actor: Actor, rollup_scope: RollupScope) -> Any:
    """Return a statement about credentials, narrowed to those of a scope that count."""
    is_owner = and_(
        col(Worker.organization_id) == col(Credential.organization_id), col(Worker.id) == col(Credential.worker_id)
    )
    return statement.join(Worker, is_owner, isouter=True).where(
        actor.visible_rows(Credential),
        col(Credential.archived_at).is_(None),
        col(Credential.deleted_at).is_(None),
        col(Credential.intake).not_in(UNANSWERED),
        *scope.credential_conditions(session, actor, rollup_scope),
    )


async def _changing(
    session: Session, actor: Actor, context: DayContext, rollup_scope: RollupScope, last: date
) -> AsyncIterator[WorkerOnDay]:
    """Yield the workers of a scope whose standing may change up to a day, according to their last settlement."""
    statement = (
        select(col(Worker.id))
        .join(Settled, and_(col(Settled.organization_id) == col(Worker.organization_id), col(Settled.id) == Worker.id))
        .where(
            actor.visible_rows(Worker),
            col(Settled.recheck_on) <= last,
            scope.worker_condition(session, actor, rollup_scope),
        )
        .order_by(col(Worker.id))
    )
    worker_ids = list(await session.scalars(statement))
    for start in range(0, len(worker_ids), BATCH_SIZE):
        for worker in (await worker_facts.load(context, worker_ids[start : start + BATCH_SIZE])).values():
            yield worker


def turning_days(worker: WorkerOnDay, day: date, last: date) -> Iterator[date]:
    """Yield each day after `day`, up to `last`, on which a worker becomes non-compliant.

    There are several if a credential is renewed with a gap, or begins later: the worker is compliant in between.
    """
    if worker.facts is None:
        return
    evaluation = worker_facts.evaluate_worker(worker.facts, worker.rules, day)
    while evaluation.changes_on <= last:
        before = evaluation.standing
        evaluation = worker_facts.evaluate_worker(worker.facts, worker.rules, evaluation.changes_on)
        if evaluation.standing is Standing.NON_COMPLIANT and before is not Standing.NON_COMPLIANT:
            yield evaluation.day


def _period(day: date, input: Input) -> tuple[date, date]:
    first: date = input.get("startsOn") or day
    check_day(first, "startsOn")
    if first < day:
        raise Invalid(f"startsOn: must not be before {day}, the day of the forecast", ("startsOn",))
    default_length = (
        timedelta(days=7 * DEFAULT_SPANS - 1)
        if input["by"] is ForecastStep.WEEK
        else timedelta(days=30 * DEFAULT_SPANS)
    )
    last: date = input.get("endsOn") or min(first + default_length, MAX_DATE)
    check_day(last, "endsOn")
    if last < first:
        raise Invalid("endsOn: must not be before startsOn", ("endsOn",))
    return first, last


def _spans(by: ForecastStep, first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield calendar weeks (from Monday) or months, cut off at both ends of the period."""
    number = 0
    while first <= last:
        number += 1
        if number > MAX_SPANS:
            raise TooMany(
                f"endsOn: the range spans more than {MAX_SPANS} weeks or months", ("endsOn",), limit=MAX_SPANS
            )
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
        actor.visible_rows(CredentialType), col(CredentialType.code).in_(codes)
    )
    ids_by_code = {row[0]: row[1] for row in await session.execute(statement)}
    for index, code in enumerate(codes):
        if code not in ids_by_code:
            raise NotFound(f"type: there is no credential type {code}", ("type", str(index)))
    return frozenset(ids_by_code.values())
