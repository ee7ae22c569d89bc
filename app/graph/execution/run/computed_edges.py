"""Edges to what has to be worked out, for all objects at once or for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.graph.dsl import declarations
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.edges import Field, Get
from app.graph.execution.run.executor import Anew, Here, Leading, Run
from app.graph.execution.run.existing_objects import Given
from app.lists.listings import Children, Lookup


@dataclass(slots=True)
class Worked(Field):
    """An edge to what a batch works out for the keys of all objects."""

    edge: declarations.Edge
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
            actor = run.context.permitted(edge.scope, own=edge.own)
        except Exception as error:
            return self.refuse(run, here, error)
        keys = [self.key(row) for row in here.rows]
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        if not wanted:
            return ()
        arguments = [asked.get(name) for name in self.order]
        assert not isinstance(edge.batch, Lookup | Children)
        batch = edge.batch
        if batch is None:
            return self.put(run, here, keys, {})
        [found] = yield [partial(run.context.look, batch, actor, wanted, *arguments)]
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
