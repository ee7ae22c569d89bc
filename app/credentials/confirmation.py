"""Confirming by a check what people entered about themselves."""

from app.core.fields import Changes, changes_between, snapshot
from app.credentials import fields, own_changes, queries, version_sync
from app.credentials.tables import ApprovalStatus, Credential, VerificationStatus
from app.db.session import Session
from app.organizations import settings
from app.registries.findings import Eligibility


async def accept_checked(session: Session, credential: Credential) -> Changes:
    """Let the latest version count after a check found its holder eligible, if it waits for nothing else.

    A finding that a person has to review counts once it is resolved. Return the changes.
    """
    is_eligible = (credential.status, credential.eligibility) == (VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE)
    if credential.latest_approval is not ApprovalStatus.PENDING or not is_eligible:
        return {}
    version = await version_sync.latest_version(session, credential)
    organization = await settings.load(session, credential.organization_id)
    credential_type = await queries.type_of(session, credential)
    if not version.entered_by_owner or not own_changes.waits_for_check(organization, credential_type):
        return {}
    before = snapshot(version, fields.DECISION_FIELDS)
    version.approval = ApprovalStatus.NOT_REQUIRED
    await version_sync.sync_credential(session, credential, version)
    return changes_between(before, snapshot(version, fields.DECISION_FIELDS))
