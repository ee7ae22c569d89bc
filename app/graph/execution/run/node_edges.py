"""Edges that lead to a row of whatever kind, by an id that tells the kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.graph.dsl import node_types
from app.graph.execution.run.edges import Field
from app.graph.execution.run.executor import Below, Here, Leading, Level, Run, Steps, of_keys


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
                check(run, key)
            except Exception as error:
                run.fail(here, [index], self, error)
                key = None
            keys.append(key)
        found, failed = yield from find_any(run, self.levels, keys)
        for failing, fault in failed.items():
            run.fail(here, [index for index, key in enumerate(keys) if key == failing], self, fault)
        parts, reached = reach(here, found, lambda ids: of_keys(keys, ids, self.names))
        self.fill(here.parts, [parts.get(key) for key in keys])
        return reached


def check(run: Run, key: Any) -> None:
    """Raises MissingScope where the caller may not see what an id says it is the id of."""
    node = node_types.node_of(key)
    if node is not None:
        run.context.permitted(node.scope, own=node.own)


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one kind."""

    level: Level
    keys: list[str]
    rows: Sequence[Any]


def find_any(run: Run, levels: dict[str, Level], keys: Sequence[Any]) -> Any:
    """The rows of ids of whatever kind, and the ids whose search failed, each with its fault. Raises MissingScope."""
    asked: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        node = node_types.node_of(key) if key is not None else None
        if node is not None:
            asked.setdefault(node.by_id.table.prefix, []).append(key)
    if not asked:
        return [], {}
    reads = []
    for prefix, mine in asked.items():
        node = node_types.nodes[prefix]
        actor = run.context.permitted(node.scope, own=node.own)
        reads.append(run.reader.rows(node.by_id, actor, mine, levels[prefix].columns))
    answers = yield reads
    found: list[Found] = []
    failed: dict[str, Exception] = {}
    for (prefix, mine), rows in zip(asked.items(), answers, strict=True):
        if isinstance(rows, Exception):
            failed |= dict.fromkeys(mine, rows)
            continue
        level = levels[prefix]
        at = level.columns.index("id")
        found.append(Found(level, [row[at] for row in rows], rows))
    return found, failed


def reach(here: Here, found: list[Found], back: Callable[[list[str]], Steps]) -> tuple[dict[str, Any], list[Here]]:
    """The parts of what was found by their ids, and the levels that it is; `back` gives the way back from some ids."""
    parts: dict[str, Any] = {}
    reached: list[Here] = []
    for each in found:
        below = Here(each.level, each.rows, Below(here, back(each.keys)))
        parts |= zip(each.keys, below.parts, strict=True)
        reached.append(below)
    return parts, reached
