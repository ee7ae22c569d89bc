"""Amending the latest version of a credential, and the status that follows."""

from typing import Any

from app.access import Actor
from app.core.fields import Changes, changes_between, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import fields as credential_fields
from app.credentials import own_changes, permissions, recheck_schedule, version_sync
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion, VerificationStatus
from app.credentials.verification import last_finding
from app.db.session import Session
from app.organizations.tables import Organization


async def amend(
    session: Session,
    actor: Actor,
    credential: Credential,
    version: CredentialVersion,
    organization: Organization,
    credential_type: CredentialType,
    *,
    own: bool,
    status_set: bool = False,
) -> tuple[CredentialVersion, Changes]:
    """Write the facts that were just set on a credential into its latest version.

    Return the version, which is a new one if people change what counts about themselves (`own`), and the changes. A
    reviewed version returns to its initial approval. A credential that was rejected gets a new status, unless the
    caller set the status in the same call (`status_set`).
    """
    if own and own_changes.needs_new_version(version, organization, credential_type):
        facts = {column: getattr(credential, column) for column in credential_fields.VERSION_COLUMNS}
        return await _append_own(session, actor, credential, version, facts)
    changes: Changes = {"number": {"from": version.number, "to": version.number}}
    # Somebody else's correction of what still waits does not confirm what the owner entered.
    version.entered_by_owner = own or (version.entered_by_owner and version.approval is ApprovalStatus.PENDING)
    if own:
        recheck_schedule.make_due(credential, session.now)
    was_rejected = permissions.is_rejected(credential)
    if version.reference_number != credential.reference_number:
        recheck_schedule.make_due(credential, session.now)
    if version.approval in permissions.DECIDED:
        before = snapshot(version, credential_fields.DECISION_FIELDS)
        version.approval = version_sync.new_version_approval(credential, organization, credential_type, own=own)
        version.decided_by = version.decided_at = version.reason = version.notes = None
        changes |= changes_between(before, snapshot(version, credential_fields.DECISION_FIELDS))
        credential.latest_version_at = session.now
    await version_sync.copy_facts(session, actor, credential, version)
    if was_rejected and not status_set:
        changes |= await reset_status(session, credential)
    return version, changes


async def _append_own(
    session: Session, actor: Actor, credential: Credential, latest: CredentialVersion, facts: dict[str, Any]
) -> tuple[CredentialVersion, Changes]:
    """Add a version with facts that people entered about themselves, and ask for a check. Return it and the changes."""
    version = version_sync.append(
        session, actor, credential, latest.number + 1, ApprovalStatus.PENDING, facts, own=True
    )
    await version_sync.sync_credential(session, credential, version)
    recheck_schedule.make_due(credential, session.now)
    return version, {"number": {"from": latest.number, "to": version.number}}


async def reset_status(session: Session, credential: Credential) -> Changes:
    """Reset the status of a credential whose latest version has not been reviewed or verified. Return the changes.

    The credential is active if neither a reviewer nor a registry has to look at it, else pending. What a registry found
    against its holder counts on until the next check, whatever was rejected or asked of a reviewer in the meantime.
    """
    before = snapshot(credential, credential_fields.STATUS_FIELDS)
    trusted = credential.latest_approval is ApprovalStatus.NOT_REQUIRED and not credential.is_verifiable
    credential.status = VerificationStatus.ACTIVE if trusted else VerificationStatus.PENDING
    credential.eligibility = credential.status_detail = credential.raw_status = None
    if credential.is_verifiable:
        await last_finding.restore_adverse(session, credential)
    if credential.next_check_at is None:
        await recheck_schedule.resume(session, credential)
    return changes_between(before, snapshot(credential, credential_fields.STATUS_FIELDS))
