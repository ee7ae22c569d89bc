"""The database: short read sessions, and write transactions that are committed here and nowhere else."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Dialect, Select, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.attributes import instance_state
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.core.clock import Clock
from app.db import read_executor
from app.db.connections import Connections, Open, engine, finish, prepare
from app.db.read_executor import Lanes
from app.db.records import Record
from app.db.session import CHANGED, Direct

DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}

GAVE_WAY = ("40001", "40P01", "23503")
"""PostgreSQL's codes for a transaction that lost to others: serialization failure, deadlock, and a reference to a row
that was deleted after it was found, which is not found again."""
TRIES = 6
MOST_THREADS = 4
"""Threads that read an SQLite file at once: they take turns with one interpreter."""

Result = TypeVar("Result")
Row = TypeVar("Row", bound=Record)


class Session(Direct):
    """A database session with the instant and the request that all it records belongs to."""

    clock: Clock
    request_id: str

    def tick(self) -> None:
        """Let what is recorded from here on have happened now: a lock may have been waited for."""
        self.now = self.info["now"] = self.clock()

    async def locked(self, statement: Select[Result], **how: Any) -> list[Result]:
        """What a query of one thing finds, locked until the transaction ends, as `with_for_update` is told.

        Whoever held a lock before may have begun later: time must not run backwards in a row's story.
        """
        found = list(await self.scalars(statement.with_for_update(**how)))
        self.tick()
        return found

    async def reload(self) -> None:
        """Read again what a savepoint took back, for rows are used after the session is gone."""
        await self.gather()
        if self.is_used:
            for row in [row for row in self if instance_state(row).expired]:
                await self.refresh(row)

    def at_hand(self, table: type[Row]) -> dict[str, Row]:
        """The rows of a table that it holds, by id; not those that a savepoint took back."""
        rows = [row for row in self if isinstance(row, table) and not instance_state(row).expired]
        return {row.id: row for row in rows}


Following = Callable[[Session], Awaitable[None]]


async def _nothing(_session: Session) -> None:
    """What follows a change where nothing was told to."""


def url_of(text: str) -> URL:
    """A database address with the async driver that serves it: `sqlite:///file` or `postgresql://…`."""
    url = make_url(text)
    driver = DRIVERS.get(url.drivername, url.drivername)
    if driver not in DRIVERS.values():
        raise ValueError(f"DATABASE_URL: {url.drivername} is not supported; use postgresql:// or sqlite:///")
    return url.set(drivername=driver)


class Database:
    """Engines for one database address.

    Reads run in autocommit: a batch is one statement, and needs no BEGIN around it.
    """

    def __init__(self, url: str, clock: Clock, *, connections: int = 20) -> None:
        self.url = url_of(url)
        self.changes: Counter[type] = Counter()
        """Table → how many transactions of this process changed rows of it, one by one."""
        self.clock = clock
        self.follow: Following = _nothing
        """Does what follows from all that a transaction recorded, before it is committed."""
        self.embedded = self.url.get_backend_name() == "sqlite"
        # Half of the connections read only, by compiled statements; sessions share the others.
        fast = max(connections // 2, 1)
        self.lanes: Lanes
        if self.embedded:
            self.lanes = read_executor.SQLite(self.url, min(fast, MOST_THREADS), prepare)
            self._reader = Connections(self.url, connections)
            # One connection serves all writers in the order they come, so none waits on SQLite's lock.
            self._writer = Connections(self.url, 1)
            self.engine = engine(self.url)
            """An engine with transactions as SQLAlchemy has them, for migrations."""
            event.listen(self.engine.sync_engine, "begin", _begin)
        else:
            self.lanes = read_executor.PostgreSQL(self.url, fast)
            self._reader = self._writer = Connections(self.url, max(connections - fast, 1))
            self.engine = engine(self.url, isolation_level="READ COMMITTED")

    @property
    def dialect(self) -> Dialect:
        """How its statements are written."""
        return self._writer.dialect

    @asynccontextmanager
    async def reading(self, request_id: str = "") -> AsyncIterator[Session]:
        """A session that only reads."""
        async with self._reader.taken() as taken, self._session(taken, request_id) as session:
            yield session

    @asynccontextmanager
    async def still(self, request_id: str = "") -> AsyncIterator[Session]:
        """A session that only reads, and for which nothing changes meanwhile: what it reads fits together."""
        async with self._reader.taken() as taken, self._session(taken, request_id) as session:
            try:
                await _begun(taken, taken.driver.freeze())
                yield session
            finally:
                await finish(_take_back(taken))

    @asynccontextmanager
    async def writing(self, request_id: str = "") -> AsyncIterator[Session]:
        """A write transaction: committed at the end, rolled back on any exception."""
        async with self._writer.taken() as taken, self._session(taken, request_id) as session:
            try:
                await _begun(taken, taken.driver.begin())
                yield session
                await self.follow(session)
                await session.reload()
                await session.waiting.commit()
            except BaseException:
                await finish(_take_back(taken))
                raise
            self.changes.update(session.info.get(CHANGED, ()))

    async def retrying(self, transaction: Callable[[], Awaitable[Result]]) -> Result:
        """Run a whole transaction again when the database gave it up so that others could go on."""
        try:
            return await transaction()
        except DBAPIError as error:
            if not _gave_way(error):
                raise
        again = AsyncRetrying(
            retry=retry_if_exception(_gave_way),
            stop=stop_after_attempt(TRIES - 1),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            reraise=True,
        )
        return await again(transaction)

    @asynccontextmanager
    async def _session(self, taken: Open, request_id: str) -> AsyncIterator[Session]:
        session = Session(taken.driver, taken.connection, expire_on_commit=False, autoflush=False)
        session.kind = self.dialect
        session.clock = self.clock
        session.tick()
        session.request_id = request_id
        try:
            yield session
        finally:
            await session.end()

    async def close(self) -> None:
        """Give the connections back."""
        await self.lanes.close()
        await self._reader.close()
        await self._writer.close()
        await self.engine.dispose()


async def _begun(taken: Open, beginning: Awaitable[None]) -> None:
    try:
        await beginning
    except BaseException:
        # Who stopped waiting for it does not know whether it began.
        await finish(taken.connection.invalidate())
        raise


async def _take_back(taken: Open) -> None:
    if taken.connection.invalidated:
        return
    try:
        await taken.driver.rollback()
    except Exception:
        # What is not known to have ended must not be another's.
        await taken.connection.invalidate()


def _gave_way(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in GAVE_WAY


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
