"""Adding a version to a credential and editing its latest version."""

from typing import Any

from app.access import Actor
from app.core import fields
from app.core.errors import Required, raise_if_refused
from app.core.fields import Changes, Input, InputFields
from app.credential_types.tables import CredentialType
from app.credentials import amending, own_changes, permissions, recheck_schedule, validity, version_sync
from app.credentials import fields as credential_fields
from app.credentials.files import version_files
from app.credentials.tables import Credential, CredentialVersion, VerificationStatus
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings

FIELDS = InputFields(
    (
        fields.identifier("referenceNumber", "reference_number", max_length=100),
        fields.text("issuingAuthority", "issuing_authority"),
        fields.day("issueDate", "issue_date"),
        fields.day("expiryDate", "expiry_date"),
    )
)


async def add(session: Session, actor: Actor, input: Input) -> CredentialVersion:
    """Add a version, such as a renewal.

    Facts absent from the input are copied from the latest version. A new issue date without an expiry date sets the
    expiry date that follows from the type's usual validity. The files of the latest version are kept if the input
    says so.
    """
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(permissions.update(credential))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    settings.prefetch(session, actor.organization_id)
    credential_type = await _find_type(session, actor, credential)
    latest = await version_sync.latest_version(session, credential)
    values = _complete_facts(credential_type, latest, FIELDS.parse(input, absent="keep"))
    credential_fields.check(credential_type, values, values, flat=True)
    organization = await settings.load(session, actor.organization_id)
    own = own_changes.is_own(actor, credential, organization)
    approval = version_sync.new_version_approval(credential, organization, credential_type, own=own)
    was_rejected, before = permissions.is_rejected(credential), credential.expires_on
    version = version_sync.append(session, actor, credential, latest.number + 1, approval, values, own=own)
    await version_sync.sync_credential(session, credential, version)
    changes: Changes = {"number": {"from": latest.number, "to": version.number}}
    changes |= FIELDS.diff(latest, version)
    if input.get(version_files.KEEP_PATH):
        changes |= await version_files.keep(session, actor, credential, latest, version)
    # Nobody else would find that a stated EXPIRED, which was about the version before, is over.
    is_renewed = credential.status is VerificationStatus.EXPIRED and credential.expires_on > before
    if was_rejected or (is_renewed and not credential.is_verifiable):
        changes |= await amending.reset_status(session, credential)
    if own or version.reference_number != latest.reference_number:
        recheck_schedule.make_due(credential, session.now)
    credential_fields.touch(credential, session.now)
    event_log.record(
        session, actor, EventKind.CREDENTIAL_VERSION_ADDED, credential, changes, worker_id=credential.worker_id
    )
    return version


def _complete_facts(
    credential_type: CredentialType, latest: CredentialVersion, stated: dict[str, Any]
) -> dict[str, Any]:
    """Return all facts of a new version by column, from those that the caller stated.

    Raises Required if nothing is stated, or if a renewal would silently lose the expiry date.
    """
    if not stated:
        raise Required("issueDate", message=f"a new version must state at least one fact: {', '.join(FIELDS.names)}")
    facts = {column: stated.get(column, getattr(latest, column)) for column in credential_fields.VERSION_COLUMNS}
    if facts["issue_date"] not in (None, latest.issue_date) and "expiry_date" not in stated:
        facts["expiry_date"] = validity.expected_expiry(credential_type, facts["issue_date"])
        if facts["expiry_date"] is None and latest.expiry_date is not None:
            raise Required("expiryDate")
    return facts


async def edit(session: Session, actor: Actor, input: Input) -> CredentialVersion:
    """Change the stated facts of the latest version. A changed version must be reviewed again.

    Return the version: a new one if people change what counts about themselves (see `own_changes`).
    """
    version, credential = await row_access.find_with_parent_locked(
        session, actor, CredentialVersion, input["id"], ("id",), Credential, "credential_id"
    )
    organization = await settings.load(session, actor.organization_id)
    raise_if_refused(
        permissions.edit_version(credential, version, policy=settings.review_policy(organization, actor.worker_id))
    )
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    values = FIELDS.parse(input, absent="keep")
    credential_type = await _find_type(session, actor, credential)
    after = {column: values.get(column, getattr(credential, column)) for column in credential_fields.VERSION_COLUMNS}
    credential_fields.check(credential_type, after, values, flat=True)
    changes = FIELDS.apply(credential, values)
    if changes:
        own = own_changes.is_own(actor, credential, organization)
        amended, more = await amending.amend(
            session, actor, credential, version, organization, credential_type, own=own
        )
        credential_fields.touch(credential, session.now)
        kind = EventKind.CREDENTIAL_UPDATED if amended is version else EventKind.CREDENTIAL_VERSION_ADDED
        event_log.record(session, actor, kind, credential, changes | more, worker_id=credential.worker_id)
        return amended
    return version


async def _find_type(session: Session, actor: Actor, credential: Credential) -> CredentialType:
    return await row_access.find(session, actor, CredentialType, credential.credential_type_id, ())
