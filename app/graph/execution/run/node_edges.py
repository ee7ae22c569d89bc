"""Edges to a row of any type, whose id names the type by its prefix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.graph.dsl import node_types
from app.graph.execution.run.locations import ChildLocation, ParentSteps, steps_by_key
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, PlanEdge, PlanLevel, Run


@dataclass(slots=True)
class AnyNodeEdge(PlanEdge):
    """An edge to the row of an id of any type."""

    key: Callable[[Any], Any]
    """Reads the id off an object's row."""
    levels: dict[str, PlanLevel]
    """Id prefix → the level of its type."""

    def resolve(self, run: Run, instance: LevelInstance) -> EdgeProgram:
        """Look up the rows of each type together."""
        keys: list[Any] = []
        for index, row in enumerate(instance.rows):
            key = self.key(row)
            try:
                require_scope(run, key)
            except Exception as error:
                run.add_error(instance, [index], self, error)
                key = None
            keys.append(key)
        nodes, failed = yield from read_nodes(run, self.levels, keys)
        for failed_key, failure in failed.items():
            run.add_error(instance, [index for index, key in enumerate(keys) if key == failed_key], self, failure)
        objects, reached = build_nodes(instance, nodes, lambda row_keys: steps_by_key(keys, row_keys, self.names))
        self.fill(instance.objects, [objects.get(key) for key in keys])
        return reached


def require_scope(run: Run, key: Any) -> None:
    """Raise MissingScope if the caller may not read the type that an id names."""
    node = node_types.node_declaration(key)
    if node is not None:
        run.context.permitted_actor(node.scope, own=node.own)


@dataclass(frozen=True, slots=True)
class NodeRows:
    """Rows of one type, with their ids."""

    level: PlanLevel
    keys: list[str]
    rows: Sequence[Any]


def read_nodes(run: Run, levels: dict[str, PlanLevel], keys: Sequence[Any]) -> Any:
    """Return the rows of ids of any types, as NodeRows, and the ids whose read failed, each with its error.

    Raises MissingScope.
    """
    keys_by_prefix: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        node = node_types.node_declaration(key) if key is not None else None
        if node is not None:
            keys_by_prefix.setdefault(node.by_id.table.prefix, []).append(key)
    if not keys_by_prefix:
        return [], {}
    reads = []
    for prefix, type_keys in keys_by_prefix.items():
        node = node_types.nodes_by_prefix[prefix]
        actor = run.context.permitted_actor(node.scope, own=node.own)
        reads.append(run.reads.rows(node.by_id, actor, type_keys, levels[prefix].columns))
    answers = yield reads
    nodes: list[NodeRows] = []
    failed: dict[str, Exception] = {}
    for (prefix, type_keys), rows in zip(keys_by_prefix.items(), answers, strict=True):
        if isinstance(rows, Exception):
            failed |= dict.fromkeys(type_keys, rows)
            continue
        level = levels[prefix]
        id_index = level.columns.index("id")
        nodes.append(NodeRows(level, [row[id_index] for row in rows], rows))
    return nodes, failed


def build_nodes(
    instance: LevelInstance, nodes: list[NodeRows], steps: Callable[[list[str]], ParentSteps]
) -> tuple[dict[str, Any], list[LevelInstance]]:
    """Return the response's objects of some rows by id, and their level instances.

    `steps` makes the steps from rows of some ids back to the objects of `instance`.
    """
    objects: dict[str, Any] = {}
    reached: list[LevelInstance] = []
    for group in nodes:
        location = ChildLocation(instance.location, steps(group.keys))
        group_instance = LevelInstance(group.level, group.rows, location)
        objects |= zip(group.keys, group_instance.objects, strict=True)
        reached.append(group_instance)
    return objects, reached
