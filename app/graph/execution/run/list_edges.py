"""Edges that lead from each object to several rows, by the keys in a list of its own."""

from dataclasses import dataclass
from typing import Any

from app.graph.dsl import declarations
from app.graph.execution.run.edges import Field, Get
from app.graph.execution.run.executor import Anew, Below, Here, Leading, Level, Run, of_lists
from app.graph.execution.run.node_edges import check, find_any, reach
from app.lists.listings import Lookup


@dataclass(slots=True)
class ToSeveral(Field):
    """An edge to the rows of the keys in a list, without those that are out of sight."""

    edge: declarations.Edge
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
            actor = run.context.permitted(edge.scope, own=edge.own)
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
        reached = Here(self.level, rows, Below(here, of_lists(listed, names, self.names)))
        parts = dict(zip(names, reached.parts, strict=True))
        self.fill(here.parts, [None if keys is None else [parts[key] for key in keys] for keys in listed])
        return [reached] if rows else ()


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
                    check(run, key)
            except Exception as error:
                run.fail(here, [index], self, error)
                keys = None
            lists.append(keys)
        wanted = list(dict.fromkeys(key for keys in lists for key in keys or ()))
        found, failed = yield from find_any(run, self.levels, wanted)
        if failed:
            raise Anew("a search that failed")
        known = {key for each in found for key in each.keys}
        listed = [None if keys is None else [key for key in keys if key in known] for keys in lists]
        parts, reached = reach(here, found, lambda keys: of_lists(listed, keys, self.names))
        self.fill(here.parts, [None if keys is None else [parts[key] for key in keys] for keys in listed])
        return reached
