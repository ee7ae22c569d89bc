"""What was recorded before an instant, and what a row said then: its later changes, told by the ledger, taken back."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from app.core.fields import plain
from app.events.kinds import EventKind
from app.events.tables import Event


class Past:
    """The events of some records, in their order, on either side of an instant; None for an instant yet to come."""

    def __init__(self, events: Iterable[Event], until: datetime | None) -> None:
        self.until = until
        self.told: list[Event] = []
        """Those before the instant."""
        self._told_of: dict[str, list[Event]] = defaultdict(list)
        self._later_of: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if self.covers(event.occurred_at):
                self.told.append(event)
                self._told_of[event.subject_id].append(event)
            else:
                self._later_of[event.subject_id].append(event)

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
        for event in self._later_of[subject_id]:
            for path in paths:
                if path in event.changes and (number is None or _is_of(event, number)):
                    return event.changes[path]["from"]
        return plain(value)

    def last(self, subject_id: str, kinds: Collection[EventKind], number: int | None = None) -> Event | None:
        """The last event of some kinds before the instant."""
        for event in reversed(self._told_of[subject_id]):
            if event.kind in kinds and (number is None or _is_of(event, number)):
                return event
        return None

    def taken_back(self, subject_id: str, correlation_id: str) -> dict[str, Any]:
        """What the first later event of a correlation changed, as it was before, by path."""
        for event in self._later_of[subject_id]:
            if event.correlation_id == correlation_id:
                return {path: change["from"] for path, change in event.changes.items()}
        return {}


def _is_of(event: Event, number: int) -> bool:
    """Whether it changed the version of a number, rather than to add one."""
    return bool(event.changes.get("number") == {"from": number, "to": number})
