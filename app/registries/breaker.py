"""A circuit breaker: after repeated failures, calls stop for a while; then one trial call decides."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class BreakerOpen(Exception):
    """The breaker refuses calls at the moment."""


class CircuitBreaker:
    """A count of consecutive failures. Other exceptions, such as a cancellation, do not count."""

    def __init__(
        self, failure: type[Exception], failures: int, seconds: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._failure, self._threshold, self._seconds, self._clock = failure, failures, seconds, clock
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_runs = False

    @property
    def state(self) -> str:
        """The state: `closed` (calls pass), `open` (no call passes) or `half_open` (one trial call passes)."""
        if self._opened_at is None:
            return CLOSED
        return OPEN if self._clock() < self._opened_at + self._seconds else HALF_OPEN

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Guard one call and count its outcome. Raises BreakerOpen if no call may pass."""
        state = self.state
        if state == OPEN or (state == HALF_OPEN and self._trial_runs):
            raise BreakerOpen
        is_trial = state == HALF_OPEN
        self._trial_runs = self._trial_runs or is_trial
        try:
            yield
        except self._failure:
            self._failures += 1
            if is_trial or self._failures >= self._threshold:
                self._opened_at = self._clock()
            raise
        else:
            self._failures, self._opened_at = 0, None
        finally:
            if is_trial:
                self._trial_runs = False
