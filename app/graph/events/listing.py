"""Filters and sort keys for lists of events."""

from enum import StrEnum
from typing import Any

from app.access import Scope
from app.events.event_kinds import EventKind
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter, InstantFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, member


@where_input
class EventWhere:
    """Filters for events."""

    subject: IDFilter | None = member("Match the id of the record that the event changed.")
    worker: IDFilter | None = member(
        "Match the id of the worker that the event concerns: the changed record, or the holder of a changed credential."
    )
    actor: ExactFilter | None = member("Match the id of the API key or person that caused the event.")
    kind: ChoiceFilter[EventKind] | None = member("Match the kind of event.")
    occurred_at: InstantFilter | None = member("Match the time of the event.")


class EventOrderField(StrEnum):
    """The fields that events can be sorted by."""

    OCCURRED_AT = "occurredAt"


enum(EventOrderField, OCCURRED_AT="Sort by time of the event. The default, latest first.")
EventOrder = sort_key(EventOrderField, "events")
EVENT_LIST: dict[str, Any] = {"where": EventWhere, "order": EventOrder, "scope": Scope.AUDIT_READ}
