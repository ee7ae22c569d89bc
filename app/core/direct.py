"""Sessions that find and write rows on the driver itself: the ORM's own way there costs several times as much.

The ORM keeps the objects, and knows what was changed of them. It writes by itself what is rare: rows that go, and all
that a savepoint may take back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Dialect, event, inspect
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm.exc import StaleDataError

from app.core import drivers, history, rows
from app.core.drivers import Driver
from app.core.reads import Read
from app.core.records import Record

CHANGED = "changed"
"""Where a session notes the tables that it changed."""

Row = TypeVar("Row", bound=Record)


class Flushing(SyncSession):
    """The session behind a session: where rows are written, their past is kept, and changed tables are noted."""


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
    driver: Driver | None = None
    """The connection's; found when it is needed first."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.kind.name

    async def fetch(self, read: Read) -> Sequence[Any]:
        """The rows of a prepared statement, as the driver gives them."""
        if self.driver is None:
            self.driver = await drivers.of(await self.connection())
        return await self.driver.fetch(read)

    async def insert(self, table: type[Record], new: Sequence[Mapping[str, Any]]) -> None:
        """Write rows that need be no objects; all columns of each are given."""
        prepared = rows.inserting(table, self.kind)
        if len(new) == 1:
            await self.fetch(prepared.read(new[0]))
        elif new:
            self.driver = self.driver or await drivers.of(await self.connection())
            await self.driver.each(prepared.text, [prepared.values(row) for row in new])

    async def find(self, table: type[Row], read: Read) -> Row | None:
        """The row that a prepared statement of all columns finds, as the object that this session has of it."""
        found = await self.fetch(read)
        if not found:
            return None
        row = rows.known(self.sync_session, table, found[0], self.kind)
        if inspect(row).expired:
            await self.refresh(row)
        return row

    async def row(self, table: type[Row], key: Sequence[str]) -> Row:
        """The row of a primary key, read once in a session. Raises NoResultFound."""
        known: Row | None = self.sync_session.identity_map.get(rows.key_of(table, key))
        if known is not None and not inspect(known).expired:
            return known
        found = await self.find(
            table, rows.by_key(table, self.kind).read(dict(zip(rows.primary(table), key, strict=True)))
        )
        if found is None:
            raise NoResultFound(f"there is no {table.noun()} {key}")
        return found

    async def flush(self, objects: Any = None) -> None:
        """Write what is new or changed; by the ORM's own way where a savepoint may take it back, or rows go."""
        session = self.sync_session
        if objects or session.deleted or session.in_nested_transaction():
            await super().flush(objects)
        elif session.new or session.dirty:
            await self._write(list(session.new), list(session.dirty))

    async def _write(self, new: list[Record], dirty: list[Record]) -> None:
        changes = [(row, names) for row in dirty if (names := rows.changed(row))]
        await self.insert(history.History, history.entries(new, changes, [], self.now))
        tables = {type(row) for row in new} | {type(row) for row, _ in changes}
        for table in sorted(tables, key=rows.order):
            # In the order of their keys, so that two transactions never wait for each other in a circle.
            theirs = [(row, names) for row, names in changes if type(row) is table]
            for row, names in sorted(theirs, key=lambda change: rows.key(change[0])):
                await self._update(row, names)
            mine = [row for row in new if type(row) is table]
            await self.insert(table, [rows.values(row) for row in mine])
        rows.were_written(self.sync_session, [*new, *dirty])
        self.info.setdefault(CHANGED, set()).update(tables)

    async def _update(self, row: Record, names: tuple[str, ...]) -> None:
        values = {name: getattr(row, name) for name in names}
        values |= {f"key {name}": getattr(row, name) for name in rows.primary(type(row))}
        if not await self.fetch(rows.updating(type(row), names, self.kind).read(values)):
            raise StaleDataError(f"the {row.noun()} {row.id} is gone")
