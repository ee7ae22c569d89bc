"""Reads of rules, exemptions and requests."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, select
from sqlmodel import col

from app.compliance.tables import CredentialRequest, Exemption, RequirementRule
from app.core import clock
from app.credential_types.tables import CredentialType
from app.credentials.tables import Intake
from app.db.principal import Principal
from app.lists import filters
from app.lists.filters import Filter
from app.lists.listings import Listing, Lookup


def _asks_for(operators: Mapping[str, Any], actor: Principal, _now: datetime) -> ColumnElement[bool]:
    """Rules of which some alternative is of one of some types."""
    listed = cast(col(RequirementRule.alternatives), Text).contains('"' + col(CredentialType.id) + '"')
    kinds = filters.equals(col(CredentialType.code), operators)
    return exists().where(col(CredentialType.organization_id) == actor.organization_id, kinds, listed)


def _effective(day: date, _actor: Principal, _now: datetime) -> ColumnElement[bool]:
    return filters.covering(col(RequirementRule.effective_from), col(RequirementRule.effective_to), day)


def _of_type(column: Any) -> Filter:
    """Rows whose type's code is as asked."""

    def apply(operators: Mapping[str, Any], actor: Principal, _now: datetime) -> ColumnElement[bool]:
        kinds = select(col(CredentialType.id)).where(
            col(CredentialType.organization_id) == actor.organization_id,
            filters.equals(col(CredentialType.code), operators),
        )
        found: ColumnElement[bool] = column.in_(kinds)
        return found

    return apply


def _lasting(day: date, _actor: Principal, _now: datetime) -> ColumnElement[bool]:
    lasts = filters.covering(col(Exemption.from_date), col(Exemption.to_date), day)
    return and_(col(Exemption.revoked_at).is_(None), lasts)


def _open(value: bool, _actor: Principal, _now: datetime) -> ColumnElement[bool]:
    closed = col(CredentialRequest.closed_at)
    return closed.is_(None) if value else closed.is_not(None)


@filters.daily
def _overdue(value: bool, actor: Principal, now: datetime) -> ColumnElement[bool]:
    late = and_(
        col(CredentialRequest.closed_at).is_(None),
        col(CredentialRequest.status) == Intake.REQUESTED,
        col(CredentialRequest.due_key) < clock.today(now, actor.time_zone),
    )
    return late if value else ~late


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
        "autoRequest": lambda value, _actor, _now: col(RequirementRule.auto_request).is_(value),
        "effectiveOn": _effective,
    },
    orders={"name": col(RequirementRule.name_key), "createdAt": col(RequirementRule.created_at)},
    default=(("name", False),),
    hides={"deleted": col(RequirementRule.deleted_at).is_(None)},
)
rules_by_position = rules.by(col(RequirementRule.position_id))

exemption_by_id = Lookup(Exemption, col(Exemption.id))
exemptions = Listing(
    Exemption,
    filters={
        "worker": filters.exact(col(Exemption.worker_id)),
        "rule": filters.exact(col(Exemption.rule_id)),
        "type": _of_type(col(Exemption.credential_type_id)),
        "on": _lasting,
        "isRevoked": lambda value, _actor, _now: (
            col(Exemption.revoked_at).is_not(None) if value else col(Exemption.revoked_at).is_(None)
        ),
    },
    orders={"createdAt": col(Exemption.created_at)},
    default=(("createdAt", True),),
)
exemptions_by_worker = exemptions.by(col(Exemption.worker_id))

request_by_id = Lookup(CredentialRequest, col(CredentialRequest.id))
requests = Listing(
    CredentialRequest,
    filters={
        "worker": filters.exact(col(CredentialRequest.worker_id)),
        "type": _of_type(col(CredentialRequest.credential_type_id)),
        "rule": filters.exact(col(CredentialRequest.rule_id)),
        "intake": filters.exact(col(CredentialRequest.status)),
        "raisedBy": filters.exact(col(CredentialRequest.raised_by)),
        "open": _open,
        "overdue": _overdue,
    },
    orders={"createdAt": col(CredentialRequest.created_at), "dueOn": col(CredentialRequest.due_key)},
    default=(("createdAt", True),),
)
requests_by_worker = requests.by(col(CredentialRequest.worker_id))
