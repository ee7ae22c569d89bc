"""Filters and sort keys for lists of workers and applicants."""

from datetime import date
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.filter_inputs import (
    ChoiceFilter,
    DateFilter,
    ExactFilter,
    IDFilter,
    InstantFilter,
    StringFilter,
    where_input,
)
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member
from app.workers.tables import EmploymentStatus, InvitationState, Standing, WorkerType


@input
class OrgUnitFilter:
    """A filter on the org unit that a worker belongs to."""

    in_: list[strawberry.ID] = member("Match any of these org units.", default=..., name="in")
    include_subtree: bool = member("If true, the units below them match too.", default=True)


@input
class PositionFilter:
    """A filter on the positions that a worker holds on a day."""

    in_: list[strawberry.ID] = member("Match any of these positions.", default=..., name="in")
    as_of: date | None = member("The day. Defaults to today.")


@input
class PersonWhere:
    """Filters for workers and applicants."""

    id: IDFilter | None = member("Match the id.")
    display_name: StringFilter | None = member("Match the display name.")
    first_name: StringFilter | None = member("Match the first name.")
    last_name: StringFilter | None = member("Match the last name.")
    email: StringFilter | None = member("Match the work email.")
    external_id: ExactFilter | None = member("Match the id in the source system.")
    source_system: ExactFilter | None = member("Match the name of the source system.")
    created_at: InstantFilter | None = member("Match the time of creation.")
    updated_at: InstantFilter | None = member("Match the time of the last change.")


@input
class EmploymentWhere:
    """Filters on a worker's place in the organization."""

    id: IDFilter | None = member("Match the worker's id.")
    external_id: ExactFilter | None = member("Match the worker's id in the source system.")
    employment_status: ChoiceFilter[EmploymentStatus] | None = member("Match the employment status.")
    worker_type: ChoiceFilter[WorkerType] | None = member("Match the type of worker.")
    job_title: StringFilter | None = member("Match the job title.")
    team: StringFilter | None = member("Match the team.")
    department: StringFilter | None = member("Match the department.")
    manager: IDFilter | None = member("Match the worker's manager, by the manager's id.")
    start_date: DateFilter | None = member("Match the first day of the employment.")
    end_date: DateFilter | None = member("Match the last day of the employment.")
    org_unit: OrgUnitFilter | None = member("Match the org unit that the worker belongs to.")
    position: PositionFilter | None = member("Match the positions that the worker holds.")


@where_input
class HolderWhere(EmploymentWhere):
    """Filters on the worker who holds a credential."""


@where_input
class WorkerWhere(EmploymentWhere, PersonWhere):
    """Filters for workers."""

    invitation_state: ChoiceFilter[InvitationState] | None = member("Match the state of the invitation.")
    deleted_at: InstantFilter | None = member("Match the time of deletion. Goes with `includeDeleted: true`.")
    standing: ChoiceFilter[Standing] | None = member(
        "Match the compliance standing today (see `Worker.standing`). This filter needs the scope `COMPLIANCE_READ`."
    )


@where_input
class ApplicantWhere(PersonWhere):
    """Filters for applicants."""


class PersonOrderField(StrEnum):
    """The fields that workers and applicants can be sorted by."""

    DISPLAY_NAME = "displayName"
    EMAIL = "email"
    CREATED_AT = "createdAt"
    FIRST_NAME = "firstName"
    LAST_NAME = "lastName"
    UPDATED_AT = "updatedAt"


enum(
    PersonOrderField,
    DISPLAY_NAME="Sort by display name, ignoring case and accents. The default.",
    EMAIL="Sort by work email. People without one come first if ascending, and last if descending.",
    CREATED_AT="Sort by time of creation.",
    FIRST_NAME="Sort by first name, ignoring case and accents. People without one come first if ascending.",
    LAST_NAME="Sort by last name, ignoring case and accents. People without one come first if ascending.",
    UPDATED_AT="Sort by time of the last change.",
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
