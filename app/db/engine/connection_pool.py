"""The pool of the sessions' connections, which stay open from one session to the next.

It is a pool of our own: SQLAlchemy's takes a connection back and hands it out with several switches between greenlets.
An empty transaction takes 0.054 ms of processor time with this pool and 0.125 ms with `AsyncAdaptedQueuePool` (best of
50 batches of 100, nothing reset on return); an approval takes 1.19 and 1.28 ms.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

import aiosqlite
import msgspec
from sqlalchemy import URL, NullPool, event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine as create_sqlalchemy_engine

from app.db.engine.driver import Driver
from app.db.engine.postgresql_driver import PostgreSQLDriver
from app.db.engine.sqlite_driver import SQLiteDriver

TIMEOUT_SECONDS = 30
"""The time that a session waits for a connection."""
Synchronous = Literal["FULL", "NORMAL"]
"""The durability of commits to an SQLite file: FULL waits until the disk has them, NORMAL leaves that to the system.

With NORMAL an acknowledged change may be lost with the power. FULL waits for the disk at each commit: 0.2 ms on the
machine of the README's figures, and 1.3 ms while its disk is busy (`python -m tests.db.synchronous FOLDER`).
"""
PRAGMAS = (
    *("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000"),
    # A mapped page of the file is read without a system call; the calls took up to half of a read's time. All
    # connections share the memory, and the system takes it back when needed.
    f"mmap_size={1 << 30}",
)
"""The settings of each connection to an SQLite file, besides `synchronous`."""


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """An open connection of SQLAlchemy, and the driver's connection behind it. Either may be used in turn."""

    connection: AsyncConnection
    driver: Driver

    @property
    def is_reusable(self) -> bool:
        """True if the connection is open and in no transaction."""
        connection = self.connection
        return not (connection.closed or connection.invalidated or connection.in_transaction() or self.driver.is_closed)


class ConnectionPool:
    """Up to `max_size` connections to one database. Statements outside a transaction are committed one by one."""

    def __init__(self, url: URL, max_size: int, synchronous: Synchronous) -> None:
        self._engine = create_engine(url, synchronous, isolation_level="AUTOCOMMIT")
        self._free = asyncio.Semaphore(max_size)
        self._idle: list[OpenConnection] = []
        self.dialect = self._engine.dialect

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[OpenConnection]:
        """Hold a connection while inside; callers are served in the order of their calls.

        Raises SQLAlchemy's TimeoutError if none became free in `TIMEOUT_SECONDS`.
        """
        await self._wait_for_turn()
        try:
            # Last in, first out: the connections used most have the most statements prepared.
            connection = await self._pop_reusable() or await self._connect()
            try:
                yield connection
            finally:
                if connection.is_reusable:
                    self._idle.append(connection)
                else:
                    await finish(connection.connection.close())
        finally:
            self._free.release()

    async def _wait_for_turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise exc.TimeoutError(f"no connection became free in {TIMEOUT_SECONDS} seconds") from None

    async def _pop_reusable(self) -> OpenConnection | None:
        """Return an idle connection that the server has not closed; None if there is none."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            await finish(connection.connection.invalidate())
            await finish(connection.connection.close())
        return None

    async def _connect(self) -> OpenConnection:
        connection = await self._engine.connect()
        driver = (await connection.get_raw_connection()).driver_connection
        if isinstance(driver, aiosqlite.Connection):
            return OpenConnection(connection, SQLiteDriver(driver))
        return OpenConnection(connection, PostgreSQLDriver(driver))

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().connection.close()
        await self._engine.dispose()


def create_engine(url: URL, synchronous: Synchronous = "FULL", **options: Any) -> AsyncEngine:
    """Return an engine that keeps no connections."""
    engine = create_sqlalchemy_engine(
        url, poolclass=NullPool, hide_parameters=True, json_serializer=_to_json, **options
    )
    if url.get_backend_name() == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def set_up(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # keeps the driver from beginning transactions by itself
            set_pragmas(connection, synchronous)

        @event.listens_for(engine.sync_engine, "invalidate")
        def roll_back(connection: Any, _record: Any, _error: Any) -> None:
            # A cancelled task may leave a cursor open. Closed with it, the connection would keep the file locked until
            # the cursor is collected.
            connection.rollback()

    return engine


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def set_pragmas(connection: Any, synchronous: Synchronous) -> None:
    """Apply the settings to a connection to an SQLite file."""
    cursor = connection.cursor()
    for pragma in (*PRAGMAS, f"synchronous={synchronous}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def finish(work: Coroutine[Any, Any, None]) -> None:
    """Wait until work is done, even if the waiting task is cancelled."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
