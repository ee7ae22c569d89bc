"""Tables of requirement rules, exemptions and requests, and of the counts kept for roll-ups."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, or_, text
from sqlmodel import Field, col

from app.credentials.tables import IntakeStatus
from app.db.records import Document, Key, Record, SortKey, Visibility, enum_column
from app.workers.tables import visible_worker_ids


class RuleScope(StrEnum):
    """The workers that a rule applies to."""

    ALL_WORKERS = "ALL_WORKERS"
    POSITION = "POSITION"
    ORG_UNIT = "ORG_UNIT"
    WORKER = "WORKER"


class RequirementLevel(StrEnum):
    """The weight of a rule: only mandatory rules affect a worker's standing."""

    MANDATORY = "MANDATORY"
    OPTIONAL = "OPTIONAL"


class RequirementSeverity(StrEnum):
    """The severity of an unmet requirement."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


class RaisedBy(StrEnum):
    """The origin of a request: a rule or a person."""

    RULE = "RULE"
    PERSON = "PERSON"


class RequirementRule(Record, table=True):
    """A requirement of some workers: at least `minimum` of some credential types."""

    __tablename__ = "requirement_rules"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="rules_organization"),
        ForeignKeyConstraint(
            ["organization_id", "position_id"], ["positions.organization_id", "positions.id"], name="rules_position"
        ),
        ForeignKeyConstraint(
            ["organization_id", "org_unit_id"], ["org_units.organization_id", "org_units.id"], name="rules_org_unit"
        ),
        ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="rules_worker"
        ),
        Index("rules_by_name", "organization_id", "name_key", "id"),
        Index("rules_by_created_at", "organization_id", "created_at", "id"),
        Index("rules_by_position", "organization_id", "position_id", "name_key", "id"),
        Index("rules_by_org_unit", "organization_id", "org_unit_id", "name_key", "id"),
        Index("rules_by_worker", "organization_id", "worker_id", "name_key", "id"),
    )
    prefix: ClassVar[str] = "rule"
    worker_column = "worker_id"
    history_columns = (
        *("scope", "position_id", "org_unit_id", "worker_id", "excluded", "alternatives", "minimum", "level"),
        *("severity", "grace_days", "effective_from", "effective_to", "deleted_at"),
    )

    name: str = Field(max_length=200)
    name_key: str = Field(default="", sa_type=SortKey)
    description: str | None = Field(default=None, max_length=2_000)
    scope: RuleScope = Field(sa_type=enum_column(RuleScope))
    position_id: str | None = Field(default=None, sa_type=Key)
    org_unit_id: str | None = Field(default=None, sa_type=Key)
    worker_id: str | None = Field(default=None, sa_type=Key)
    excluded: list[str] = Field(default_factory=list, sa_type=Document)
    """Ids of workers, positions and org units (with their subtree) that the rule does not apply to."""
    alternatives: list[str] = Field(sa_type=Document)
    """Ids of credential types; at least `minimum` are required. Requests are raised for the first unmet ones."""
    minimum: int = 1
    level: RequirementLevel = Field(default=RequirementLevel.MANDATORY, sa_type=enum_column(RequirementLevel))
    severity: RequirementSeverity = Field(
        default=RequirementSeverity.CRITICAL, sa_type=enum_column(RequirementSeverity)
    )
    grace_days: int = 0
    effective_from: date
    effective_to: date | None = None
    auto_request: bool = True
    request_message: str | None = Field(default=None, max_length=2_000)
    request_due_days: int | None = None
    """The number of days that a worker has to answer a request raised by this rule."""
    deleted_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        # A rule about one worker is visible to actors who see that worker; any other rule is visible to all.
        return or_(col(cls.worker_id).is_(None), col(cls.worker_id).in_(visible_worker_ids(visibility)))


class Exemption(Record, table=True):
    """The exemption of a worker from a rule, or from a credential type, for a period."""

    __tablename__ = "exemptions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="exemptions_worker"
        ),
        ForeignKeyConstraint(
            ["organization_id", "rule_id"],
            ["requirement_rules.organization_id", "requirement_rules.id"],
            name="exemptions_rule",
        ),
        ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="exemptions_type",
        ),
        Index("exemptions_by_worker", "organization_id", "worker_id", "created_at", "id"),
        Index("exemptions_by_created_at", "organization_id", "created_at", "id"),
    )
    prefix: ClassVar[str] = "exm"
    worker_column = "worker_id"
    history_columns = ("worker_id", "rule_id", "credential_type_id", "from_date", "to_date", "revoked_at")

    worker_id: str = Field(sa_type=Key)
    rule_id: str | None = Field(default=None, sa_type=Key)
    credential_type_id: str | None = Field(default=None, sa_type=Key)
    reason: str = Field(max_length=2_000)
    from_date: date
    to_date: date | None = None
    approved_by: str = Field(max_length=200)
    approved_by_name: str = Field(max_length=200)
    revoked_at: datetime | None = None
    worker_deleted: bool = False
    """True while the worker is deleted."""
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(visible_worker_ids(visibility))


class CredentialRequest(Record, table=True):
    """A request to a worker for a credential, open until it is cancelled or the credential is decided on."""

    __tablename__ = "credential_requests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="requests_worker"
        ),
        ForeignKeyConstraint(
            ["organization_id", "credential_type_id"],
            ["credential_types.organization_id", "credential_types.id"],
            name="requests_type",
        ),
        Index(
            "requests_one_open",
            "organization_id",
            "worker_id",
            "credential_type_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("requests_by_worker", "organization_id", "worker_id", "created_at", "id"),
        Index("requests_by_created_at", "organization_id", "created_at", "id"),
        Index("requests_by_due_on", "organization_id", "due_key", "id"),
        Index("requests_by_credential", "organization_id", "credential_id"),
    )
    prefix: ClassVar[str] = "req"

    worker_id: str = Field(sa_type=Key)
    credential_type_id: str = Field(sa_type=Key)
    credential_id: str = Field(sa_type=Key)
    """The requested credential. No foreign key: the request outlives a purged credential."""
    rule_id: str | None = Field(default=None, sa_type=Key)
    raised_by: RaisedBy = Field(sa_type=enum_column(RaisedBy))
    message: str | None = Field(default=None, max_length=2_000)
    guidance: str | None = Field(default=None, max_length=2_000)
    """Instructions shown to the worker; those of the credential type if null."""
    due_on: date | None = None
    due_key: date
    """`due_on` as a sort key; the last day of the calendar if null."""
    reminders: int = 0
    last_reminded_at: datetime | None = None
    status: IntakeStatus = Field(default=IntakeStatus.REQUESTED, sa_type=enum_column(IntakeStatus))
    """The intake status of the requested credential."""
    closed_at: datetime | None = None
    held_off: bool = False
    """True if a person cancelled a rule's request: no rule raises it again until the requirement has been met once."""
    worker_deleted: bool = False
    """True while the worker is deleted."""
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def target(self) -> tuple[str, str]:
        """Return the worker and the credential type, the pair that has at most one open request."""
        return self.worker_id, self.credential_type_id

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(visible_worker_ids(visibility))


class Unsettled(Record, table=True):
    """A mark on an owner whose standing or counts may have changed. Inserting a mark waits for no lock."""

    __tablename__ = "unsettled"
    prefix: ClassVar[str] = "uns"

    owner_id: str = Field(sa_type=Key)


class Settled(Record, table=True):
    """The counts that an owner adds to the counters since its last settlement; `id` is the worker's or applicant's."""

    __tablename__ = "settled"
    __table_args__ = (Index("settled_by_recheck", "organization_id", "recheck_on"),)
    prefix: ClassVar[str] = "stl"

    org_unit_id: str | None = Field(default=None, sa_type=Key)
    recheck_on: date
    """The next day on which the owner may change although no fact changes; the last day of the calendar for never."""
    counted: list[Any] = Field(default_factory=list, sa_type=Document)
    """[dimension, value, day, number] of each count that the owner adds to."""


class Tally(Record, table=True):
    """A counter: the change of a number on a day. The number on a day is the sum of all counters up to that day."""

    __tablename__ = "tallies"
    # The day comes before the value: most counters are of future days, which a sum up to today skips.
    __table_args__ = (Index("tallies_key", "organization_id", "org_unit_id", "dimension", "day", "value", unique=True),)
    prefix: ClassVar[str] = "tly"

    org_unit_id: str = Field(default="", sa_type=Key)
    """The org unit whose direct members are counted; empty for the whole organization."""
    dimension: str = Field(max_length=32)
    value: str = Field(max_length=64)
    day: date
    number: int
