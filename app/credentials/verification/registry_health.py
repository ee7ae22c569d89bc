"""How the registries have been doing, as an organization's checks saw it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, func, select
from sqlmodel import col

from app.access import Actor
from app.credential_types.tables import CredentialType
from app.credentials.verification.tables import Outcome, VerificationAttempt
from app.db.database import Session
from app.organizations.tables import Organization
from app.registries.registry_set import Sources

LOOKED_BACK = timedelta(hours=24)


class BreakerState(StrEnum):
    """Whether a registry is asked."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class SourceHealth:
    """A registry and how it has been doing."""

    name: str
    adapter: str
    state: BreakerState
    last_answered_at: datetime | None
    last_failed_at: datetime | None
    answered_last_day: int
    failed_last_day: int


async def of_sources(session: Session, actor: Actor, sources: Sources) -> list[SourceHealth]:
    """The registries that the organization's types name, in the order of their names."""
    organization = await session.row(Organization, (actor.organization_id, actor.organization_id))
    named = await session.scalars(
        select(col(CredentialType.verification_source))
        .where(actor.sees(CredentialType), col(CredentialType.verification_source).is_not(None))
        .distinct()
        .order_by(col(CredentialType.verification_source))
    )
    finished, failed = col(VerificationAttempt.finished_at), col(VerificationAttempt.outcome) == Outcome.ERROR
    recent = finished > session.now - LOOKED_BACK
    statement = (
        select(
            col(VerificationAttempt.source),
            func.max(case((~failed, finished))),
            func.max(case((failed, finished))),
            func.sum(case((recent & ~failed, 1), else_=0)),
            func.sum(case((recent & failed, 1), else_=0)),
        )
        .where(actor.sees(VerificationAttempt), finished.is_not(None))
        .group_by(col(VerificationAttempt.source))
    )
    seen = {row[0]: row[1:] for row in await session.execute(statement)}
    found = []
    for name in named:
        source = sources.of(str(name), sandbox=organization.sandbox)
        facts = seen.get(name, (None, None, 0, 0))
        found.append(SourceHealth(str(name), source.registry.adapter, BreakerState(source.state), *facts))
    return found
