"""The files of a version: reading them, checking them against the type, and recording their changes."""

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import DomainError, DomainErrorGroup, Required, UnsupportedMetadata
from app.core.fields import Changes
from app.credential_types.tables import CredentialMetadata, CredentialType
from app.credentials import queries, version_sync
from app.credentials.files.tables import Attachment, AttachmentSide
from app.credentials.tables import Credential, CredentialVersion, VersionField
from app.db.session import Session

PATH = "attachments"
KEEP_PATH = "keepAttachments"
MAX_FILES = 20
"""The most files of one version."""
METADATA_BY_SIDE = {
    AttachmentSide.FRONT: CredentialMetadata.FRONT_ATTACHMENT,
    AttachmentSide.BACK: CredentialMetadata.BACK_ATTACHMENT,
}
"""The metadata a type must support for a side. Files of other sides need none."""


async def check_complete(session: Session, credential: Credential, version: CredentialVersion) -> None:
    """Refuse to approve a version that lacks a required file."""
    credential_type = await queries.type_of(session, credential)
    if not missing_files(credential_type, ()):
        return
    sides = {row.side for row in await of_version(session, credential, version.id)}
    # A renewal has its own files. Those of the version before stay valid evidence only if the caller says so.
    alternative = "attachmentUploadCreate" if version.number == 1 else f"attachmentUploadCreate and {KEEP_PATH}"
    errors = missing_files(credential_type, sides, alternative)
    if errors:
        raise DomainErrorGroup(errors)


def missing_files(
    credential_type: CredentialType, sides: Collection[AttachmentSide], see: str = "attachmentUploadCreate"
) -> list[DomainError]:
    """Return a refusal for each side that a type requires and that is not among the sides."""
    return [
        Required(PATH, message=f"{PATH}: {credential_type.code} requires {metadata.value}; see {see}")
        for side, metadata in METADATA_BY_SIDE.items()
        if metadata in credential_type.requires and side not in sides
    ]


async def keep(
    session: Session, actor: Actor, credential: Credential, before: CredentialVersion, version: CredentialVersion
) -> Changes:
    """Give a new version the files of the version before. The two share the bytes. Return the changes."""
    credential_type = await queries.type_of(session, credential)
    rows = await of_version(session, credential, before.id)
    for row in rows:
        # The type may have changed since the upload.
        check_supported(credential_type, row.side, KEEP_PATH)
    copy(session, rows, version)
    labels = [row.label for row in rows]
    record_changes(session, actor, version, [], labels)
    return media_files_change([], labels)


def copy(session: Session, rows: Iterable[Attachment], version: CredentialVersion) -> None:
    """Add files of an older version to a version. The copies share the bytes."""
    for row in rows:
        copied = row.model_dump() | {
            "id": ids.new(Attachment.prefix),
            "version_id": version.id,
            "attached_at": session.now,
        }
        session.add(Attachment(**copied))


def check_supported(credential_type: CredentialType, side: AttachmentSide, path: str) -> None:
    """Refuse a file that a type does not support."""
    metadata = METADATA_BY_SIDE.get(side)
    if metadata is not None and metadata not in credential_type.supports:
        raise UnsupportedMetadata(f"{path}: {credential_type.code} does not support {metadata.value}", (path,))


async def of_version(session: Session, credential: Credential, version_id: str | None) -> list[Attachment]:
    """Return the uploaded files of a version, oldest first; without a version, those that wait to be submitted."""
    statement = (
        select(Attachment)
        .where(
            col(Attachment.organization_id) == credential.organization_id,
            col(Attachment.credential_id) == credential.id,
            col(Attachment.version_id) == version_id,
            col(Attachment.uploaded_at).is_not(None),
        )
        .order_by(col(Attachment.created_at), col(Attachment.id))
    )
    return list(await session.scalars(statement))


async def of_last_submission(session: Session, credential: Credential) -> list[Attachment]:
    """Return the files of the newest version that has any, oldest first."""
    statement = (
        select(Attachment, col(CredentialVersion.number))
        .join(CredentialVersion, col(CredentialVersion.id) == col(Attachment.version_id))
        .where(
            col(Attachment.organization_id) == credential.organization_id,
            col(CredentialVersion.organization_id) == credential.organization_id,
            col(Attachment.credential_id) == credential.id,
        )
        .order_by(col(CredentialVersion.number).desc(), col(Attachment.created_at), col(Attachment.id))
    )
    rows = list(await session.execute(statement))
    return [attachment for attachment, number in rows if number == rows[0][1]]


def media_files_change(before: list[str], after: list[str]) -> Changes:
    """Return the change of a version's files, as the event log records it."""
    return {"mediaFiles": {"from": before, "to": after}} if before != after else {}


def record_changes(
    session: Session, actor: Actor, version: CredentialVersion, before: list[str], after: list[str]
) -> None:
    """Record each added or removed file in a version's activity."""
    for label in _difference(before, after):
        version_sync.record_change(session, actor, version, VersionField.MEDIA_FILES, label, None)
    for label in _difference(after, before):
        version_sync.record_change(session, actor, version, VersionField.MEDIA_FILES, None, label)


def _difference(labels: list[str], others: list[str]) -> list[str]:
    """Return the labels without the others. Each other label takes away one equal label."""
    return list((Counter(labels) - Counter(others)).elements())
