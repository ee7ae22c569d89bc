"""Queries of workers, applicants, positions and assignments."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.core.text import email_part
from app.db.principal import Principal
from app.lists import filters
from app.lists.filters import Filter
from app.lists.listings import Listing, Lookup
from app.organizations.tables import subtree_ids
from app.workers.tables import Applicant, Assignment, Position, Worker


@filters.timeless
def _in_unit(value: Mapping[str, Any], actor: Principal) -> ColumnElement[bool]:
    """Match workers of org units, including all units below them by default."""
    units = value["in"]
    if value.get("includeSubtree", True):
        return col(Worker.org_unit_id).in_(subtree_ids(actor.organization_id, *units))
    return col(Worker.org_unit_id).in_(units)


@filters.daily
def _holds_position(value: Mapping[str, Any], actor: Principal, today: date) -> ColumnElement[bool]:
    """Match workers who hold one of some positions on a day, today by default."""
    day = value.get("asOf") or today
    holders = select(col(Assignment.worker_id)).where(
        col(Assignment.organization_id) == actor.organization_id,
        col(Assignment.position_id).in_(value["in"]),
        held_on(day),
    )
    return col(Worker.id).in_(holders)


def held_on(day: date) -> ColumnElement[bool]:
    """Return the condition for an assignment to last on a day."""
    return filters.covers_day(col(Assignment.from_date), col(Assignment.to_date), day)


def _person_filters(table: Any) -> dict[str, Filter]:
    return {
        "id": filters.exact(col(table.id)),
        "displayName": filters.text(col(table.display_name_key)),
        "firstName": filters.text(col(table.first_name_key)),
        "lastName": filters.text(col(table.last_name_key)),
        "email": filters.text(col(table.email_key), email_part),
        "externalId": filters.exact(col(table.external_id)),
        "sourceSystem": filters.exact(col(table.source_system)),
        "createdAt": filters.instants(col(table.created_at)),
        "updatedAt": filters.instants(col(table.updated_at)),
    }


def _person_orders(table: Any) -> dict[str, Any]:
    return {
        "displayName": col(table.display_name_key),
        "email": col(table.email_key),
        "createdAt": col(table.created_at),
        "firstName": col(table.first_name_key),
        "lastName": col(table.last_name_key),
        "updatedAt": col(table.updated_at),
    }


by_id = Lookup(Worker, col(Worker.id))
EMPLOYMENT_FILTERS: dict[str, Filter] = {
    "id": filters.exact(col(Worker.id)),
    "externalId": filters.exact(col(Worker.external_id)),
    "employmentStatus": filters.exact(col(Worker.status)),
    "workerType": filters.exact(col(Worker.worker_type)),
    "jobTitle": filters.text(col(Worker.job_title_key)),
    "team": filters.text(col(Worker.team_key)),
    "department": filters.text(col(Worker.department_key)),
    "manager": filters.exact(col(Worker.manager_id)),
    "startDate": filters.days(col(Worker.start_date)),
    "endDate": filters.days(col(Worker.end_date)),
    "orgUnit": _in_unit,
    "position": _holds_position,
}
"""The filters on a worker's place in the organization, by which lists of what workers hold can be filtered too."""
listing = Listing(
    Worker,
    filters={
        **_person_filters(Worker),
        **EMPLOYMENT_FILTERS,
        "deletedAt": filters.instants(col(Worker.deleted_at)),
        "invitationState": filters.exact(col(Worker.invitation_state)),
        "standing": filters.exact(col(Worker.standing)),
    },
    orders=_person_orders(Worker),
    default_order=(("displayName", False),),
    search=filters.words(col(Worker.search_text)),
    default_conditions={"deleted": col(Worker.deleted_at).is_(None)},
    settlement_filters=frozenset({"standing"}),
)
by_manager = listing.per_parent(col(Worker.manager_id))
by_org_unit = listing.per_parent(col(Worker.org_unit_id))

applicant_by_id = Lookup(Applicant, col(Applicant.id))
applicants = Listing(
    Applicant,
    filters=_person_filters(Applicant),
    orders=_person_orders(Applicant),
    default_order=(("displayName", False),),
    search=filters.words(col(Applicant.search_text)),
    default_conditions={"deleted": col(Applicant.deleted_at).is_(None)},
)

position_by_id = Lookup(Position, col(Position.id))
position_by_external_id = Lookup(Position, col(Position.external_id))
positions = Listing(
    Position,
    filters={
        "name": filters.text(col(Position.name_key)),
        "externalId": filters.exact(col(Position.external_id)),
        "orgUnit": filters.exact(col(Position.org_unit_id)),
    },
    orders={"name": col(Position.name_key)},
    default_order=(("name", False),),
    default_conditions={"archived": col(Position.archived_at).is_(None)},
)

assignment_by_id = Lookup(Assignment, col(Assignment.id))
assignments = Listing(
    Assignment,
    filters={
        "worker": filters.exact(col(Assignment.worker_id)),
        "position": filters.exact(col(Assignment.position_id)),
        "asOf": filters.timeless(lambda value, _actor: held_on(value)),
    },
    orders={"startsOn": col(Assignment.from_date)},
    default_order=(("startsOn", True),),
    default_conditions={"deleted": col(Assignment.worker_deleted).is_(False)},
)
assignments_by_worker = assignments.per_parent(col(Assignment.worker_id))
assignments_by_position = assignments.per_parent(col(Assignment.position_id))
