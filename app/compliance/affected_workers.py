"""The workers and applicants that a change to a rule, a unit, a credential type or the organization affects."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, or_, select, true
from sqlmodel import col

from app.compliance.tables import RequirementRule, RuleScope
from app.core.fields import Changes
from app.credentials.tables import Credential
from app.db.session import Session
from app.organizations.tables import subtree_ids
from app.workers.tables import Applicant, Assignment, Worker

TARGET_COLUMNS = {"scope": "scope", "position": "position_id", "orgUnit": "org_unit_id", "worker": "worker_id"}
"""The fields of a rule that determine its workers, and their columns."""


async def of_rule(session: Session, rule: RequirementRule, changes: Changes) -> list[str]:
    """Return the workers that a rule applies to now or applied to before it changed, including those it excludes."""
    now = {column: getattr(rule, column) for column in TARGET_COLUMNS.values()}
    before = {
        **now,
        **{TARGET_COLUMNS[name]: change["from"] for name, change in changes.items() if name in TARGET_COLUMNS},
    }
    conditions = [_targets(rule.organization_id, **values) for values in ([now] if before == now else [now, before])]
    return list(await session.scalars(_workers(rule.organization_id).where(or_(*conditions))))


async def of_unit(session: Session, organization_id: str, unit_id: str) -> list[str]:
    """Return the workers of a unit and of all units below it."""
    condition = col(Worker.org_unit_id).in_(subtree_ids(organization_id, unit_id))
    return list(await session.scalars(_workers(organization_id).where(condition)))


async def of_type(session: Session, organization_id: str, type_id: str) -> list[str]:
    """Return the owners of credentials of a type, and the workers that a rule asks for that type."""
    owners: set[str] = set()
    for column in (col(Credential.worker_id), col(Credential.applicant_id)):
        statement = select(column).where(
            col(Credential.organization_id) == organization_id,
            col(Credential.credential_type_id) == type_id,
            column.is_not(None),
        )
        owners |= set(await session.scalars(statement.distinct()))
    rules_of_type = select(RequirementRule).where(
        col(RequirementRule.organization_id) == organization_id,
        col(RequirementRule.deleted_at).is_(None),
        cast(col(RequirementRule.alternatives), Text).contains(f'"{type_id}"', autoescape=True),
    )
    for rule in list(await session.scalars(rules_of_type)):
        owners |= set(await of_rule(session, rule, {}))
    return sorted(owners)


async def of_organization(session: Session, organization_id: str) -> list[str]:
    """Return all workers and applicants of an organization."""
    applicants = select(col(Applicant.id)).where(
        col(Applicant.organization_id) == organization_id, col(Applicant.deleted_at).is_(None)
    )
    owners: Sequence[str] = [
        *await session.scalars(_workers(organization_id)),
        *await session.scalars(applicants),
    ]
    return list(owners)


def _workers(organization_id: str) -> Select[Any]:
    return select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, col(Worker.deleted_at).is_(None)
    )


def _targets(
    organization_id: str,
    scope: RuleScope | str,
    position_id: str | None,
    org_unit_id: str | None,
    worker_id: str | None,
) -> ColumnElement[bool]:
    match RuleScope(scope):
        case RuleScope.ALL_WORKERS:
            return true()
        case RuleScope.POSITION:
            holders = select(col(Assignment.worker_id)).where(
                col(Assignment.organization_id) == organization_id, col(Assignment.position_id) == position_id
            )
            return col(Worker.id).in_(holders)
        case RuleScope.ORG_UNIT:
            return col(Worker.org_unit_id).in_(subtree_ids(organization_id, str(org_unit_id)))
        case RuleScope.WORKER:
            return col(Worker.id) == worker_id
