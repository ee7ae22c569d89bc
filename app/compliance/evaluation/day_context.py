"""What is the same for all of an organization's workers on a day.

A day is described by a `Frame`: its source, what days mean on it, units, types and the rules for more than one worker.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.compliance.evaluation.facts import Rule, Situation
from app.compliance.evaluation.recorded_rows import Past, Present, Source
from app.compliance.evaluation.snapshots import Kept, KeptOrganization, KeptRule, KeptType, KeptUnit
from app.compliance.tables import RuleScope
from app.core import clock
from app.db.database import Session
from app.db.history import History
from app.lists.filters import instant
from app.organizations import settings
from app.organizations.tables import Organization

FRAME: tuple[type[Kept], ...] = (KeptUnit, KeptType, KeptRule)


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
    retired: frozenset[str]
    """Credential types out of use."""
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


async def of(session: Session, organization_id: str, day: date | None = None) -> Frame:
    """What is the same for all of an organization's workers on a day, today unless given."""
    row = await settings.of(session, organization_id)
    today = clock.today(session.now, ZoneInfo(row.time_zone))
    day = day or today
    if day >= today:
        source: Source = Present(session, organization_id)
        organization = KeptOrganization(id=row.id, time_zone=row.time_zone, expiring_soon_days=row.expiring_soon_days)
    else:
        organization, until = await _organization_then(session, organization_id, day)
        source = Past(session, organization_id, until)
    rows = await source.all(FRAME)
    retired = frozenset(row.id for row in rows[KeptType] if row.archived_at is not None)
    return Frame(
        source,
        day,
        ZoneInfo(organization.time_zone),
        {unit.id: unit.parent_id for unit in rows[KeptUnit]},
        {row.id: row.expiring_soon_days for row in rows[KeptType] if row.expiring_soon_days is not None},
        organization.expiring_soon_days,
        retired,
        Rulebook(rule_of(row, retired) for row in rows[KeptRule] if row.deleted_at is None),
    )


async def _organization_then(session: Session, organization_id: str, day: date) -> tuple[KeptOrganization, datetime]:
    """An organization's settings at the end of a day, and that instant.

    Where a change of time zone has it live through a day twice, or leave one early, it ended when it was first over.
    """
    statement = (
        select(col(History.recorded_at), col(History.values))
        .where(
            col(History.organization_id) == organization_id,
            col(History.kind) == str(Organization.__tablename__),
            col(History.row_id) == organization_id,
        )
        .order_by(col(History.recorded_at), col(History.id))
    )
    found = [
        (recorded_at, msgspec.convert({**values, "id": organization_id}, KeptOrganization))
        for recorded_at, values in await session.execute(statement)
    ]
    (_, organization), *changes = found
    until = _end(day, organization)
    for since, following in changes:
        if until <= since:
            break
        over = _end(day, following)
        if over <= since:
            return organization, since
        organization, until = following, over
    return organization, until


def _end(day: date, organization: KeptOrganization) -> datetime:
    return instant(day + timedelta(days=1), ZoneInfo(organization.time_zone))


def rule_of(row: KeptRule, retired: frozenset[str]) -> Rule:
    """A rule as standings are judged by it, where some types are out of use."""
    given = {name: getattr(row, name) for name in Rule.__struct_fields__ if name != "retired"}
    return Rule(**given, retired=retired.intersection(row.alternatives))
