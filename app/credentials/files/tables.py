"""Tables of the files that show credentials, and of the bytes that are to be removed."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, text
from sqlmodel import Field, col

from app.access import ActorKind
from app.credentials.tables import within_reach
from app.db.records import Key, Reach, Record, choice

LONGEST_NAME = 150

ONCE = "side IN ('FRONT', 'BACK')"
OF_VERSION = f"version_id IS NOT NULL AND {ONCE}"
WAITING = f"version_id IS NULL AND uploaded_at IS NOT NULL AND {ONCE}"
"""Of which files there is one of each side: in a version, and among those that wait to be handed in."""
EXPECTED = "uploaded_at IS NULL"

TAKEN_PATH, TAKEN = ("side",), "there is a file of this side already; delete it first"


class AttachmentSide(StrEnum):
    """What of a credential a file shows."""

    FRONT = "FRONT"
    BACK = "BACK"
    OTHER = "OTHER"


class AttachmentStatus(StrEnum):
    """How far a file is."""

    EXPECTED = "EXPECTED"
    WAITING = "WAITING"
    ATTACHED = "ATTACHED"


class Attachment(Record, table=True):
    """A file that shows a credential: it belongs to a version, or waits to be handed in as an answer."""

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
            sqlite_where=text(OF_VERSION),
            postgresql_where=text(OF_VERSION),
            info={"path": TAKEN_PATH, "message": TAKEN},
        ),
        Index(
            "attachments_once_waiting",
            "organization_id",
            "credential_id",
            "side",
            unique=True,
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
            info={"path": TAKEN_PATH, "message": TAKEN},
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
    """The version that it belongs to; null until it is handed in."""
    side: AttachmentSide = Field(sa_type=choice(AttachmentSide))
    file_name: str = Field(max_length=LONGEST_NAME)
    storage_key: str | None = Field(default=None, max_length=100)
    """Where its bytes lie. A version that takes over a file from the one before has the same bytes."""
    media_type: str | None = Field(default=None, max_length=50)
    size: int | None = None
    sha256: str | None = Field(default=None, max_length=64)
    uploaded_at: datetime | None = None
    """When its bytes came; null until then."""
    attached_at: datetime | None = None
    """When it came to belong to its version; null until then."""
    created_by: str = Field(max_length=200)
    created_by_name: str = Field(max_length=200)
    created_by_kind: ActorKind = Field(sa_type=choice(ActorKind))
    created_at: datetime

    @property
    def label(self) -> str:
        """What people recognise it by."""
        return f"{self.side.value} {self.file_name}"

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        return col(cls.credential_id).in_(within_reach(reach))


class FileRemoval(Record, table=True):
    """Bytes that are to be removed from the store when their time has come. The row is the job.

    What is on its way into the store has one too, so that it is removed unless it is attached meanwhile.
    """

    __tablename__ = "file_removals"
    __table_args__ = (Index("file_removals_by_due", "organization_id", "due_at"),)
    prefix: ClassVar[str] = "frm"

    storage_key: str = Field(max_length=100)
    due_at: datetime
    tries: int = 0
