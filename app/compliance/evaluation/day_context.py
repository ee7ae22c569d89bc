"""The context of a day: everything that is the same for all of an organization's workers on that day.

A `DayContext` holds the source of rows, the time zone, the org units, the credential types and all rules except those
about one worker.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.compliance.evaluation.facts import RuleFacts, WorkerFacts
from app.compliance.evaluation.recorded_rows import CurrentRows, HistoricalRows, RowSource
from app.compliance.evaluation.snapshots import (
    CredentialTypeSnapshot,
    OrganizationSnapshot,
    OrgUnitSnapshot,
    RuleSnapshot,
    Snapshot,
)
from app.compliance.tables import RuleScope
from app.core import clock
from app.db.history import History
from app.db.session import Session
from app.lists.filters import to_instant
from app.organizations import settings
from app.organizations.tables import Organization

SHARED_SNAPSHOTS: tuple[type[Snapshot], ...] = (OrgUnitSnapshot, CredentialTypeSnapshot, RuleSnapshot)


class RuleIndex:
    """Rules, indexed by the position or org unit that they apply to."""

    def __init__(self, rules: Iterable[RuleFacts]) -> None:
        self._by_key: dict[str | None, list[RuleFacts]] = defaultdict(list)
        for rule in rules:
            self._by_key[_index_key(rule)].append(rule)

    def all(self) -> list[RuleFacts]:
        """Return the rules in the index."""
        return [rule for rules in self._by_key.values() for rule in rules]

    def for_worker(self, worker: WorkerFacts, own_rules: Sequence[RuleFacts]) -> list[RuleFacts]:
        """Return the rules that may apply to a worker on some day, in the order of their ids.

        `own_rules` are the rules about this worker alone, which the index does not hold.
        """
        keys = {None, *worker.units, *(assignment.position_id for assignment in worker.assignments)}
        rules = [rule for key in keys for rule in self._by_key.get(key, ())]
        return sorted([*rules, *own_rules], key=lambda rule: rule.id)


def _index_key(rule: RuleFacts) -> str | None:
    match rule.scope:
        case RuleScope.POSITION:
            return rule.position_id
        case RuleScope.ORG_UNIT:
            return rule.org_unit_id
        case _:
            return None


class DayContext(msgspec.Struct, frozen=True):
    """Everything that is the same for all workers of an organization on a day."""

    source: RowSource
    day: date
    zone: ZoneInfo
    parents: dict[str, str | None]
    soon_days_by_type: dict[str, int]
    """The days before expiry from which a credential counts as expiring, for types with a setting of their own."""
    default_soon_days: int
    archived_types: frozenset[str]
    """Ids of the archived credential types."""
    rules: RuleIndex

    def soon_days_of(self, type_id: str) -> int:
        """Return the number of days before expiry from which a credential of a type counts as expiring."""
        return self.soon_days_by_type.get(type_id, self.default_soon_days)

    def ancestors(self, unit_id: str | None) -> tuple[str, ...]:
        """Return a unit followed by all units above it."""
        units: list[str] = []
        while unit_id is not None and unit_id in self.parents and unit_id not in units:
            units.append(unit_id)
            unit_id = self.parents[unit_id]
        return tuple(units)

    def subtree(self, unit_id: str) -> frozenset[str]:
        """Return a unit and all units below it."""
        return frozenset(unit for unit in self.parents if unit_id in self.ancestors(unit))


async def load(session: Session, organization_id: str, day: date | None = None) -> DayContext:
    """Load the context of a day, today by default."""
    current = await settings.load(session, organization_id)
    today = clock.today(session.now, ZoneInfo(current.time_zone))
    day = day or today
    if day >= today:
        source: RowSource = CurrentRows(session, organization_id)
        organization = OrganizationSnapshot(
            id=current.id, time_zone=current.time_zone, expiring_soon_days=current.expiring_soon_days
        )
    else:
        organization, until = await _organization_on(session, organization_id, day)
        source = HistoricalRows(session, organization_id, until)
    rows = await source.shared(SHARED_SNAPSHOTS)
    archived = frozenset(row.id for row in rows[CredentialTypeSnapshot] if row.archived_at is not None)
    return DayContext(
        source,
        day,
        ZoneInfo(organization.time_zone),
        {unit.id: unit.parent_id for unit in rows[OrgUnitSnapshot]},
        {row.id: row.expiring_soon_days for row in rows[CredentialTypeSnapshot] if row.expiring_soon_days is not None},
        organization.expiring_soon_days,
        archived,
        RuleIndex(rule_facts(row, archived) for row in rows[RuleSnapshot] if row.deleted_at is None),
    )


async def _organization_on(session: Session, organization_id: str, day: date) -> tuple[OrganizationSnapshot, datetime]:
    """Return an organization's settings at the end of a day, and the instant at which the day ended.

    A change of time zone can repeat a day or cut it short. The day then ended when it was over for the first time.
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
    versions = [
        (recorded_at, msgspec.convert({**values, "id": organization_id}, OrganizationSnapshot))
        for recorded_at, values in await session.execute(statement)
    ]
    (_, organization), *changes = versions
    until = _end_of_day(day, organization)
    for since, next_settings in changes:
        if until <= since:
            break
        next_end = _end_of_day(day, next_settings)
        if next_end <= since:
            return organization, since
        organization, until = next_settings, next_end
    return organization, until


def _end_of_day(day: date, organization: OrganizationSnapshot) -> datetime:
    return to_instant(day + timedelta(days=1), ZoneInfo(organization.time_zone))


def rule_facts(row: RuleSnapshot, archived: frozenset[str]) -> RuleFacts:
    """Return the facts of a rule, given the archived credential types."""
    columns = {name: getattr(row, name) for name in RuleFacts.__struct_fields__ if name != "archived_types"}
    return RuleFacts(**columns, archived_types=archived.intersection(row.alternatives))
