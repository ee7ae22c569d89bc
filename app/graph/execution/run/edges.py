"""The edges of plans: how each word of the graph leads from all the objects of a level to others, in one step."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode

from app.access import Actor
from app.core.errors import MissingScope
from app.db.read_batch import Follow, Read, ahead_of
from app.graph.dsl import declarations, value_declarations
from app.graph.execution.run.codegen import Fill
from app.graph.execution.run.executor import Anew, Below, Here, Leading, Level, Run, of_keys
from app.graph.execution.run.existing_objects import Given
from app.graph.execution.run.page_runtime import Pages
from app.graph.execution.run.prefetch import Begun, following
from app.lists.listings import Children, Lookup

Get = Callable[[Any], Any]


@dataclass(slots=True)
class Field:
    """What all edges have: the path from the object, the nodes of the document, and how a value is put there."""

    names: tuple[str, ...]
    nodes: list[FieldNode]
    fill: Fill

    def follow(self, run: Run, here: Here) -> Leading:
        """Fill it in for all objects; gives the levels that it leads to."""
        raise NotImplementedError

    def ahead(self, _run: Run) -> Sequence[Follow]:
        """What can be read for it together with the rows of its level."""
        return ()

    @property
    def lasts(self) -> bool:
        """Whether that is the same each time, for the same caller."""
        return True

    def refuse(self, run: Run, here: Here, error: Exception) -> Sequence[Here]:
        """The edge failed for all objects; they have null there."""
        run.fail(here, range(len(here.rows)), self, error)
        return ()


@dataclass(slots=True)
class ToOne(Field):
    """An edge to the row of a key."""

    edge: declarations.Edge
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

    def ahead(self, run: Run) -> Sequence[Follow]:
        """The rows of all keys."""
        edge, level = self.edge, self.level
        if self.at is None or not isinstance(edge.batch, Lookup):
            return ()
        try:
            actor = run.context.permitted(edge.scope, own=edge.own)
        except MissingScope:
            return ()  # who may not see it is told so in its place
        read = run.reader.rows(edge.batch, actor, (), level.columns)
        return [Follow(id(self), self.at, read.followed(following(run, level)))]

    @property
    def lasts(self) -> bool:
        """Whether that is the same each time, for the same caller."""
        return self.level.lasts

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


@dataclass(slots=True)
class ToMany(Field):
    """An edge to a page of rows for each object."""

    edge: declarations.Edge
    key: Get
    pages: Pages
    at: int | None
    """The place of the key in an object's row, where the object is a row and the key is its id."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Read the pages of all objects, and count their lists where that is asked."""
        batch = self.edge.batch
        assert isinstance(batch, Children)
        keys = [self.key(row) for row in here.rows]
        begun = Begun(self.ask(run, list(dict.fromkeys(keys))))
        there = [here.ahead.get((id(self), number)) for number in range(len(begun.needs or ()))]
        if there and None not in there:
            begun.go_on(there)
        try:
            actor, ask, rows, counts = yield from begun.rest()
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

    def ahead(self, run: Run) -> Sequence[Follow]:
        """The pages of all rows, where nothing else has to be known."""
        if self.at is None:
            return ()
        needs = Begun(self.ask(run, [])).needs or ()
        reads = [need for need in needs if isinstance(need, Read)]
        if len(reads) < len(needs):
            return ()
        return [Follow((id(self), number), self.at, read) for number, read in enumerate(reads)]

    @property
    def lasts(self) -> bool:
        """Whether that is the same each time, for the same caller."""
        return self.pages.lasts and all(level.lasts for level in self.pages.levels)

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


@dataclass(slots=True)
class Permitted(Field):
    """Whether the caller could do something to each row."""

    permission: value_declarations.Permission
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
