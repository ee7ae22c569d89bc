"""The table of verification attempts."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, text
from sqlmodel import Field, col

from app.access import ActorKind
from app.credentials.tables import VerificationStatus, visible_credential_ids
from app.db.records import Document, Key, Record, Visibility, enum_column
from app.registries.findings import Eligibility, StatusDetail


class VerificationTrigger(StrEnum):
    """The reason for a check."""

    MANUAL = "MANUAL"
    ON_CREATE = "ON_CREATE"
    SCHEDULED = "SCHEDULED"
    EXPIRY = "EXPIRY"
    PUSH = "PUSH"
    REPORTED = "REPORTED"


class VerificationOutcome(StrEnum):
    """The outcome of a check."""

    PENDING = "PENDING"
    COMPLETED = "COMPLETED"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"
    RESOLVED = "RESOLVED"
    ERROR = "ERROR"


class VerificationAttempt(Record, table=True):
    """One check of a credential with its registry, or the statement of a caller in its place.

    A pending row is the job, run by the process that leases it.
    """

    __tablename__ = "verification_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "credential_id"],
            ["credentials.organization_id", "credentials.id"],
            name="verification_attempts_credential",
            ondelete="CASCADE",
        ),
        Index("verification_attempts_by_credential", "organization_id", "credential_id", "requested_at", "id"),
        Index(
            "verification_attempts_one_pending",
            "organization_id",
            "credential_id",
            unique=True,
            sqlite_where=text("outcome = 'PENDING'"),
            postgresql_where=text("outcome = 'PENDING'"),
        ),
        Index(
            "verification_attempts_pending",
            "organization_id",
            "leased_until",
            sqlite_where=text("outcome = 'PENDING'"),
            postgresql_where=text("outcome = 'PENDING'"),
        ),
        Index("verification_attempts_by_source", "organization_id", "source", "finished_at"),
    )
    prefix: ClassVar[str] = "vrf"

    credential_id: str = Field(sa_type=Key)
    source: str = Field(max_length=100)
    trigger: VerificationTrigger = Field(sa_type=enum_column(VerificationTrigger))
    outcome: VerificationOutcome = Field(default=VerificationOutcome.PENDING, sa_type=enum_column(VerificationOutcome))
    correlation_id: str = Field(max_length=100)
    joined_correlation_ids: list[str] = Field(default_factory=list, sa_type=Document)
    """The correlation ids of callers who joined the check while it was pending."""
    requested_by: str = Field(max_length=200)
    requested_by_name: str = Field(max_length=200)
    requested_by_kind: ActorKind = Field(sa_type=enum_column(ActorKind))
    requested_at: datetime
    request_id: str = Field(max_length=64)
    leased_until: datetime | None = None
    tries: int = 0
    finished_at: datetime | None = None
    adapter: str | None = Field(default=None, max_length=20)
    eligibility: Eligibility | None = Field(default=None, sa_type=enum_column(Eligibility))
    status_detail: StatusDetail | None = Field(default=None, sa_type=enum_column(StatusDetail))
    raw_status: str | None = Field(default=None, max_length=200)
    reported_status: VerificationStatus | None = Field(default=None, sa_type=enum_column(VerificationStatus))
    """The credential's status as a caller stated it; null for checks."""
    expiry_date: date | None = None
    problems: list[str] = Field(default_factory=list, sa_type=Document)
    error_message: str | None = Field(default=None, max_length=500)
    latency_ms: int | None = None
    resolved_by: str | None = Field(default=None, max_length=200)
    resolved_at: datetime | None = None
    reason: str | None = Field(default=None, max_length=500)
    notes: str | None = Field(default=None, max_length=4_000)

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.credential_id).in_(visible_credential_ids(visibility))
