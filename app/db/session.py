"""Sessions that find and write rows directly on the driver.

The ORM keeps the objects and their changes. It also writes what is rare: deleted rows, and everything that a savepoint
may roll back. `row_mapper` says what its own way to read and write rows would cost.

Changes of objects are written before reactions run and before the commit. Nothing else writes them: a query sees the
changes of the same transaction only after `flush`, which then says what the query needs. Writing before every query, as
the ORM's autoflush does, writes rows twice: one statement more for an approval, two for a rejection.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Dialect, Select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.db import compat, history
from app.db.engine import row_mapper
from app.db.engine.connection_pool import OpenConnection
from app.db.engine.driver import Driver
from app.db.engine.hooked_session import HookedSession, WriteBuffer
from app.db.engine.write_batch import Write
from app.db.read_batch import Read
from app.db.read_executor import Result
from app.db.records import Record, Row


class Session(AsyncSession):
    """A database session of one request, with the instant and the request that everything it records belongs to."""

    sync_session_class = HookedSession

    def __init__(self, connection: OpenConnection, dialect: Dialect, clock: Clock, request_id: str) -> None:
        super().__init__(connection.connection, expire_on_commit=False, autoflush=False)
        self.dialect = dialect
        self.clock = clock
        self.request_id = request_id
        self._hooked = cast(HookedSession, self.sync_session)
        self.write_buffer = self._hooked.write_buffer = WriteBuffer(connection.driver)
        self._prefetches: dict[Any, tuple[type[Record], Read]] = {}
        """Reads that go to the database together with the next row that is found, by identity-map key."""
        self._held: dict[Any, Record] = {}
        """Strong references to rows read by key or prefetched, so that the identity map keeps them."""
        self.unhandled_events: list[Record] = []
        """Events recorded in this transaction that no reaction has seen yet (see `events.event_log`)."""
        self.settlement_marks: dict[str, list[str]] = {}
        """The ids of the settlement marks that this transaction inserted, by organization (`compliance.settlement`)."""
        self.tick()

    @property
    def now(self) -> datetime:
        """The instant of everything that the session records."""
        return self._hooked.now

    @now.setter
    def now(self, now: datetime) -> None:
        self._hooked.now = now

    def tick(self) -> None:
        """Set `now` to the present, as after waiting for a lock."""
        self.now = self.clock()

    @property
    def dialect_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.dialect.name

    @property
    def uses_connection(self) -> bool:
        """True once the ORM has used the connection."""
        return self._hooked.uses_connection

    @property
    def changed_tables(self) -> set[type]:
        """The tables with rows that the session wrote one by one."""
        return self._hooked.changed_tables

    async def end(self) -> None:
        """Release the rows, and end what the ORM has begun on the connection."""
        if self.uses_connection:
            await self.__aexit__(None, None, None)
        else:
            self.sync_session.close()

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Return the rows of a read, as the driver returns them."""
        return await (await self._ready()).fetch(read)

    async def find(self, table: type[Row], read: Read, *, locks: bool = False) -> Row | None:
        """Return the object of the row that a read of all columns finds; None if it finds none."""
        # A read that locks may wait for somebody's change: rows prefetched in the same statement would be from before.
        rows = await (self._fetch_with_prefetches(read) if self._prefetches and not locks else self.fetch(read))
        if not rows:
            return None
        row = row_mapper.to_object(self.sync_session, table, rows[0], self.dialect)
        if compat.is_expired(row):
            await self.refresh(row)
        return row

    async def get_row(self, table: type[Row], key: Sequence[str]) -> Row:
        """Return the row of a primary key, read once in a session. Raises NoResultFound."""
        identity = row_mapper.identity_key(table, key)
        row: Row | None = self.sync_session.identity_map.get(identity)
        if row is None or compat.is_expired(row):
            self._prefetches.pop(identity, None)
            row = await self.find(table, self._read_by_key(table, key))
        if row is None:
            raise NoResultFound(f"there is no {table.noun()} {key}")
        self._held[identity] = row
        return row

    def prefetch(self, table: type[Record], key: Sequence[str]) -> None:
        """Read the row of a primary key in one round trip with the next row that is found without a lock.

        Use it for a row that `get_row` will be asked for.
        """
        identity = row_mapper.identity_key(table, key)
        if identity not in self.sync_session.identity_map:
            self._prefetches[identity] = (table, self._read_by_key(table, key))

    def _read_by_key(self, table: type[Record], key: Sequence[str]) -> Read:
        statement = row_mapper.select_by_key(table, self.dialect)
        return statement.read(dict(zip(row_mapper.primary_key_names(table), key, strict=True)))

    async def _fetch_with_prefetches(self, read: Read) -> Sequence[Any]:
        prefetches, self._prefetches = self._prefetches, {}
        driver = await self._ready()
        rows, *prefetched = await driver.fetch_batch([read, *(other for _, other in prefetches.values())])
        for (identity, (table, _)), found in zip(prefetches.items(), prefetched, strict=True):
            for row in found:
                self._held[identity] = row_mapper.to_object(self.sync_session, table, row, self.dialect)
        return rows

    async def scalars_for_update(self, statement: Select[Result], **options: Any) -> list[Result]:
        """Return the rows of a query of one thing, locked until the transaction ends; options as `with_for_update`.

        Whoever held the lock before may have begun later, so `now` moves on: time must not run backwards in the events
        of a row.
        """
        rows = list(await self.scalars(statement.with_for_update(**options)))
        self.tick()
        return rows

    def loaded_rows(self, table: type[Row]) -> dict[str, Row]:
        """Return the rows of a table that the session holds, by id; without those that a savepoint rolled back."""
        return {row.id: row for row in self if isinstance(row, table) and not compat.is_expired(row)}

    async def queue_writes(self, writes: Sequence[Write]) -> None:
        """Queue writes, to be sent together with the next ones; sends them now if a savepoint may roll them back.

        Whatever this session reads next is read after them.
        """
        self.write_buffer.add(writes)
        if self.write_buffer and self.sync_session.in_nested_transaction():
            await self.write_buffer.send()

    async def queue_inserts(self, table: type[Record], rows: Sequence[Mapping[str, Any]]) -> None:
        """Queue new rows that need be no objects. Each has a value for every column of the table."""
        statement = row_mapper.insert_statement(table, self.dialect)
        await self.queue_writes([Write(statement.text, statement.bind(row)) for row in rows])

    async def flush(self, objects: Any = None) -> None:
        """Write the changes of objects now, for a query that must see them or an error that must be caught here."""
        await self.queue_changes(objects)
        if self.write_buffer:
            await self.write_buffer.send()

    async def queue_changes(self, objects: Any = None) -> None:
        """Queue the changes of objects; those of savepoints and deleted rows are written now, by the ORM."""
        session = self.sync_session
        if objects or session.deleted or session.in_nested_transaction():
            await super().flush(objects)
        elif session.new or session.dirty:
            await self._queue_objects(list(session.new), list(session.dirty))

    async def _queue_objects(self, new: list[Record], dirty: list[Record]) -> None:
        changes = [(row, names) for row in dirty if (names := row_mapper.changed_columns(row))]
        if self.write_buffer and any(row in self.write_buffer for row in (*new, *dirty)):
            await self.write_buffer.send()
        await self.queue_inserts(history.History, history.entries(new, changes, [], self.now))
        tables = {type(row) for row in new} | {type(row) for row, _ in changes}
        writes: list[Write] = []
        for table in sorted(tables, key=row_mapper.write_order):
            # In the order of their keys, so that two transactions never wait for each other in a circle.
            updates = [(row, names) for row, names in changes if type(row) is table]
            updates.sort(key=lambda change: row_mapper.primary_key(change[0]))
            writes += [row_mapper.update(row, names, self.dialect) for row, names in updates]
            writes += [row_mapper.insert(row, self.dialect) for row in new if type(row) is table]
        await self.queue_writes(writes)
        compat.mark_persistent(self.sync_session, [*new, *dirty])
        self.changed_tables.update(tables)

    async def reload_expired(self) -> None:
        """Write the changes of objects, and read again what a savepoint rolled back.

        Rows are used after the session has ended, when nothing can be read any more.
        """
        await self.queue_changes()
        if self.uses_connection:
            for row in [row for row in self if compat.is_expired(row)]:
                await self.refresh(row)

    async def _ready(self) -> Driver:
        """Return the driver, after the queued writes are sent."""
        if self.write_buffer:
            await self.write_buffer.send()
        return self.write_buffer.driver
