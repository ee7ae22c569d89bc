"""Expecting, attaching and removing the files of a credential.

While a credential is requested, its files wait for the submission (see `submission_files`). Otherwise a file changes
the latest version as an edit does: the version must be reviewed again.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.attachments.content import MAX_FILE_NAME_LENGTH
from app.attachments.receipt import ReceivedFile
from app.core import fields, ids
from app.core import text as texts
from app.core.errors import (
    AlreadyUploaded,
    NotUploaded,
    Taken,
    TooMany,
    raise_if_refused,
)
from app.core.fields import Changes, Input, InputField, InputFields
from app.credentials import amending, own_changes, permissions, queries, version_sync
from app.credentials import fields as credential_fields
from app.credentials.files import removals, version_files
from app.credentials.files.tables import (
    SIDE_TAKEN,
    Attachment,
    AttachmentSide,
    AttachmentStatus,
    FileRemoval,
)
from app.credentials.tables import Credential, CredentialVersion, IntakeStatus
from app.db import row_access
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings

STATUS_READS = ("uploaded_at", "version_id")


def _file_name(value: Any) -> str:
    """Return the last part of a file name, with plain blanks. Some browsers send a whole path.

    Phones and Macs name files with narrow blanks and joiners, which are kept or made plain. What is refused could hide
    the file's ending: controls, and characters that change the direction of the text.
    """
    name = texts.plain_blanks(str(value)).replace("\\", "/").rpartition("/")[2]
    if texts.is_blank(name.replace(".", "")):
        raise ValueError("is not the name of a file")
    return fields.line(name, MAX_FILE_NAME_LENGTH)


FIELDS = InputFields(
    (
        fields.choice("side", "side", required=True),
        InputField(("fileName",), "file_name", _file_name, required=True),
    )
)


@replayable
@dataclass(frozen=True)
class Expected:
    """The file of a call, in whatever state it is."""

    attachment: Attachment | None
    """None if the call is replayed by its idempotency key and the file was deleted since."""


@replayable
@dataclass(frozen=True)
class Removed:
    """The id of a removed file, with its credential."""

    deleted_id: str
    credential: Credential


def status(attachment: Attachment) -> AttachmentStatus:
    """Return the status of a file. Reads the columns `STATUS_READS`."""
    if attachment.uploaded_at is None:
        return AttachmentStatus.EXPECTED
    return AttachmentStatus.WAITING if attachment.version_id is None else AttachmentStatus.ATTACHED


async def expect(session: Session, actor: Actor, input: Input) -> Expected:
    """Add an expected file. It is attached once its bytes are stored."""
    credential = await row_access.find_for_update(session, actor, Credential, input["credential"], ("credential",))
    organization = await settings.load(session, actor.organization_id)
    raise_if_refused(
        permissions.attach(credential, policy=settings.review_policy(organization, actor.worker_id)), ("credential",)
    )
    values = FIELDS.parse(input, absent="clear")
    await _check_side(session, credential, values["side"], "side")
    attachment = Attachment(
        organization_id=actor.organization_id,
        id=ids.new(Attachment.prefix),
        credential_id=credential.id,
        created_by=actor.id,
        created_by_name=actor.name,
        created_by_kind=actor.kind,
        entered_by_owner=own_changes.is_own(actor, credential, organization),
        created_at=session.now,
        **values,
    )
    session.add(attachment)
    return Expected(attachment)


async def find(session: Session, actor: Actor, input: Input) -> Expected:
    """Return the file of a call that reports a finished upload."""
    return Expected(await row_access.find(session, actor, Attachment, input["id"], ("id",)))


async def attach(session: Session, actor: Actor, key: str, received: ReceivedFile, removal: FileRemoval) -> Attachment:
    """Attach a file whose bytes are stored, if that is still allowed, and cancel the removal of the bytes."""
    credential, attachment = await _lock(session, actor, key)
    if attachment.uploaded_at is not None:
        raise AlreadyUploaded("a file was already uploaded for this attachment", ("id",))
    organization = await settings.load(session, actor.organization_id)
    raise_if_refused(permissions.attach(credential, policy=settings.review_policy(organization, actor.worker_id)))
    before = await _check_side(session, credential, attachment.side, "id")
    if not await removals.cancel(session, removal):
        raise NotUploaded("the upload took too long; request another with attachmentUploadCreate", ("id",))
    attachment.storage_key, attachment.media_type = received.key, received.media_type
    attachment.size, attachment.sha256 = received.size, received.sha256
    attachment.file_name = received.file_name
    attachment.uploaded_at = session.now
    if credential.intake is IntakeStatus.REQUESTED:
        _record_waiting(session, actor, credential, before, [*before, attachment])
    else:
        own = attachment.entered_by_owner
        await _amend(session, actor, credential, before, [*before, attachment], own=own)
    return attachment


async def remove(session: Session, actor: Actor, input: Input) -> Removed:
    """Remove a file of the latest version, or one that waits or is expected. Its bytes are removed after the commit.

    People who remove a file of what counts about themselves get a new version without it: the file stays where it is.
    """
    credential, attachment = await _lock(session, actor, input["id"])
    if attachment.version_id is None:
        raise_if_refused(permissions.discard(credential))
    else:
        version = await session.get_row(CredentialVersion, (actor.organization_id, attachment.version_id))
        organization = await settings.load(session, actor.organization_id)
        policy = settings.review_policy(organization, actor.worker_id)
        raise_if_refused(permissions.edit_version(credential, version, policy=policy))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    rows = await version_files.of_version(session, credential, attachment.version_id)
    rest = [row for row in rows if row.id != attachment.id]
    if attachment.version_id is not None:
        organization = await settings.load(session, actor.organization_id)
        own = own_changes.is_own(actor, credential, organization)
        await _amend(session, actor, credential, rows, rest, own=own)
    elif attachment.uploaded_at is not None:
        _record_waiting(session, actor, credential, rows, rest)
    if attachment.version_id in (None, credential.latest_version_id):
        await removals.schedule_for_file(session, attachment)
        await session.delete(attachment)
    return Removed(attachment.id, credential)


async def discard_waiting(session: Session, credential: Credential) -> None:
    """Remove the waiting and expected files of a credential whose request ended."""
    statement = select(Attachment).where(
        col(Attachment.organization_id) == credential.organization_id,
        col(Attachment.credential_id) == credential.id,
        col(Attachment.version_id).is_(None),
    )
    for row in list(await session.scalars(statement)):
        await removals.schedule_for_file(session, row)
        await session.delete(row)


async def _lock(session: Session, actor: Actor, key: str) -> tuple[Credential, Attachment]:
    """Return a file and its credential, locked: every change of a credential's files holds the credential."""
    attachment, credential = await row_access.find_with_parent_locked(
        session, actor, Attachment, key, ("id",), Credential, "credential_id"
    )
    return credential, attachment


async def _check_side(session: Session, credential: Credential, side: AttachmentSide, path: str) -> list[Attachment]:
    """Return the files already there. Refuse an unsupported or taken side, and too many files."""
    version_files.check_supported(await queries.type_of(session, credential), side, path)
    is_waiting = credential.intake is IntakeStatus.REQUESTED
    rows = await version_files.of_version(session, credential, None if is_waiting else credential.latest_version_id)
    if side in version_files.METADATA_BY_SIDE and any(row.side is side for row in rows):
        raise Taken(f"{path}: {SIDE_TAKEN}", (path,))
    if len(rows) >= version_files.MAX_FILES:
        raise TooMany(
            f"{path}: a version holds up to {version_files.MAX_FILES} files",
            (path,),
            limit=version_files.MAX_FILES,
        )
    return rows


async def _amend(
    session: Session,
    actor: Actor,
    credential: Credential,
    before: list[Attachment],
    after: list[Attachment],
    *,
    own: bool,
) -> None:
    """Give the latest version other files; or a new version, which shares the bytes of those that stay."""
    latest = await version_sync.latest_version(session, credential)
    organization = await settings.load(session, actor.organization_id)
    credential_type = await queries.type_of(session, credential)
    version, changes = await amending.amend(session, actor, credential, latest, organization, credential_type, own=own)
    is_new = version is not latest
    if is_new:
        version_files.copy(session, [row for row in after if row in before], version)
    for row in [row for row in after if row not in before]:
        row.version_id, row.attached_at = version.id, session.now
    old, new = [row.label for row in before], [row.label for row in after]
    version_files.record_changes(session, actor, version, [] if is_new else old, new)
    changes |= version_files.media_files_change(old, new)
    credential_fields.touch(credential, session.now)
    kind = EventKind.CREDENTIAL_VERSION_ADDED if is_new else EventKind.CREDENTIAL_UPDATED
    event_log.record(session, actor, kind, credential, changes, worker_id=credential.worker_id)


def _record_waiting(
    session: Session, actor: Actor, credential: Credential, before: list[Attachment], after: list[Attachment]
) -> None:
    """Record a change of the waiting files. It does not change the credential's revision."""
    changes: Changes = {"waitingFiles": {"from": [row.label for row in before], "to": [row.label for row in after]}}
    event_log.record(session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id)
