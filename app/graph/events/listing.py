"""How lists of events are filtered and sorted."""

from enum import StrEnum
from typing import Any

from app.access import Scope
from app.events.event_kinds import EventKind
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter
from app.graph.dsl.scalars import Moment
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member


@input
class EventWhere:
    """Which events. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["EventWhere"] | None = member("All of these must hold.")
    OR: list["EventWhere"] | None = member("One of these must hold.")
    NOT: "EventWhere | None" = member("This must not hold.")
    subject: IDFilter | None = member("The record that it happened to.")
    worker: IDFilter | None = member("The worker that it is about, as the subject or as a credential's holder.")
    actor: ExactFilter | None = member("The id of the key or person that did it.")
    kind: ChoiceFilter[EventKind] | None = member("What happened.")
    occurred_after: Moment | None = member("Happened at or after this.")
    occurred_before: Moment | None = member("Happened before this.")


class EventOrderField(StrEnum):
    """What events can be sorted by."""

    OCCURRED_AT = "occurredAt"


enum(EventOrderField, OCCURRED_AT="When it happened. The default, latest first.")
EventOrder = sort_key(EventOrderField, "events")
EVENT_LIST: dict[str, Any] = {"where": EventWhere, "order": EventOrder, "scope": Scope.AUDIT_READ}
