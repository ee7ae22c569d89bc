"""Edges to several rows by the keys in a list of the object's own row."""

from dataclasses import dataclass
from typing import Any

from app.graph.dsl import declarations
from app.graph.execution.fallback import FallBack
from app.graph.execution.run.edges import Getter
from app.graph.execution.run.locations import ChildLocation, steps_by_key_list
from app.graph.execution.run.node_edges import build_nodes, read_nodes, require_scope
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, PlanEdge, PlanLevel, Run
from app.lists.listings import Lookup


@dataclass(slots=True)
class KeyListEdge(PlanEdge):
    """An edge to the rows of a list of keys, without the rows that the caller may not see."""

    declaration: declarations.EdgeDeclaration
    keys: Getter
    """Reads the list off a row view."""
    level: PlanLevel
    row_key: Getter
    """Reads the key off a row to which the edge leads."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Look up the rows of all keys of all objects."""
        declaration = self.declaration
        assert isinstance(declaration.batch, Lookup)
        try:
            actor = run.context.permitted_actor(declaration.scope, own=declaration.own)
        except Exception as error:
            return self.fail(run, instance, error)
        key_lists = [self.keys(row) for row in instance.views]
        distinct_keys = list(dict.fromkeys(key for keys in key_lists for key in keys or ()))
        rows: Any = []
        if distinct_keys:
            [rows] = yield [run.reads.rows(declaration.batch, actor, distinct_keys, self.level.columns)]
        if isinstance(rows, Exception):
            run.add_error(instance, [index for index, keys in enumerate(key_lists) if keys], self, rows)
            key_lists = [None if keys else keys for keys in key_lists]
            rows = []
        row_keys = [self.row_key(row) for row in rows]
        key_lists = keep_known(key_lists, set(row_keys))
        location = ChildLocation(instance.location, steps_by_key_list(key_lists, row_keys, self.names))
        reached = LevelInstance(self.level, rows, location)
        objects = dict(zip(row_keys, reached.objects, strict=True))
        self.fill(instance.objects, [None if keys is None else [objects[key] for key in keys] for keys in key_lists])
        return [reached] if rows else ()


@dataclass(slots=True)
class AnyNodeListEdge(PlanEdge):
    """An edge to the rows of a list of ids of any types, without the rows that the caller may not see."""

    keys: Getter
    """Reads the list off a row view."""
    levels: dict[str, PlanLevel]
    """Id prefix → the level of its type."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Look up the rows of each type together."""
        key_lists: list[list[Any] | None] = []
        for index, row in enumerate(instance.views):
            keys = self.keys(row)
            try:
                for key in keys:
                    require_scope(run, key)
            except Exception as error:
                run.add_error(instance, [index], self, error)
                keys = None
            key_lists.append(keys)
        distinct_keys = list(dict.fromkeys(key for keys in key_lists for key in keys or ()))
        nodes, failed = yield from read_nodes(run, self.levels, distinct_keys)
        if failed:
            raise FallBack("a search that failed")
        known_lists = keep_known(key_lists, {key for group in nodes for key in group.keys})
        objects, reached = build_nodes(
            instance, nodes, lambda row_keys: steps_by_key_list(known_lists, row_keys, self.names)
        )
        self.fill(instance.objects, [None if keys is None else [objects[key] for key in keys] for keys in known_lists])
        return reached


def keep_known(key_lists: list[list[Any] | None], known: set[Any]) -> list[list[Any] | None]:
    """Return the lists without the keys that lead to no row."""
    return [None if keys is None else [key for key in keys if key in known] for keys in key_lists]
