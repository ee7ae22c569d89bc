"""Connections at run time: page requests, the reads of pages, and the response's connections made of the rows."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any

import msgspec

from app.access import Actor, Scope
from app.db.prepared_statements import result_converter
from app.db.read_batch import Read
from app.graph.dsl import cursors, page_arguments, resolvers
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.locations import ChildLocation, ResponsePath, steps_by_range
from app.graph.execution.run.plan import LevelInstance, PlanLevel, Run
from app.lists import filters, where_references
from app.lists.listings import Listing
from app.lists.page_request import PageRequest

MAX_SORT_PLANS = 100  # orders of one list that a connection keeps; one more empties the cache


@dataclass(frozen=True, slots=True)
class ItemSelection:
    """One selection of a page's items, by `nodes` or by `edges { node }`."""

    level: PlanLevel
    list_path: ResponsePath
    """The path from the connection to the list."""
    node_path: ResponsePath
    """The path from an item of the list to the node."""


@dataclass(frozen=True, slots=True)
class SortPlan:
    """The columns that a list is read and sorted by in one order."""

    columns: tuple[str, ...]
    """The columns that are read of each row, sort keys included."""
    keys: list[tuple[int, Any]]
    """The index of each sort key in a row, and its column."""
    sorts: list[tuple[Callable[[Any], Any], bool]]
    """(key function, descending) of the sorts to run in turn: one if all keys have one direction, else one for each."""


@dataclass(slots=True)
class ConnectionPlan:
    """The selection of a connection."""

    selected_columns: list[str]
    """The columns that the selections of its items read, in the order in which they index them."""
    arguments: Arguments
    item_selections: list[ItemSelection] = field(default_factory=list)
    build: Callable[..., list[Any]] = lambda *_: []
    """Makes the response's connections; see `app.graph.execution.compile.page_compiler`."""
    needs_count: bool = False
    needs_cursors: bool = False
    needs_page_info: bool = False
    """True if the selection asks whether there are more items."""
    constant_request: tuple[PageRequest, str | None] | None = None
    """The page request and its cursor, if no variable changes them."""
    sort_plans: dict[Any, SortPlan] = field(default_factory=dict)
    """Order → its sort plan, for recent orders."""

    @property
    def levels(self) -> list[PlanLevel]:
        """The levels of its items."""
        return [selection.level for selection in self.item_selections]

    @property
    def is_stable(self) -> bool:
        """True if neither variables nor the time change what is read."""
        arguments = self.arguments.constant
        return arguments is not None and not arguments.get("where")

    def prepare_request(self, run: Run, listing: Listing[Any], scope: Scope | None, own: bool) -> Any:
        """Return the actor, the page request, and the request with the references in its `where` resolved.

        Raises the error that refuses the request. Kept counts are brought in line with the facts first, if the request
        filters by one.
        """
        arguments = self.arguments.values(run)
        actor = run.context.permitted_actor(scope, own=own)
        request = self._page_request(run, listing, arguments, actor)
        settling_actor = resolvers.settling_actor(run.context, listing, request)
        if settling_actor is not None:
            [settled] = yield [lambda: run.context.settle(settling_actor)]
            if isinstance(settled, Exception):
                raise settled
        resolved = yield from _resolve_references(run, listing, request, actor)
        return actor, request, resolved

    def _page_request(self, run: Run, listing: Listing[Any], arguments: dict[str, Any], actor: Actor) -> PageRequest:
        """Return the page request of some arguments. Raises BadPage and BadCursor."""
        if self.constant_request is not None:
            request, cursor = self.constant_request
        else:
            request, cursor = page_arguments.parse(listing, arguments)
            if self.arguments.constant is not None:
                self.constant_request = request, cursor
        if cursor is None:
            return request
        return cursors.start_at(listing, request, actor, run.context.signer, cursor)

    def read(self, page: Read, count: Callable[[], Read]) -> Any:
        """Return the rows of a page and its counts, as far as they are selected. Raises the error of the rows."""
        needs_rows = bool(self.item_selections) or self.needs_cursors or self.needs_page_info
        answers = yield [*([page] if needs_rows else ()), *([count()] if self.needs_count else ())]
        rows = answers[0] if needs_rows else []
        counts = answers[-1] if self.needs_count else None
        if isinstance(rows, Exception):
            raise rows
        if isinstance(counts, Exception):
            raise FallBack("a count that failed")
        return rows, counts

    def columns(self, listing: Listing[Any], request: PageRequest, *, sorted_here: bool = True) -> tuple[str, ...]:
        """Return the columns to read of each row: the selected ones, then sort keys where they are needed.

        Sort keys are needed for cursors, and for rows that are sorted here instead of by the database.
        """
        if sorted_here or self.needs_cursors:
            return self._sort_plan(listing, request).columns
        return tuple(self.selected_columns) or ("id",)

    def _sort_plan(self, listing: Listing[Any], request: PageRequest) -> SortPlan:
        plan = self.sort_plans.get(request.order)
        if plan is None:
            if len(self.sort_plans) >= MAX_SORT_PLANS:
                self.sort_plans.clear()
            plan = _sort_plan(self.selected_columns, listing.sort_keys(request))
            self.sort_plans[request.order] = plan
        return plan

    def rows_by_parent(self, listing: Listing[Any], request: PageRequest, rows: list[Any]) -> dict[str, list[Any]]:
        """Return parent key → its rows in the list's order. The parent's key is the last column of each row."""
        sort_plan = self._sort_plan(listing, request)
        id_index, parent_index = sort_plan.keys[-1][0], len(sort_plan.columns)
        groups: dict[str, list[Any]] = {}
        group: list[Any] = []
        previous: Any = None
        for row in rows:
            parent = row[parent_index]
            if parent != previous:  # the rows of a parent are adjacent
                if row[id_index] is None:
                    continue  # the outer join's row for a parent without rows
                previous, group = parent, groups.setdefault(parent, [])
            group.append(row)
        # A join promises no order. Rows nearly always arrive in order, which makes the sort one pass.
        for group in groups.values():
            if len(group) > 1:
                for key, descending in sort_plan.sorts:
                    group.sort(key=key, reverse=descending is not request.backwards)
        return groups

    def build_connections(
        self,
        run: Run,
        instance: LevelInstance,
        names: Sequence[str],
        pages: Sequence[list[Any]],
        counts: Sequence[int],
        listing: Listing[Any],
        request: PageRequest,
        actor: Actor,
        prefetched: Mapping[Hashable, Any],
    ) -> tuple[list[Any], list[LevelInstance]]:
        """Return the connections of some pages, and the level instances of their items.

        `pages` holds the rows of each object of the level, and up to one row more, which shows that another page
        follows.
        """
        rows, ranges, has_more = _cut_pages(pages, request)
        steps = partial(steps_by_range, ranges)
        reached = [
            LevelInstance(
                selection.level,
                rows,
                ChildLocation(instance.location, steps([*names, *selection.list_path], selection.node_path)),
                prefetched,
            )
            for selection in self.item_selections
        ]
        cursor = self._cursor_maker(run, rows, listing, request, actor) if self.needs_cursors else None
        starts_inside = request.position is not None
        items = (items_instance.objects for items_instance in reached)
        outputs = self.build(ranges, has_more, starts_inside, request.backwards, counts, cursor, *items)
        return outputs, [items_instance for items_instance in reached if rows]

    def _cursor_maker(
        self, run: Run, rows: list[Any], listing: Listing[Any], request: PageRequest, actor: Actor
    ) -> Callable[[int], str]:
        """Return a function that makes the cursor of the row at an index."""
        seal = cursors.sealer(listing, request, actor, run.context.signer)
        keys = [
            (index, result_converter(column.type, run.reads.dialect))
            for index, column in self._sort_plan(listing, request).keys
        ]

        def cursor(index: int) -> str:
            row = rows[index]
            return seal([row[key] if convert is None else convert(row[key]) for key, convert in keys])

        return cursor


def _resolve_references(run: Run, listing: Listing[Any], request: PageRequest, actor: Actor) -> Any:
    """Return the request with the references in its `where` resolved. Most state an id, and need no read."""
    if not listing.references or not request.where:
        return request
    filters.check_size(request.where)
    where = where_references.resolve_stated(request.where, listing.references)
    if where is None:
        [resolved] = yield [lambda: run.context.run_query(listing.resolve, actor, request)]
        if isinstance(resolved, Exception):
            raise resolved from None
        where = resolved.where
    if where == request.where:
        return request
    return replace(request, where=where, where_key=msgspec.json.encode(where, order="sorted"))


def _sort_plan(selected_columns: list[str], keys: list[tuple[Any, bool]]) -> SortPlan:
    columns = tuple(dict.fromkeys([*selected_columns, *(column.key for column, _ in keys)]))
    indexes = [columns.index(column.key) for column, _ in keys]
    directions = [descending for _, descending in keys]
    sorts: list[tuple[Callable[[Any], Any], bool]]
    if len(set(directions)) == 1:
        sorts = [(itemgetter(*indexes), directions[0])]
    else:
        # Sorts are stable, so the least significant key comes first.
        by_significance = reversed([*zip(indexes, directions, strict=True)])
        sorts = [(itemgetter(index), descending) for index, descending in by_significance]
    return SortPlan(columns, [(index, column) for index, (column, _) in zip(indexes, keys, strict=True)], sorts)


def _cut_pages(pages: Sequence[list[Any]], request: PageRequest) -> tuple[list[Any], list[tuple[int, int]], list[bool]]:
    """Return the rows of all pages in one list, the range of each page in it, and whether more rows follow each."""
    rows: list[Any] = []
    ranges: list[tuple[int, int]] = []
    has_more: list[bool] = []
    limit, backwards, start = request.limit, request.backwards, 0
    for page in pages:
        exceeds = len(page) > limit
        if exceeds:
            page = page[:limit]
        rows += page[::-1] if backwards else page
        end = len(rows)
        ranges.append((start, end))
        has_more.append(exceeds)
        start = end
    return rows, ranges, has_more
