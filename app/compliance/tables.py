"""Tables of requirements: rules, exemptions, requests, and what is kept so that nothing need be counted anew."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, or_, text
from sqlmodel import Field, col

from app.credentials.tables import Intake
from app.db.records import Document, Key, Reach, Record, SortKey, choice
from app.workers.tables import workers_within


class RuleScope(StrEnum):
    """Of whom a rule asks something."""

    ALL_WORKERS = "ALL_WORKERS"
    POSITION = "POSITION"
    ORG_UNIT = "ORG_UNIT"
    WORKER = "WORKER"


class Level(StrEnum):
    """Whether a worker's standing depends on it."""

    MANDATORY = "MANDATORY"
    OPTIONAL = "OPTIONAL"


class Severity(StrEnum):
    """How bad it is when a requirement is not met."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


class RaisedBy(StrEnum):
    """Whether a rule asked, or a person."""

    RULE = "RULE"
    PERSON = "PERSON"


class RequirementRule(Record, table=True):
    """What is asked of some workers: any of some credential types, or several of them."""

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
    about = "worker_id"
    kept = (
        *("scope", "position_id", "org_unit_id", "worker_id", "excluded", "alternatives", "minimum", "level"),
        *("severity", "grace_days", "effective_from", "effective_to", "deleted_at"),
    )

    name: str = Field(max_length=200)
    name_key: str = Field(default="", sa_type=SortKey)
    description: str | None = Field(default=None, max_length=2_000)
    scope: RuleScope = Field(sa_type=choice(RuleScope))
    position_id: str | None = Field(default=None, sa_type=Key)
    org_unit_id: str | None = Field(default=None, sa_type=Key)
    worker_id: str | None = Field(default=None, sa_type=Key)
    excluded: list[str] = Field(default_factory=list, sa_type=Document)
    """Ids of workers, positions and org units (with their subtree) that it does not ask."""
    alternatives: list[str] = Field(sa_type=Document)
    """Ids of credential types, of which `minimum` are asked; the first are those that requests are raised for."""
    minimum: int = 1
    level: Level = Field(default=Level.MANDATORY, sa_type=choice(Level))
    severity: Severity = Field(default=Severity.CRITICAL, sa_type=choice(Severity))
    grace_days: int = 0
    effective_from: date
    effective_to: date | None = None
    auto_request: bool = True
    request_message: str | None = Field(default=None, max_length=2_000)
    request_due_days: int | None = None
    """Days that a worker has to answer a request that this rule raised."""
    deleted_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    last_updated: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        # A rule about one worker is for those who see that worker; any other is the whole organization's.
        return or_(col(cls.worker_id).is_(None), col(cls.worker_id).in_(workers_within(reach)))


class Exemption(Record, table=True):
    """A worker who is let off a rule, or off a credential type, for a time."""

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
    about = "worker_id"
    kept = ("worker_id", "rule_id", "credential_type_id", "from_date", "to_date", "revoked_at")

    worker_id: str = Field(sa_type=Key)
    rule_id: str | None = Field(default=None, sa_type=Key)
    credential_type_id: str | None = Field(default=None, sa_type=Key)
    reason: str = Field(max_length=2_000)
    from_date: date
    to_date: date | None = None
    approved_by: str = Field(max_length=200)
    approved_by_name: str = Field(max_length=200)
    revoked_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    last_updated: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(workers_within(reach))


class CredentialRequest(Record, table=True):
    """A worker asked for a credential. It is open until its credential is settled, or nobody asks any more."""

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
    """The requested credential. No foreign key: a purged one leaves its request behind."""
    rule_id: str | None = Field(default=None, sa_type=Key)
    raised_by: RaisedBy = Field(sa_type=choice(RaisedBy))
    message: str | None = Field(default=None, max_length=2_000)
    guidance: str | None = Field(default=None, max_length=2_000)
    """What the worker is told about this type; the type's instructions when not given."""
    due_on: date | None = None
    due_key: date
    """`due_on` to sort by: the last day of the calendar when there is none."""
    reminders: int = 0
    last_reminded_at: datetime | None = None
    status: Intake = Field(default=Intake.REQUESTED, sa_type=choice(Intake))
    """The intake of its credential, which it follows."""
    closed_at: datetime | None = None
    held_off: bool = False
    """Whether a person cancelled what a rule asked for: no rule asks again, until nothing is lacking meanwhile."""
    revision: int = 1
    created_at: datetime
    last_updated: datetime

    @property
    def wanted(self) -> tuple[str, str]:
        """The worker and the credential type."""
        return self.worker_id, self.credential_type_id

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(workers_within(reach))


class Unsettled(Record, table=True):
    """An owner whose standing or counts may have changed. Only ever added to, so that no change waits for another."""

    __tablename__ = "unsettled"
    prefix: ClassVar[str] = "uns"

    owner_id: str = Field(sa_type=Key)


class Settled(Record, table=True):
    """What an owner was last counted as; `id` is the worker's or the applicant's."""

    __tablename__ = "settled"
    __table_args__ = (Index("settled_by_recheck", "organization_id", "recheck_on"),)
    prefix: ClassVar[str] = "stl"

    org_unit_id: str | None = Field(default=None, sa_type=Key)
    recheck_on: date
    """The next day on which something changes by the mere passing of days; the last of the calendar when never."""
    counted: list[Any] = Field(default_factory=list, sa_type=Document)
    """[dimension, value, day, number] of each count that it is part of."""


class Tally(Record, table=True):
    """How many, from a day on. What counts on a day is the sum of all days up to it."""

    __tablename__ = "tallies"
    # By the day first: most of what is kept is of days to come.
    __table_args__ = (Index("tallies_key", "organization_id", "org_unit_id", "dimension", "day", "value", unique=True),)
    prefix: ClassVar[str] = "tly"

    org_unit_id: str = Field(default="", sa_type=Key)
    """Of whom is counted: those directly in a unit, or all (empty)."""
    dimension: str = Field(max_length=32)
    value: str = Field(max_length=64)
    day: date
    number: int
