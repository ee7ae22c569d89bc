"""The driver for PostgreSQL: a connection of asyncpg, which keeps its statements prepared."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from app.db import read_batch
from app.db.engine import write_batch
from app.db.engine.driver import to_sqlalchemy_error
from app.db.engine.write_batch import MAX_INLINE, Write
from app.db.read_batch import Read
from app.db.read_executor import notify_observers


class PostgreSQLDriver:
    """A connection of asyncpg (see `Driver`)."""

    def __init__(self, connection: Any) -> None:
        self._connection: asyncpg.Connection[Any] = connection

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a read and return its rows."""
        notify_observers(read.text)
        return await self._fetch(read.text, read.values)

    async def fetch_batch(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run several reads as one statement and return the rows of each."""
        for read in reads:
            notify_observers(read.text)
        [row] = await self._fetch(*read_batch.merge(reads))
        return read_batch.split(reads, row)

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run writes in their order, in as few statements as possible; returns a truth value for each."""
        wrote: list[Any] = []
        for batch in write_batch.batches(writes):
            if len(batch) > MAX_INLINE and len({write.text for write in batch}) == 1:
                wrote += await self._write_same(batch)
            else:
                for write in batch:
                    notify_observers(write.text)
                wrote += await self._write_merged(batch)
        return wrote

    async def _write_merged(self, writes: Sequence[Write]) -> Sequence[Any]:
        rows = await self._fetch(*write_batch.merge(writes))
        return rows[0] if rows else (False,)

    async def _write_same(self, writes: Sequence[Write]) -> Sequence[Any]:
        if writes[0].must_exist:
            return [wrote for write in writes for wrote in await self._write_merged([write])]
        text = writes[0].text
        notify_observers(text)
        try:
            await self._connection.executemany(text, [write.values for write in writes])
        except asyncpg.PostgresError as error:
            raise to_sqlalchemy_error(error, text) from error
        return [True] * len(writes)

    @property
    def is_closed(self) -> bool:
        """True if the connection is known to have been closed."""
        closed: bool = self._connection.is_closed()
        return closed

    async def begin(self) -> None:
        """Begin a transaction that writes."""
        await self._execute("BEGIN")

    async def begin_snapshot(self) -> None:
        """Begin a transaction that only reads, all from one state of the database."""
        await self._execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """Run the last writes and commit, unless an update did not find its row; returns what `write` returns."""
        wrote = await self.write(writes) if writes else ()
        if write_batch.all_found(writes, wrote):
            await self._execute("COMMIT")
        return wrote

    async def rollback(self) -> None:
        """Roll the transaction back, unless the server has already ended it."""
        if self._connection.is_in_transaction():
            await self._execute("ROLLBACK")

    async def _fetch(self, text: str, values: Sequence[Any]) -> Sequence[Any]:
        try:
            rows: list[Any] = await self._connection.fetch(text, *values)
        except asyncpg.PostgresError as error:
            raise to_sqlalchemy_error(error, text) from error
        return rows

    async def _execute(self, text: str) -> None:
        try:
            await self._connection.execute(text)
        except asyncpg.PostgresError as error:
            raise to_sqlalchemy_error(error, text) from error
