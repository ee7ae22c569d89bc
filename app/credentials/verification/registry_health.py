"""The health of registries, from an organization's own checks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, func, select
from sqlmodel import col

from app.access import Actor
from app.credential_types.tables import CredentialType
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.db.session import Session
from app.organizations.tables import Organization
from app.registries.registry_set import RegistrySet

RECENT_PERIOD = timedelta(hours=24)


class BreakerState(StrEnum):
    """The state of a registry's circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class RegistryHealth:
    """A registry with its breaker and the results of recent checks."""

    name: str
    adapter: str
    state: BreakerState
    last_answered_at: datetime | None
    last_failed_at: datetime | None
    answered_last_day: int
    failed_last_day: int


async def list_health(session: Session, actor: Actor, registries: RegistrySet) -> list[RegistryHealth]:
    """Return the health of the registries that the organization's credential types name, ordered by name."""
    organization = await session.get_row(Organization, (actor.organization_id, actor.organization_id))
    named = await session.scalars(
        select(col(CredentialType.verification_source))
        .where(actor.visible_rows(CredentialType), col(CredentialType.verification_source).is_not(None))
        .distinct()
        .order_by(col(CredentialType.verification_source))
    )
    finished, failed = (
        col(VerificationAttempt.finished_at),
        col(VerificationAttempt.outcome) == VerificationOutcome.ERROR,
    )
    recent = finished > session.now - RECENT_PERIOD
    statement = (
        select(
            col(VerificationAttempt.source),
            func.max(case((~failed, finished))),
            func.max(case((failed, finished))),
            func.sum(case((recent & ~failed, 1), else_=0)),
            func.sum(case((recent & failed, 1), else_=0)),
        )
        .where(actor.visible_rows(VerificationAttempt), finished.is_not(None))
        .group_by(col(VerificationAttempt.source))
    )
    seen = {row[0]: row[1:] for row in await session.execute(statement)}
    healths = []
    for name in named:
        registry = registries.get(str(name), sandbox=organization.sandbox)
        counts = seen.get(name, (None, None, 0, 0))
        healths.append(RegistryHealth(str(name), registry.adapter.name, BreakerState(registry.state), *counts))
    return healths
