"""Turns of threads that read an SQLite file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets threads run one at a time, as they share one interpreter: with several at once, each row that SQLite finds
    would change hands. Whoever has waited long takes the turn, and both go on.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._free = threading.Condition()
        self.holder: int | None = None
        """The thread whose turn it is."""

    @contextmanager
    def taken(self) -> Iterator[None]:
        """While it is this thread's turn."""
        me = threading.get_ident()
        with self._free:
            self._free.wait_for(lambda: self.holder is None, self._patience)
            self.holder = me
        try:
            yield
        finally:
            with self._free:
                if self.holder == me:
                    self.holder = None
                    self._free.notify()
