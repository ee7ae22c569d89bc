"""Queries of rules, exemptions and requests."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, select
from sqlmodel import col

from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.credential_types.tables import CredentialType
from app.credentials.tables import IntakeStatus
from app.db.principal import Principal
from app.lists import filters
from app.lists.filters import Filter
from app.lists.listings import Listing, Lookup


@filters.timeless
def _asks_for(operators: Mapping[str, Any], actor: Principal) -> ColumnElement[bool]:
    """Match rules with a credential type of given codes among their alternatives."""
    is_alternative = cast(col(RequirementRule.alternatives), Text).contains('"' + col(CredentialType.id) + '"')
    has_code = filters.equals(col(CredentialType.code), operators)
    return exists().where(col(CredentialType.organization_id) == actor.organization_id, has_code, is_alternative)


@filters.timeless
def _effective(day: date, _actor: Principal) -> ColumnElement[bool]:
    return filters.covers_day(col(RequirementRule.effective_from), col(RequirementRule.effective_to), day)


def _by_type_code(column: Any) -> Filter:
    """Return a filter of rows by the code of their credential type."""

    @filters.timeless
    def apply(operators: Mapping[str, Any], actor: Principal) -> ColumnElement[bool]:
        type_ids = select(col(CredentialType.id)).where(
            col(CredentialType.organization_id) == actor.organization_id,
            filters.equals(col(CredentialType.code), operators),
        )
        condition: ColumnElement[bool] = column.in_(type_ids)
        return condition

    return apply


@filters.timeless
def _in_force(day: date, _actor: Principal) -> ColumnElement[bool]:
    is_current = filters.covers_day(col(Exemption.from_date), col(Exemption.to_date), day)
    return and_(col(Exemption.revoked_at).is_(None), is_current)


@filters.timeless
def _open(is_open: bool, _actor: Principal) -> ColumnElement[bool]:
    closed_at = col(CredentialRequest.closed_at)
    return closed_at.is_(None) if is_open else closed_at.is_not(None)


@filters.daily
def _overdue(is_overdue: bool, _actor: Principal, today: date) -> ColumnElement[bool]:
    overdue = and_(
        col(CredentialRequest.closed_at).is_(None),
        col(CredentialRequest.status) == IntakeStatus.REQUESTED,
        col(CredentialRequest.due_key) < today,
    )
    return overdue if is_overdue else ~overdue


rule_by_id = Lookup(RequirementRule, col(RequirementRule.id))
rules = Listing(
    RequirementRule,
    filters={
        "name": filters.text(col(RequirementRule.name_key)),
        "scope": filters.exact(col(RequirementRule.scope)),
        "position": filters.exact(col(RequirementRule.position_id)),
        "orgUnit": filters.exact(col(RequirementRule.org_unit_id)),
        "worker": filters.exact(col(RequirementRule.worker_id)),
        "type": _asks_for,
        "level": filters.exact(col(RequirementRule.level)),
        "severity": filters.exact(col(RequirementRule.severity)),
        "autoRequest": filters.timeless(lambda value, _actor: col(RequirementRule.auto_request).is_(value)),
        "asOf": _effective,
    },
    orders={"name": col(RequirementRule.name_key), "createdAt": col(RequirementRule.created_at)},
    default_order=(("name", False),),
    default_conditions={"deleted": col(RequirementRule.deleted_at).is_(None)},
)
rules_by_position = rules.per_parent(col(RequirementRule.position_id))

exemption_by_id = Lookup(Exemption, col(Exemption.id))
exemptions = Listing(
    Exemption,
    filters={
        "worker": filters.exact(col(Exemption.worker_id)),
        "rule": filters.exact(col(Exemption.rule_id)),
        "type": _by_type_code(col(Exemption.credential_type_id)),
        "asOf": _in_force,
        "revoked": filters.timeless(
            lambda value, _actor: (
                col(Exemption.revoked_at).is_not(None) if value else col(Exemption.revoked_at).is_(None)
            )
        ),
    },
    orders={"createdAt": col(Exemption.created_at)},
    default_order=(("createdAt", True),),
    default_conditions={"deleted": col(Exemption.worker_deleted).is_(False)},
)
exemptions_by_worker = exemptions.per_parent(col(Exemption.worker_id))

request_by_id = Lookup(CredentialRequest, col(CredentialRequest.id))
requests = Listing(
    CredentialRequest,
    filters={
        "worker": filters.exact(col(CredentialRequest.worker_id)),
        "type": _by_type_code(col(CredentialRequest.credential_type_id)),
        "rule": filters.exact(col(CredentialRequest.rule_id)),
        "intake": filters.exact(col(CredentialRequest.status)),
        "raisedBy": filters.exact(col(CredentialRequest.raised_by)),
        "open": _open,
        "overdue": _overdue,
    },
    orders={"createdAt": col(CredentialRequest.created_at), "dueOn": col(CredentialRequest.due_key)},
    default_order=(("createdAt", True),),
    default_conditions={"deleted": col(CredentialRequest.worker_deleted).is_(False)},
)
requests_by_worker = requests.per_parent(col(CredentialRequest.worker_id))
