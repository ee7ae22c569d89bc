"""The edges of plans: how each word of the graph leads from all the objects of a level to others, in one step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import FieldNode

from app.access import Actor, Scope
from app.core.errors import MissingScope
from app.core.pages import Ask, Children, Listing, Lookup
from app.graph import declared, fields, values
from app.graph.execution.asking import Arguments
from app.graph.execution.connecting import Pages
from app.graph.execution.giving import Given
from app.graph.execution.walking import Anew, Below, Here, Leading, Level, Path, Run

Get = Callable[[Any], Any]
Fill = Callable[[Sequence[Any], Sequence[Any]], None]


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


def actor_of(run: Run, scope: Scope | None, own: bool) -> Actor:
    """Who asks, as a field that takes a scope sees them. Raises MissingScope."""
    return run.context.actor if scope is None else run.context.permitted(scope, own=own)


def kept_up(run: Run, listing: Listing[Any], ask: Ask) -> Any:
    """Settle before something kept is asked for. Raises MissingScope."""
    actor = fields.keeper(run.context, listing, ask)
    if actor is not None:
        [settled] = yield [lambda: run.context.settled(actor)]
        if isinstance(settled, Exception):
            raise settled


@dataclass(slots=True)
class ToOne(Field):
    """An edge to the row of a key."""

    edge: declared.Edge
    key: Get
    level: Level
    found: Get
    """The key in a found row."""
    value: Get | None = None
    """How what the edge makes of both rows is given, where it makes something of them."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Look up the rows of all keys."""
        edge = self.edge
        try:
            actor = actor_of(run, edge.scope, edge.own)
        except Exception as error:
            return self.refuse(run, here, error)
        keys = [self.key(row) for row in here.rows]
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        if not wanted:
            return ()
        assert isinstance(edge.batch, Lookup)
        [rows] = yield [run.reader.rows(edge.batch, actor, wanted, self.level.columns)]
        if isinstance(rows, Exception):
            run.fail(here, [index for index, key in enumerate(keys) if key is not None], self, rows)
            return ()
        get = self.found
        if edge.value is not None:
            views = dict(zip([get(row) for row in rows], self.level.view(rows), strict=True))
            self.derive(run, here, keys, views)
            return ()
        return self.attach(here, keys, [get(row) for row in rows], rows)

    def attach(self, here: Here, keys: list[Any], found: list[Any], rows: Sequence[Any]) -> Sequence[Here]:
        """Put the found rows to the objects whose keys they have."""

        def steps(index: int) -> list[tuple[int, Path]]:
            return [(above, list(self.names)) for above, key in enumerate(keys) if key == found[index]]

        reached = Here(self.level, rows, Below(here, steps))
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
class ToSeveral(Field):
    """An edge to the rows of the keys in a list, without those that are out of sight."""

    edge: declared.Edge
    keys: Get
    """The list in an object's row, as functions know it."""
    level: Level
    found: Get
    """The key in a found row."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Look up the rows of all keys of all objects."""
        edge = self.edge
        assert isinstance(edge.batch, Lookup)
        try:
            actor = actor_of(run, edge.scope, edge.own)
        except Exception as error:
            return self.refuse(run, here, error)
        lists = [self.keys(row) for row in here.views]
        wanted = list(dict.fromkeys(key for keys in lists for key in keys or ()))
        rows: Any = []
        if wanted:
            [rows] = yield [run.reader.rows(edge.batch, actor, wanted, self.level.columns)]
        if isinstance(rows, Exception):
            run.fail(here, [index for index, keys in enumerate(lists) if keys], self, rows)
            lists = [None if keys else keys for keys in lists]
            rows = []
        names = [self.found(row) for row in rows]
        known = set(names)
        listed = [None if keys is None else [key for key in keys if key in known] for keys in lists]
        reached = Here(self.level, rows, Below(here, places_in(listed, names, self.names)))
        parts = dict(zip(names, reached.parts, strict=True))
        self.fill(here.parts, [None if keys is None else [parts[key] for key in keys] for keys in listed])
        return [reached] if rows else ()


def places_in(
    lists: Sequence[list[Any] | None], found: Sequence[Any], names: Sequence[str]
) -> Callable[[int], list[tuple[int, Path]]]:
    """The way back from each of what was found to the objects whose lists it is in."""

    def steps(index: int) -> list[tuple[int, Path]]:
        key = found[index]
        return [
            (above, [*names, place])
            for above, keys in enumerate(lists)
            for place, each in enumerate(keys or ())
            if each == key
        ]

    return steps


@dataclass(slots=True)
class Worked(Field):
    """An edge to what a batch works out for the keys of all objects."""

    edge: declared.Edge
    key: Get
    arguments: Arguments
    order: tuple[str, ...]
    """The arguments in the order in which the batch takes them."""
    give: Get | Given
    """How a value of a leaf type is given, or the selection of objects."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Have it worked out for all keys at once."""
        edge = self.edge
        try:
            asked = self.arguments.of(run)
            actor = actor_of(run, edge.scope, edge.own)
        except Exception as error:
            return self.refuse(run, here, error)
        keys = [self.key(row) for row in here.rows]
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        if not wanted:
            return ()
        arguments = [asked.get(name) for name in self.order]
        assert not isinstance(edge.batch, Lookup | Children)
        batch = edge.batch
        [found] = yield [lambda: run.context.look(batch, actor, wanted, *arguments)]
        if isinstance(found, Exception):
            run.fail(here, [index for index, key in enumerate(keys) if key is not None], self, found)
            return ()
        return self.put(run, here, keys, found)

    def put(self, run: Run, here: Here, keys: list[Any], found: dict[Any, Any]) -> Sequence[Here]:
        """Put each object's share there."""
        value, give = self.edge.value, self.give
        rows = here.views if value is not None else here.rows
        made: list[Any] = []
        for index, (key, row) in enumerate(zip(keys, rows, strict=True)):
            try:
                share = None if key is None else found.get(key)
                if key is not None and value is not None:
                    share = value(row, share, run.context)
                made.append(share if isinstance(give, Given) else give(share))
            except Exception as error:
                made.append(None)
                run.fail(here, [index], self, error)
        if not isinstance(give, Given):
            self.fill(here.parts, made)
            return ()
        parts, reached = give.give(here, made, list(self.names))
        self.fill(here.parts, parts)
        return reached


@dataclass(slots=True)
class ToMany(Field):
    """An edge to a page of rows for each object."""

    edge: declared.Edge
    key: Get
    arguments: Arguments
    pages: Pages

    def follow(self, run: Run, here: Here) -> Leading:
        """Read the pages of all objects, and count their lists where that is asked."""
        edge = self.edge
        batch = edge.batch
        assert isinstance(batch, Children)
        try:
            asked = self.arguments.of(run)
            actor = actor_of(run, edge.scope, edge.own)
            ask = self.pages.ask(run, batch.listing, asked, actor)
            yield from kept_up(run, batch.listing, ask)
            keys = [self.key(row) for row in here.rows]
            wanted = list(dict.fromkeys(keys))
            ready = yield from self.pages.ready(run, batch.listing, ask, actor)
            columns = self.pages.columns(batch.listing, ask)
            needs = [run.reader.children(batch, actor, wanted, ready, columns)]
            if self.pages.counts:
                needs.append(run.reader.counts(batch, actor, wanted, ready))
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        rows, *counts = yield needs
        if isinstance(rows, Exception):
            return self.refuse(run, here, rows)
        if any(isinstance(count, Exception) for count in counts):
            raise Anew("a count that failed")
        counted = dict(map(tuple, counts[0])) if counts else {}
        groups = self.pages.grouped(batch.listing, ask, rows)
        found: list[Any] = [groups.get(key, ()) for key in keys]
        total = [counted.get(key, 0) for key in keys] if counts else ()
        connected, reached = self.pages.connect(run, here, self.names, found, total, batch.listing, ask, actor)
        self.fill(here.parts, connected)
        return reached


@dataclass(slots=True)
class RootList(Field):
    """A field of the query root that is a whole list."""

    query: declared.Query
    arguments: Arguments
    pages: Pages

    def follow(self, run: Run, here: Here) -> Leading:
        """Read the page, and count the list where that is asked."""
        listing = self.query.listing
        assert isinstance(listing, Listing)
        try:
            asked = self.arguments.of(run)
            actor = actor_of(run, self.query.scope, self.query.own)
            ask = self.pages.ask(run, listing, asked, actor)
            yield from kept_up(run, listing, ask)
            ready = yield from self.pages.ready(run, listing, ask, actor)
            needs = [run.reader.page(listing, actor, ready, self.pages.columns(listing, ask, sorted_here=False))]
            if self.pages.counts:
                needs.append(run.reader.count(listing, actor, ready))
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        rows, *counts = yield needs
        if isinstance(rows, Exception):
            return self.refuse(run, here, rows)
        if any(isinstance(count, Exception) for count in counts):
            raise Anew("a count that failed")
        total = [counts[0][0][0]] if counts else ()
        connected, reached = self.pages.connect(run, here, self.names, [rows], total, listing, ask, actor)
        self.fill(here.parts, connected)
        return reached


@dataclass(slots=True)
class Anything(Field):
    """An edge to the row of an id of whatever kind."""

    key: Get
    levels: dict[str, Level]
    """How the rows of each kind are made, by the prefix of their ids."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Look up the rows of each kind together."""
        keys: list[Any] = []
        for index, row in enumerate(here.rows):
            key = self.key(row)
            try:
                kind_of(run, key)
            except Exception as error:
                run.fail(here, [index], self, error)
                key = None
            keys.append(key)
        parts, reached, failed = yield from find_any(run, here, self, self.levels, keys)
        for failing, fault in failed.items():
            run.fail(here, [index for index, key in enumerate(keys) if key == failing], self, fault)
        self.fill(here.parts, [parts.get(key) for key in keys])
        return list(reached)


@dataclass(slots=True)
class Anythings(Field):
    """An edge to the rows of the ids in a list, of whatever kinds, without those that are out of sight."""

    keys: Get
    """The list in an object's row, as functions know it."""
    levels: dict[str, Level]
    """How the rows of each kind are made, by the prefix of their ids."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Look up the rows of each kind together."""
        lists: list[list[Any] | None] = []
        for index, row in enumerate(here.views):
            keys = self.keys(row)
            try:
                for key in keys:
                    kind_of(run, key)
            except Exception as error:
                run.fail(here, [index], self, error)
                keys = None
            lists.append(keys)
        wanted = list(dict.fromkeys(key for keys in lists for key in keys or ()))
        parts, reached, failed = yield from find_any(run, here, self, self.levels, wanted)
        if failed:
            raise Anew("a search that failed")
        listed = [None if keys is None else [key for key in keys if key in parts] for keys in lists]
        by_part = {id(part): key for key, part in parts.items()}
        for below in reached:
            found = [by_part[id(part)] for part in below.parts]
            below.place = Below(here, places_in(listed, found, self.names))
        self.fill(here.parts, [None if keys is None else [parts[key] for key in keys] for keys in listed])
        return list(reached)


def kind_of(run: Run, key: Any) -> tuple[declared.Node, Actor] | None:
    """What an id says it is the id of, and who may see that. Raises MissingScope."""
    node = fields.node_of(key)
    return None if node is None else (node, actor_of(run, node.scope, node.own))


def find_any(
    run: Run, here: Here, edge: Field, levels: dict[str, Level], keys: list[Any], *, item: bool = False
) -> Any:
    """The parts of the rows of ids of whatever kind, the levels that they are, and the ids whose search failed."""
    kinds: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        node = fields.node_of(key) if key is not None else None
        if node is not None:
            kinds.setdefault(node.by_id.table.prefix, []).append(key)
    if not kinds:
        return {}, [], {}
    reads = []
    for mine in kinds.values():
        found_kind = kind_of(run, mine[0])
        assert found_kind is not None
        node, actor = found_kind
        reads.append(run.reader.rows(node.by_id, actor, mine, levels[node.by_id.table.prefix].columns))
    answers = yield reads
    parts: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    reached: list[Here] = []
    for (prefix, mine), rows in zip(kinds.items(), answers, strict=True):
        if isinstance(rows, Exception):
            failed |= dict.fromkeys(mine, rows)
            continue
        level = levels[prefix]
        at = level.columns.index("id")
        found = [row[at] for row in rows]

        def steps(index: int, found: list[Any] = found) -> list[tuple[int, Path]]:
            places = [place for place, key in enumerate(keys) if key == found[index]]
            return [(0, [*edge.names, place]) if item else (place, list(edge.names)) for place in places]

        below = Here(level, rows, Below(here, steps))
        parts |= zip(found, below.parts, strict=True)
        reached.append(below)
    return parts, reached, failed


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


@dataclass(slots=True)
class Awaited(Field):
    """A field whose objects each object has to be asked for."""

    get: Callable[[Any], Any]
    given: Given

    def follow(self, run: Run, here: Here) -> Leading:
        """Ask, and give what comes."""
        found = yield [partial(self.get, view) for view in here.views]
        if any(isinstance(value, Exception) for value in found):
            raise Anew("a value that failed")
        parts, reached = self.given.give(here, found, list(self.names))
        self.fill(here.parts, parts)
        return reached


@dataclass(slots=True)
class Asked(Field):
    """A field of the query root that finds one thing, or a few by their ids."""

    query: declared.Query
    arguments: Arguments
    given: Given
    levels: dict[str, Level]
    """How rows are made that are to be found, by the prefix of their kind."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Ask what is asked, and find what it says."""
        assert self.query.resolve is not None
        try:
            arguments = self.arguments.of(run)
            actor = actor_of(run, self.query.scope, self.query.own)
            answer = self.query.resolve(run.context, actor, **arguments)
            if isinstance(answer, declared.Find | list):
                reached = yield from self._find(run, here, actor, answer)
                return list(reached)
            [answer] = yield [lambda: answer]
            if isinstance(answer, Exception):
                raise answer
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        parts, below = self.given.give(here, [answer], list(self.names))
        self.fill(here.parts, parts)
        return below

    def _find(self, run: Run, here: Here, actor: Actor, answer: Any) -> Any:
        many = isinstance(answer, list)
        finds: list[declared.Find] = answer if many else [answer]
        if many or finds[0].batch is None:
            if any(find.batch is not None for find in finds):
                raise Anew("several finds of one kind")
            for find in finds:
                kind_of(run, find.key)
            keys = [find.key for find in finds]
            parts, reached, failed = yield from find_any(run, here, self, self.levels, keys, item=many)
            for error in failed.values():
                raise error
            found = [parts.get(key) for key in keys]
            self.fill(here.parts, [found if many else found[0]])
            return reached
        [find] = finds
        assert find.batch is not None
        level = self.levels[find.batch.table.prefix]
        [rows] = yield [run.reader.rows(find.batch, actor, [find.key], level.columns)]
        if isinstance(rows, Exception):
            raise rows
        below = Here(level, rows[-1:], Below(here, lambda _index: [(0, list(self.names))]))
        self.fill(here.parts, [below.parts[0] if rows else None])
        return [below] if rows else ()


@dataclass(slots=True)
class Changed(Field):
    """A field of the mutation root."""

    mutation: declared.Mutation
    arguments: Arguments
    given: Given

    def follow(self, run: Run, here: Here) -> Leading:
        """Do it, and give what it gives back."""
        try:
            arguments = self.arguments.of(run)
        except Exception as error:
            return self.refuse(run, here, error)
        [payload] = yield [lambda: run.context.once(self.names[0], self.mutation.perform, *arguments.values())]
        if isinstance(payload, Exception):
            return self.refuse(run, here, payload)
        parts, below = self.given.give(here, [payload], list(self.names))
        self.fill(here.parts, parts)
        return below
