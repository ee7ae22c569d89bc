"""Lists of rows: keyset pages of a table, a page for each of many parents, lookups by key, and counts.

A `Listing` declares the filters, the sort columns and the search of a table's list. A `Lookup` finds one row for each
key. `Listing.per_parent(column)` is the list of each parent: one statement reads the pages, or the counts, of all
parents, however many there are.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, Protocol

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, true
from sqlalchemy.orm import aliased

from app.db.principal import Principal
from app.db.records import Row
from app.db.session import Session
from app.lists import filters, where_references
from app.lists.filters import ClockDependence, Filter
from app.lists.key_lists import KEYS, encode_keys, in_keys_parameter, keys_table
from app.lists.keyset import after_position, literal_number, ordered
from app.lists.page_request import Page, PageRequest
from app.lists.where_references import Reference

MAX_EXACT_COUNT = 10_000  # rows; beyond it a count says "more than", since counting reads every row


class SqlContext(Protocol):
    """The database dialect and the current time, as far as a statement depends on them. A session is one."""

    @property
    def dialect_name(self) -> str: ...
    @property
    def now(self) -> datetime: ...


@dataclass(frozen=True, eq=False)
class Lookup(Generic[Row]):
    """A read of the row with each of many keys."""

    table: type[Row]
    column: Any

    async def load(self, session: Session, actor: Principal, keys: Sequence[str]) -> dict[str, Row]:
        """Return key → row, for the rows that the actor can see."""
        rows = await session.scalars(self.statement(session, actor), {KEYS: encode_keys(keys, session.dialect_name)})
        return {getattr(row, self.column.key): row for row in rows}

    def statement(self, context: SqlContext, actor: Principal, columns: Sequence[str] = ()) -> Select[Any]:
        """Return the statement for the rows of the keys in the parameter `keys`, or for some of their columns."""
        selected = [getattr(self.table, name) for name in columns] or [self.table]
        condition = in_keys_parameter(self.column, context.dialect_name)
        return select(*selected).where(actor.visible_rows(self.table), condition)


@dataclass(frozen=True, eq=False)
class Listing(Generic[Row]):
    """The declaration of a table's list: its filters, search and order. Raises TypeError for an unmarked filter."""

    table: type[Row]
    filters: Mapping[str, Filter]
    orders: Mapping[str, Any]
    """Published name → an indexed column that is never null."""
    default_order: tuple[tuple[str, bool], ...]
    """(name, descending) pairs."""
    search: Filter | None = None
    """The filter of the free-text argument `search`; its statements are cached, so it must be timeless."""
    default_conditions: Mapping[str, ColumnElement[bool] | Callable[[Principal], ColumnElement[bool]]] = field(
        default_factory=dict
    )
    """Conditions that hold unless a request includes the rows by name: `deleted` → the row is not deleted.

    One that differs between kinds of principals (`visibility_key`) is a function of the principal.
    """
    base_condition: ColumnElement[bool] | None = None
    """A condition that always holds, which makes the list a part of the table, such as the review queue."""
    references: Mapping[str, Reference] = field(default_factory=dict)
    """Filter name → the resolution of its value, for filters whose value refers to a row."""
    settlement_filters: frozenset[str] = frozenset()
    """Filters on columns that settlement maintains, and that may lag behind the facts until it has run."""

    def __post_init__(self) -> None:
        for name, condition in self.filters.items():
            if not isinstance(condition, Filter):
                raise TypeError(f"{self.table.__name__}.{name}: mark the filter timeless, daily or momentary")
        if self.search is not None and self.search.clock_dependence is not ClockDependence.NONE:
            raise TypeError(f"{self.table.__name__}: the search must be timeless")

    def per_parent(self, parent_column: Any) -> "ChildListing[Row]":
        """Return the same list for each value of a column."""
        return ChildListing(self, parent_column)

    def sort_keys(self, request: PageRequest) -> list[tuple[Any, bool]]:
        """Return the sort columns, each with True if it descends. The id comes last, in the direction before it."""
        keys = [(self.orders[name], descending) for name, descending in request.order or self.default_order]
        return [*keys, (self.table.id, keys[-1][1])]

    async def page(self, session: Session, actor: Principal, request: PageRequest) -> Page[Row]:
        """Return one page of the whole list."""
        statement = self.statement(session, actor, await self.resolve(session, actor, request))
        return self.to_page(list(await session.scalars(statement)), request)

    async def count(self, session: Session, actor: Principal, request: PageRequest) -> int:
        """Return the number of rows in the list, at most `MAX_EXACT_COUNT + 1`."""
        request = await self.resolve(session, actor, request)
        return await session.scalar(self.count_statement(session, actor, request)) or 0

    async def resolve(self, session: Session, actor: Principal, request: PageRequest) -> PageRequest:
        """Return the request with the references in its `where` resolved."""
        if not self.references or not request.where:
            return request
        filters.check_size(request.where)
        where = await where_references.resolve(session, actor, request.where, self.references)
        return replace(request, where=where)

    def statement(
        self, context: SqlContext, actor: Principal, request: PageRequest, columns: Sequence[str] = ()
    ) -> Select[Any]:
        """Return the statement for the rows of one page and one row more, or for some of their columns."""
        selected = [getattr(self.table, name) for name in columns] or [self.table]
        return self.narrow_to_page(select(*selected), context, actor, request)

    def narrow_to_page(
        self,
        statement: Select[Any],
        context: SqlContext,
        actor: Principal,
        request: PageRequest,
        *,
        by_index: bool = True,
    ) -> Select[Any]:
        """Narrow a statement to the rows of one page and one row more, which shows that another page follows."""
        keys = [(column, descending is not request.backwards) for column, descending in self.sort_keys(request)]
        statement = self._matching(statement, context, actor, request)
        if request.position is not None:
            statement = statement.where(after_position(keys, request.position))
        return ordered(statement, keys, request.limit + 1, by_index=by_index)

    def count_statement(
        self,
        context: SqlContext,
        actor: Principal,
        request: PageRequest,
        *conditions: ColumnElement[bool],
        parents: Any = None,
    ) -> Select[Any]:
        """Return the statement for the number of rows in the list, at most `MAX_EXACT_COUNT + 1`."""
        rows = self._matching(select(literal(1).label("one")).select_from(self.table), context, actor, request)
        counted = rows.where(*conditions).limit(literal_number(MAX_EXACT_COUNT + 1)).correlate(parents)
        return select(func.count()).select_from(counted.subquery())

    def column_statement(self, context: SqlContext, actor: Principal, request: PageRequest, column: str) -> Select[Any]:
        """Return the statement for one column of all rows in the list, whatever the page, in no order."""
        return self._matching(select(getattr(self.table, column)), context, actor, request)

    def _matching(
        self, statement: Select[Any], context: SqlContext, actor: Principal, request: PageRequest
    ) -> Select[Any]:
        statement = statement.where(actor.visible_rows(self.table))
        if self.base_condition is not None:
            statement = statement.where(self.base_condition)
        defaults = [condition for name, condition in self.default_conditions.items() if name not in request.include]
        statement = statement.where(
            *(condition if isinstance(condition, ColumnElement) else condition(actor) for condition in defaults)
        )
        if request.search and self.search is not None:
            statement = statement.where(self.search(request.search, actor, context.now))
        if request.where:
            statement = statement.where(filters.condition(request.where, self.filters, actor, context.now))
        return statement

    def to_page(self, rows: list[Any], request: PageRequest) -> Page[Any]:
        """Return the page made of the rows of its statement."""
        has_more = len(rows) > request.limit
        rows = rows[: request.limit]
        is_inside = request.position is not None
        if request.backwards:
            return Page(rows[::-1], has_next=is_inside, has_previous=has_more)
        return Page(rows, has_next=has_more, has_previous=is_inside)


@dataclass(frozen=True, eq=False)
class ChildListing(Generic[Row]):
    """A listing's rows for each of many parents."""

    listing: Listing[Row]
    parent_column: Any

    async def load(
        self, session: Session, actor: Principal, keys: Sequence[str], request: PageRequest
    ) -> dict[str, Page[Row]]:
        """Return parent key → its page."""
        listing = self.listing
        request = await listing.resolve(session, actor, request)
        statement = self.statement(session, actor, request)
        children = await session.scalars(statement, {KEYS: encode_keys(keys, session.dialect_name)})
        rows: list[Row] = [row for row in children if row is not None]
        # A join promises no order, so the rows are sorted again. Sorts are stable: the least significant key is first.
        for column, descending in reversed(listing.sort_keys(request)):
            rows.sort(key=attrgetter(column.key), reverse=descending is not request.backwards)
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            groups[getattr(row, self.parent_column.key)].append(row)
        return {key: listing.to_page(groups.get(key, []), request) for key in keys}

    def statement(
        self, context: SqlContext, actor: Principal, request: PageRequest, columns: Sequence[str] = ()
    ) -> Select[Any]:
        """Return the statement for the rows of each parent's page and one row more, or for some of their columns.

        The parents' keys are the parameter `keys`. Selected columns are followed by the parent's key. A parent
        without rows may come as one row of nulls.
        """
        parents = keys_table(context.dialect_name)
        if context.dialect_name == "postgresql":
            return self._lateral_statement(parents, context, actor, request, columns)
        return self._rowid_statement(parents, context, actor, request, columns)

    def _lateral_statement(
        self, parents: Any, context: SqlContext, actor: Principal, request: PageRequest, columns: Sequence[str]
    ) -> Select[Any]:
        # LATERAL stops at each parent's limit; one scan with ROW_NUMBER would read all children of all parents.
        table = self.listing.table
        selected = [getattr(table, name).label(f"c{index}") for index, name in enumerate(columns)] or [table]
        children = select(*selected).where(self.parent_column == parents.c.value)
        page = self.listing.narrow_to_page(children, context, actor, request).lateral()
        output: list[Any] = [*page.c, parents.c.value] if columns else [aliased(table, page)]
        return select(*output).select_from(parents).join(page, true())

    def _rowid_statement(
        self, parents: Any, context: SqlContext, actor: Principal, request: PageRequest, columns: Sequence[str]
    ) -> Select[Any]:
        # SQLite has no LATERAL. A correlated IN with a limit has the same effect: it selects the rowids of each
        # parent's page, and the outer query reads those rows.
        table = self.listing.table
        rowids = self.listing.narrow_to_page(
            select(literal_column(f"{table.__tablename__}.rowid"))
            .select_from(table)
            .where(self.parent_column == parents.c.value),
            context,
            actor,
            request,
            # The index on the parent holds its rows in the default order. For another order SQLite would read the
            # sort column's own index, over all parents, rather than sort the few rows of one parent.
            by_index=not request.order,
        )
        child = aliased(table, name="child")
        is_in_page = literal_column("child.rowid").in_(rowids.correlate(parents))
        output: list[Any] = [*(getattr(child, name) for name in columns), parents.c.value] if columns else [child]
        # In an outer join SQLite reads the left side first. With an inner one it would start from all rows of the
        # table and try each parent.
        return select(*output).select_from(parents).join(child, is_in_page, isouter=True)

    async def count(
        self, session: Session, actor: Principal, keys: Sequence[str], request: PageRequest
    ) -> dict[str, int]:
        """Return parent key → the number of rows in its list, at most `MAX_EXACT_COUNT + 1`."""
        statement = self.count_statement(session, actor, await self.listing.resolve(session, actor, request))
        counts = await session.execute(statement, {KEYS: encode_keys(keys, session.dialect_name)})
        return {row[0]: row[1] for row in counts}

    def count_statement(self, context: SqlContext, actor: Principal, request: PageRequest) -> Select[Any]:
        """Return the statement for each parent's key and the number of rows in its list."""
        parents = keys_table(context.dialect_name)
        is_child = self.parent_column == parents.c.value
        count = self.listing.count_statement(context, actor, request, is_child, parents=parents)
        return select(parents.c.value, count.scalar_subquery())
