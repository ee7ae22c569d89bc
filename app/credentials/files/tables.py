"""Tables of the files of credentials, and of the stored bytes to remove."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, text
from sqlmodel import Field, col

from app.access import ActorKind
from app.attachments.content import MAX_FILE_NAME_LENGTH
from app.credentials.tables import visible_credential_ids
from app.db.records import Key, Record, Visibility, enum_column

UNIQUE_SIDES = "side IN ('FRONT', 'BACK')"
IN_VERSION = f"version_id IS NOT NULL AND {UNIQUE_SIDES}"
WAITING = f"version_id IS NULL AND uploaded_at IS NOT NULL AND {UNIQUE_SIDES}"
"""Conditions of the unique indexes: one front and one back per version, and among the files that wait."""
EXPECTED = "uploaded_at IS NULL"

SIDE_PATH, SIDE_TAKEN = ("side",), "another file has this side; delete it first"


class AttachmentSide(StrEnum):
    """The side of a credential that a file shows."""

    FRONT = "FRONT"
    BACK = "BACK"
    OTHER = "OTHER"


class AttachmentStatus(StrEnum):
    """The progress of a file: expected, uploaded, part of a version."""

    EXPECTED = "EXPECTED"
    WAITING = "WAITING"
    ATTACHED = "ATTACHED"


class Attachment(Record, table=True):
    """A file that shows a credential. It belongs to a version, or waits to be submitted."""

    __tablename__ = "attachments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="attachments_credential",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["credential_versions.organization_id", "credential_versions.id"],
            name="attachments_version",
            ondelete="CASCADE",
        ),
        Index("attachments_by_credential", "organization_id", "credential_id", "created_at", "id"),
        Index("attachments_by_version", "organization_id", "version_id", "created_at", "id"),
        Index(
            "attachments_once_in_version",
            "organization_id",
            "version_id",
            "side",
            unique=True,
            sqlite_where=text(IN_VERSION),
            postgresql_where=text(IN_VERSION),
            info={"path": SIDE_PATH, "message": SIDE_TAKEN},
        ),
        Index(
            "attachments_once_waiting",
            "organization_id",
            "credential_id",
            "side",
            unique=True,
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
            info={"path": SIDE_PATH, "message": SIDE_TAKEN},
        ),
        Index(
            "attachments_expected",
            "organization_id",
            "created_at",
            sqlite_where=text(EXPECTED),
            postgresql_where=text(EXPECTED),
        ),
    )
    prefix: ClassVar[str] = "att"

    credential_id: str = Field(sa_type=Key)
    version_id: str | None = Field(default=None, sa_type=Key)
    """The version that the file belongs to; null until it is submitted."""
    side: AttachmentSide = Field(sa_type=enum_column(AttachmentSide))
    file_name: str = Field(max_length=MAX_FILE_NAME_LENGTH)
    storage_key: str | None = Field(default=None, max_length=100)
    """The key of the bytes in the store. A version that keeps a file of the previous one shares its bytes."""
    media_type: str | None = Field(default=None, max_length=50)
    size: int | None = None
    sha256: str | None = Field(default=None, max_length=64)
    uploaded_at: datetime | None = None
    """The time at which the bytes were stored; null until then."""
    attached_at: datetime | None = None
    """The time at which the file became part of its version; null until then."""
    created_by: str = Field(max_length=200)
    created_by_name: str = Field(max_length=200)
    created_by_kind: ActorKind = Field(sa_type=enum_column(ActorKind))
    entered_by_owner: bool = False
    """True if the person who announced the file is the worker whom it shows."""
    created_at: datetime

    @property
    def label(self) -> str:
        """Return the side and name, as the activity of a version shows the file."""
        return f"{self.side.value} {self.file_name}"

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.credential_id).in_(visible_credential_ids(visibility))


class FileRemoval(Record, table=True):
    """Stored bytes to remove once they are due. The row is the job.

    A running upload has one too, so that its bytes are removed unless the file is attached.
    """

    __tablename__ = "file_removals"
    __table_args__ = (Index("file_removals_by_due", "organization_id", "due_at"),)
    prefix: ClassVar[str] = "frm"

    storage_key: str = Field(max_length=100)
    due_at: datetime
    tries: int = 0
