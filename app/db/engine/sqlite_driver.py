"""The driver for SQLite: a connection of aiosqlite, which runs in a thread of its own.

Each call hops to the thread and back, so that what belongs together takes one hop.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite

from app.db import compat
from app.db.engine.driver import to_sqlalchemy_error
from app.db.engine.write_batch import Write, all_found, returning
from app.db.read_batch import Read
from app.db.read_executor import notify_observers


class SQLiteDriver:
    """A connection of aiosqlite (see `Driver`)."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a read and return its rows."""
        notify_observers(read.text)
        return await self._run(lambda connection: _fetch(connection, read.text, read.values))

    async def fetch_batch(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run several reads in one hop and return the rows of each."""
        for read in reads:
            notify_observers(read.text)
        return await self._run(lambda connection: [_fetch(connection, read.text, read.values) for read in reads])

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run writes in their order and return a truth value for each: true if it found or made a row."""
        for write in writes:
            notify_observers(write.text)
        return await self._run(lambda connection: _write(connection, writes))

    @property
    def is_closed(self) -> bool:
        """False: nobody else closes the connection to a file."""
        return False

    async def begin_snapshot(self) -> None:
        """Begin a transaction that only reads, all from one state of the database."""
        await self._run(lambda connection: _fetch(connection, "BEGIN"))

    async def begin(self) -> None:
        """Begin a transaction, as the only one that writes."""
        await self._run(lambda connection: _fetch(connection, "BEGIN IMMEDIATE"))

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """Run the last writes and commit, unless an update did not find its row; returns what `write` returns."""
        for write in writes:
            notify_observers(write.text)
        return await self._run(lambda connection: _commit(connection, writes))

    async def rollback(self) -> None:
        """Roll the transaction back. Does nothing if the transaction has already ended."""
        await self._run(_rollback)

    async def _run(self, work: Callable[[sqlite3.Connection], Sequence[Any]]) -> Sequence[Any]:
        return await compat.run_in_connection_thread(self._connection, work)


def _fetch(connection: sqlite3.Connection, text: str, values: Sequence[Any] = ()) -> list[Any]:
    try:
        return connection.execute(text, values).fetchall()
    except sqlite3.Error as error:
        raise to_sqlalchemy_error(error, text) from error


def _write(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[bool]:
    return [bool(_fetch(connection, returning(write.text), write.values)) for write in writes]


def _commit(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[bool]:
    wrote = _write(connection, writes)
    if all_found(writes, wrote):
        _fetch(connection, "COMMIT")
    return wrote


def _rollback(connection: sqlite3.Connection) -> list[Any]:
    return _fetch(connection, "ROLLBACK") if connection.in_transaction else []
