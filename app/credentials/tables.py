"""Tables of credentials and their versions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Select, and_, select, text
from sqlmodel import Field, SQLModel, col

from app.credential_types.tables import CredentialCategory
from app.db.records import Document, Key, Record, SearchText, SortKey, Visibility, enum_column, partial_index
from app.registries.findings import Eligibility, StatusDetail
from app.workers.tables import visible_worker_ids

NEVER = date.max
"""The value of `expires_on` without an expiry date, so that the column is never null and sorts last."""


REVIEW_QUEUE_CONDITION = " AND ".join(
    (
        "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED')",
        "intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
    )
)
"""The SQL condition of the review queue. Its index repeats the text, so that the database can use it."""


SEARCHED_COLUMNS = ("search_text", "worker_text", "applicant_text")
"""The columns of folded text by which a credential is searched: its own, and those of its owners."""


VISIBILITY_COLUMNS = ("deleted_at", "archived_at", "living_owner")
"""The columns that decide whether a list shows a credential."""


class OwnerType(StrEnum):
    """The two slots of a credential's owners."""

    WORKER = "WORKER"
    APPLICANT = "APPLICANT"


class IntakeStatus(StrEnum):
    """The way a credential came in, and the progress of a requested one."""

    DIRECT = "DIRECT"
    REQUESTED = "REQUESTED"
    SUBMITTED = "SUBMITTED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class ApprovalStatus(StrEnum):
    """The need for a review of a version, and its decision."""

    NOT_REQUIRED = "NOT_REQUIRED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


EFFECTIVE_APPROVALS = (ApprovalStatus.NOT_REQUIRED, ApprovalStatus.APPROVED)
"""The approvals with which a version counts."""


class VerificationStatus(StrEnum):
    """The status of a credential with its issuer."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"


class Validity(StrEnum):
    """The validity of a version's dates on a day. Derived, never stored."""

    NO_EXPIRY = "NO_EXPIRY"
    NOT_YET_VALID = "NOT_YET_VALID"
    VALID = "VALID"
    EXPIRING_SOON = "EXPIRING_SOON"
    EXPIRED = "EXPIRED"


class VersionFacts(SQLModel):
    """The facts of a version. A credential repeats its latest version's facts, so that lists need no join."""

    reference_number: str | None = Field(default=None, max_length=100)
    issuing_authority: str | None = Field(default=None, max_length=200)
    issue_date: date | None = None
    expiry_date: date | None = None


class Credential(Record, VersionFacts, table=True):
    """A licence, screening, certificate or government id that a worker, an applicant or both hold."""

    __tablename__ = "credentials"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="credentials_type",
        ),
        ForeignKeyConstraint(
            ["organization_id", "worker_id"],
            ["workers.organization_id", "workers.id"],
            name="credentials_worker",
        ),
        ForeignKeyConstraint(
            ["organization_id", "applicant_id"],
            ["applicants.organization_id", "applicants.id"],
            name="credentials_applicant",
        ),
        *(
            Index(f"credentials_by_{column}", "organization_id", column, "id")
            for column in ("updated_at", "created_at", "expires_on", "display_name_key")
        ),
        Index(
            "credentials_waiting",
            "organization_id",
            "latest_version_at",
            "id",
            *VISIBILITY_COLUMNS,
            sqlite_where=text(REVIEW_QUEUE_CONDITION),
            postgresql_where=text(REVIEW_QUEUE_CONDITION),
        ),
        Index("credentials_by_valid_from", "organization_id", "valid_from", "id"),
        partial_index("credentials_archived", "archived_at"),
        partial_index("credentials_deleted", "deleted_at"),
        Index("credentials_by_number", "organization_id", "reference_number"),
        Index("credentials_by_next_check", "organization_id", "next_check_at"),
        Index(
            "credentials_by_next_takeover",
            "organization_id",
            "next_takeover_on",
            sqlite_where=text("next_takeover_on IS NOT NULL"),
            postgresql_where=text("next_takeover_on IS NOT NULL"),
        ),
        Index("credentials_by_worker", "organization_id", "worker_id", "updated_at", "id"),
        Index("credentials_by_applicant", "organization_id", "applicant_id", "updated_at", "id"),
        Index("credentials_by_type", "organization_id", "type_code", "expires_on", "id"),
        # Lists in their usual order, and counts of them, which read nothing but the index.
        *(
            Index(f"credentials_of_{name}", "organization_id", column, "updated_at", "id", *VISIBILITY_COLUMNS)
            for name, column in (("type", "type_code"), ("status", "status"))
        ),
        Index(
            "credentials_search",
            "organization_id",
            *SEARCHED_COLUMNS,
            postgresql_using="gin",
            postgresql_ops=dict.fromkeys(SEARCHED_COLUMNS, "gin_trgm_ops"),
        ).ddl_if(dialect="postgresql"),
    )
    prefix: ClassVar[str] = "cred"
    worker_column = "worker_id"
    history_columns = (
        *("worker_id", "applicant_id", "credential_type_id", "category", "jurisdiction", "intake"),
        *("status", "eligibility", "latest_approval", "effective_version_id", "valid_from", "expires_on"),
        *("periods", "archived_at", "deleted_at"),
    )

    display_name: str = Field(max_length=200)
    display_name_key: str = Field(default="", sa_type=SortKey)
    search_text: str = Field(default="", sa_type=SearchText)
    worker_text: str = Field(default="", sa_type=SearchText)
    """The names, emails and external id of the worker, as `owner_columns` keeps them."""
    applicant_text: str = Field(default="", sa_type=SearchText)
    """Those of the applicant."""
    credential_type_id: str = Field(sa_type=Key)
    type_code: str = Field(sa_type=SortKey)
    category: CredentialCategory = Field(sa_type=enum_column(CredentialCategory))
    jurisdiction: str | None = Field(default=None, max_length=50)
    worker_id: str | None = Field(default=None, sa_type=Key)
    applicant_id: str | None = Field(default=None, sa_type=Key)
    living_owner: OwnerType | None = Field(default=OwnerType.WORKER, sa_type=enum_column(OwnerType))
    """The owner as whose the credential is listed and counted, as `owner_columns` keeps it: the worker; the applicant,
    if there is no worker or the worker is deleted; null if every owner is deleted."""
    intake: IntakeStatus = Field(default=IntakeStatus.DIRECT, sa_type=enum_column(IntakeStatus))
    requested_at: datetime | None = None
    submitted_at: datetime | None = None
    due_on: date | None = None
    request_id: str | None = Field(default=None, sa_type=Key)
    """The request that the credential answers; null if it was not requested."""
    rule_id: str | None = Field(default=None, sa_type=Key)
    """The requirement rule that made the request; null if a person did."""
    status: VerificationStatus = Field(sa_type=enum_column(VerificationStatus))
    is_verifiable: bool = False
    eligibility: Eligibility | None = Field(default=None, sa_type=enum_column(Eligibility))
    status_detail: StatusDetail | None = Field(default=None, sa_type=enum_column(StatusDetail))
    raw_status: str | None = Field(default=None, max_length=200)
    """The status in the registry's own words."""
    last_verified_at: datetime | None = None
    next_check_at: datetime | None = None
    """The time of the next check with the registry; null if none is scheduled."""
    latest_version_id: str = Field(sa_type=Key)
    latest_version_at: datetime
    latest_approval: ApprovalStatus = Field(sa_type=enum_column(ApprovalStatus))
    effective_version_id: str | None = Field(default=None, sa_type=Key)
    """The version in force today (see `effective_version`); null while none is decided."""
    valid_from: date | None = None
    """The issue date of the effective version, or of the latest if none is effective."""
    expires_on: date
    """The expiry date of the same version; NEVER if it has none."""
    periods: list[Any] = Field(default_factory=list, sa_type=Document)
    """The periods of the decided versions and of a pending latest one, oldest first, as `effective_version.Period`.

    Empty unless there are several: then the columns above say the same.
    """
    next_takeover_on: date | None = None
    """The next day on which another version is in force, and on which the columns above change; null if there is none.
    """
    revision: int = 1
    archived_at: datetime | None = None
    archived_by: str | None = Field(default=None, max_length=200)
    deleted_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        if visibility.worker_id is not None:
            return col(cls.worker_id) == visibility.worker_id
        return col(cls.worker_id).in_(visible_worker_ids(visibility))


def visible_credential_ids(visibility: Visibility) -> Select[str]:
    """Select the ids of the visible credentials, for tables that belong to credentials."""
    in_organization = col(Credential.organization_id) == visibility.organization_id
    return select(col(Credential.id)).where(in_organization, Credential.visible_to(visibility))


class CredentialVersion(Record, VersionFacts, table=True):
    """One state of a credential's facts, numbered from 1. A renewal is a new version."""

    __tablename__ = "credential_versions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="credential_versions_credential",
            ondelete="CASCADE",
        ),
        Index("credential_versions_number", "organization_id", "credential_id", "number", unique=True),
    )
    prefix: ClassVar[str] = "cver"

    credential_id: str = Field(sa_type=Key)
    credential_type_id: str = Field(sa_type=Key)
    number: int
    approval: ApprovalStatus = Field(sa_type=enum_column(ApprovalStatus))
    entered_by_owner: bool = False
    """True if the facts are those that a person entered about themselves."""
    decided_by: str | None = Field(default=None, max_length=200)
    decided_at: datetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    notes: str | None = Field(default=None, max_length=4_000)
    created_by: str = Field(max_length=200)
    created_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.credential_id).in_(visible_credential_ids(visibility))


class VersionField(StrEnum):
    """The facts of a version whose changes are recorded."""

    ISSUE_DATE = "ISSUE_DATE"
    EXPIRY_DATE = "EXPIRY_DATE"
    MEDIA_FILES = "MEDIA_FILES"


class VersionChange(Record, table=True):
    """One change of a version's fact."""

    __tablename__ = "credential_version_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["credential_versions.organization_id", "credential_versions.id"],
            name="credential_version_changes_version",
            ondelete="CASCADE",
        ),
        Index("credential_version_changes_by_version", "organization_id", "version_id", "changed_at", "id"),
    )
    prefix: ClassVar[str] = "vchg"

    version_id: str = Field(sa_type=Key)
    field: VersionField = Field(sa_type=enum_column(VersionField))
    before: str | None = Field(default=None, max_length=200)
    after: str | None = Field(default=None, max_length=200)
    changed_by: str = Field(max_length=200)
    changed_by_name: str = Field(max_length=200)
    changed_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        versions = select(col(CredentialVersion.id)).where(
            and_(
                col(CredentialVersion.organization_id) == visibility.organization_id,
                CredentialVersion.visible_to(visibility),
            )
        )
        return col(cls.version_id).in_(versions)
