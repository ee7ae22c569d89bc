"""The table of credential types."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, true
from sqlmodel import Field

from app.db.records import Document, Record, SearchText, SortKey, Visibility, enum_column


class CredentialCategory(StrEnum):
    """The broad category of a credential type."""

    SCREENING = "SCREENING"
    GOVERNMENT_ID = "GOVERNMENT_ID"
    LICENCE = "LICENCE"
    CERTIFICATION = "CERTIFICATION"


class CredentialMetadata(StrEnum):
    """The facts and files that a type may support or require."""

    REFERENCE_NUMBER = "REFERENCE_NUMBER"
    ISSUE_DATE = "ISSUE_DATE"
    EXPIRY_DATE = "EXPIRY_DATE"
    FRONT_ATTACHMENT = "FRONT_ATTACHMENT"
    BACK_ATTACHMENT = "BACK_ATTACHMENT"


class CreationPolicy(StrEnum):
    """The ways to create credentials of a type: directly, or only by a request."""

    OPEN = "OPEN"
    REQUEST_ONLY = "REQUEST_ONLY"


class CredentialType(Record, table=True):
    """A type of credential: its issuer, its supported and required facts, and its verification."""

    __tablename__ = "credential_types"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id"], ["organizations.organization_id"], name="credential_types_organization"
        ),
        Index(
            "credential_types_code",
            "organization_id",
            "code",
            unique=True,
            info={"path": ("code",), "message": "code: already used by another credential type"},
        ),
        Index("credential_types_by_name", "organization_id", "name_key", "id"),
    )
    prefix: ClassVar[str] = "ctyp"
    history_columns = ("expiring_soon_days", "archived_at")

    code: str = Field(sa_type=SortKey)
    name: str = Field(max_length=200)
    name_key: str = Field(default="", sa_type=SortKey)
    search_text: str = Field(default="", sa_type=SearchText)
    category: CredentialCategory = Field(sa_type=enum_column(CredentialCategory))
    jurisdiction: str | None = Field(default=None, max_length=50)
    issuing_authority: str | None = Field(default=None, max_length=200)
    instructions: str | None = Field(default=None, max_length=2_000)
    verification_source: str | None = Field(default=None, max_length=100)
    supports: list[str] = Field(sa_type=Document)
    requires: list[str] = Field(sa_type=Document)
    reference_number_pattern: str | None = Field(default=None, max_length=200)
    default_validity_months: int | None = None
    expiring_soon_days: int | None = None
    verification_interval_days: int | None = None
    approval_required: bool = False
    creation_policy: CreationPolicy = Field(default=CreationPolicy.OPEN, sa_type=enum_column(CreationPolicy))
    archived_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return true()
