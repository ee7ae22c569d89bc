"""Reading lists: keyset pages of a table, one page for each of many parents, lookups by key, counts.

A `Listing` says what a table's list can be filtered and ordered by. A `Lookup` finds one row for each key.
`Listing.by(column)` gives the list of each parent: its pages and counts for all parents come from one
statement, however many parents there are.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from app.db.database import Session
from app.db.principal import Principal
from app.db.records import Record
from app.lists import filters
from app.lists.filters import Filter
from app.lists.key_lists import KEYS, asked, listed, values

Row = TypeVar("Row", bound=Record)

DEFAULT_PAGE = 25
LARGEST_PAGE = 100
COUNTED_EXACTLY = 10_000


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller asks of a list. Equal asks of one level are answered by one batch."""

    limit: int = DEFAULT_PAGE
    backwards: bool = False
    """Whether the page is taken from the list's end (`last`) instead of its start (`first`)."""
    position: tuple[Any, ...] | None = None
    """The sort values of the row that the page starts after (or, backwards, ends before)."""
    order: tuple[tuple[str, bool], ...] = ()
    """(name, descending) pairs; the id is always the last key."""
    where: Mapping[str, Any] = field(default_factory=dict, compare=False)
    where_key: bytes = b""
    """`where` in canonical form, so that asks can be compared."""
    search: str = ""
    include: frozenset[str] = frozenset()
    """What the list would hide, and is asked to show: `deleted`, `archived`."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """The rows of one page, in the list's order."""

    rows: list[Row]
    has_next: bool = False
    has_previous: bool = False


class Scene(Protocol):
    """What the making of a statement needs to know: of which kind of database, and of what instant."""

    @property
    def dialect(self) -> str: ...
    @property
    def now(self) -> datetime: ...


@dataclass(frozen=True, eq=False)
class Lookup(Generic[Row]):
    """Finds the row that each key names."""

    table: type[Row]
    column: Any

    async def load(self, session: Session, actor: Principal, keys: Sequence[str]) -> dict[str, Row]:
        """Key → row, for those that the actor sees."""
        rows = await session.scalars(self.statement(session, actor), {KEYS: listed(keys, session.dialect)})
        return {getattr(row, self.column.key): row for row in rows}

    def statement(self, scene: Scene, actor: Principal, columns: Sequence[str] = ()) -> Select[Any]:
        """The rows of the parameter `keys`, or just some columns of them."""
        wanted = [getattr(self.table, name) for name in columns] or [self.table]
        return select(*wanted).where(actor.sees(self.table), asked(self.column, scene.dialect))


@dataclass(frozen=True, eq=False)
class Listing(Generic[Row]):
    """What a table's list can be filtered, searched and ordered by."""

    table: type[Row]
    filters: Mapping[str, Filter]
    orders: Mapping[str, Any]
    """Published name → an indexed column that is never null."""
    default: tuple[tuple[str, bool], ...]
    search: Filter | None = None
    hides: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    """What a list leaves out unless it is asked to include it: `deleted` → the condition that a row is not."""
    base: ColumnElement[bool] | None = None
    """What belongs to the list at all."""
    prepare: Callable[[Session, Any, Mapping[str, Any]], Awaitable[Mapping[str, Any]]] | None = None
    """Replaces references in a where by what they name, before any condition is built."""
    kept: frozenset[str] = frozenset()
    """Filters that ask what is kept, which may lag behind the facts."""

    def by(self, parent: Any) -> "Children[Row]":
        """The same list, for each value of a column."""
        return Children(self, parent)

    def keys(self, ask: Ask) -> list[tuple[Any, bool]]:
        """The sort columns with whether they descend; the id comes last, in the last one's direction."""
        keys = [(self.orders[name], descending) for name, descending in ask.order or self.default]
        return [*keys, (self.table.id, keys[-1][1])]

    async def page(self, session: Session, actor: Principal, ask: Ask) -> Slice[Row]:
        """One page of the whole list."""
        statement = self.statement(session, actor, await self.ready(session, actor, ask))
        return self.slice(list(await session.scalars(statement)), ask)

    async def count(self, session: Session, actor: Principal, ask: Ask) -> int:
        """How many rows the list has, counted to one more than `COUNTED_EXACTLY`."""
        ask = await self.ready(session, actor, ask)
        return await session.scalar(self.counting(session, actor, ask)) or 0

    async def ready(self, session: Session, actor: Principal, ask: Ask) -> Ask:
        """The ask with the references of its where resolved."""
        if self.prepare is None or not ask.where:
            return ask
        filters.check(ask.where)
        return replace(ask, where=await self.prepare(session, actor, ask.where))

    def statement(self, scene: Scene, actor: Principal, ask: Ask, columns: Sequence[str] = ()) -> Select[Any]:
        """The rows of one page and one more, or just some columns of them."""
        wanted = [getattr(self.table, name) for name in columns] or [self.table]
        return self.page_of(select(*wanted), scene, actor, ask)

    def page_of(
        self, statement: Select[Any], scene: Scene, actor: Principal, ask: Ask, *, by_index: bool = True
    ) -> Select[Any]:
        """A statement narrowed to one page and one more row."""
        keys = [(column, descending is not ask.backwards) for column, descending in self.keys(ask)]
        statement = self._matching(statement, scene, actor, ask)
        if ask.position is not None:
            statement = statement.where(beyond(keys, ask.position))
        sorts = [(column if by_index else _apart(column), descending) for column, descending in keys]
        order = [column.desc() if descending else column.asc() for column, descending in sorts]
        return statement.order_by(*order).limit(_fixed(ask.limit + 1))

    def counting(
        self, scene: Scene, actor: Principal, ask: Ask, *extra: ColumnElement[bool], parents: Any = None
    ) -> Select[Any]:
        """How many rows the list has, counted to one more than `COUNTED_EXACTLY`."""
        rows = self._matching(select(literal(1).label("one")).select_from(self.table), scene, actor, ask)
        counted = rows.where(*extra).limit(_fixed(COUNTED_EXACTLY + 1)).correlate(parents)
        return select(func.count()).select_from(counted.subquery())

    def _matching(self, statement: Select[Any], scene: Scene, actor: Principal, ask: Ask) -> Select[Any]:
        statement = statement.where(actor.sees(self.table))
        if self.base is not None:
            statement = statement.where(self.base)
        statement = statement.where(*(shown for name, shown in self.hides.items() if name not in ask.include))
        if ask.search and self.search is not None:
            statement = statement.where(self.search(ask.search, actor, scene.now))
        if ask.where:
            statement = statement.where(filters.condition(ask.where, self.filters, actor, scene.now))
        return statement

    def slice(self, rows: list[Any], ask: Ask) -> Slice[Any]:
        """The page that the rows of its statement make."""
        more = len(rows) > ask.limit
        rows = rows[: ask.limit]
        inside = ask.position is not None
        if ask.backwards:
            return Slice(rows[::-1], has_next=inside, has_previous=more)
        return Slice(rows, has_next=more, has_previous=inside)


@dataclass(frozen=True, eq=False)
class Children(Generic[Row]):
    """A listing's rows for each of many parents."""

    listing: Listing[Row]
    parent: Any

    async def load(self, session: Session, actor: Principal, keys: Sequence[str], ask: Ask) -> dict[str, Slice[Row]]:
        """Parent → its page."""
        listing = self.listing
        ask = await listing.ready(session, actor, ask)
        statement = self.statement(session, actor, ask)
        found = await session.scalars(statement, {KEYS: listed(keys, session.dialect)})
        rows: list[Row] = [row for row in found if row is not None]
        # Sorted here, for a join promises no order.
        for column, descending in reversed(listing.keys(ask)):
            rows.sort(key=attrgetter(column.key), reverse=descending is not ask.backwards)
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[getattr(row, self.parent.key)].append(row)
        return {key: listing.slice(groups.get(key, []), ask) for key in keys}

    def statement(self, scene: Scene, actor: Principal, ask: Ask, columns: Sequence[str] = ()) -> Select[Any]:
        """The rows of the page of each parent in the parameter `keys`, and one more; or some columns of them.

        The columns are followed by the parent's key. A parent without rows may come with nothing but nulls.
        """
        listing, table = self.listing, self.listing.table
        parents = values(scene.dialect)
        found: list[Any]
        if scene.dialect == "postgresql":
            # LATERAL stops at each parent's limit; one scan with ROW_NUMBER would read all their children.
            wanted = [getattr(table, name).label(f"c{at}") for at, name in enumerate(columns)] or [table]
            mine = select(*wanted).where(self.parent == parents.c.value)
            child = listing.page_of(mine, scene, actor, ask).lateral()
            found = [*child.c, parents.c.value] if columns else [aliased(table, child)]
            return select(*found).select_from(parents).join(child, true())
        # SQLite has no LATERAL; a correlated IN with a limit does the same. The rows are found again by SQLite's own
        # number of each.
        other = aliased(table, name="found")
        one = listing.page_of(
            select(literal_column(f"{table.__tablename__}.rowid"))
            .select_from(table)
            .where(self.parent == parents.c.value),
            scene,
            actor,
            ask,
            # A parent's index holds its rows in the default order. For any other, SQLite would rather walk the
            # sort's own index, over all parents, than sort the few rows of one.
            by_index=not ask.order,
        )
        here = literal_column("found.rowid").in_(one.correlate(parents))
        found = [*(getattr(other, name) for name in columns), parents.c.value] if columns else [other]
        # An outer join, whose left side comes first; SQLite would start from all rows, and try each parent.
        return select(*found).select_from(parents).join(other, here, isouter=True)

    async def counts(self, session: Session, actor: Principal, keys: Sequence[str], ask: Ask) -> dict[str, int]:
        """Parent → how many rows its list has."""
        statement = self.counting(session, actor, await self.listing.ready(session, actor, ask))
        return {row[0]: row[1] for row in await session.execute(statement, {KEYS: listed(keys, session.dialect)})}

    def counting(self, scene: Scene, actor: Principal, ask: Ask) -> Select[Any]:
        """The key of each parent in the parameter `keys`, and how many rows its list has."""
        parents = values(scene.dialect)
        one = self.listing.counting(scene, actor, ask, self.parent == parents.c.value, parents=parents)
        return select(parents.c.value, one.scalar_subquery())


def beyond(keys: Sequence[tuple[Any, bool]], position: Sequence[Any]) -> ColumnElement[bool]:
    """The rows after a position in a sort order."""
    columns = [column for column, _ in keys]
    directions = {descending for _, descending in keys}
    if len(directions) == 1:
        row, at = (
            tuple_(*columns),
            tuple_(*(literal(v, c.type) for v, c in zip(position, columns, strict=True))),
        )
        return row < at if directions.pop() else row > at
    # With mixed directions there is no row comparison. The leading bound is redundant, and lets the index help.
    branches = []
    for index, (column, descending) in enumerate(keys):
        equal = [columns[i] == position[i] for i in range(index)]
        branches.append(and_(*equal, column < position[index] if descending else column > position[index]))
    first, descending = keys[0]
    return and_(first <= position[0] if descending else first >= position[0], or_(*branches))


def _fixed(number: int) -> ColumnElement[int]:
    """A number in a statement's own text. Were it a value, PostgreSQL would plan without knowing how few rows it is."""
    return literal_column(str(number))


def _apart(column: Any) -> Any:
    """A column in a form that SQLite looks up in no index: `+column`."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)
