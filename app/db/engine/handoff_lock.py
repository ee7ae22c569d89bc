"""A lock for the threads that read an SQLite file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class HandoffLock:
    """Lets threads run one at a time; a thread that has waited for the timeout goes ahead beside the holder.

    The threads share one interpreter lock. With several readers at once, it would change hands at each row that SQLite
    finds.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._free = threading.Condition()
        self.holder: int | None = None
        """The id of the thread that took the lock last."""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock while inside."""
        thread = threading.get_ident()
        with self._free:
            self._free.wait_for(lambda: self.holder is None, self._timeout_seconds)
            self.holder = thread
        try:
            yield
        finally:
            with self._free:
                if self.holder == thread:
                    self.holder = None
                    self._free.notify()
