"""Sessions that find and write rows on the driver itself: the ORM's own way there costs several times as much.

The ORM keeps the objects, and knows what was changed of them. It writes by itself what is rare: rows that go, and all
that a savepoint may take back.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, event
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.util import await_only

from app.db import history, row_mapper
from app.db.drivers import Driver
from app.db.read_batch import Read
from app.db.records import Record
from app.db.write_batch import Write

CHANGED = "changed"
"""Where a session notes the tables that it changed."""

Row = TypeVar("Row", bound=Record)


class Waiting:
    """What a session will have written before its connection is asked for anything else."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._writes: list[Write] = []

    def __bool__(self) -> bool:
        return bool(self._writes)

    def __contains__(self, row: object) -> bool:
        return any(write.row is row for write in self._writes)

    def add(self, writes: Sequence[Write]) -> None:
        """Let some writes wait, none of which is of a row of which another one waits."""
        self._writes += writes

    async def send(self) -> None:
        """Write it. Raises StaleDataError where a row is gone."""
        await self._run(self.driver.write)

    async def commit(self) -> None:
        """Write it, and end the transaction. Raises StaleDataError where a row is gone."""
        await self._run(self.driver.commit)

    async def _run(self, run: Callable[[Sequence[Write]], Awaitable[Sequence[Any]]]) -> None:
        writes, self._writes = self._writes, []
        for write, wrote in zip(writes, await run(writes), strict=True):
            if write.finds and not wrote:
                raise StaleDataError(f"the {write.row.noun()} {write.row.id} is gone")


class Flushing(SyncSession):
    """The session behind a session: where rows are written, their past is kept, and changed tables are noted."""

    waiting: Waiting
    is_used = False
    """Whether the ORM has used the connection."""

    def get_bind(self, *of: Any, **how: Any) -> Any:
        """The connection, which the ORM is about to use: what waits is written first."""
        self.is_used = True
        if self.waiting:
            await_only(self.waiting.send())
        return super().get_bind(*of, **how)


@event.listens_for(Flushing, "after_flush")
def _note(session: SyncSession, _context: Any) -> None:
    rows = (*session.new, *session.dirty, *session.deleted)
    session.info.setdefault(CHANGED, set()).update(map(type, rows))


@event.listens_for(Flushing, "before_flush")
def _keep_history(session: SyncSession, _context: Any, _instances: Any) -> None:
    history.keep(session, session.info["now"])


class Direct(AsyncSession):
    """A session with the driver behind it."""

    sync_session_class = Flushing
    now: datetime
    """The instant of all that it writes."""
    kind: Dialect
    """How its statements are written."""

    def __init__(self, driver: Driver, connection: AsyncConnection, **how: Any) -> None:
        super().__init__(connection, **how)
        self._flushing = cast(Flushing, self.sync_session)
        self.waiting = self._flushing.waiting = Waiting(driver)
        self._wanted: dict[Any, tuple[type[Record], Read]] = {}
        """What is read with the next row that is found."""
        self._ahead: list[Record] = []
        """What was, which nobody else may hold yet."""

    @property
    def is_used(self) -> bool:
        """Whether the ORM has used the connection."""
        return self._flushing.is_used

    async def end(self) -> None:
        """Let go of the rows, and end what the ORM has begun on the connection."""
        if self.is_used:
            await self.__aexit__(None, None, None)
        else:
            self.sync_session.close()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.kind.name

    async def fetch(self, read: Read) -> Sequence[Any]:
        """The rows of a prepared statement, as the driver gives them."""
        return await (await self._ready()).fetch(read)

    async def put(self, writes: Sequence[Write]) -> None:
        """Write something together with what is written next; at once where a savepoint may take it back.

        It is there for whatever is read here from now on.
        """
        self.waiting.add(writes)
        if self.waiting and self.sync_session.in_nested_transaction():
            await self.waiting.send()

    async def insert(self, table: type[Record], new: Sequence[Mapping[str, Any]]) -> None:
        """Put rows that need be no objects; all columns of each are given."""
        prepared = row_mapper.inserting(table, self.kind)
        await self.put([Write(prepared.text, prepared.values(row)) for row in new])

    async def _ready(self) -> Driver:
        if self.waiting:
            await self.waiting.send()
        return self.waiting.driver

    def want(self, table: type[Record], key: Sequence[str]) -> None:
        """Have the row of a primary key read with the next row that is found without a lock; it will be asked for."""
        identity = row_mapper.key_of(table, key)
        if identity not in self.sync_session.identity_map:
            self._wanted[identity] = (table, self._by_key(table, key))

    async def find(self, table: type[Row], read: Read, *, locks: bool = False) -> Row | None:
        """The row that a prepared statement of all columns finds, as the object that this session has of it."""
        # What is read with a row that somebody else holds would be from before its lock was waited for.
        found = await (self._with_wanted(read) if self._wanted and not locks else self.fetch(read))
        if not found:
            return None
        row = row_mapper.known(self.sync_session, table, found[0], self.kind)
        if instance_state(row).expired:
            await self.refresh(row)
        return row

    async def row(self, table: type[Row], key: Sequence[str]) -> Row:
        """The row of a primary key, read once in a session. Raises NoResultFound."""
        identity = row_mapper.key_of(table, key)
        known: Row | None = self.sync_session.identity_map.get(identity)
        if known is not None and not instance_state(known).expired:
            return known
        self._wanted.pop(identity, None)
        found = await self.find(table, self._by_key(table, key))
        if found is None:
            raise NoResultFound(f"there is no {table.noun()} {key}")
        return found

    def _by_key(self, table: type[Record], key: Sequence[str]) -> Read:
        return row_mapper.by_key(table, self.kind).read(dict(zip(row_mapper.primary(table), key, strict=True)))

    async def _with_wanted(self, read: Read) -> Sequence[Any]:
        wanted, self._wanted = list(self._wanted.values()), {}
        driver = await self._ready()
        found, *others = await driver.fetch_together([read, *(other for _, other in wanted)])
        for (table, _), there in zip(wanted, others, strict=True):
            self._ahead += [row_mapper.known(self.sync_session, table, row, self.kind) for row in there]
        return found

    async def flush(self, objects: Any = None) -> None:
        """Write what is new or changed."""
        await self.gather(objects)
        if self.waiting:
            await self.waiting.send()

    async def gather(self, objects: Any = None) -> None:
        """Put what is new or changed; by the ORM's own way where a savepoint may take it back, or rows go."""
        session = self.sync_session
        if objects or session.deleted or session.in_nested_transaction():
            await super().flush(objects)
        elif session.new or session.dirty:
            await self._put(list(session.new), list(session.dirty))

    async def _put(self, new: list[Record], dirty: list[Record]) -> None:
        changes = [(row, names) for row in dirty if (names := row_mapper.changed(row))]
        if self.waiting and any(row in self.waiting for row in (*new, *dirty)):
            await self.waiting.send()
        await self.insert(history.History, history.entries(new, changes, [], self.now))
        tables = {type(row) for row in new} | {type(row) for row, _ in changes}
        writes: list[Write] = []
        for table in sorted(tables, key=row_mapper.order):
            # In the order of their keys, so that two transactions never wait for each other in a circle.
            theirs = [(row, names) for row, names in changes if type(row) is table]
            theirs.sort(key=lambda change: row_mapper.key(change[0]))
            writes += [row_mapper.update(row, names, self.kind) for row, names in theirs]
            writes += [row_mapper.insert(row, self.kind) for row in new if type(row) is table]
        await self.put(writes)
        row_mapper.were_written(self.sync_session, [*new, *dirty])
        self.info.setdefault(CHANGED, set()).update(tables)
