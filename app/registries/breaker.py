"""A circuit breaker: what fails again and again is left alone for a while, and then tried once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class LeftAlone(Exception):
    """The breaker lets nothing through just now."""


class Breaker:
    """Counts failures in a row. Any other exception, such as a cancellation, tells nothing of what is called."""

    def __init__(
        self, failure: type[Exception], failures: int, seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._failure, self._most, self._seconds, self._clock = failure, failures, seconds, clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def state(self) -> str:
        """`closed` (calls pass), `open` (none does) or `half_open` (one does, and settles it)."""
        if self._opened_at is None:
            return CLOSED
        return OPEN if self._clock() < self._opened_at + self._seconds else HALF_OPEN

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let a call through, and learn from how it ends. Raises LeftAlone."""
        state = self.state
        if state == OPEN or (state == HALF_OPEN and self._trying):
            raise LeftAlone
        tried = state == HALF_OPEN
        self._trying = self._trying or tried
        try:
            yield
        except self._failure:
            self._failures += 1
            if tried or self._failures >= self._most:
                self._opened_at = self._clock()
            raise
        else:
            self._failures, self._opened_at = 0, None
        finally:
            if tried:
                self._trying = False
