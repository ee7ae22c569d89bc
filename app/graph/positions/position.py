"""The `Position` and `Assignment` types and their queries."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries as compliance
from app.core.text import normalize
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.types import flag, member, one_of, scalar
from app.graph.node import Node
from app.graph.organizations.organization import OrgUnit
from app.graph.positions.listing import ASSIGNMENT_LIST, POSITION_LIST, READ
from app.graph.requirement_rules.listing import RULE_LIST
from app.graph.type_references import POSITION, RULE
from app.graph.workers.worker import Worker
from app.organizations import queries as organizations
from app.workers import permissions, queries


def can(description: str, rule: Any, **options: Any) -> Any:
    """Declare a `viewerCan…` field of a position."""
    scope, reads = Scope.REQUIREMENTS_WRITE, permissions.POSITION_READS
    return permission(description, queries.position_by_id, scope, rule, reads=reads, **options)


@node(queries.assignment_by_id, **READ)
class Assignment(Node):
    """A worker's assignment to a position for a period, first and last day included."""

    worker: Worker | None = edge(queries.by_id, "The worker who holds the position.", key="worker_id", **READ)
    position: POSITION | None = edge(
        queries.position_by_id, "The position that the worker holds.", key="position_id", **READ
    )
    starts_on: date = scalar("The first day of the assignment.", column="from_date")
    ends_on: date | None = scalar("The last day of the assignment; null if it is open-ended.", column="to_date")
    revision: int = scalar(
        "The assignment's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    created_at: datetime = scalar("The time the assignment was created.")
    updated_at: datetime = scalar("The time of the last change.")


@node(queries.position_by_id, **READ)
class Position(Node):
    """A job that workers hold, such as Night Nurse at Manly. Requirement rules say which credentials it needs."""

    name: str = scalar("The name of the position.")
    external_id: str | None = scalar("The id in the source system. Unique in the organization.")
    description: str | None = scalar("The description of the position.")
    org_unit: OrgUnit | None = edge(
        organizations.unit_by_id, "The org unit that the position belongs to.", key="org_unit_id", **READ
    )
    assignments: Connection[Assignment] | None = edge(
        queries.assignments_by_position,
        "The past, current and future assignments to the position, latest first.",
        key="id",
        **ASSIGNMENT_LIST,
    )
    rules: Connection[RULE] | None = edge(
        compliance.rules_by_position, "The requirement rules for the position.", key="id", **RULE_LIST
    )
    archived: bool = flag("True if the position is archived.", "archived_at")
    archived_at: datetime | None = scalar("The time of archiving; null if the position is not archived.")
    revision: int = scalar(
        "The position's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    created_at: datetime = scalar("The time the position was created.")
    updated_at: datetime = scalar("The time of the last change.")
    viewer_can_update: bool = can("True if the viewer can update the position now.", permissions.use_position)
    viewer_can_archive: bool = can("True if the viewer can archive the position now.", permissions.use_position)
    viewer_can_unarchive: bool = can(
        "True if the viewer can bring the position back from the archive now.", permissions.unarchive_position
    )
    viewer_can_restore: bool = can(
        "The old name of `viewerCanUnarchive`.",
        permissions.unarchive_position,
        deprecated="Use `viewerCanUnarchive`.",
    )
    viewer_can_assign: bool = can(
        "True if the viewer can assign workers to the position now.", permissions.use_position
    )


@one_of
class PositionBy:
    """A reference to one position, by exactly one key."""

    id: strawberry.ID | None = member("The id in this service.")
    external_id: str | None = member("The id in the source system.")


def _position(_context: Context, _actor: Actor, by: PositionBy) -> Position | None:
    if by.external_id:
        return defer_load(queries.position_by_external_id, normalize(by.external_id))
    return defer_load(queries.position_by_id, by.id or "")


QUERIES = [
    query(
        "position",
        _position,
        "Look up a position by id or external id; null if there is none.",
        by=(PositionBy, "The position."),
        **READ,
    ),
    listing("positions", queries.positions, Position, "List the organization's positions.", **POSITION_LIST),
]
