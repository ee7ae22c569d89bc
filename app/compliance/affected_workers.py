"""Whom something concerns: the workers that a rule asks, those of a unit, those who hold a type."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, or_, select, true
from sqlmodel import col

from app.compliance.tables import RequirementRule, RuleScope
from app.core.fields import Changes
from app.credentials.tables import Credential
from app.db.database import Session
from app.organizations.tables import subtree
from app.workers.tables import Applicant, Assignment, Worker

NAMES = {"scope": "scope", "position": "position_id", "orgUnit": "org_unit_id", "worker": "worker_id"}
"""The members of a rule that say whom it asks, and their columns."""


async def of_rule(session: Session, rule: RequirementRule, changes: Changes) -> list[str]:
    """The workers whom a rule asks now or asked before it changed, those that it excludes among them."""
    now = {column: getattr(rule, column) for column in NAMES.values()}
    before = {**now, **{NAMES[name]: change["from"] for name, change in changes.items() if name in NAMES}}
    whom = [_asked(rule.organization_id, **values) for values in ([now] if before == now else [now, before])]
    return list(await session.scalars(_workers(rule.organization_id).where(or_(*whom))))


async def of_unit(session: Session, organization_id: str, unit_id: str) -> list[str]:
    """The workers of a unit and of all units under it."""
    under = col(Worker.org_unit_id).in_(subtree(organization_id, unit_id))
    return list(await session.scalars(_workers(organization_id).where(under)))


async def of_type(session: Session, organization_id: str, type_id: str) -> list[str]:
    """The workers and applicants who hold a credential of a type, and the workers whom a rule asks for one."""
    found: set[str] = set()
    for slot in (col(Credential.worker_id), col(Credential.applicant_id)):
        statement = select(slot).where(
            col(Credential.organization_id) == organization_id,
            col(Credential.credential_type_id) == type_id,
            slot.is_not(None),
        )
        found |= set(await session.scalars(statement.distinct()))
    naming = select(RequirementRule).where(
        col(RequirementRule.organization_id) == organization_id,
        col(RequirementRule.deleted_at).is_(None),
        cast(col(RequirementRule.alternatives), Text).contains(f'"{type_id}"', autoescape=True),
    )
    for rule in list(await session.scalars(naming)):
        found |= set(await of_rule(session, rule, {}))
    return sorted(found)


async def everybody(session: Session, organization_id: str) -> list[str]:
    """All workers and applicants."""
    applicants = select(col(Applicant.id)).where(
        col(Applicant.organization_id) == organization_id, col(Applicant.deleted_at).is_(None)
    )
    found: Sequence[str] = [
        *await session.scalars(_workers(organization_id)),
        *await session.scalars(applicants),
    ]
    return list(found)


def _workers(organization_id: str) -> Select[Any]:
    return select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, col(Worker.deleted_at).is_(None)
    )


def _asked(
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
            held = select(col(Assignment.worker_id)).where(
                col(Assignment.organization_id) == organization_id, col(Assignment.position_id) == position_id
            )
            return col(Worker.id).in_(held)
        case RuleScope.ORG_UNIT:
            return col(Worker.org_unit_id).in_(subtree(organization_id, str(org_unit_id)))
        case RuleScope.WORKER:
            return col(Worker.id) == worker_id
