"""The read executor for SQLite."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL

from app.db.engine.handoff_lock import HandoffLock
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram, Result, capture, notify_observers

TIMEOUT_SECONDS = 0.05
"""The time that a read waits for the one before it; a longer one must not hold up all others."""


class SQLiteReadExecutor:
    """Runs read programs in threads, each with a connection of its own.

    A whole program takes one hop to a thread and back, unless it requests an async function.
    """

    def __init__(self, url: URL, connections: int, set_up: Callable[[sqlite3.Connection], None]) -> None:
        self._file = url.database or ""
        self._set_up = set_up
        self._threads = ThreadPoolExecutor(connections, "reading")
        self._lock = HandoffLock(TIMEOUT_SECONDS)
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []

    async def run(self, program: ReadProgram[Result]) -> Result:
        """Return the program's result."""
        loop = asyncio.get_running_loop()
        answers: list[Any] | None = None
        while True:
            has_ended, outcome = await loop.run_in_executor(self._threads, self._advance, program, answers)
            if has_ended:
                result: Result = outcome
                return result
            answers = [await capture(answer) if callable(answer) else answer for answer in outcome]

    def _advance(self, program: ReadProgram[Any], answers: list[Any] | None) -> tuple[bool, Any]:
        """Run the program until it ends or requests an async function.

        Returns True and the result, or False and the answers so far, with the async functions among them.
        """
        with self._lock.hold():
            try:
                requests = next(program) if answers is None else program.send(answers)
                while True:
                    answers = [self._fetch(request) if isinstance(request, Read) else request for request in requests]
                    if any(callable(request) for request in requests):
                        return False, answers
                    requests = program.send(answers)
            except StopIteration as stop:
                return True, stop.value

    def _fetch(self, read: Read) -> Any:
        notify_observers(read.text)
        connection = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._connect()
            return connection.execute(read.text, read.values).fetchall()
        except Exception as error:
            return error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, cached_statements=500)
        self._set_up(connection)
        connection.execute("PRAGMA query_only=ON")
        self._local.connection = connection
        self._open.append(connection)
        return connection

    async def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        while self._open:
            self._open.pop().close()
