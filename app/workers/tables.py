"""Tables of workers and applicants, and of the positions that workers hold."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Select, select, text, true
from sqlmodel import Field, SQLModel, col

from app.db.records import Key, Record, SearchText, SortKey, Visibility, enum_column, partial_index
from app.organizations.tables import contractor_subtree_ids, subtree_ids


class WorkerType(StrEnum):
    """The relation of a worker to the organization."""

    EMPLOYEE = "EMPLOYEE"
    CONTRACTOR = "CONTRACTOR"
    VOLUNTEER = "VOLUNTEER"
    STUDENT = "STUDENT"
    OTHER = "OTHER"


class EmploymentStatus(StrEnum):
    """The status of a worker's employment."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    ON_LEAVE = "ON_LEAVE"
    INACTIVE = "INACTIVE"
    TERMINATED = "TERMINATED"


class InvitationState(StrEnum):
    """The state of a worker's invitation."""

    CREATED = "CREATED"
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


class Standing(StrEnum):
    """A worker's compliance with the mandatory rules that apply to them."""

    COMPLIANT = "COMPLIANT"
    AT_RISK = "AT_RISK"
    NON_COMPLIANT = "NON_COMPLIANT"


class PersonColumns(SQLModel):
    """The columns that workers and applicants share. `_key` columns hold case-folded text to sort and search by."""

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
    """Empty rather than null, so that the unique index treats two missing source systems as equal."""

    display_name_key: str = Field(default="", sa_type=SortKey)
    first_name_key: str = Field(default="", sa_type=SortKey)
    last_name_key: str = Field(default="", sa_type=SortKey)
    email_key: str = Field(default="", sa_type=SortKey)
    search_text: str = Field(default="", sa_type=SearchText)

    revision: int = 1
    deleted_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


def person_indexes(table: str) -> tuple[Index, ...]:
    """Return unique indexes on people who are not deleted, and an index for each sort order."""
    noun = table.removesuffix("s")
    has_external_id = text("deleted_at IS NULL AND external_id IS NOT NULL")
    has_email = text("deleted_at IS NULL AND email_key <> ''")
    sorts = ("display_name_key", "first_name_key", "last_name_key", "email_key", "created_at", "updated_at")
    return (
        Index(
            f"{table}_source",
            "organization_id",
            "source_system",
            "external_id",
            unique=True,
            sqlite_where=has_external_id,
            postgresql_where=has_external_id,
            info={
                "path": ("source", "externalId"),
                "message": f"source.externalId: already used by another {noun} of this sourceSystem",
            },
        ),
        Index(
            f"{table}_email",
            "organization_id",
            "email_key",
            unique=True,
            sqlite_where=has_email,
            postgresql_where=has_email,
            info={
                "path": ("contact", "workEmail"),
                "message": f"contact.workEmail: already used by another {noun}",
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


class Worker(Record, PersonColumns, table=True):
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
        Index("workers_by_manager_external_id", "organization_id", "manager_external_id"),
        Index("workers_by_standing", "organization_id", "standing", "display_name_key", "id"),
        Index("workers_by_start_date", "organization_id", "start_date", "id"),
        partial_index("workers_by_end_date", "end_date"),
        partial_index("workers_deleted", "deleted_at"),
    )
    prefix: ClassVar[str] = "wkr"
    worker_column = "id"
    history_columns = ("org_unit_id", "org_unit_since", "status", "start_date", "end_date", "created_at", "deleted_at")

    job_title: str | None = Field(default=None, max_length=200)
    job_title_key: str = Field(default="", sa_type=SortKey)
    team_key: str = Field(default="", sa_type=SortKey)
    department_key: str = Field(default="", sa_type=SortKey)
    worker_type: WorkerType = Field(default=WorkerType.EMPLOYEE, sa_type=enum_column(WorkerType))
    status: EmploymentStatus = Field(default=EmploymentStatus.ACTIVE, sa_type=enum_column(EmploymentStatus))
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
    """The day on which the worker joined the unit, in the organization's time zone."""
    country: str | None = Field(default=None, max_length=100)
    zip_code: str | None = Field(default=None, max_length=20)
    state_or_province: str | None = Field(default=None, max_length=100)
    manager_id: str | None = Field(default=None, sa_type=Key)
    manager_first_name: str | None = Field(default=None, max_length=200)
    manager_last_name: str | None = Field(default=None, max_length=200)
    manager_external_id: str | None = Field(default=None, max_length=200)
    invitation_state: InvitationState = Field(default=InvitationState.CREATED, sa_type=enum_column(InvitationState))
    invitation_state_updated_at: datetime | None = None
    invitation_sent_at: datetime | None = None
    photo_url: str | None = Field(default=None, max_length=2_000)
    bio: str | None = Field(default=None, max_length=2_000)
    vanity_url: str | None = Field(default=None, max_length=2_000)
    standing: Standing | None = Field(default=None, sa_type=enum_column(Standing))
    """The standing as of the last settlement; null if no rule can apply to the worker."""

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        if visibility.worker_id is not None:
            return col(cls.id) == visibility.worker_id
        if visibility.contractors:
            return col(cls.org_unit_id).in_(contractor_subtree_ids(visibility.organization_id))
        return col(cls.org_unit_id).in_(subtree_ids(visibility.organization_id, str(visibility.org_unit_id)))


def visible_worker_ids(visibility: Visibility) -> Select[str]:
    """Select the ids of the visible workers, for tables about workers."""
    return select(col(Worker.id)).where(
        col(Worker.organization_id) == visibility.organization_id, Worker.visible_to(visibility)
    )


class Applicant(Record, PersonColumns, table=True):
    """Someone who may become a worker, and may already hold credentials."""

    __tablename__ = "applicants"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="applicants_organization"),
        *person_indexes("applicants"),
    )
    prefix: ClassVar[str] = "app"
    history_columns = ("deleted_at",)


class Position(Record, table=True):
    """A job to be filled, such as Night Nurse at Manly. Requirement rules state the credentials it takes."""

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
            info={"path": ("externalId",), "message": "externalId: already used by another position"},
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
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        # Positions, like credential types, are visible to the whole organization; a worker sees only their own.
        if visibility.worker_id is None:
            return true()
        held = select(col(Assignment.position_id)).where(
            col(Assignment.organization_id) == visibility.organization_id,
            col(Assignment.worker_id) == visibility.worker_id,
        )
        return col(cls.id).in_(held)


class Assignment(Record, table=True):
    """A worker's hold of a position, from a first day to a last day, both included."""

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
    worker_column = "worker_id"
    history_columns = ("position_id", "worker_id", "from_date", "to_date")

    position_id: str = Field(sa_type=Key)
    worker_id: str = Field(sa_type=Key)
    from_date: date
    to_date: date | None = None
    worker_deleted: bool = False
    """True while the worker is deleted."""
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return col(cls.worker_id).in_(visible_worker_ids(visibility))
