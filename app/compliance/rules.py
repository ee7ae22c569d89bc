"""Requirement rules: adding, changing and deleting them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from app.access import Actor
from app.compliance import permissions
from app.compliance.tables import Level, RequirementRule, RuleScope, Severity
from app.core import fields, ids
from app.core.errors import DomainError, Invalid, NotFound, Refused, Required, TooMany, TypeArchived, allow
from app.core.fields import Changes, Field, Fields, Given, plain
from app.core.text import fold
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.organizations.tables import Organization, OrgUnit
from app.workers import permissions as worker_states
from app.workers.tables import Position, Worker

MOST_RULES = 500
"""Rules of an organization, the deleted not counted."""
MOST_ALTERNATIVES = 20
MOST_EXCLUDED = 20

TARGETS: dict[RuleScope, tuple[str, str, type[Any]]] = {
    RuleScope.POSITION: ("position", "position_id", Position),
    RuleScope.ORG_UNIT: ("orgUnit", "org_unit_id", OrgUnit),
    RuleScope.WORKER: ("worker", "worker_id", Worker),
}
"""What a rule of some scope names: the input's member, the column, and its table."""
EXCLUDABLE = {table.prefix: table for table in (Worker, Position, OrgUnit)}


def _several(most: int) -> Any:
    def read(value: Sequence[str]) -> list[str]:
        found = list(dict.fromkeys(str(item).strip() for item in value))
        if len(found) > most:
            raise ValueError(f"holds more than {most} items")
        return found

    return read


FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.text("description", "description", longest=2_000),
        fields.choice("scope", "scope", required=True),
        fields.text("position", "position_id", longest=32),
        fields.text("orgUnit", "org_unit_id", longest=32),
        fields.text("worker", "worker_id", longest=32),
        Field(("excluded",), "excluded", _several(MOST_EXCLUDED), default=[]),
        Field(("alternatives",), "alternatives", _several(MOST_ALTERNATIVES), required=True),
        fields.whole("minimum", "minimum", least=1, most=MOST_ALTERNATIVES, default=1),
        fields.choice("level", "level", default=Level.MANDATORY),
        fields.choice("severity", "severity", default=Severity.CRITICAL),
        fields.whole("graceDays", "grace_days", least=0, most=3_650, default=0),
        fields.day("effectiveFrom", "effective_from", required=True),
        fields.day("effectiveTo", "effective_to"),
        fields.flag("autoRequest", "auto_request", default=True),
        fields.text("requestMessage", "request_message", longest=2_000),
        fields.whole("requestDueDays", "request_due_days", least=0, most=365),
    )
)


async def create(session: Session, actor: Actor, given: Given) -> RequirementRule:
    """Ask something of some workers, from a day on: today unless given."""
    if "effectiveFrom" not in given:
        given = {**given, "effectiveFrom": await calendar.today(session, actor.organization_id)}
    values = FIELDS.read(given, absent="clear")
    await _check(session, actor, None, values)
    await _check_number(session, actor)
    rule = RequirementRule(
        organization_id=actor.organization_id,
        id=ids.new(RequirementRule.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        last_updated=session.now,
        **values,
    )
    session.add(rule)
    await session.gather()
    changes: Changes = {"name": {"from": None, "to": rule.name}}
    event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def update(session: Session, actor: Actor, given: Given) -> RequirementRule:
    """Change what is given of a rule; what is absent stays, what is null is cleared."""
    rule = await _claim(session, actor, given)
    values = FIELDS.read(given, absent="keep")
    await _check(session, actor, rule, values)
    changes = FIELDS.apply(rule, values)
    if changes:
        rule.name_key = fold(rule.name)
        rule.revision += 1
        rule.last_updated = session.now
        await session.gather()
        event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def delete(session: Session, actor: Actor, given: Given) -> RequirementRule:
    """Ask no more, from now on. What it asked on days gone by stays known."""
    rule = await _claim(session, actor, given)
    rule.deleted_at = session.now
    rule.revision += 1
    rule.last_updated = session.now
    await session.gather()
    changes: Changes = {"deletedAt": {"from": None, "to": plain(session.now)}}
    event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def _claim(session: Session, actor: Actor, given: Given) -> RequirementRule:
    rule = await row_access.claim(session, actor, RequirementRule, given["id"], ("id",))
    allow(permissions.change(rule))
    row_access.expect(rule.revision, given.get("expectedRevision"))
    return rule


async def _check_number(session: Session, actor: Actor) -> None:
    # One creation at a time, so that none is beyond the number that another has just reached. Rows that refer to the
    # organization can be added meanwhile.
    mine = col(Organization.organization_id) == actor.organization_id
    await session.locked(select(col(Organization.id)).where(mine), key_share=True)
    statement = select(func.count()).where(
        col(RequirementRule.organization_id) == actor.organization_id, col(RequirementRule.deleted_at).is_(None)
    )
    if (await session.scalar(statement) or 0) >= MOST_RULES:
        raise TooMany(f"an organization has at most {MOST_RULES} requirement rules", (), limit=MOST_RULES)


async def _check(session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]) -> None:
    """Refuse what a field alone cannot tell; put ids in the place of the types' codes."""
    errors: list[DomainError] = []
    for check in (_check_target, _check_excluded, _check_alternatives):
        errors += await check(session, actor, rule, values)
    merged = _Merged(rule, values)
    if not errors and merged["minimum"] > len(merged["alternatives"]):
        errors.append(Invalid("minimum is more than there are alternatives", ("minimum",)))
    begins, ends = merged["effective_from"], merged["effective_to"]
    if isinstance(ends, date) and ends < begins:
        errors.append(Invalid("effectiveTo is before effectiveFrom", ("effectiveTo",)))
    if errors:
        raise Refused(errors)


class _Merged:
    """A rule's columns as they would be."""

    def __init__(self, rule: RequirementRule | None, values: dict[str, Any]) -> None:
        self._rule, self._values = rule, values

    def __getitem__(self, column: str) -> Any:
        return self._values[column] if column in self._values else getattr(self._rule, column, None)


async def _check_target(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    """A rule names exactly what its scope says."""
    merged = _Merged(rule, values)
    mine: RuleScope = merged["scope"]
    for scope, (name, column, _) in TARGETS.items():
        if scope is not mine and merged[column] is not None:
            return [Invalid(f"scope is {mine.value}, and {name} goes with {scope.value} only", ("scope",))]
    if mine not in TARGETS:
        return []
    name, column, table = TARGETS[mine]
    key = merged[column]
    if key is None:
        return [Required(name)]
    known = key == getattr(rule, column, None)
    return [] if known else await _found(session, actor, table, key, (name,))


async def _check_excluded(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    errors: list[DomainError] = []
    known = set(rule.excluded) if rule else set()
    for index, key in enumerate(values.get("excluded", [])):
        path = ("excluded", str(index))
        table = EXCLUDABLE.get(ids.kind(key) or "")
        if table is None:
            errors.append(Invalid(f"{'.'.join(path)} is not the id of a worker, a position or an org unit", path))
        elif key not in known:
            errors += await _found(session, actor, table, key, path, may_be_gone=True)
    return errors


async def _check_alternatives(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    if "alternatives" not in values:
        return []
    codes: list[str] = values["alternatives"]
    if not codes:
        return [Required("alternatives")]
    statement = select(CredentialType).where(actor.sees(CredentialType), col(CredentialType.code).in_(codes))
    kinds = {kind.code: kind for kind in await session.scalars(statement)}
    errors: list[DomainError] = []
    known = set(rule.alternatives) if rule else set()
    for index, code in enumerate(codes):
        path, kind = ("alternatives", str(index)), kinds.get(code)
        if kind is None:
            errors.append(NotFound(f"{'.'.join(path)}: there is no credential type {code}", path))
        elif kind.archived_at is not None and kind.id not in known:
            errors.append(TypeArchived(f"{'.'.join(path)}: the credential type {code} is archived", path))
    values["alternatives"] = [kinds[code].id for code in codes if code in kinds]
    return errors


async def _found(
    session: Session, actor: Actor, table: type[Any], key: str, path: tuple[str, ...], *, may_be_gone: bool = False
) -> list[DomainError]:
    try:
        row = await row_access.find(session, actor, table, key, path)
    except (NotFound, Invalid) as error:
        return [error]
    refusal = None
    if isinstance(row, Position):
        refusal = worker_states.in_use(row)
    elif isinstance(row, Worker):
        refusal = worker_states.update(row)
    if refusal is None or may_be_gone:
        return []
    refusal.path = path
    return [refusal]
