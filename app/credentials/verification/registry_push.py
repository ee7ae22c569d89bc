"""Status changes that a registry pushes."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from app.credential_types.tables import CredentialType
from app.credentials import permissions
from app.credentials.tables import Credential
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import VerificationTrigger
from app.db import idempotency
from app.db.session import Session
from app.organizations.tables import Organization
from app.registries.registry_set import GuardedRegistry


@dataclass(frozen=True)
class PushedStatus:
    """The content of a registry's message."""

    message_id: str
    status: str
    expiry_date: date | None


async def named_in_all_organizations(
    session: Session, registry: GuardedRegistry, reference_number: str
) -> list[tuple[str, str]]:
    """Return (organization id, credential id) of a registry's reference number, across tenants not in sandbox mode."""
    statement = (
        select(col(Credential.organization_id), col(Credential.id))
        .join(
            CredentialType,
            (col(CredentialType.organization_id) == col(Credential.organization_id))
            & (col(CredentialType.id) == col(Credential.credential_type_id)),
        )
        .join(Organization, col(Organization.id) == col(Credential.organization_id))
        .where(
            ~col(Organization.sandbox),
            col(CredentialType.verification_source) == registry.name,
            col(Credential.reference_number) == reference_number,
            col(Credential.is_verifiable),
            col(Credential.archived_at).is_(None),
            col(Credential.deleted_at).is_(None),
            col(Credential.living_owner).is_not(None),
        )
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def record(
    session: Session, registry: GuardedRegistry, organization_id: str, credential_id: str, pushed: PushedStatus
) -> None:
    """Record a pushed status as a check of one credential. A repeated message has no effect."""
    claim = (session, organization_id, f"registry {registry.name}", f"{pushed.message_id} {credential_id}")
    if await idempotency.claim(*claim, None) is not None:
        return
    await idempotency.store(*claim, True)
    statement = select(Credential).where(
        col(Credential.organization_id) == organization_id, col(Credential.id) == credential_id
    )
    credentials = [row for row in await session.scalars_for_update(statement) if permissions.verify(row) is None]
    if not credentials:
        return
    [credential] = credentials
    actor = check_results.system_actor(organization_id)
    attempt = await attempts.open_attempt(session, actor, credential, VerificationTrigger.PUSH)
    finding = registry.adapter.read_push(pushed.status, pushed.expiry_date)
    # A pending attempt may have been started by another request; the events of the finding carry that request's id.
    session.request_id = attempt.request_id
    await check_results.apply_finding(session, credential, attempt, finding, registry.adapter.name, None)
