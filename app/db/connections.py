"""The connections of sessions. They stay open from one session to the next.

SQLAlchemy's own pool takes each back and gives it out again with several hops between its greenlets: more time than a
small change needs for all the rest.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import URL, NullPool, event, exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.db import drivers
from app.db.drivers import Driver

PATIENCE_SECONDS = 30
"""How long a session waits for a connection."""
PRAGMAS = (
    *("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "synchronous=NORMAL"),
    # Mapped, a page of the file is read without a call of the system, which took up to half of a reading's time. All
    # connections share what the system keeps of the file, and it takes the memory back when it needs it.
    f"mmap_size={1 << 30}",
)
"""How each connection to an SQLite file is set."""


@dataclass(frozen=True, slots=True)
class Open:
    """An open connection, and the driver's behind it."""

    connection: AsyncConnection
    driver: Driver

    @property
    def is_sound(self) -> bool:
        """Whether it is open, and in no transaction."""
        connection = self.connection
        return not (connection.closed or connection.invalidated or connection.in_transaction() or self.driver.is_closed)


class Connections:
    """Connections to one database, at most so many. Statements outside a transaction are committed one by one."""

    def __init__(self, url: URL, most: int) -> None:
        self._engine = engine(url, isolation_level="AUTOCOMMIT")
        self._free = asyncio.Semaphore(most)
        self._idle: list[Open] = []
        self.dialect = self._engine.dialect

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Open]:
        """A connection for oneself; in the order in which they are asked for. Raises SQLAlchemy's TimeoutError."""
        await self._turn()
        try:
            # Last in, first out: the connections most used have the most statements prepared.
            taken = await self._sound() or await self._connect()
            try:
                yield taken
            finally:
                if taken.is_sound:
                    self._idle.append(taken)
                else:
                    await finish(taken.connection.close())
        finally:
            self._free.release()

    async def _turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise exc.TimeoutError(f"no connection became free in {PATIENCE_SECONDS} seconds") from None

    async def _sound(self) -> Open | None:
        """An idle connection that the server did not close meanwhile; None where there is none."""
        while self._idle:
            taken = self._idle.pop()
            if taken.is_sound:
                return taken
            await finish(taken.connection.invalidate())
            await finish(taken.connection.close())
        return None

    async def _connect(self) -> Open:
        connection = await self._engine.connect()
        return Open(connection, await drivers.of(connection))

    async def close(self) -> None:
        """Close them."""
        while self._idle:
            await self._idle.pop().connection.close()
        await self._engine.dispose()


def engine(url: URL, **how: Any) -> AsyncEngine:
    """An engine that keeps no connections."""
    found = create_async_engine(url, poolclass=NullPool, hide_parameters=True, json_serializer=_json, **how)
    if url.get_backend_name() == "sqlite":

        @event.listens_for(found.sync_engine, "connect")
        def set_up(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # transactions are begun by us, not by the driver
            prepare(connection)

        @event.listens_for(found.sync_engine, "invalidate")
        def take_back(connection: Any, _record: Any, _error: Any) -> None:
            # Closed while a cursor of somebody who gave up is open, it would keep the file locked until that is gone.
            connection.rollback()

    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def prepare(connection: Any) -> None:
    """Set a connection to an SQLite file."""
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def finish(work: Coroutine[Any, Any, None]) -> None:
    """Wait until something is done, even if nobody waits for this any more."""
    doing = asyncio.ensure_future(work)
    while not doing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(doing)
