"""The database: short read sessions, snapshots, and write transactions, which are committed here and nowhere else."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import URL, Connection, Dialect, event, make_url
from sqlalchemy.exc import DBAPIError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.core.clock import Clock
from app.db.engine import sqlite_file
from app.db.engine.connection_pool import (
    ConnectionPool,
    OpenConnection,
    Synchronous,
    create_engine,
    finish,
    set_pragmas,
)
from app.db.engine.postgresql_reads import PostgreSQLReadExecutor
from app.db.engine.sqlite_reads import SQLiteReadExecutor
from app.db.read_executor import ReadExecutor, Result
from app.db.session import Session

DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}

RETRYABLE_SQLSTATES = ("40001", "40P01", "23503")
"""PostgreSQL's codes for a transaction that lost to another: serialization failure, deadlock, and a reference to a row
that was deleted after it was found. Run again, the last one does not find the row, and says so."""
MAX_ATTEMPTS = 6
MAX_READ_THREADS = 4
"""Threads that read an SQLite file. They take turns with one interpreter lock, so that more would not be faster."""

BeforeCommit = Callable[[Session], Awaitable[None]]


async def _nothing(_session: Session) -> None:
    """Do nothing before a commit: for databases that only migrate, read or are filled by scripts."""


def url_of(text: str) -> URL:
    """Return a database URL with its async driver, from `sqlite:///file` or `postgresql://…`. Raises ValueError."""
    url = make_url(text)
    driver = DRIVERS.get(url.drivername, url.drivername)
    if driver not in DRIVERS.values():
        raise ValueError(f"DATABASE_URL: {url.drivername} is not supported; use postgresql:// or sqlite:///")
    return url.set(drivername=driver)


class Database:
    """The connections to one database.

    Reads run in autocommit: a batch of reads is one statement and needs no BEGIN around it. `before_commit` runs at
    the end of each write transaction, for what follows from the events that it recorded.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        connections: int = 20,
        synchronous: Synchronous = "FULL",
        before_commit: BeforeCommit = _nothing,
    ) -> None:
        self.url = url_of(url)
        self.clock = clock
        self.before_commit = before_commit
        self.is_embedded = self.url.get_backend_name() == "sqlite"
        self.change_counts: Counter[type] = Counter()
        """By table, the number of this process's transactions that wrote rows of it one by one."""
        # Half of the connections belong to the read executor; sessions share the others.
        read_connections = max(connections // 2, 1)
        self.read_executor: ReadExecutor
        if self.is_embedded:
            sqlite_file.protect(self.url)
            set_up = partial(set_pragmas, synchronous=synchronous)
            self.read_executor = SQLiteReadExecutor(self.url, min(read_connections, MAX_READ_THREADS), set_up)
            self._readers = ConnectionPool(self.url, connections, synchronous)
            # One connection serves all writers in the order of their calls, so that none waits on SQLite's lock.
            self._writers = ConnectionPool(self.url, 1, synchronous)
            self.engine = create_engine(self.url, synchronous)
            """An engine with SQLAlchemy's own transactions, for migrations."""
            event.listen(self.engine.sync_engine, "begin", _begin_immediate)
        else:
            self.read_executor = PostgreSQLReadExecutor(self.url, read_connections)
            self._readers = self._writers = ConnectionPool(
                self.url, max(connections - read_connections, 1), synchronous
            )
            self.engine = create_engine(self.url, isolation_level="READ COMMITTED")

    @property
    def dialect(self) -> Dialect:
        """The SQLAlchemy dialect of its statements."""
        return self._writers.dialect

    @asynccontextmanager
    async def reading(self, request_id: str = "") -> AsyncIterator[Session]:
        """Open a session that only reads, each statement by itself."""
        async with self._readers.acquire() as connection, self._session(connection, request_id) as session:
            yield session

    @asynccontextmanager
    async def snapshot(self, request_id: str = "") -> AsyncIterator[Session]:
        """Open a session that only reads, all from one state of the database."""
        async with self._readers.acquire() as connection, self._session(connection, request_id) as session:
            try:
                await _begin(connection, connection.driver.begin_snapshot())
                yield session
            finally:
                await finish(_roll_back(connection))

    @asynccontextmanager
    async def writing(self, request_id: str = "") -> AsyncIterator[Session]:
        """Open a write transaction: committed at the end, rolled back on any exception."""
        async with self._writers.acquire() as connection, self._session(connection, request_id) as session:
            try:
                await _begin(connection, connection.driver.begin())
                yield session
                await self.before_commit(session)
                await session.reload_expired()
                await session.write_buffer.commit()
            except BaseException:
                await finish(_roll_back(connection))
                raise
            self.change_counts.update(session.changed_tables)

    async def run_with_retries(self, transaction: Callable[[], Awaitable[Result]]) -> Result:
        """Run a whole transaction, and run it again if the database gave it up in favour of another.

        It runs up to `MAX_ATTEMPTS` times.
        """
        # The first attempt costs nothing extra: tenacity is only set up after a conflict.
        try:
            return await transaction()
        except DBAPIError as error:
            if not _is_retryable(error):
                raise
        retrying = AsyncRetrying(
            retry=retry_if_exception(_is_retryable),
            stop=stop_after_attempt(MAX_ATTEMPTS - 1),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            reraise=True,
        )
        return await retrying(transaction)

    @asynccontextmanager
    async def _session(self, connection: OpenConnection, request_id: str) -> AsyncIterator[Session]:
        session = Session(connection, self.dialect, self.clock, request_id)
        try:
            yield session
        finally:
            await session.end()

    async def close(self) -> None:
        """Close the connections."""
        await self.read_executor.close()
        await self._readers.close()
        await self._writers.close()
        await self.engine.dispose()


async def _begin(connection: OpenConnection, beginning: Awaitable[None]) -> None:
    try:
        await beginning
    except BaseException:
        # A cancelled task does not know whether the transaction began.
        await finish(connection.connection.invalidate())
        raise


async def _roll_back(connection: OpenConnection) -> None:
    if connection.connection.invalidated:
        return
    try:
        await connection.driver.rollback()
    except Exception:
        # The transaction may still be open, and the connection must not go to another session with it.
        await connection.connection.invalidate()


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in RETRYABLE_SQLSTATES


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
