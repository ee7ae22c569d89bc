"""Tables of credentials and their versions."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Select, and_, select, text
from sqlmodel import Field, SQLModel, col

from app.credential_types.tables import Category
from app.db.records import Key, Reach, Record, SearchText, SortKey, choice
from app.registries.protocol import Eligibility, StatusDetail
from app.workers.tables import workers_within

NEVER = date.max
"""Stands for no expiry in `expires_on`, so that the column is never null and sorts last."""


WAITING = " AND ".join(
    (
        "(latest_approval = 'PENDING' OR eligibility = 'REVIEW_REQUIRED')",
        "intake IN ('DIRECT', 'SUBMITTED', 'COMPLETED')",
    )
)
"""What waits for a person, in the words that the index and the queue share, so that the one serves the other."""


SHOWN = ("deleted_at", "archived_at")
"""Whether a list shows a credential."""


class OwnerType(StrEnum):
    """The two slots of a credential's owners."""

    WORKER = "WORKER"
    APPLICANT = "APPLICANT"


class Intake(StrEnum):
    """How a credential came in, and how far it is."""

    DIRECT = "DIRECT"
    REQUESTED = "REQUESTED"
    SUBMITTED = "SUBMITTED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class Approval(StrEnum):
    """Whether a person has to look at a version, and what they decided."""

    NOT_REQUIRED = "NOT_REQUIRED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class VerificationStatus(StrEnum):
    """Where a credential stands with its source."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"


class Validity(StrEnum):
    """What a version's dates mean on a day. Derived, never stored."""

    NO_EXPIRY = "NO_EXPIRY"
    NOT_YET_VALID = "NOT_YET_VALID"
    VALID = "VALID"
    EXPIRING_SOON = "EXPIRING_SOON"
    EXPIRED = "EXPIRED"


class Facts(SQLModel):
    """What a version states. A credential repeats its latest version's facts, so that lists need no join."""

    reference_number: str | None = Field(default=None, max_length=100)
    issuing_authority: str | None = Field(default=None, max_length=200)
    issue_date: date | None = None
    expiry_date: date | None = None


class Credential(Record, Facts, table=True):
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
            for column in ("last_updated", "created_at", "expires_on", "display_name_key")
        ),
        Index(
            "credentials_waiting",
            "organization_id",
            "latest_version_at",
            "id",
            *SHOWN,
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index("credentials_by_number", "organization_id", "reference_number"),
        Index("credentials_by_next_check", "organization_id", "next_check_at"),
        Index("credentials_by_worker", "organization_id", "worker_id", "last_updated", "id"),
        Index("credentials_by_applicant", "organization_id", "applicant_id", "last_updated", "id"),
        Index("credentials_by_type", "organization_id", "type_code", "expires_on", "id"),
        # Lists in their usual order, and counts of them, which read nothing but the index.
        *(
            Index(f"credentials_of_{name}", "organization_id", column, "last_updated", "id", *SHOWN)
            for name, column in (("type", "type_code"), ("status", "status"))
        ),
        Index(
            "credentials_search",
            "organization_id",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
    )
    prefix: ClassVar[str] = "cred"
    about = "worker_id"
    kept = (
        *("worker_id", "applicant_id", "credential_type_id", "category", "jurisdiction", "intake"),
        *("status", "eligibility", "latest_approval", "effective_version_id", "valid_from", "expires_on"),
        *("archived_at", "deleted_at"),
    )

    display_name: str = Field(max_length=200)
    display_name_key: str = Field(default="", sa_type=SortKey)
    search_text: str = Field(default="", sa_type=SearchText)
    credential_type_id: str = Field(sa_type=Key)
    type_code: str = Field(sa_type=SortKey)
    category: Category = Field(sa_type=choice(Category))
    jurisdiction: str | None = Field(default=None, max_length=50)
    worker_id: str | None = Field(default=None, sa_type=Key)
    applicant_id: str | None = Field(default=None, sa_type=Key)
    intake: Intake = Field(default=Intake.DIRECT, sa_type=choice(Intake))
    requested_at: datetime | None = None
    submitted_at: datetime | None = None
    due_on: date | None = None
    request_id: str | None = Field(default=None, sa_type=Key)
    """The request that it answers, for one that came from a request."""
    rule_id: str | None = Field(default=None, sa_type=Key)
    """The rule that asked, where no person did."""
    status: VerificationStatus = Field(sa_type=choice(VerificationStatus))
    is_verifiable: bool = False
    eligibility: Eligibility | None = Field(default=None, sa_type=choice(Eligibility))
    status_detail: StatusDetail | None = Field(default=None, sa_type=choice(StatusDetail))
    raw_status: str | None = Field(default=None, max_length=200)
    """What the registry said, in its own words."""
    last_verified_at: datetime | None = None
    next_check_at: datetime | None = None
    """When a registry is to be asked again; null when never."""
    latest_version_id: str = Field(sa_type=Key)
    latest_version_at: datetime
    latest_approval: Approval = Field(sa_type=choice(Approval))
    effective_version_id: str | None = Field(default=None, sa_type=Key)
    valid_from: date | None = None
    """The issue date of the effective version, or of the latest when none is effective."""
    expires_on: date
    """The expiry date of that version; NEVER when it has none."""
    revision: int = 1
    archived_at: datetime | None = None
    archived_by: str | None = Field(default=None, max_length=200)
    deleted_at: datetime | None = None
    created_at: datetime
    last_updated: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        if reach.worker_id is not None:
            return col(cls.worker_id) == reach.worker_id
        return col(cls.worker_id).in_(workers_within(reach))


def within_reach(reach: Reach) -> Select[str]:
    """The ids of the credentials within a reach, for what belongs to them."""
    mine = col(Credential.organization_id) == reach.organization_id
    return select(col(Credential.id)).where(mine, Credential.within(reach))


class CredentialVersion(Record, Facts, table=True):
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
    approval: Approval = Field(sa_type=choice(Approval))
    decided_by: str | None = Field(default=None, max_length=200)
    decided_at: datetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    notes: str | None = Field(default=None, max_length=4_000)
    created_by: str = Field(max_length=200)
    created_at: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        return col(cls.credential_id).in_(within_reach(reach))


class VersionField(StrEnum):
    """The facts of a version whose history is kept."""

    ISSUE_DATE = "ISSUE_DATE"
    EXPIRY_DATE = "EXPIRY_DATE"
    MEDIA_FILES = "MEDIA_FILES"


class VersionChange(Record, table=True):
    """One fact of a version that somebody set or changed."""

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
    field: VersionField = Field(sa_type=choice(VersionField))
    before: str | None = Field(default=None, max_length=200)
    after: str | None = Field(default=None, max_length=200)
    changed_by: str = Field(max_length=200)
    changed_by_name: str = Field(max_length=200)
    changed_at: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        versions = select(col(CredentialVersion.id)).where(
            and_(col(CredentialVersion.organization_id) == reach.organization_id, CredentialVersion.within(reach))
        )
        return col(cls.version_id).in_(versions)
