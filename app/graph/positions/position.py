"""Positions in the graph, and who holds them."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries as compliance
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import find
from app.graph.dsl.types import flag, scalar
from app.graph.node import Node
from app.graph.organizations.organization import OrgUnit
from app.graph.positions.listing import ASSIGNMENT_LIST, POSITION_LIST, READ
from app.graph.references import POSITION, RULE
from app.graph.requirement_rules.listing import RULE_LIST
from app.graph.workers.worker import Worker
from app.organizations import queries as organizations
from app.workers import permissions, queries


def can(description: str, rule: Any) -> Any:
    """Whether the caller could do something to the position."""
    scope, reads = Scope.REQUIREMENTS_WRITE, permissions.POSITION_READS
    return permission(description, queries.position_by_id, scope, rule, reads=reads)


@node(queries.assignment_by_id, **READ)
class Assignment(Node):
    """A worker in a position, from a day to a day, both included."""

    worker: Worker | None = edge(queries.by_id, "Who holds the position.", key="worker_id", **READ)
    position: POSITION | None = edge(queries.position_by_id, "The position.", key="position_id", **READ)
    from_date: date = scalar("The first day.", name="from")
    to_date: date | None = scalar("The last day; null while no end is in sight.", name="to")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was recorded.")
    last_updated: datetime = scalar("When it last changed.")


@node(queries.position_by_id, **READ)
class Position(Node):
    """A job to be filled, such as Night Nurse at Manly. What it takes is said by requirement rules."""

    name: str = scalar("The name.")
    external_id: str | None = scalar("The id in the system of record, unique in the organization.")
    description: str | None = scalar("What there is to know about it.")
    org_unit: OrgUnit | None = edge(
        organizations.unit_by_id, "The org unit that it belongs to.", key="org_unit_id", **READ
    )
    assignments: Connection[Assignment] | None = edge(
        queries.assignments_by_position, "Who holds, held and will hold it, latest first.", key="id", **ASSIGNMENT_LIST
    )
    rules: Connection[RULE] | None = edge(
        compliance.rules_by_position, "The rules of this position.", key="id", **RULE_LIST
    )
    archived: bool = flag("Whether it is out of use.", "archived_at")
    archived_at: datetime | None = scalar("When it was taken out of use, if it is.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was added.")
    last_updated: datetime = scalar("When it last changed.")
    viewer_can_update: bool = can("Whether you could update it now.", permissions.in_use)
    viewer_can_archive: bool = can("Whether you could archive it now.", permissions.in_use)
    viewer_can_restore: bool = can("Whether you could bring it back into use now.", permissions.restore_position)
    viewer_can_assign: bool = can("Whether you could assign workers to it now.", permissions.in_use)


def _position(_context: Context, _actor: Actor, id: str) -> Position | None:
    return find(queries.position_by_id, id)


QUERIES = [
    query("position", _position, "One position; null when there is none.", id=(strawberry.ID, "Its id."), **READ),
    listing("positions", queries.positions, Position, "The organization's positions.", **POSITION_LIST),
]
