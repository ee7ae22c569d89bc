"""Updating and replacing a credential. Its facts are those of its latest version."""

from app.access import Actor
from app.core.errors import DomainErrorGroup, Immutable, OwnerImmutable, collect_refusals, raise_if_refused
from app.core.fields import AbsentPolicy, Changes, Input, changes_between, snapshot, value_at
from app.credential_types.tables import CredentialType
from app.credentials import amending, creation, fields, own_changes, permissions, recheck_schedule, version_sync
from app.credentials.tables import Credential
from app.credentials.verification import reports
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings

STATED_STATUS_PATHS = frozenset({"verification.status", "verification.eligibility"})
"""Fields that a caller may state, unless a final decision was made about the latest version."""


async def update(session: Session, actor: Actor, input: Input) -> Credential:
    """Change the fields of the input. Absent fields stay; null clears."""
    return await _edit(session, actor, input, "keep")


async def replace(session: Session, actor: Actor, input: Input) -> Credential:
    """Replace all fields of a credential. Absent fields are cleared."""
    errors = fields.missing_required(input)
    with collect_refusals(errors):
        fields.FIELDS.parse(input, absent="clear")
    if errors:
        raise DomainErrorGroup(errors)
    return await _edit(session, actor, input, "clear")


async def _edit(session: Session, actor: Actor, input: Input, absent: AbsentPolicy) -> Credential:
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(permissions.update(credential))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    _check_immutable(credential, input)
    values = fields.FIELDS.parse(input, absent=absent)
    await creation.check_self_submission(
        session,
        actor,
        credential.worker_id,
        values,
        {column: getattr(credential, column) for column in creation.SELF_SUBMITTED_DEFAULTS},
    )
    credential_type = await row_access.find(session, actor, CredentialType, credential.credential_type_id, ("id",))
    if values.get("is_verifiable", True) is None:
        values["is_verifiable"] = credential_type.verification_source is not None
    fields.fit_jurisdiction(credential_type, values)
    after = {column: values.get(column, getattr(credential, column)) for column in Credential.model_fields}
    fields.check(credential_type, after, values)
    changes = fields.FIELDS.apply(credential, values)
    stated = [*changes]
    status_set = not STATED_STATUS_PATHS.isdisjoint(stated)
    if changes:
        kind, latest = EventKind.CREDENTIAL_UPDATED, credential.latest_version_id
        if not fields.VERSION_PATHS.isdisjoint(changes):
            changes |= await _amend(session, actor, credential, credential_type, status_set=status_set)
        if credential.latest_version_id != latest:
            kind = EventKind.CREDENTIAL_VERSION_ADDED
        if status_set:
            await _check_undecided(session, actor, credential)
            # The detail of a registry or reviewer explains the previous status, not the one that the caller states.
            before = snapshot(credential, fields.STATUS_FIELDS)
            credential.status_detail = credential.raw_status = None
            changes |= changes_between(before, snapshot(credential, fields.STATUS_FIELDS))
        reports.record(session, actor, credential, credential_type, stated)
        if "verification.verifiable" in changes:
            recheck_schedule.make_due(credential, session.now)
        fields.touch(credential, session.now)
        event_log.record(session, actor, kind, credential, changes, worker_id=credential.worker_id)
    return credential


async def _check_undecided(session: Session, actor: Actor, credential: Credential) -> None:
    organization = await settings.load(session, actor.organization_id)
    raise_if_refused(permissions.edit_latest(credential, policy=settings.review_policy(organization, actor.worker_id)))


async def _amend(
    session: Session, actor: Actor, credential: Credential, credential_type: CredentialType, *, status_set: bool
) -> Changes:
    version = await version_sync.latest_version(session, credential)
    organization = await settings.load(session, actor.organization_id)
    raise_if_refused(
        permissions.edit_version(credential, version, policy=settings.review_policy(organization, actor.worker_id))
    )
    own = own_changes.is_own(actor, credential, organization)
    _, changes = await amending.amend(
        session, actor, credential, version, organization, credential_type, own=own, status_set=status_set
    )
    return changes


def _check_immutable(credential: Credential, input: Input) -> None:
    if input.get("owners", {}) != {}:
        raise OwnerImmutable("owners: cannot be updated; use link, unlink or transfer", ("owners",))
    for path, current in ((fields.TYPE_CODE, credential.type_code), (fields.CATEGORY, credential.category)):
        is_present, value = value_at(input, path)
        if is_present and value != current:
            raise Immutable(f"{'.'.join(path)}: cannot be changed; create another credential", path)
