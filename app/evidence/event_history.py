"""Events before an instant, and the values that facts had at that instant, derived by undoing the later events."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from app.core.fields import json_value
from app.events.event_kinds import EventKind
from app.events.tables import Event

FactKey = tuple[str, int | None, str]
"""The id of a record, the number of its version if the fact is about one, and the fact's name in the event log."""


class EventHistory:
    """The events of some records, split at an instant; all events are before it if the instant is None."""

    def __init__(self, events: Iterable[Event], until: datetime | None) -> None:
        self.until = until
        self.events: list[Event] = []
        """The events before the instant."""
        self._last: dict[tuple[str, EventKind, int | None], Event] = {}
        self._original: dict[FactKey, tuple[int, Any]] = {}
        """The position of the first later event that changes a fact, and the fact's value before that event."""
        self._later: dict[tuple[str, datetime], Event] = {}
        for position, event in enumerate(events):
            if self.includes(event.occurred_at):
                self._add(event)
            else:
                self._undo(position, event)

    def _add(self, event: Event) -> None:
        self.events.append(event)
        for number in {None, _version_number(event)}:
            self._last[event.subject_id, event.kind, number] = event

    def _undo(self, position: int, event: Event) -> None:
        if event.changes:  # a check that several calls share has an event for each, and changes in one
            self._later[event.subject_id, event.occurred_at] = event
        for path, change in event.changes.items():
            for number in {None, _version_number(event)}:
                self._original.setdefault((event.subject_id, number, path), (position, change["from"]))

    def includes(self, at: datetime | None) -> bool:
        """Return True if `at` is a time before the instant."""
        return at is not None and (self.until is None or at < self.until)

    def time_if_included(self, at: datetime | None) -> datetime | None:
        """Return `at` if it is a time before the instant, else None."""
        return at if self.includes(at) else None

    def value(self, subject_id: str, current: Any, *paths: str, number: int | None = None) -> Any:
        """Return the value that a fact had: the one before the first later change, or else the current one.

        `paths` are the fact's names in the event log. With a `number`, the fact belongs to the credential's version of
        that number.
        """
        keys = [(subject_id, number, path) for path in paths]
        originals = [self._original[key] for key in keys if key in self._original]
        return min(originals, key=itemgetter(0))[1] if originals else json_value(current)

    def values_before(self, subject_id: str, at: datetime) -> dict[str, Any]:
        """Return the values that the later event at `at` replaced, by their names in the event log."""
        event = self._later.get((subject_id, at))
        return {path: change["from"] for path, change in event.changes.items()} if event else {}

    def last_event(self, subject_id: str, *kinds: EventKind, number: int | None = None) -> Event | None:
        """Return the last event of some kinds before the instant; with a `number`, about the version of that number."""
        events = [self._last[subject_id, kind, number] for kind in kinds if (subject_id, kind, number) in self._last]
        return max(events, key=lambda event: (event.occurred_at, event.id), default=None)


def _version_number(event: Event) -> int | None:
    """Return the number of the version that an event changed; None if it changed none or added one."""
    number = event.changes.get("number", {})
    return number["to"] if number and number["from"] == number["to"] else None
