"""The database: short read sessions, and write transactions that are committed here and nowhere else."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Dialect, Select, event, inspect, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from app.core import drivers, lanes
from app.core.clock import Clock
from app.core.direct import CHANGED, Direct
from app.core.drivers import Driver
from app.core.lanes import Lanes
from app.core.records import Record

DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}

GAVE_WAY = ("40001", "40P01")
"""PostgreSQL's codes for a transaction that lost to others: serialization failure, deadlock."""
TRIES = 6
MOST_THREADS = 4
"""Threads that read an SQLite file at once: they take turns with one interpreter."""
PRAGMAS = (
    *("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "synchronous=NORMAL"),
    # Mapped, a page of the file is read without a call of the system, which took up to half of a reading's time. All
    # connections share what the system keeps of the file, and it takes the memory back when it needs it.
    f"mmap_size={1 << 30}",
)
"""How each connection to an SQLite file is set."""

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
        await self.flush()
        for row in [row for row in self if inspect(row).expired]:
            await self.refresh(row)

    def at_hand(self, table: type[Row]) -> dict[str, Row]:
        """The rows of a table that it holds, by id; not those that a savepoint took back."""
        rows = [row for row in self if isinstance(row, table) and not inspect(row).expired]
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
        # Sessions begin and end their transactions themselves, where they write.
        if self.embedded:
            self.lanes = lanes.SQLite(self.url, min(fast, MOST_THREADS), _prepare)
            self._reader = _sqlite(self.url, connections)
            # One connection serves all writers in the order they come, so none waits on SQLite's lock.
            self._writer = _sqlite(self.url, 1)
            self._still = _beginning(self._reader, "BEGIN")
            self.engine = _beginning(self._writer, "BEGIN IMMEDIATE")
            """An engine with transactions as SQLAlchemy has them, for migrations."""
        else:
            self.lanes = lanes.PostgreSQL(self.url, fast)
            self._reader = self._writer = create_async_engine(
                self.url,
                pool_size=max(connections - fast, 1),
                max_overflow=0,
                hide_parameters=True,
                isolation_level="AUTOCOMMIT",
            )
            event.listen(self._writer.sync_engine, "checkout", _check_open)
            self._still = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self.engine = self._writer.execution_options(isolation_level="READ COMMITTED")

    @property
    def dialect(self) -> Dialect:
        """How its statements are written."""
        return self._writer.dialect

    @asynccontextmanager
    async def reading(self, request_id: str = "") -> AsyncIterator[Session]:
        """A session that only reads."""
        async with self._session(self._reader, request_id) as session:
            yield session

    @asynccontextmanager
    async def still(self, request_id: str = "") -> AsyncIterator[Session]:
        """A session that only reads, and for which nothing changes meanwhile: what it reads fits together."""
        async with self._session(self._still, request_id) as session:
            yield session

    @asynccontextmanager
    async def writing(self, request_id: str = "") -> AsyncIterator[Session]:
        """A write transaction: committed at the end, rolled back on any exception."""
        async with self._writer.connect() as connection, self._session(connection, request_id) as session:
            driver = session.waiting.driver = await drivers.of(connection)
            await driver.begin()
            try:
                yield session
                await self.follow(session)
                await session.reload()
                await driver.commit()
            except BaseException:
                await _finish(_take_back(driver, connection))
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
    async def _session(self, bind: AsyncEngine | AsyncConnection, request_id: str) -> AsyncIterator[Session]:
        async with Session(bind, expire_on_commit=False, autoflush=False) as session:
            session.kind = bind.dialect
            session.clock = self.clock
            session.tick()
            session.request_id = request_id
            yield session

    async def close(self) -> None:
        """Give the connections back."""
        await self.lanes.close()
        await self._reader.dispose()
        await self._writer.dispose()


async def _take_back(driver: Driver, connection: AsyncConnection) -> None:
    try:
        await driver.rollback()
    except Exception:
        # What is not known to have ended must not be another's.
        await connection.invalidate()


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Wait until something is done, even if nobody waits for this any more."""
    doing = asyncio.ensure_future(work)
    while not doing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(doing)


def _gave_way(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in GAVE_WAY


def _check_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool open another connection in place of one that the server closed meanwhile."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _prepare(connection: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite(url: URL, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=connections, max_overflow=0, hide_parameters=True, isolation_level="AUTOCOMMIT"
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, not by the driver
        _prepare(connection)

    return engine


def _beginning(engine: AsyncEngine, how: str) -> AsyncEngine:
    """An SQLite engine whose connections begin transactions with SQLAlchemy's."""
    beginning = engine.execution_options()

    @event.listens_for(beginning.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(how)

    return beginning
