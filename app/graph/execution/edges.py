"""The edges of plans: how each word of the graph leads from all the objects of a level to others, in one step."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode

from app.access import Actor
from app.core.errors import MissingScope
from app.core.pages import Children, Lookup
from app.core.reads import Follow, ahead_of
from app.graph import declared, values
from app.graph.execution.connecting import Pages
from app.graph.execution.generating import Fill
from app.graph.execution.giving import Given
from app.graph.execution.walking import Anew, Begun, Below, Here, Leading, Level, Run, of_keys

Get = Callable[[Any], Any]

MOST_CALLERS = 100
"""Callers for whom a level remembers what follows its rows."""


@dataclass(slots=True)
class Field:
    """What all edges have: the path from the object, the nodes of the document, and how a value is put there."""

    names: tuple[str, ...]
    nodes: list[FieldNode]
    fill: Fill

    def follow(self, run: Run, here: Here) -> Leading:
        """Fill it in for all objects; gives the levels that it leads to."""
        raise NotImplementedError

    def refuse(self, run: Run, here: Here, error: Exception) -> Sequence[Here]:
        """The edge failed for all objects; they have null there."""
        run.fail(here, range(len(here.rows)), self, error)
        return ()


@dataclass(slots=True)
class ToOne(Field):
    """An edge to the row of a key."""

    edge: declared.Edge
    key: Get
    level: Level
    found: Get
    """The key in a found row."""
    at: int | None
    """The place of the key in an object's row, where the object is a row."""
    value: Get | None = None
    """How what the edge makes of both rows is given, where it makes something of them."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Look up the rows of all keys."""
        edge = self.edge
        try:
            actor = run.context.permitted(edge.scope, own=edge.own)
        except Exception as error:
            return self.refuse(run, here, error)
        keys = [self.key(row) for row in here.rows]
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        if not wanted:
            return ()
        rows, ahead = yield from self.read(run, here, actor, wanted)
        if isinstance(rows, Exception):
            run.fail(here, [index for index, key in enumerate(keys) if key is not None], self, rows)
            return ()
        get = self.found
        if edge.value is not None:
            views = dict(zip([get(row) for row in rows], self.level.view(rows), strict=True))
            self.derive(run, here, keys, views)
            return ()
        return self.attach(here, keys, [get(row) for row in rows], rows, ahead)

    def read(self, run: Run, here: Here, actor: Actor, keys: list[Any]) -> Any:
        """The rows of some keys, or what was raised instead, and what was read with them."""
        rows = here.ahead.get(id(self))
        if rows is not None:
            # Some may follow from a row that is not shown.
            wanted = set(keys)
            return [row for row in rows if self.found(row) in wanted], ahead_of(rows)
        batch = self.edge.batch
        assert isinstance(batch, Lookup)
        read = run.reader.rows(batch, actor, keys, self.level.columns)
        [rows] = yield [read.followed(following(run, self.level))]
        return rows, ahead_of(rows)

    def attach(
        self, here: Here, keys: list[Any], found: list[Any], rows: Sequence[Any], ahead: Mapping[Hashable, Any]
    ) -> Sequence[Here]:
        """Put the found rows to the objects whose keys they have."""
        reached = Here(self.level, rows, Below(here, of_keys(keys, found, self.names)), ahead)
        parts = dict(zip(found, reached.parts, strict=True))
        self.fill(here.parts, [parts.get(key) for key in keys])
        return [reached] if rows else ()

    def derive(self, run: Run, here: Here, keys: list[Any], views: dict[Any, Any]) -> None:
        """Put there what the edge makes of each object's row and of what was found."""
        value, give, context = self.edge.value, self.value, run.context
        assert value is not None
        assert give is not None
        made: list[Any] = []
        for index, (key, row) in enumerate(zip(keys, here.views, strict=True)):
            try:
                made.append(None if key is None else give(value(row, views.get(key), context)))
            except Exception as error:
                made.append(None)
                run.fail(here, [index], self, error)
        self.fill(here.parts, made)


def following(run: Run, *levels: Level) -> tuple[Follow, ...]:
    """What the edges of levels to single rows will ask for, so that it is read together with the rows themselves."""
    caller = run.context.caller
    if caller is None or not run.reader.together:
        return ()
    found: tuple[Follow, ...] = ()
    for level in levels:
        mine = level.follows.get(caller)
        if mine is None:
            if len(level.follows) >= MOST_CALLERS:
                level.follows.clear()
            mine = level.follows[caller] = _following(run, level)
        found += mine
    return found


def _following(run: Run, level: Level) -> tuple[Follow, ...]:
    found: list[Follow] = []
    for edge in level.edges:
        if isinstance(edge, ToOne) and edge.at is not None and isinstance(edge.edge.batch, Lookup):
            # Who may not see it is told so in its place.
            with suppress(MissingScope):
                actor = run.context.permitted(edge.edge.scope, own=edge.edge.own)
                further = following(run, edge.level)
                found.append(run.reader.follow(id(edge), edge.at, edge.edge.batch, actor, edge.level.columns, further))
    return tuple(found)


@dataclass(slots=True)
class ToMany(Field):
    """An edge to a page of rows for each object."""

    edge: declared.Edge
    key: Get
    pages: Pages

    def follow(self, run: Run, here: Here) -> Leading:
        """Read the pages of all objects, and count their lists where that is asked."""
        batch = self.edge.batch
        assert isinstance(batch, Children)
        keys = [self.key(row) for row in here.rows]
        begun = here.ahead.get(id(self))
        try:
            answers = self.ask(run, list(dict.fromkeys(keys))) if begun is None else begun.rest()
            actor, ask, rows, counts = yield from answers
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        counted = dict(map(tuple, counts or ()))
        ahead = ahead_of(rows)
        groups = self.pages.grouped(batch.listing, ask, rows)
        found: list[Any] = [groups.get(key, ()) for key in keys]
        total = [counted.get(key, 0) for key in keys]
        connected, reached = self.pages.connect(run, here, self.names, found, total, batch.listing, ask, actor, ahead)
        self.fill(here.parts, connected)
        return reached

    def ask(self, run: Run, keys: list[Any]) -> Any:
        """Who asks, what is asked, and the rows and the counts of the lists of some keys. Raises what went wrong."""
        batch = self.edge.batch
        assert isinstance(batch, Children)
        actor, ask, ready = yield from self.pages.begin(run, batch.listing, self.edge.scope, self.edge.own)
        columns = self.pages.columns(batch.listing, ask)
        rows, counts = yield from self.pages.answers(
            run.reader.children(batch, actor, keys, ready, columns).followed(following(run, *self.pages.levels)),
            lambda: run.reader.counts(batch, actor, keys, ready),
        )
        return actor, ask, rows, counts


def lists(run: Run, level: Level, ids: list[str]) -> dict[Hashable, Begun]:
    """The lists that rows of some ids have, asked for before the rows are there."""
    return {
        id(edge): Begun(edge.ask(run, ids))
        for edge in level.edges
        if isinstance(edge, ToMany) and edge.edge.key == "id"
    }


@dataclass(slots=True)
class Permitted(Field):
    """Whether the caller could do something to each row."""

    permission: values.Permission
    key: Get

    def follow(self, run: Run, here: Here) -> Leading:
        """Ask the rule of each row; where a narrower scope is enough for some, look those up."""
        permission, context = self.permission, run.context
        seen: Any = None
        try:
            actor = context.permitted(permission.scope, own=permission.own, contractors=permission.contractors)
        except MissingScope:
            self.fill(here.parts, [False] * len(here.rows))
            return ()
        keys = [self.key(row) for row in here.rows]
        if actor is not context.actor:
            [rows] = yield [run.reader.rows(permission.by_id, actor, list(dict.fromkeys(keys)), ("id",))]
            if isinstance(rows, Exception):
                raise Anew("a permission that failed")
            seen = {row[0] for row in rows}
        try:
            allowed = [
                (seen is None or key in seen) and permission.allows(row, actor)
                for key, row in zip(keys, here.views, strict=True)
            ]
        except Exception:
            raise Anew("a permission that failed") from None
        self.fill(here.parts, allowed)
        return ()


@dataclass(slots=True)
class Inside(Field):
    """A field whose objects are there already, in a value of each object."""

    get: Get
    given: Given

    def follow(self, run: Run, here: Here) -> Leading:
        """Give what is there."""
        try:
            found = [self.get(view) for view in here.views]
        except Exception:
            raise Anew("a value that failed") from None
        parts, reached = self.given.give(here, found, list(self.names))
        self.fill(here.parts, parts)
        yield from ()
        return reached
