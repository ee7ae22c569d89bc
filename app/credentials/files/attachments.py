"""The files that show a credential: one is expected, its bytes come, it is attached, it may be removed.

While a credential is requested its files wait, to be handed in with the answer (see `handing_in`). Otherwise a file
changes the latest version as an edit of it does: what was decided has to be decided again.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.attachments.receipt import Received
from app.core import fields, ids
from app.core.errors import (
    AlreadyUploaded,
    NotFound,
    NotUploaded,
    Taken,
    TooMany,
    allow,
)
from app.core.fields import Changes, Field, Fields, Given
from app.credentials import fields as credential_fields
from app.credentials import permissions, versions
from app.credentials.files import removals, version_files
from app.credentials.files.tables import LONGEST_NAME, TAKEN, Attachment, AttachmentSide, AttachmentStatus, FileRemoval
from app.credentials.tables import Credential, CredentialVersion, Intake
from app.db import row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings

STATUS_READS = ("uploaded_at", "version_id")

_LINE = fields.text("fileName", "file_name", longest=LONGEST_NAME)


def _file_name(value: Any) -> str:
    """The last part of what was given: some browsers send a whole path."""
    name = str(value).replace("\\", "/").rpartition("/")[2]
    if not name.strip(" .") or not name.isprintable():
        raise ValueError("is not the name of a file")
    return str(_LINE.read(name))


FIELDS = Fields(
    (
        fields.choice("side", "side", required=True),
        Field(("fileName",), "file_name", _file_name, required=True),
    )
)


@outcome
@dataclass(frozen=True)
class Expected:
    """A file that is expected, or was."""

    attachment: Attachment | None
    """None for what an earlier call with the same idempotency key gave, and is gone since."""


@outcome
@dataclass(frozen=True)
class Removed:
    """What was removed, and from which credential."""

    deleted_id: str
    credential: Credential


def status(attachment: Attachment) -> AttachmentStatus:
    """How far a file is, by its columns `STATUS_READS`."""
    if attachment.uploaded_at is None:
        return AttachmentStatus.EXPECTED
    return AttachmentStatus.WAITING if attachment.version_id is None else AttachmentStatus.ATTACHED


async def expect(session: Session, actor: Actor, given: Given) -> Expected:
    """Expect a file. Nothing is attached until its bytes are there."""
    credential = await row_access.claim(session, actor, Credential, given["credential"], ("credential",))
    organization = await settings.of(session, actor.organization_id)
    allow(permissions.attach(credential, final=settings.decisions_are_final(organization)), ("credential",))
    values = FIELDS.read(given, absent="clear")
    await _check(session, credential, values["side"], "side")
    attachment = Attachment(
        organization_id=actor.organization_id,
        id=ids.new(Attachment.prefix),
        credential_id=credential.id,
        created_by=actor.id,
        created_by_name=actor.name,
        created_by_kind=actor.kind,
        created_at=session.now,
        **values,
    )
    session.add(attachment)
    await session.gather()
    return Expected(attachment)


async def find(session: Session, actor: Actor, given: Given) -> Expected:
    """The file whose bytes somebody says are there."""
    return Expected(await row_access.find(session, actor, Attachment, given["id"], ("id",)))


async def arrive(session: Session, actor: Actor, key: str, received: Received, removal: FileRemoval) -> Attachment:
    """Attach a file whose bytes came, if that is still allowed; they are to be kept then."""
    credential, attachment = await _claim(session, actor, key)
    if attachment.uploaded_at is not None:
        raise AlreadyUploaded("another file came to this address before", ("id",))
    organization = await settings.of(session, actor.organization_id)
    allow(permissions.attach(credential, final=settings.decisions_are_final(organization)))
    before = await _check(session, credential, attachment.side, "id")
    if not await removals.strike_off(session, removal):
        raise NotUploaded("the file was on its way for too long; ask for another address", ("id",))
    attachment.storage_key, attachment.media_type = received.key, received.media_type
    attachment.size, attachment.sha256 = received.size, received.sha256
    attachment.uploaded_at = session.now
    labels = [row.label for row in before]
    if credential.intake is Intake.REQUESTED:
        _note_waiting(session, actor, credential, labels, [*labels, attachment.label])
    else:
        attachment.version_id, attachment.attached_at = credential.latest_version_id, session.now
        await _amend(session, actor, credential, labels, [*labels, attachment.label])
    return attachment


async def remove(session: Session, actor: Actor, given: Given) -> Removed:
    """Remove a file from the latest version, or one that waits or is expected; its bytes go after the commit."""
    credential, attachment = await _claim(session, actor, given["id"])
    if attachment.version_id is None:
        allow(permissions.discard(credential))
    else:
        version = await session.row(CredentialVersion, (actor.organization_id, attachment.version_id))
        organization = await settings.of(session, actor.organization_id)
        final = settings.decisions_are_final(organization)
        allow(permissions.edit_version(credential, version, final=final))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    beside = await version_files.of_version(session, credential, attachment.version_id)
    before, after = [row.label for row in beside], [row.label for row in beside if row.id != attachment.id]
    await removals.forget(session, attachment)
    await session.delete(attachment)
    if attachment.version_id is not None:
        await _amend(session, actor, credential, before, after)
    elif attachment.uploaded_at is not None:
        _note_waiting(session, actor, credential, before, after)
    await session.flush()
    return Removed(attachment.id, credential)


async def discard_waiting(session: Session, credential: Credential) -> None:
    """Remove what waits to be handed in, or is expected, where nobody waits for it any more."""
    statement = select(Attachment).where(
        col(Attachment.organization_id) == credential.organization_id,
        col(Attachment.credential_id) == credential.id,
        col(Attachment.version_id).is_(None),
    )
    for row in list(await session.scalars(statement)):
        await removals.forget(session, row)
        await session.delete(row)


async def _claim(session: Session, actor: Actor, key: str) -> tuple[Credential, Attachment]:
    """A file and its credential, which is locked: whatever changes a credential's files holds it."""
    found = await row_access.find(session, actor, Attachment, key, ("id",))
    credential = await row_access.claim(session, actor, Credential, found.credential_id, ("id",))
    # It was read to learn whose it is; until its credential was ours, somebody else may have changed or removed it.
    attachment = await session.get(Attachment, (found.organization_id, key), populate_existing=True)
    if attachment is None:
        raise NotFound(f"id: there is no attachment {key}", ("id",))
    return credential, attachment


async def _check(session: Session, credential: Credential, side: AttachmentSide, path: str) -> list[Attachment]:
    """Refuse a file that the type does not support, or for which there is no room; gives those that are there."""
    version_files.check_supported(await version_files.type_of(session, credential), side, path)
    waits = credential.intake is Intake.REQUESTED
    there = await version_files.of_version(session, credential, None if waits else credential.latest_version_id)
    if side in version_files.SUPPORTED_AS and any(row.side is side for row in there):
        raise Taken(f"{path}: {TAKEN}", (path,))
    if len(there) >= version_files.MOST_FILES:
        raise TooMany(
            f"{path}: a version has no more than {version_files.MOST_FILES} files",
            (path,),
            limit=version_files.MOST_FILES,
        )
    return there


async def _amend(session: Session, actor: Actor, credential: Credential, before: list[str], after: list[str]) -> None:
    """Let the latest version follow a change of its files."""
    version = await versions.latest_of(session, credential)
    organization, kind = (
        await settings.of(session, actor.organization_id),
        await version_files.type_of(session, credential),
    )
    changes = version_files.media_files(before, after)
    version_files.note(session, actor, version, before, after)
    changes |= await versions.amend(session, actor, credential, version, organization, kind)
    credential_fields.grow(credential, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id)


def _note_waiting(session: Session, actor: Actor, credential: Credential, before: list[str], after: list[str]) -> None:
    """Record a file that waits. The credential does not change by it, and so its revision does not grow."""
    changes: Changes = {"waitingFiles": {"from": before, "to": after}}
    event_log.record(session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id)
