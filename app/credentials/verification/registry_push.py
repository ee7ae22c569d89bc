"""A change that a registry reports by itself."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from app.credential_types.tables import CredentialType
from app.credentials import permissions
from app.credentials.tables import Credential
from app.credentials.verification import attempts, check_results
from app.credentials.verification.tables import Trigger
from app.db import idempotency
from app.db.database import Session
from app.organizations.tables import Organization
from app.registries.registry_set import Source


@dataclass(frozen=True)
class Told:
    """What a registry's message says."""

    message_id: str
    status: str
    expiry_date: date | None


async def named_in_all_organizations(session: Session, source: Source, reference_number: str) -> list[tuple[str, str]]:
    """(organization, credential) of what a registry's number names, across tenants that are not in sandbox mode."""
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
            col(CredentialType.verification_source) == source.name,
            col(Credential.reference_number) == reference_number,
            col(Credential.is_verifiable),
            col(Credential.archived_at).is_(None),
            col(Credential.deleted_at).is_(None),
        )
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def take(session: Session, source: Source, organization_id: str, credential_id: str, told: Told) -> None:
    """Write what a registry reports of one credential, as a check of its own; the same message only once."""
    mine = (session, organization_id, f"registry {source.name}", f"{told.message_id} {credential_id}")
    if await idempotency.claim(*mine, None) is not None:
        return
    await idempotency.keep(*mine, True)
    statement = select(Credential).where(
        col(Credential.organization_id) == organization_id, col(Credential.id) == credential_id
    )
    found = [row for row in await session.locked(statement) if permissions.verify(row) is None]
    if not found:
        return
    [credential] = found
    actor = check_results.system(organization_id)
    attempt = await attempts.open_attempt(session, actor, credential, Trigger.PUSH)
    finding = source.registry.read_push(told.status, told.expiry_date)
    await check_results.write(session, organization_id, attempt.id, finding, source.registry.adapter, None)
