"""How lists of workers and applicants are filtered and sorted."""

from datetime import date
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter, StringFilter
from app.graph.dsl.scalars import Moment
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member
from app.workers.tables import ConnectionState, EmploymentStatus, Standing, WorkerType


@input
class OrgUnitFilter:
    """Workers of some org units."""

    in_: list[strawberry.ID] = member("The units.", default=..., name="in")
    include_subtree: bool = member("Whether the units under them count too.", default=True)


@input
class PositionFilter:
    """Workers who hold one of some positions on a day."""

    in_: list[strawberry.ID] = member("The positions.", default=..., name="in")
    on: date | None = member("The day; today when not given.")


@input
class PersonWhere:
    """What workers and applicants can both be filtered by."""

    id: IDFilter | None = member("The person's id.")
    display_name: StringFilter | None = member("The name shown.")
    first_name: StringFilter | None = member("The first name.")
    last_name: StringFilter | None = member("The last name.")
    email: StringFilter | None = member("The email address at work.")
    external_id: ExactFilter | None = member("The id in the system of record.")
    source_system: ExactFilter | None = member("The system of record.")
    updated_after: Moment | None = member("Changed at or after this.")
    updated_before: Moment | None = member("Changed before this.")


@input
class WorkerWhere(PersonWhere):
    """Which workers. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["WorkerWhere"] | None = member("All of these must hold.")
    OR: list["WorkerWhere"] | None = member("One of these must hold.")
    NOT: "WorkerWhere | None" = member("This must not hold.")
    connection_state: ChoiceFilter[ConnectionState] | None = member("Whether they accepted an invitation.")
    employment_status: ChoiceFilter[EmploymentStatus] | None = member("Where their employment stands.")
    worker_type: ChoiceFilter[WorkerType] | None = member("How they work for the organization.")
    job_title: StringFilter | None = member("Their job title.")
    team: StringFilter | None = member("Their team.")
    department: StringFilter | None = member("Their department.")
    org_unit: OrgUnitFilter | None = member("The org unit they belong to.")
    position: PositionFilter | None = member("The positions they hold.")
    standing: ChoiceFilter[Standing] | None = member(
        "Where they stand today, if anywhere (see `Worker.standing`). Asking takes the scope `compliance:read`."
    )


@input
class ApplicantWhere(PersonWhere):
    """Which applicants. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["ApplicantWhere"] | None = member("All of these must hold.")
    OR: list["ApplicantWhere"] | None = member("One of these must hold.")
    NOT: "ApplicantWhere | None" = member("This must not hold.")


class PersonOrderField(StrEnum):
    """What workers and applicants can be sorted by."""

    DISPLAY_NAME = "displayName"
    EMAIL = "email"
    CREATED_AT = "createdAt"
    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    LAST_UPDATED = "lastUpdated"


enum(
    PersonOrderField,
    DISPLAY_NAME="The name shown, ignoring case. The default.",
    EMAIL="The email address at work; those without one come first.",
    CREATED_AT="When the record was added.",
    FIRST_NAME="The first name, ignoring case.",
    LAST_NAME="The last name, ignoring case.",
    LAST_UPDATED="When the record last changed.",
)
PersonOrder = sort_key(PersonOrderField, "workers and applicants")
WORKER_LIST: dict[str, Any] = {
    "where": WorkerWhere,
    "order": PersonOrder,
    "scope": Scope.WORKERS_READ,
    "own": True,
}
APPLICANT_LIST: dict[str, Any] = {
    "where": ApplicantWhere,
    "order": PersonOrder,
    "scope": Scope.WORKERS_READ,
}
