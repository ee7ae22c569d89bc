"""The files of a version: which there are, which its type requires and supports, and what is told of their changes."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core.errors import DomainError, Refused, Required, UnsupportedMetadata
from app.core.fields import Changes
from app.credential_types.tables import CredentialType, Metadata
from app.credentials import versions
from app.credentials.files.tables import Attachment, AttachmentSide
from app.credentials.tables import Credential, CredentialVersion, VersionField
from app.db.database import Session

PATH = "attachments"
MOST_FILES = 20
"""Files of one version."""
SUPPORTED_AS = {AttachmentSide.FRONT: Metadata.FRONT_ATTACHMENT, AttachmentSide.BACK: Metadata.BACK_ATTACHMENT}
"""What a type has to support for a file of a side; any type takes others."""


async def check_complete(session: Session, credential: Credential, version: CredentialVersion) -> None:
    """Refuse an answer that lacks a file which the type requires: it may have been removed since it was submitted."""
    sides = {row.side for row in await of_version(session, credential, version.id)}
    errors = lacking(await type_of(session, credential), sides)
    if errors:
        raise Refused(errors)


def lacking(kind: CredentialType, sides: Collection[AttachmentSide]) -> list[DomainError]:
    """A refusal for each file that a type requires and that is not among those there are."""
    return [
        Required(PATH, message=f"{PATH}: {kind.code} requires {wanted.value}; see attachmentUploadCreate")
        for side, wanted in SUPPORTED_AS.items()
        if wanted in kind.requires and side not in sides
    ]


def check_supported(kind: CredentialType, side: AttachmentSide, path: str) -> None:
    """Refuse a file that a type does not support."""
    wanted = SUPPORTED_AS.get(side)
    if wanted is not None and wanted not in kind.supports:
        raise UnsupportedMetadata(f"{path}: {kind.code} does not support {wanted.value}", (path,))


async def of_version(session: Session, credential: Credential, version_id: str | None) -> list[Attachment]:
    """The files of a credential's version, the oldest first; without one, those that wait."""
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


async def of_last_answer(session: Session, credential: Credential) -> list[Attachment]:
    """The files of the newest version that has any, the oldest first."""
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
    found = list(await session.execute(statement))
    return [row for row, number in found if number == found[0][1]]


def media_files(before: list[str], after: list[str]) -> Changes:
    """What changed of a version's files, as the ledger has it."""
    return {"mediaFiles": {"from": before, "to": after}} if before != after else {}


def note(session: Session, actor: Actor, version: CredentialVersion, before: list[str], after: list[str]) -> None:
    """Note in a version's activity each file that came or went."""
    for label in _without(before, after):
        versions.log(session, actor, version, VersionField.MEDIA_FILES, label, None)
    for label in _without(after, before):
        versions.log(session, actor, version, VersionField.MEDIA_FILES, None, label)


def _without(labels: list[str], others: list[str]) -> list[str]:
    """Labels that are not among others, of which each takes away one."""
    return list((Counter(labels) - Counter(others)).elements())


async def type_of(session: Session, credential: Credential) -> CredentialType:
    """The type of a credential."""
    return await session.row(CredentialType, (credential.organization_id, credential.credential_type_id))
