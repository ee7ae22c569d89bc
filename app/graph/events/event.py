"""The ledger of events in the graph."""

from datetime import datetime
from typing import Any

import strawberry

from app.access import ActorKind, Scope
from app.events import queries
from app.events.event_kinds import EventKind
from app.graph.dsl.fields import anything, listing, node
from app.graph.dsl.scalars import JSON
from app.graph.dsl.types import output, part, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.node import Node


@output
class EventActor:
    """Who made something happen."""

    kind: ActorKind = scalar("A program, a person or the service itself.", column="actor_kind")
    id: str = scalar(
        "The id of the API key, or the person's subject at their identity provider.",
        column="actor_id",
    )
    name: str = scalar("Their name at the time.", column="actor_name")


@output
class FieldChange:
    """A value before and after."""

    path: str = scalar("The field, such as `identity.displayName`.")
    before: JSON | None = scalar("The value before.")
    after: JSON | None = scalar("The value after.")


def _changes(event: Any) -> list[FieldChange]:
    return [
        FieldChange(path=path, before=change["from"], after=change["to"])
        for path, change in sorted(event.changes.items())
    ]


@node(queries.by_id, scope=Scope.AUDIT_READ)
class Event(Node):
    """Something that happened, as the ledger keeps it."""

    kind: EventKind = scalar("What happened.")
    actor: EventActor = part("Who did it.")
    subject_id: strawberry.ID = scalar("The id of the record that it happened to.")
    subject: Node | None = anything("subject_id", "That record, if it still exists.")
    changes: list[FieldChange] = scalar("The values that changed.", derived=_changes, reads=("changes",))
    occurred_at: datetime = scalar("When it happened.")
    request_id: str = scalar("The request that it happened in.")
    correlation_id: str | None = scalar("By what a check of a credential is recognised.")


QUERIES = [
    listing("activity", queries.listing, Event, "Everything that happened, latest first.", **EVENT_LIST),
]
