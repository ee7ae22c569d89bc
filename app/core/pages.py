"""Reading lists: keyset pages of a table, one page for each of many parents, lookups by key, counts.

A `Listing` says what a table's list can be filtered and ordered by. A `Lookup` finds one row for each key.
`Listing.by(column)` gives the list of each parent: its pages and counts for all parents come from one
statement, however many parents there are.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op
from sqlmodel import col

from app.core import filters
from app.core.database import Session
from app.core.filters import Filter, Viewer
from app.core.records import Record

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


@dataclass(frozen=True, eq=False)
class Lookup(Generic[Row]):
    """Finds the row that each key names."""

    table: type[Row]
    column: Any

    async def load(self, session: Session, actor: Viewer, keys: Sequence[str]) -> dict[str, Row]:
        """Key → row, for those that the actor sees."""
        statement = select(self.table).where(actor.sees(self.table), among(self.column, keys, session.dialect))
        return {getattr(row, self.column.key): row for row in await session.scalars(statement)}


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

    async def page(self, session: Session, actor: Viewer, ask: Ask) -> Slice[Row]:
        """One page of the whole list."""
        statement = self._page(select(self.table), session, actor, await self.ready(session, actor, ask))
        return self._slice(list(await session.scalars(statement)), ask)

    async def count(self, session: Session, actor: Viewer, ask: Ask) -> int:
        """How many rows the list has, counted to one more than `COUNTED_EXACTLY`."""
        ask = await self.ready(session, actor, ask)
        return await session.scalar(self._count(session, actor, ask)) or 0

    async def ready(self, session: Session, actor: Viewer, ask: Ask) -> Ask:
        """The ask with the references of its where resolved."""
        if self.prepare is None or not ask.where:
            return ask
        filters.check(ask.where)
        return replace(ask, where=await self.prepare(session, actor, ask.where))

    def _matching(self, statement: Select[Any], session: Session, actor: Viewer, ask: Ask) -> Select[Any]:
        statement = statement.where(actor.sees(self.table))
        if self.base is not None:
            statement = statement.where(self.base)
        statement = statement.where(*(shown for name, shown in self.hides.items() if name not in ask.include))
        if ask.search and self.search is not None:
            statement = statement.where(self.search(ask.search, actor, session.now))
        if ask.where:
            statement = statement.where(filters.condition(ask.where, self.filters, actor, session.now))
        return statement

    def _page(
        self, statement: Select[Any], session: Session, actor: Viewer, ask: Ask, *, by_index: bool = True
    ) -> Select[Any]:
        keys = [(column, descending is not ask.backwards) for column, descending in self.keys(ask)]
        statement = self._matching(statement, session, actor, ask)
        if ask.position is not None:
            statement = statement.where(beyond(keys, ask.position))
        sorts = [(column if by_index else _apart(column), descending) for column, descending in keys]
        order = [column.desc() if descending else column.asc() for column, descending in sorts]
        return statement.order_by(*order).limit(ask.limit + 1)

    def _count(
        self, session: Session, actor: Viewer, ask: Ask, *extra: ColumnElement[bool], parents: Any = None
    ) -> Select[Any]:
        rows = self._matching(select(literal(1).label("one")).select_from(self.table), session, actor, ask)
        counted = rows.where(*extra).limit(COUNTED_EXACTLY + 1).correlate(parents)
        return select(func.count()).select_from(counted.subquery())

    def _slice(self, rows: list[Row], ask: Ask) -> Slice[Row]:
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

    async def load(self, session: Session, actor: Viewer, keys: Sequence[str], ask: Ask) -> dict[str, Slice[Row]]:
        """Parent → its page."""
        listing, table = self.listing, self.listing.table
        ask = await listing.ready(session, actor, ask)
        parents = values_of(keys, session.dialect)
        if session.dialect == "postgresql":
            # LATERAL stops at each parent's limit; one scan with ROW_NUMBER would read all their children.
            one = listing._page(select(table).where(self.parent == parents.c.value), session, actor, ask)
            child = one.lateral()
            found = aliased(table, child)
            statement = select(found).select_from(parents).join(child, true())
        else:
            # SQLite has no LATERAL; a correlated IN with a limit does the same.
            found = aliased(table)
            one = listing._page(
                select(col(table.id)).where(self.parent == parents.c.value),
                session,
                actor,
                ask,
                # A parent's index holds its rows in the default order. For any other, SQLite would rather walk the
                # sort's own index, over all parents, than sort the few rows of one.
                by_index=not ask.order,
            )
            mine = and_(_same_organization(found, actor), col(found.id).in_(one.correlate(parents)))
            # An outer join, whose left side comes first; SQLite would start from all rows, and try each parent.
            statement = select(found).select_from(parents).join(found, mine, isouter=True)
        joined: Sequence[Row | None] = (await session.scalars(statement)).all()
        rows = [row for row in joined if row is not None]
        # Sorted here, for a join promises no order.
        for column, descending in reversed(listing.keys(ask)):
            rows.sort(key=attrgetter(column.key), reverse=descending is not ask.backwards)
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[getattr(row, self.parent.key)].append(row)
        return {key: listing._slice(groups.get(key, []), ask) for key in keys}

    async def counts(self, session: Session, actor: Viewer, keys: Sequence[str], ask: Ask) -> dict[str, int]:
        """Parent → how many rows its list has."""
        parents = values_of(keys, session.dialect)
        ask = await self.listing.ready(session, actor, ask)
        one = self.listing._count(session, actor, ask, self.parent == parents.c.value, parents=parents)
        statement = select(parents.c.value, one.scalar_subquery())
        return {row[0]: row[1] for row in await session.execute(statement)}


def values_of(keys: Sequence[str], dialect: str) -> Any:
    """A sequence of keys as a table with the column `value`: one parameter, whatever their number."""
    if dialect == "postgresql":
        return func.unnest(bindparam(None, list(keys), ARRAY(String))).table_valued("value").render_derived()
    return func.json_each(filters.as_json(keys)).table_valued("value")


def among(column: Any, keys: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """Whether a column is one of the keys, as a statement whose text does not depend on their number."""
    if dialect == "postgresql":
        return column == func.any(bindparam(None, list(keys), ARRAY(String)))  # type: ignore[no-any-return]
    return column.in_(select(values_of(keys, dialect).c.value))  # type: ignore[no-any-return]


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


def _apart(column: Any) -> Any:
    """A column in a form that SQLite looks up in no index: `+column`."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _same_organization(table: Any, actor: Viewer) -> ColumnElement[bool]:
    return table.organization_id == actor.organization_id  # type: ignore[no-any-return]
