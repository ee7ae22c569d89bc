"""The fast way to read: statements that are compiled already, run on the driver's own connections.

A reading is a generator. It yields the statements that it needs together, is sent their rows (or the exceptions that
they raised instead), and returns its result, so that it knows nothing of how it is run. It may also yield functions,
each of which is awaited for its value, for what cannot be read like this.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.handoff_lock import Turns
from app.db.read_batch import Read, apart, every, portions, together

log = structlog.get_logger("database")

LONGEST_KEPT = 200_000
"""Characters of a statement that a connection keeps prepared: the reads of a whole level may be in one."""
PLANNING = {True: "force_generic_plan", False: "auto"}
"""How PostgreSQL plans prepared statements. Left to itself, it plans those of lists of keys anew each time."""
PATIENCE_SECONDS = 0.05
"""How long a reading of an SQLite file waits for the one before it."""

Result = TypeVar("Result")
Call = Callable[[], Awaitable[Any]]

observers: list[Callable[[str], None]] = []
"""Told of every statement that runs here, as SQLAlchemy's events tell of its own."""

Needs = Sequence[Read | Call]
Reading = Generator[Needs, list[Any], Result]


def told(answers: list[Any]) -> list[Any]:
    """The answers to what a reading needs, where it can do without none of them. Raises what was raised for one."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


class Lanes(Protocol):
    """What runs readings."""

    async def run(self, reading: Reading[Result]) -> Result:
        """The reading's result."""

    async def close(self) -> None:
        """Give the connections back."""


class PostgreSQL:
    """Readings on connections of asyncpg, which keeps their statements prepared. They stay open between readings."""

    def __init__(self, url: URL, connections: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url, poolclass=NullPool, hide_parameters=True, connect_args={"max_cacheable_statement_size": LONGEST_KEPT}
        )
        self._free = asyncio.Semaphore(connections)
        self._idle: dict[bool, list[Any]] = {True: [], False: []}
        """Those that plan each statement once, and those that may plan it anew for its values."""

    async def run(self, reading: Reading[Result]) -> Result:
        """The reading's result."""
        try:
            needs = next(reading)
            while True:
                needs = reading.send(await self._answers(needs))
        except StopIteration as done:
            result: Result = done.value
            return result

    async def _answers(self, needs: Needs) -> list[Any]:
        reads = [need for need in needs if isinstance(need, Read)]
        found = iter(await self._fetch(reads) if reads else ())
        return [next(found) if isinstance(need, Read) else await attempt(need) for need in needs]

    async def _fetch(self, reads: list[Read]) -> list[Any]:
        steady = all(read.steady for read in reads)
        async with self._free:
            # Last in, first out: the connections most used have the most statements prepared.
            lane = await self._lane(steady)
            driver: Any = lane.driver_connection
            try:
                return await _asked(driver, reads)
            finally:
                if driver.is_closed():
                    lane.invalidate()
                else:
                    self._idle[steady].append(lane)

    async def _lane(self, steady: bool) -> Any:
        """A connection that plans as it should; one of the other kind is turned, rather than open one too many."""
        lane = self._open(self._idle[steady])
        if lane is not None:
            return lane
        lane = self._open(self._idle[not steady]) or await self._engine.raw_connection()
        try:
            driver: Any = lane.driver_connection
            await driver.execute(f"SET plan_cache_mode = {PLANNING[steady]}")
        except BaseException:
            lane.invalidate()
            raise
        return lane

    def _open(self, idle: list[Any]) -> Any:
        """An idle connection that the server did not close meanwhile; None where there is none."""
        while idle:
            lane = idle.pop()
            if not lane.driver_connection.is_closed():
                return lane
            lane.invalidate()
        return None

    async def close(self) -> None:
        """Close the connections."""
        for idle in self._idle.values():
            while idle:
                lane = idle.pop()
                await lane.driver_connection.close()
                lane.invalidate()
        await self._engine.dispose()


async def _asked(driver: Any, reads: Sequence[Read]) -> list[Any]:
    """The rows of some statements, or what was raised instead; several go to the database together."""
    return [answer for some in portions(reads) for answer in await _together(driver, some)]


async def _together(driver: Any, reads: Sequence[Read]) -> list[Any]:
    if len(reads) == 1 and not reads[0].follows:
        return await _each(driver, reads)
    for each in [each for read in reads for each in every(read)] if observers else ():
        tell(each.text)
    text, values = together(reads)
    try:
        [row] = await driver.fetch(text, *values)
    except Exception as error:
        # Asked alone, each tells for itself what is wrong with it.
        found = await _each(driver, reads)
        if not any(isinstance(one, Exception) for one in found):
            log.warning("statements that failed together", statement=text, error=repr(error))
        return found
    return apart(reads, row)


async def _each(driver: Any, reads: Sequence[Read]) -> list[Any]:
    found: list[Any] = []
    for read in reads:
        tell(read.text)
        try:
            found.append(await driver.fetch(read.text, *read.values))
        except Exception as error:
            found.append(error)
    return found


class SQLite:
    """Readings in threads, each with a connection of its own: one hop between threads serves a whole reading."""

    def __init__(self, url: URL, connections: int, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._file = url.database or ""
        self._prepare = prepare
        self._threads = ThreadPoolExecutor(connections, "reading")
        self._turns = Turns(PATIENCE_SECONDS)
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []

    async def run(self, reading: Reading[Result]) -> Result:
        """The reading's result."""
        loop = asyncio.get_running_loop()
        answers: list[Any] | None = None
        while True:
            ended, outcome = await loop.run_in_executor(self._threads, self._advance, reading, answers)
            if ended:
                result: Result = outcome
                return result
            answers = [need if not callable(need) else await attempt(need) for need in outcome]

    def _advance(self, reading: Reading[Any], answers: list[Any] | None) -> tuple[bool, Any]:
        """Go on until the end, or until something has to be awaited: then what was read stands for the statements."""
        with self._turns.taken():
            return self._go_on(reading, answers)

    def _go_on(self, reading: Reading[Any], answers: list[Any] | None) -> tuple[bool, Any]:
        try:
            needs = next(reading) if answers is None else reading.send(answers)
            while True:
                answers = [self._fetch(need) if isinstance(need, Read) else need for need in needs]
                if any(callable(need) for need in needs):
                    return False, answers
                needs = reading.send(answers)
        except StopIteration as done:
            return True, done.value

    def _fetch(self, read: Read) -> Any:
        tell(read.text)
        connection = getattr(self._own, "connection", None)
        try:
            if connection is None:
                connection = self._connect()
            return connection.execute(read.text, read.values).fetchall()
        except Exception as error:
            return error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, cached_statements=500)
        self._prepare(connection)
        connection.execute("PRAGMA query_only=ON")
        self._own.connection = connection
        self._open.append(connection)
        return connection

    async def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown()
        while self._open:
            self._open.pop().close()


def tell(text: str) -> None:
    """Tell the observers of a statement that is about to run."""
    for observer in observers:
        observer(text)


async def attempt(call: Call) -> Any:
    """What a function gives, or the exception that it raised."""
    try:
        return await call()
    except Exception as error:
        return error
