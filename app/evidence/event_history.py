"""What was recorded before an instant, and what a row said then: its later changes, told by the ledger, taken back."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from app.core.fields import plain
from app.events.event_kinds import EventKind
from app.events.tables import Event

Fact = tuple[str, int | None, str]
"""A record, the number of its version where it is about one, and the name of the fact in the ledger."""


class Past:
    """The events of some records, in their order, on either side of an instant; None for an instant yet to come."""

    def __init__(self, events: Iterable[Event], until: datetime | None) -> None:
        self.until = until
        self.told: list[Event] = []
        """Those before the instant."""
        self._last: dict[tuple[str, EventKind, int | None], Event] = {}
        self._before: dict[Fact, tuple[int, Any]] = {}
        """What later events changed first, as it was before, and which event that was."""
        self._later: dict[tuple[str, datetime], Event] = {}
        for place, event in enumerate(events):
            if self.covers(event.occurred_at):
                self._tell(event)
            else:
                self._take_back(place, event)

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        for number in {None, _number(event)}:
            self._last[event.subject_id, event.kind, number] = event

    def _take_back(self, place: int, event: Event) -> None:
        self._later[event.subject_id, event.occurred_at] = event
        for path, change in event.changes.items():
            for number in {None, _number(event)}:
                self._before.setdefault((event.subject_id, number, path), (place, change["from"]))

    def covers(self, at: datetime | None) -> bool:
        """Whether something happened, and before the instant."""
        return at is not None and (self.until is None or at < self.until)

    def since(self, at: datetime | None) -> datetime | None:
        """When something happened, where that was before the instant."""
        return at if self.covers(at) else None

    def was(self, subject_id: str, value: Any, *paths: str, number: int | None = None) -> Any:
        """What a fact was: what the first later change changed it from, or else what it is.

        `paths` are its names in the ledger; with a `number`, it is a fact of the credential's version of that number.
        """
        facts = [(subject_id, number, path) for path in paths]
        found = [self._before[fact] for fact in facts if fact in self._before]
        return min(found, key=itemgetter(0))[1] if found else plain(value)

    def before(self, subject_id: str, at: datetime) -> dict[str, Any]:
        """What the later event of an instant changed, as it was before, by its name in the ledger."""
        event = self._later.get((subject_id, at))
        return {path: change["from"] for path, change in event.changes.items()} if event else {}

    def last(self, subject_id: str, *kinds: EventKind, number: int | None = None) -> Event | None:
        """The last event of some kinds before the instant; with a `number`, of the version of that number."""
        found = [self._last[subject_id, kind, number] for kind in kinds if (subject_id, kind, number) in self._last]
        return max(found, key=lambda event: (event.occurred_at, event.id), default=None)


def _number(event: Event) -> int | None:
    """The number of the version that it changed; None where it changed none, or added one."""
    number = event.changes.get("number", {})
    return number["to"] if number and number["from"] == number["to"] else None
