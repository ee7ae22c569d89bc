"""The drivers' own connections: statements run on them as they are, in transactions of our own.

What fails there is raised as SQLAlchemy would raise it.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import aiosqlite
import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import read_executor
from app.db.read_batch import Read, apart, together
from app.db.write_batch import FEW, Write, are_done, in_one, portions, telling


class Driver(Protocol):
    """A connection."""

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a statement; gives its rows."""

    async def fetch_together(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run some statements at once; gives the rows of each."""

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run some writes, in their order; gives of each whether there was a row to write."""

    @property
    def is_closed(self) -> bool:
        """Whether it is known to have been closed."""

    async def begin(self) -> None:
        """Begin a transaction."""

    async def freeze(self) -> None:
        """Begin a transaction that only reads, and for which nothing changes meanwhile."""

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """End it with some writes, and keep what was written; go on with it where one of them did not find its row.

        Gives what `write` does.
        """

    async def rollback(self) -> None:
        """End it, and take back what was written; nothing where it ended by itself."""


class PostgreSQL:
    """A connection of asyncpg, which keeps its statements prepared."""

    def __init__(self, driver: Any) -> None:
        self._driver: asyncpg.Connection[Any] = driver

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a statement; gives its rows."""
        read_executor.tell(read.text)
        try:
            found: list[Any] = await self._driver.fetch(read.text, *read.values)
        except asyncpg.PostgresError as error:
            raise _told(error, read.text) from error
        return found

    async def fetch_together(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run some statements at once; gives the rows of each."""
        for read in reads:
            read_executor.tell(read.text)
        text, values = together(reads)
        try:
            [row] = await self._driver.fetch(text, *values)
        except asyncpg.PostgresError as error:
            raise _told(error, text) from error
        return apart(reads, row)

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run some writes, in their order; gives of each whether there was a row to write."""
        found: list[Any] = []
        for some in portions(writes):
            if len(some) > FEW and len({write.text for write in some}) == 1:
                found += await self._each(some)
            else:
                for write in some:
                    read_executor.tell(write.text)
                found += await self._together(some)
        return found

    async def _together(self, writes: Sequence[Write]) -> Sequence[Any]:
        text, values = in_one(writes)
        try:
            found = await self._driver.fetch(text, *values)
        except asyncpg.PostgresError as error:
            raise _told(error, text) from error
        return found[0] if found else (False,)

    async def _each(self, writes: Sequence[Write]) -> Sequence[Any]:
        if writes[0].finds:
            return [wrote for write in writes for wrote in await self._together([write])]
        text = writes[0].text
        read_executor.tell(text)
        try:
            await self._driver.executemany(text, [write.values for write in writes])
        except asyncpg.PostgresError as error:
            raise _told(error, text) from error
        return [True] * len(writes)

    @property
    def is_closed(self) -> bool:
        """Whether it is known to have been closed."""
        closed: bool = self._driver.is_closed()
        return closed

    async def begin(self) -> None:
        """Begin a transaction."""
        await self._run("BEGIN")

    async def freeze(self) -> None:
        """Begin a transaction that only reads, and for which nothing changes meanwhile."""
        await self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """End it with some writes, and keep what was written; go on with it where one of them did not find its row."""
        found = await self.write(writes) if writes else ()
        if are_done(writes, found):
            await self._run("COMMIT")
        return found

    async def rollback(self) -> None:
        """End it, and take back what was written; nothing where it ended by itself."""
        if self._driver.is_in_transaction():
            await self._run("ROLLBACK")

    async def _run(self, text: str) -> None:
        try:
            await self._driver.execute(text)
        except asyncpg.PostgresError as error:
            raise _told(error, text) from error


class SQLite:
    """A connection of aiosqlite: each call hops to its thread and back, so that what can takes one hop together."""

    def __init__(self, driver: Any) -> None:
        self._driver: aiosqlite.Connection = driver

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a statement; gives its rows."""
        read_executor.tell(read.text)
        return await self._hop(lambda connection: _rows(connection, read.text, read.values))

    async def fetch_together(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run some statements at once; gives the rows of each."""
        for read in reads:
            read_executor.tell(read.text)
        return await self._hop(lambda connection: [_rows(connection, read.text, read.values) for read in reads])

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run some writes, in their order; gives of each whether there was a row to write."""
        for write in writes:
            read_executor.tell(write.text)
        return await self._hop(lambda connection: _written(connection, writes))

    @property
    def is_closed(self) -> bool:
        """Whether it is known to have been closed: a file never is."""
        return False

    async def freeze(self) -> None:
        """Begin a transaction that only reads, and for which nothing changes meanwhile."""
        await self._hop(lambda connection: _rows(connection, "BEGIN"))

    async def begin(self) -> None:
        """Begin a transaction, as the only one that writes."""
        await self._hop(lambda connection: _rows(connection, "BEGIN IMMEDIATE"))

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """End it with some writes, and keep what was written; go on with it where one of them did not find its row."""
        for write in writes:
            read_executor.tell(write.text)
        return await self._hop(lambda connection: _committed(connection, writes))

    async def rollback(self) -> None:
        """End it, and take back what was written; nothing where it ended by itself."""
        await self._hop(_rolled_back)

    async def _hop(self, work: Callable[[sqlite3.Connection], Sequence[Any]]) -> Sequence[Any]:
        # In the driver's thread, behind what it was asked for before, even if nobody waits for that any more.
        ask: Any = self._driver._execute
        found: Sequence[Any] = await ask(lambda: work(self._driver._conn))
        return found


def _rows(connection: sqlite3.Connection, text: str, values: Sequence[Any] = ()) -> list[Any]:
    try:
        return connection.execute(text, values).fetchall()
    except sqlite3.Error as error:
        raise _told(error, text) from error


def _written(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[bool]:
    return [bool(_rows(connection, telling(write.text), write.values)) for write in writes]


def _committed(connection: sqlite3.Connection, writes: Sequence[Write]) -> list[bool]:
    found = _written(connection, writes)
    if are_done(writes, found):
        _rows(connection, "COMMIT")
    return found


def _rolled_back(connection: sqlite3.Connection) -> list[Any]:
    return _rows(connection, "ROLLBACK") if connection.in_transaction else []


async def of(connection: AsyncConnection) -> Driver:
    """The driver's connection behind SQLAlchemy's, which may be used by turns."""
    driver = (await connection.get_raw_connection()).driver_connection
    return SQLite(driver) if isinstance(driver, aiosqlite.Connection) else PostgreSQL(driver)


def _told(error: asyncpg.PostgresError | sqlite3.Error, text: str) -> DBAPIError:
    """What a driver raised, as SQLAlchemy tells of it."""
    kind = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError | sqlite3.IntegrityError):
        kind = IntegrityError
    elif isinstance(error, sqlite3.OperationalError):
        kind = OperationalError
    return kind(text, None, error, hide_parameters=True)
