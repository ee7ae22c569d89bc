"""Gathering what workers are judged by, and judging them: few statements, however many workers.

A day is described by a `Frame`: its source, what days mean on it, units, types and the rules for more than one worker.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance import standing
from app.compliance.facts import Cell, Held, Post, Release, Rule, Situation
from app.compliance.kept import (
    Kept,
    KeptAssignment,
    KeptCredential,
    KeptExemption,
    KeptOrganization,
    KeptRule,
    KeptType,
    KeptUnit,
    KeptWorker,
)
from app.compliance.sources import Past, Present, Source
from app.compliance.tables import RuleScope
from app.core import clock
from app.core.database import Session
from app.core.errors import Invalid
from app.core.fields import EARLIEST, LATEST
from app.core.filters import instant
from app.core.history import History
from app.core.keys import among
from app.organizations import days
from app.organizations.tables import Organization
from app.workers.tables import EmploymentStatus, Standing, Worker

ASKED = frozenset({EmploymentStatus.PENDING, EmploymentStatus.ACTIVE, EmploymentStatus.ON_LEAVE})
"""Of whom something is asked."""
AT_ONCE = 1_000
"""Workers gathered at a time."""
FRAME: tuple[type[Kept], ...] = (KeptUnit, KeptType, KeptRule)
ABOUT: tuple[type[Kept], ...] = (KeptWorker, KeptAssignment, KeptCredential, KeptExemption, KeptRule)


class Rulebook:
    """Rules, found by whom they may ask."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_key: dict[str | None, list[Rule]] = defaultdict(list)
        for rule in rules:
            self._by_key[_key(rule)].append(rule)

    def for_(self, situation: Situation, own: Sequence[Rule]) -> list[Rule]:
        """The rules that may ask a worker on some day, in the order of their ids."""
        keys = {None, *situation.units, *(post.position_id for post in situation.posts)}
        found = [rule for key in keys for rule in self._by_key.get(key, ())]
        return sorted([*found, *own], key=lambda rule: rule.id)


def _key(rule: Rule) -> str | None:
    match rule.scope:
        case RuleScope.POSITION:
            return rule.position_id
        case RuleScope.ORG_UNIT:
            return rule.org_unit_id
        case _:
            return None


class Frame(msgspec.Struct, frozen=True):
    """What is the same for all workers on a day."""

    source: Source
    day: date
    zone: ZoneInfo
    parents: dict[str, str | None]
    soon_days: dict[str, int]
    """By credential type, where it has chosen its own."""
    usual_soon_days: int
    rules: Rulebook

    def soon(self, type_id: str) -> int:
        """How many days before its expiry a credential of a type counts as expiring."""
        return self.soon_days.get(type_id, self.usual_soon_days)

    def above(self, unit_id: str | None) -> tuple[str, ...]:
        """A unit and all units above it."""
        found: list[str] = []
        while unit_id is not None and unit_id in self.parents and unit_id not in found:
            found.append(unit_id)
            unit_id = self.parents[unit_id]
        return tuple(found)

    def below(self, unit_id: str) -> frozenset[str]:
        """A unit and all units under it."""
        return frozenset(unit for unit in self.parents if unit_id in self.above(unit))


class Gathered(msgspec.Struct, frozen=True):
    """One worker on a day: the facts to judge by, and all that is on record."""

    worker: KeptWorker
    situation: Situation | None
    """None where nothing is asked of them."""
    rules: list[Rule]
    """Those that may ask them on some day."""
    posts: tuple[Post, ...]
    credentials: list[KeptCredential]


class Judged(msgspec.Struct, frozen=True):
    """A worker's cells on a day, and what follows from them."""

    worker_id: str
    day: date
    cells: list[Cell]
    standing: Standing
    changes_on: date


def check_day(day: date | None, name: str = "asOf") -> None:
    """Refuse a day that is no likely one."""
    if day is not None and not EARLIEST <= day <= LATEST:
        raise Invalid(f"{name} is not between {EARLIEST} and {LATEST}", (name,))


async def frame(session: Session, organization_id: str, day: date | None = None) -> Frame:
    """What is the same for all of an organization's workers on a day, today unless given."""
    today = await days.today(session, organization_id)
    day = day or today
    if day >= today:
        source: Source = Present(session, organization_id)
        row = await session.get_one(Organization, (organization_id, organization_id))
        organization = KeptOrganization(id=row.id, time_zone=row.time_zone, expiring_soon_days=row.expiring_soon_days)
    else:
        organization, until = await _organization_then(session, organization_id, day)
        source = Past(session, organization_id, until)
    rows = await source.all(FRAME)
    return Frame(
        source,
        day,
        ZoneInfo(organization.time_zone),
        {unit.id: unit.parent_id for unit in rows[KeptUnit]},
        {row.id: row.expiring_soon_days for row in rows[KeptType] if row.expiring_soon_days is not None},
        organization.expiring_soon_days,
        Rulebook(_rule(row) for row in rows[KeptRule] if row.deleted_at is None),
    )


async def _organization_then(session: Session, organization_id: str, day: date) -> tuple[KeptOrganization, datetime]:
    """An organization's settings at the end of a day, and that instant; the day is one of its time zone at the time."""
    statement = (
        select(col(History.recorded_at), col(History.values))
        .where(
            col(History.organization_id) == organization_id,
            col(History.kind) == str(Organization.__tablename__),
            col(History.row_id) == organization_id,
        )
        .order_by(col(History.recorded_at).desc(), col(History.id).desc())
    )
    found = [
        (recorded_at, msgspec.convert({**values, "id": organization_id}, KeptOrganization))
        for recorded_at, values in await session.execute(statement)
    ]
    for recorded_at, organization in found:
        until = _end(day, organization)
        if recorded_at < until:
            return organization, until
    # Before it was founded there was nothing, whatever its days meant.
    _, first = found[-1]
    return first, _end(day, first)


def _end(day: date, organization: KeptOrganization) -> datetime:
    return instant(day + timedelta(days=1), ZoneInfo(organization.time_zone))


async def gather(frame: Frame, workers: Sequence[str]) -> dict[str, Gathered]:
    """All that some workers are judged by, for those there were on the day."""
    rows = await frame.source.about(ABOUT, workers)
    posts, credentials, releases, rules = (
        _by_worker(rows[kind]) for kind in (KeptAssignment, KeptCredential, KeptExemption, KeptRule)
    )
    found: dict[str, Gathered] = {}
    for worker in rows[KeptWorker]:
        situation = None
        held_posts = tuple(Post(row.position_id, row.from_date, row.to_date) for row in posts[worker.id])
        if worker.deleted_at is None and worker.status in ASKED:
            situation = Situation(
                worker_id=worker.id,
                since=worker.start_date or clock.today(worker.created_at, frame.zone),
                units=frame.above(worker.org_unit_id),
                unit_since=worker.org_unit_since,
                posts=held_posts,
                held=tuple(held(row, frame) for row in credentials[worker.id] if live(row)),
                releases=tuple(_release(row) for row in releases[worker.id] if row.revoked_at is None),
            )
        own = [_rule(row) for row in rules[worker.id] if row.deleted_at is None]
        asking = [] if situation is None else frame.rules.for_(situation, own)
        found[worker.id] = Gathered(worker, situation, asking, held_posts, credentials[worker.id])
    return found


def judge(situation: Situation, rules: Sequence[Rule], day: date) -> Judged:
    """A worker's cells and standing on a day."""
    cells = standing.cells(situation, rules, day)
    changes_on = standing.changes_on(situation, rules, cells, day)
    return Judged(situation.worker_id, day, cells, standing.standing(cells), changes_on)


async def judged(session: Session, actor: Actor, keys: Sequence[str], day: date | None) -> dict[str, Judged]:
    """Worker → their cells and standing on a day, for those that the actor sees and of whom anything is asked."""
    check_day(day)
    statement = select(col(Worker.id)).where(actor.sees(Worker), among(col(Worker.id), keys, session.dialect))
    seen = list(await session.scalars(statement))
    there = await frame(session, actor.organization_id, day)
    return {
        key: judge(found.situation, found.rules, there.day)
        for key, found in (await gather(there, seen)).items()
        if found.situation is not None
    }


def live(credential: KeptCredential) -> bool:
    """Whether a credential is neither archived nor deleted."""
    return credential.archived_at is None and credential.deleted_at is None


def held(row: KeptCredential, frame: Frame) -> Held:
    """A credential as standings are judged by it."""
    return Held(
        id=row.id,
        type_id=row.credential_type_id,
        intake=row.intake,
        status=row.status,
        eligibility=row.eligibility,
        latest_approval=row.latest_approval,
        is_effective=row.effective_version_id is not None,
        valid_from=row.valid_from,
        expires_on=row.expires_on,
        soon_days=frame.soon(row.credential_type_id),
    )


def _rule(row: KeptRule) -> Rule:
    given = {name: getattr(row, name) for name in Rule.__struct_fields__}
    return Rule(**given)


def _release(row: KeptExemption) -> Release:
    return Release(row.id, row.from_date, row.to_date, row.rule_id, row.credential_type_id)


def _by_worker(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.worker_id].append(row)
    return found
