"""Create, update and delete requirement rules."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from app.access import Actor
from app.compliance import permissions
from app.compliance.tables import RequirementLevel, RequirementRule, RequirementSeverity, RuleScope
from app.core import fields, ids
from app.core.errors import (
    DomainError,
    DomainErrorGroup,
    Invalid,
    NotFound,
    Required,
    TooMany,
    TypeArchived,
    raise_if_refused,
)
from app.core.fields import Changes, Input, InputField, InputFields, json_value
from app.core.text import fold
from app.credential_types.tables import CredentialType
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import calendar
from app.organizations.tables import Organization, OrgUnit
from app.workers import permissions as worker_permissions
from app.workers.tables import Position, Worker

MAX_RULES = 500
"""The number of rules of an organization, without deleted ones."""
MAX_ALTERNATIVES = 20
MAX_EXCLUDED = 20

TARGETS: dict[RuleScope, tuple[str, str, type[Any]]] = {
    RuleScope.POSITION: ("position", "position_id", Position),
    RuleScope.ORG_UNIT: ("orgUnit", "org_unit_id", OrgUnit),
    RuleScope.WORKER: ("worker", "worker_id", Worker),
}
"""The target that a rule of each scope names: its input field, its column and its table."""
EXCLUDABLE = {table.prefix: table for table in (Worker, Position, OrgUnit)}


def _item_list(max_items: int) -> Any:
    def read(value: Sequence[str]) -> list[str]:
        items = list(dict.fromkeys(str(item).strip() for item in value))
        if len(items) > max_items:
            raise ValueError(f"holds more than {max_items} items")
        return items

    return read


FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.text("description", "description", max_length=2_000),
        fields.choice("scope", "scope", required=True),
        fields.text("position", "position_id", max_length=32),
        fields.text("orgUnit", "org_unit_id", max_length=32),
        fields.text("worker", "worker_id", max_length=32),
        InputField(("excluded",), "excluded", _item_list(MAX_EXCLUDED), default=[]),
        InputField(("alternatives",), "alternatives", _item_list(MAX_ALTERNATIVES), required=True),
        fields.integer("minimum", "minimum", minimum=1, maximum=MAX_ALTERNATIVES, default=1),
        fields.choice("level", "level", default=RequirementLevel.MANDATORY),
        fields.choice("severity", "severity", default=RequirementSeverity.CRITICAL),
        fields.integer("graceDays", "grace_days", minimum=0, maximum=3_650, default=0),
        fields.day("startsOn", "effective_from", required=True),
        fields.day("endsOn", "effective_to"),
        fields.boolean("autoRequest", "auto_request", default=True),
        fields.text("requestMessage", "request_message", max_length=2_000),
        fields.integer("requestDueDays", "request_due_days", minimum=0, maximum=365),
    )
)


async def create(session: Session, actor: Actor, input: Input) -> RequirementRule:
    """Create a rule, effective from today unless the input has another day."""
    if "startsOn" not in input:
        input = {**input, "startsOn": await calendar.today(session, actor.organization_id)}
    values = FIELDS.parse(input, absent="clear")
    await _check(session, actor, None, values)
    await _check_count(session, actor)
    rule = RequirementRule(
        organization_id=actor.organization_id,
        id=ids.new(RequirementRule.prefix),
        name_key=fold(values["name"]),
        created_at=session.now,
        updated_at=session.now,
        **values,
    )
    session.add(rule)
    changes: Changes = {"name": {"from": None, "to": rule.name}}
    event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def update(session: Session, actor: Actor, input: Input) -> RequirementRule:
    """Update a rule: an absent field keeps its value, a null field is cleared."""
    rule = await _find_for_update(session, actor, input)
    values = FIELDS.parse(input, absent="keep")
    await _check(session, actor, rule, values)
    changes = FIELDS.apply(rule, values)
    if changes:
        rule.name_key = fold(rule.name)
        row_access.touch(rule, session.now)
        event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def delete(session: Session, actor: Actor, input: Input) -> RequirementRule:
    """Delete a rule from now on. Reports about past days still evaluate it."""
    rule = await _find_for_update(session, actor, input)
    return _set_deleted_at(session, actor, rule, session.now)


async def undelete(session: Session, actor: Actor, input: Input) -> RequirementRule:
    """Let a deleted rule apply again from now on."""
    rule = await _find_for_update(session, actor, input, permissions.undelete)
    await _check_count(session, actor)
    return _set_deleted_at(session, actor, rule, None)


def _set_deleted_at(session: Session, actor: Actor, rule: RequirementRule, at: datetime | None) -> RequirementRule:
    changes: Changes = {"deletedAt": {"from": json_value(rule.deleted_at), "to": json_value(at)}}
    rule.deleted_at = at
    row_access.touch(rule, session.now)
    event_log.record(session, actor, EventKind.REQUIREMENT_CHANGED, rule, changes, worker_id=rule.worker_id)
    return rule


async def _find_for_update(
    session: Session,
    actor: Actor,
    input: Input,
    allowed: Callable[[RequirementRule], DomainError | None] = permissions.change,
) -> RequirementRule:
    rule = await row_access.find_for_update(session, actor, RequirementRule, input["id"], ("id",))
    raise_if_refused(allowed(rule))
    row_access.check_revision(rule.revision, input.get("expectedRevision"))
    return rule


async def _check_count(session: Session, actor: Actor) -> None:
    # The lock serializes creations of rules, so that concurrent ones cannot exceed the maximum together. Rows that
    # refer to the organization can still be inserted.
    is_own = col(Organization.organization_id) == actor.organization_id
    await session.scalars_for_update(select(col(Organization.id)).where(is_own), key_share=True)
    statement = select(func.count()).where(
        col(RequirementRule.organization_id) == actor.organization_id, col(RequirementRule.deleted_at).is_(None)
    )
    if (await session.scalar(statement) or 0) >= MAX_RULES:
        raise TooMany(
            f"an organization can have up to {MAX_RULES} requirement rules; delete one first", (), limit=MAX_RULES
        )


async def _check(session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]) -> None:
    """Check values against each other and other rows; replace the codes in `alternatives` with ids."""
    errors: list[DomainError] = []
    for check in (_check_target, _check_excluded, _check_alternatives):
        errors += await check(session, actor, rule, values)
    result = _MergedColumns(rule, values)
    if not errors and result["minimum"] > len(result["alternatives"]):
        errors.append(Invalid("minimum: must not be more than the number of alternatives", ("minimum",)))
    first_day, last_day = result["effective_from"], result["effective_to"]
    if isinstance(last_day, date) and last_day < first_day:
        errors.append(Invalid("endsOn: must not be before startsOn", ("endsOn",)))
    if errors:
        raise DomainErrorGroup(errors)


class _MergedColumns:
    """The columns of a rule as they will be: new values where there are some, current values elsewhere."""

    def __init__(self, rule: RequirementRule | None, values: dict[str, Any]) -> None:
        self._rule, self._values = rule, values

    def __getitem__(self, column: str) -> Any:
        return self._values[column] if column in self._values else getattr(self._rule, column, None)


async def _check_target(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    """Require the target that the scope needs, and no other."""
    result = _MergedColumns(rule, values)
    rule_scope: RuleScope = result["scope"]
    for scope, (name, column, _) in TARGETS.items():
        if scope is not rule_scope and result[column] is not None:
            return [Invalid(f"scope: is {rule_scope.value}, but {name} requires {scope.value}", ("scope",))]
    if rule_scope not in TARGETS:
        return []
    name, column, table = TARGETS[rule_scope]
    key = result[column]
    if key is None:
        return [Required(name)]
    is_unchanged = key == getattr(rule, column, None)
    return [] if is_unchanged else await _reference_errors(session, actor, table, key, (name,))


async def _check_excluded(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    errors: list[DomainError] = []
    excluded_before = set(rule.excluded) if rule else set()
    for index, key in enumerate(values.get("excluded", [])):
        path = ("excluded", str(index))
        table = EXCLUDABLE.get(ids.prefix_of(key) or "")
        if table is None:
            errors.append(Invalid(f"{'.'.join(path)}: must be the id of a worker, a position or an org unit", path))
        elif key not in excluded_before:
            errors += await _reference_errors(session, actor, table, key, path, allow_inactive=True)
    return errors


async def _check_alternatives(
    session: Session, actor: Actor, rule: RequirementRule | None, values: dict[str, Any]
) -> list[DomainError]:
    if "alternatives" not in values:
        return []
    codes: list[str] = values["alternatives"]
    if not codes:
        return [Required("alternatives")]
    statement = select(CredentialType).where(actor.visible_rows(CredentialType), col(CredentialType.code).in_(codes))
    types_by_code = {credential_type.code: credential_type for credential_type in await session.scalars(statement)}
    errors: list[DomainError] = []
    alternatives_before = set(rule.alternatives) if rule else set()
    for index, code in enumerate(codes):
        path, credential_type = ("alternatives", str(index)), types_by_code.get(code)
        if credential_type is None:
            errors.append(NotFound(f"{'.'.join(path)}: there is no credential type {code}", path))
        elif credential_type.archived_at is not None and credential_type.id not in alternatives_before:
            errors.append(TypeArchived(f"{'.'.join(path)}: the credential type {code} is archived", path))
    values["alternatives"] = [types_by_code[code].id for code in codes if code in types_by_code]
    return errors


async def _reference_errors(
    session: Session, actor: Actor, table: type[Any], key: str, path: tuple[str, ...], *, allow_inactive: bool = False
) -> list[DomainError]:
    try:
        row = await row_access.find(session, actor, table, key, path)
    except (NotFound, Invalid) as error:
        return [error]
    refusal = None
    if isinstance(row, Position):
        refusal = worker_permissions.use_position(row)
    elif isinstance(row, Worker):
        refusal = worker_permissions.update(row)
    if refusal is None or allow_inactive:
        return []
    refusal.path = path
    return [refusal]
