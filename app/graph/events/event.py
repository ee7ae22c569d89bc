"""The `Event` type and its query."""

from datetime import datetime
from typing import Any

import strawberry

from app.access import ActorKind, Scope
from app.events import queries
from app.events.event_kinds import EventKind
from app.graph.dsl.fields import any_node, listing, node
from app.graph.dsl.scalars import JSON
from app.graph.dsl.types import embedded, output, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.node import Node


@output
class EventActor:
    """The person or program that caused an event."""

    kind: ActorKind = scalar("The type of the actor: a program, a person or the service itself.", column="actor_kind")
    id: str = scalar(
        "The id of the API key, or the person's subject at their identity provider.",
        column="actor_id",
    )
    name: str = scalar("The actor's name at that time.", column="actor_name")


@output
class FieldChange:
    """The value of a field before and after an event."""

    path: str = scalar("The path of the field, such as `identity.displayName`.")
    before: JSON | None = scalar("The value before the event.")
    after: JSON | None = scalar("The value after the event.")


def _changes(event: Any) -> list[FieldChange]:
    return [
        FieldChange(path=path, before=change["from"], after=change["to"])
        for path, change in sorted(event.changes.items())
    ]


@node(queries.by_id, scope=Scope.AUDIT_READ)
class Event(Node):
    """An entry of the event log: a change, its cause and its time."""

    kind: EventKind = scalar("The kind of event.")
    actor: EventActor = embedded("The person or program that caused the event.")
    subject_id: strawberry.ID = scalar("The id of the record that the event changed.")
    subject: Node | None = any_node("subject_id", "The record that the event changed; null if it no longer exists.")
    changes: list[FieldChange] = scalar("The fields that changed, by path.", derived=_changes, reads=("changes",))
    occurred_at: datetime = scalar("The time of the event.")
    request_id: str = scalar("The id of the API request that caused the event.")
    correlation_id: str | None = scalar("The correlation id of the call that requested the check of a credential.")


QUERIES = [
    listing("activity", queries.listing, Event, "List the organization's events, latest first.", **EVENT_LIST),
]
