"""Pages of lists in plans: what they read, and the connections that are made of their rows."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter
from typing import Any

import msgspec

from app.access import Actor, Scope
from app.db.prepared_statements import python_value
from app.db.read_batch import Read
from app.graph.dsl import connections, resolvers
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.executor import Anew, Below, Here, Level, Path, Run, of_bounds
from app.lists import filters
from app.lists.listings import Ask, Listing

MOST_SORTINGS = 100


@dataclass(frozen=True, slots=True)
class View:
    """One selection of a page's items."""

    level: Level
    before: Path
    """The path from the connection to its list, and from an item of the list to the node."""
    after: Path


@dataclass(frozen=True, slots=True)
class Sorting:
    """What a list's order needs of its rows."""

    columns: tuple[str, ...]
    """What is read of each row, sort keys included."""
    keys: list[tuple[int, Any]]
    """The place of each sort key in a row, and its column."""
    sorts: list[tuple[Callable[[Any], Any], bool]]
    """By what rows are sorted, one after the other, and whether downwards: in one go where all go the same way."""


class _Needed(Exception):
    """The database is needed after all."""


class _Nobody:
    """Stands for the session of what may need none."""

    def __getattr__(self, _name: str) -> Any:
        raise _Needed


@dataclass(slots=True)
class Pages:
    """The selection of a connection."""

    read: list[str]
    """The columns that all selections of its items take, in the order in which they know them."""
    arguments: Arguments
    views: list[View] = field(default_factory=list)
    make: Callable[..., list[Any]] = lambda *_: []
    counts: bool = False
    """Whether the list is counted."""
    cursors: bool = False
    """Whether cursors are made."""
    told: bool = False
    """Whether it is told if there are more items."""
    fixed: tuple[Ask, str | None] | None = None
    """What is asked and from which cursor on, where no variable changes it."""
    sortings: dict[Any, Sorting] = field(default_factory=dict)
    """What the orders need that were asked for lately."""

    @property
    def levels(self) -> list[Level]:
        """The levels of its items."""
        return [view.level for view in self.views]

    @property
    def lasts(self) -> bool:
        """Whether the same is asked each time, whatever the variables and the time are."""
        asked = self.arguments.constant
        return asked is not None and not asked.get("where")

    def begin(self, run: Run, listing: Listing[Any], scope: Scope | None, own: bool) -> Any:
        """Who asks, what is asked, and the same ready for the database. Raises what refuses it."""
        asked = self.arguments.of(run)
        actor = run.context.permitted(scope, own=own)
        ask = self.ask(run, listing, asked, actor)
        reader = resolvers.keeper(run.context, listing, ask)
        if reader is not None:
            [settled] = yield [lambda: run.context.settled(reader)]
            if isinstance(settled, Exception):
                raise settled
        ready = yield from self.ready(run, listing, ask, actor)
        return actor, ask, ready

    def ask(self, run: Run, listing: Listing[Any], asked: dict[str, Any], actor: Actor) -> Ask:
        """What is asked. Raises BadPage and BadCursor."""
        if self.fixed is not None:
            question, cursor = self.fixed
        else:
            question, cursor = connections.begun(listing, asked)
            if self.arguments.constant is not None:
                self.fixed = question, cursor
        if cursor is None:
            return question
        return connections.positioned(listing, question, actor, run.context.signer, cursor)

    def ready(self, run: Run, listing: Listing[Any], ask: Ask, actor: Actor) -> Any:
        """The ask with the references of its where resolved; most need no database for that."""
        if listing.prepare is None or not ask.where:
            return ask
        filters.check(ask.where)
        nobody: Any = _Nobody()
        try:
            listing.prepare(nobody, actor, ask.where).__await__().__next__()
        except StopIteration as done:
            where = done.value
        except _Needed:
            [found] = yield [lambda: run.context.look(listing.ready, actor, ask)]
            if isinstance(found, Exception):
                raise found from None
            where = found.where
        if where == ask.where:
            return ask
        return replace(ask, where=where, where_key=msgspec.json.encode(where, order="sorted"))

    def answers(self, page: Read, count: Callable[[], Read]) -> Any:
        """The rows and the counts, as far as they are asked for. Raises what went wrong with the rows."""
        reads = bool(self.views) or self.cursors or self.told
        found = yield [*([page] if reads else ()), *([count()] if self.counts else ())]
        rows = found[0] if reads else []
        counts = found[-1] if self.counts else None
        if isinstance(rows, Exception):
            raise rows
        if isinstance(counts, Exception):
            raise Anew("a count that failed")
        return rows, counts

    def columns(self, listing: Listing[Any], ask: Ask, *, sorted_here: bool = True) -> tuple[str, ...]:
        """What is read of each row: what is selected, then those sort keys that are not, where they are needed."""
        if sorted_here or self.cursors:
            return self._sorting(listing, ask).columns
        return tuple(self.read) or ("id",)

    def _sorting(self, listing: Listing[Any], ask: Ask) -> Sorting:
        found = self.sortings.get(ask.order)
        if found is None:
            if len(self.sortings) >= MOST_SORTINGS:
                self.sortings.clear()
            found = self.sortings[ask.order] = _sorting(self.read, listing.keys(ask))
        return found

    def grouped(self, listing: Listing[Any], ask: Ask, rows: list[Any]) -> dict[str, list[Any]]:
        """Parent → its rows in the list's order, of rows that end with the parent's key."""
        sorting = self._sorting(listing, ask)
        row_id, last = sorting.keys[-1][0], len(sorting.columns)
        groups: dict[str, list[Any]] = {}
        mine: list[Any] = []
        before: Any = None
        for row in rows:
            parent = row[last]
            if parent != before:  # a parent's rows come together
                if row[row_id] is None:
                    continue  # it has none
                before, mine = parent, groups.setdefault(parent, [])
            mine.append(row)
        # Sorted here, for a join promises no order; they come sorted nearly always.
        for mine in groups.values():
            if len(mine) > 1:
                for key, descending in sorting.sorts:
                    mine.sort(key=key, reverse=descending is not ask.backwards)
        return groups

    def connect(
        self,
        run: Run,
        here: Here,
        names: Sequence[str],
        found: Sequence[list[Any]],
        counts: Sequence[int],
        listing: Listing[Any],
        ask: Ask,
        actor: Actor,
        ahead: Mapping[Hashable, Any],
    ) -> tuple[list[Any], list[Here]]:
        """The connections of pages, each of one object's rows and perhaps one more, and the levels of their items."""
        rows, bounds, more = _cut(found, ask)
        steps = partial(of_bounds, bounds)
        reached = [
            Here(view.level, rows, Below(here, steps([*names, *view.before], view.after)), ahead) for view in self.views
        ]
        cursor = self._cursor(run, rows, listing, ask, actor) if self.cursors else None
        inside = ask.position is not None
        made = self.make(bounds, more, inside, ask.backwards, counts, cursor, *(below.parts for below in reached))
        return made, [below for below in reached if rows]

    def _cursor(self, run: Run, rows: list[Any], listing: Listing[Any], ask: Ask, actor: Actor) -> Callable[[int], str]:
        seal = connections.sealer(listing, ask, actor, run.context.signer)
        keys = self._sorting(listing, ask).keys
        read = [(at, python_value(column.type, run.reader.dialect)) for at, column in keys]

        def cursor(index: int) -> str:
            row = rows[index]
            return seal([row[at] if value is None else value(row[at]) for at, value in read])

        return cursor


def _sorting(read: list[str], keys: list[tuple[Any, bool]]) -> Sorting:
    columns = tuple(dict.fromkeys([*read, *(column.key for column, _ in keys)]))
    places = [columns.index(column.key) for column, _ in keys]
    directions = [descending for _, descending in keys]
    if len(set(directions)) == 1:
        sorts: list[tuple[Callable[[Any], Any], bool]] = [(itemgetter(*places), directions[0])]
    else:
        sorts = [(itemgetter(at), descending) for at, descending in reversed([*zip(places, directions, strict=True)])]
    return Sorting(columns, [(at, column) for at, (column, _) in zip(places, keys, strict=True)], sorts)


def _cut(found: Sequence[list[Any]], ask: Ask) -> tuple[list[Any], list[tuple[int, int]], list[bool]]:
    """All rows of some pages, from where to where each has its own, and whether there are more of them."""
    rows: list[Any] = []
    bounds: list[tuple[int, int]] = []
    more: list[bool] = []
    limit, backwards, start = ask.limit, ask.backwards, 0
    for mine in found:
        exceeds = len(mine) > limit
        if exceeds:
            mine = mine[:limit]
        rows += mine[::-1] if backwards else mine
        end = len(rows)
        bounds.append((start, end))
        more.append(exceeds)
        start = end
    return rows, bounds, more
