"""Edges that lead to a row of whatever kind, by an id that tells the kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.access import Actor
from app.graph import declared, kinds
from app.graph.execution.edges import Field
from app.graph.execution.walking import Below, Here, Leading, Level, Path, Run


@dataclass(slots=True)
class Anything(Field):
    """An edge to the row of an id of whatever kind."""

    key: Callable[[Any], Any]
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


def kind_of(run: Run, key: Any) -> tuple[declared.Node, Actor] | None:
    """What an id says it is the id of, and who may see that. Raises MissingScope."""
    node = kinds.node_of(key)
    return None if node is None else (node, run.context.permitted(node.scope, own=node.own))


def find_any(
    run: Run, here: Here, edge: Field, levels: dict[str, Level], keys: list[Any], *, item: bool = False
) -> Any:
    """The parts of the rows of ids of whatever kind, the levels that they are, and the ids whose search failed."""
    asked: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        node = kinds.node_of(key) if key is not None else None
        if node is not None:
            asked.setdefault(node.by_id.table.prefix, []).append(key)
    if not asked:
        return {}, [], {}
    reads = []
    for mine in asked.values():
        found_kind = kind_of(run, mine[0])
        assert found_kind is not None
        node, actor = found_kind
        reads.append(run.reader.rows(node.by_id, actor, mine, levels[node.by_id.table.prefix].columns))
    answers = yield reads
    parts: dict[str, Any] = {}
    failed: dict[str, Exception] = {}
    reached: list[Here] = []
    for (prefix, mine), rows in zip(asked.items(), answers, strict=True):
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
