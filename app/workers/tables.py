"""Tables of workers and applicants, and of the positions that workers hold."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Select, select, text, true
from sqlmodel import Field, SQLModel, col

from app.db.records import Key, Reach, Record, SearchText, SortKey, choice
from app.organizations.tables import contractors, subtree


class WorkerType(StrEnum):
    """How someone works for the organization."""

    EMPLOYEE = "EMPLOYEE"
    CONTRACTOR = "CONTRACTOR"
    VOLUNTEER = "VOLUNTEER"
    STUDENT = "STUDENT"
    OTHER = "OTHER"


class EmploymentStatus(StrEnum):
    """Where someone's employment stands."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    ON_LEAVE = "ON_LEAVE"
    INACTIVE = "INACTIVE"
    TERMINATED = "TERMINATED"


class ConnectionState(StrEnum):
    """Whether someone has been invited, and what they answered."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Standing(StrEnum):
    """Whether a worker has what is asked of them."""

    COMPLIANT = "COMPLIANT"
    AT_RISK = "AT_RISK"
    NON_COMPLIANT = "NON_COMPLIANT"


class Person(SQLModel):
    """What workers and applicants share. The `_key` columns hold case-folded text to sort and search by."""

    display_name: str = Field(max_length=200)
    first_name: str | None = Field(default=None, max_length=200)
    middle_name: str | None = Field(default=None, max_length=200)
    last_name: str | None = Field(default=None, max_length=200)
    birth_date: date | None = None
    work_email: str | None = Field(default=None, max_length=254)
    personal_email: str | None = Field(default=None, max_length=254)
    phone: str | None = Field(default=None, max_length=50)
    external_id: str | None = Field(default=None, max_length=200)
    source_system: str = Field(default="", max_length=100)
    """Empty when not given, so that the unique key sees two absent ones as equal."""

    display_name_key: str = Field(default="", sa_type=SortKey)
    first_name_key: str = Field(default="", sa_type=SortKey)
    last_name_key: str = Field(default="", sa_type=SortKey)
    email_key: str = Field(default="", sa_type=SortKey)
    search_text: str = Field(default="", sa_type=SearchText)

    revision: int = 1
    deleted_at: datetime | None = None
    created_at: datetime
    last_updated: datetime


def person_indexes(table: str) -> tuple[Index, ...]:
    """The unique keys among the not deleted, and one index for each way of sorting."""
    known = text("deleted_at IS NULL AND external_id IS NOT NULL")
    mailed = text("deleted_at IS NULL AND email_key <> ''")
    sorts = ("display_name_key", "first_name_key", "last_name_key", "email_key", "created_at", "last_updated")
    return (
        Index(
            f"{table}_source",
            "organization_id",
            "source_system",
            "external_id",
            unique=True,
            sqlite_where=known,
            postgresql_where=known,
            info={
                "path": ("source", "externalId"),
                "message": f"another of the {table} has this externalId in this sourceSystem",
            },
        ),
        Index(
            f"{table}_email",
            "organization_id",
            "email_key",
            unique=True,
            sqlite_where=mailed,
            postgresql_where=mailed,
            info={
                "path": ("contact", "workEmail"),
                "message": f"another of the {table} has this workEmail",
            },
        ),
        Index(f"{table}_by_external_id", "organization_id", "external_id"),
        *(Index(f"{table}_by_{column}", "organization_id", column, "id") for column in sorts),
        Index(
            f"{table}_search",
            "organization_id",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
    )


class Worker(Record, Person, table=True):
    """Someone who works for the organization."""

    __tablename__ = "workers"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="workers_organization"),
        ForeignKeyConstraint(
            ["organization_id", "org_unit_id"],
            ["org_units.organization_id", "org_units.id"],
            name="workers_org_unit",
        ),
        ForeignKeyConstraint(
            ["organization_id", "manager_id"],
            ["workers.organization_id", "workers.id"],
            name="workers_manager",
        ),
        *person_indexes("workers"),
        Index("workers_by_org_unit", "organization_id", "org_unit_id", "display_name_key", "id"),
        Index("workers_by_manager", "organization_id", "manager_id", "display_name_key", "id"),
        Index("workers_by_standing", "organization_id", "standing", "display_name_key", "id"),
    )
    prefix: ClassVar[str] = "wkr"
    about = "id"
    kept = ("org_unit_id", "org_unit_since", "status", "start_date", "created_at", "deleted_at")

    job_title: str | None = Field(default=None, max_length=200)
    job_title_key: str = Field(default="", sa_type=SortKey)
    team_key: str = Field(default="", sa_type=SortKey)
    department_key: str = Field(default="", sa_type=SortKey)
    worker_type: WorkerType = Field(default=WorkerType.EMPLOYEE, sa_type=choice(WorkerType))
    status: EmploymentStatus = Field(default=EmploymentStatus.ACTIVE, sa_type=choice(EmploymentStatus))
    start_date: date | None = None
    end_date: date | None = None
    team: str | None = Field(default=None, max_length=200)
    department: str | None = Field(default=None, max_length=200)
    job_family: str | None = Field(default=None, max_length=200)
    organization_level_1: str | None = Field(default=None, max_length=200)
    organization_level_2: str | None = Field(default=None, max_length=200)
    organization_level_3: str | None = Field(default=None, max_length=200)
    org_unit_id: str | None = Field(default=None, sa_type=Key)
    org_unit_since: date | None = None
    """The day on which the worker came into the unit, in the organization's time zone."""
    country: str | None = Field(default=None, max_length=100)
    zip_code: str | None = Field(default=None, max_length=20)
    state_or_province: str | None = Field(default=None, max_length=100)
    manager_id: str | None = Field(default=None, sa_type=Key)
    manager_first_name: str | None = Field(default=None, max_length=200)
    manager_last_name: str | None = Field(default=None, max_length=200)
    manager_external_id: str | None = Field(default=None, max_length=200)
    connection_state: ConnectionState = Field(default=ConnectionState.CREATED, sa_type=choice(ConnectionState))
    connection_state_updated_at: datetime | None = None
    last_invitation_sent_at: datetime | None = None
    photo_url: str | None = Field(default=None, max_length=2_000)
    bio: str | None = Field(default=None, max_length=2_000)
    vanity_url: str | None = Field(default=None, max_length=2_000)
    standing: Standing | None = Field(default=None, sa_type=choice(Standing))
    """Where they stood when compliance last settled; none where nothing is asked of them."""

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        if reach.worker_id is not None:
            return col(cls.id) == reach.worker_id
        if reach.contractors:
            return col(cls.org_unit_id).in_(contractors(reach.organization_id))
        return col(cls.org_unit_id).in_(subtree(reach.organization_id, str(reach.org_unit_id)))


def workers_within(reach: Reach) -> Select[str]:
    """The ids of the workers within a reach, for what is about them."""
    return select(col(Worker.id)).where(col(Worker.organization_id) == reach.organization_id, Worker.within(reach))


class Applicant(Record, Person, table=True):
    """Someone who may become a worker, and may already hold credentials."""

    __tablename__ = "applicants"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="applicants_organization"),
        *person_indexes("applicants"),
    )
    prefix: ClassVar[str] = "app"
    kept = ("deleted_at",)


class Position(Record, table=True):
    """A job to be filled, such as Night Nurse at Manly; what it takes is said by requirement rules."""

    __tablename__ = "positions"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="positions_organization"),
        ForeignKeyConstraint(
            ["organization_id", "org_unit_id"],
            ["org_units.organization_id", "org_units.id"],
            name="positions_org_unit",
        ),
        Index(
            "positions_external_id",
            "organization_id",
            "external_id",
            unique=True,
            info={"path": ("externalId",), "message": "another position has this externalId"},
        ),
        Index("positions_by_name", "organization_id", "name_key", "id"),
        Index("positions_by_org_unit", "organization_id", "org_unit_id", "name_key", "id"),
    )
    prefix: ClassVar[str] = "pos"

    name: str = Field(max_length=200)
    name_key: str = Field(default="", sa_type=SortKey)
    external_id: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2_000)
    org_unit_id: str | None = Field(default=None, sa_type=Key)
    archived_at: datetime | None = None
    revision: int = 1
    created_at: datetime
    last_updated: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        # What jobs there are is the whole organization's, as its credential types are; a worker sees their own.
        if reach.worker_id is None:
            return true()
        held = select(col(Assignment.position_id)).where(
            col(Assignment.organization_id) == reach.organization_id, col(Assignment.worker_id) == reach.worker_id
        )
        return col(cls.id).in_(held)


class Assignment(Record, table=True):
    """A worker in a position, from a day to a day, both included."""

    __tablename__ = "assignments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "position_id"],
            ["positions.organization_id", "positions.id"],
            name="assignments_position",
        ),
        ForeignKeyConstraint(
            ["organization_id", "worker_id"], ["workers.organization_id", "workers.id"], name="assignments_worker"
        ),
        Index("assignments_by_worker", "organization_id", "worker_id", "from_date", "id"),
        Index("assignments_by_position", "organization_id", "position_id", "from_date", "id"),
    )
    prefix: ClassVar[str] = "pasn"
    about = "worker_id"
    kept = ("position_id", "worker_id", "from_date", "to_date")

    position_id: str = Field(sa_type=Key)
    worker_id: str = Field(sa_type=Key)
    from_date: date
    to_date: date | None = None
    revision: int = 1
    created_at: datetime
    last_updated: datetime

    @classmethod
    def within(cls, reach: Reach) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(workers_within(reach))
