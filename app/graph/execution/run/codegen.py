"""Classes and functions made for one plan: written as source, or by name of their members, and kept for the next."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import msgspec

Names = tuple[str, ...]
Fill = Callable[[Sequence[Any], Sequence[Any]], None]
"""Puts values to objects, each in the same place."""


class Constants(dict[str, Any]):
    """The values that the source of a function names."""

    def name(self, value: Any) -> str:
        """The name of a value in the source."""
        name = f"k{len(self)}"
        self[name] = value
        return name

    def object(self, names: Names, parts: Sequence[str]) -> str:
        """The expression of an object: the names of its members in the response, and their expressions."""
        return f"{self.name(structure(names))}({', '.join(parts)})"


@lru_cache(2_000)
def structure(names: Names) -> type[msgspec.Struct]:
    """The class of objects with these members; they are `f0`, `f1` and so on, and only called so in JSON."""
    members = {f"f{index}": name for index, name in enumerate(names)}
    return msgspec.defstruct("Part", [(member, Any) for member in members], rename=members, gc=False)


@lru_cache(1_000)
def viewing(table: Any, names: Names) -> type[msgspec.Struct]:
    """The class of a table's rows, of which some columns are known."""
    called = {"noun": table.noun}
    return msgspec.defstruct("Row", [(name, Any) for name in names], namespace=called, gc=False)


@lru_cache(2_000)
def filler(at: Names) -> Fill:
    """Puts values to objects, at a place within each."""
    space: dict[str, Any] = {}
    exec(f"def fill(parts, values):\n for p, v in zip(parts, values):\n  p.{'.'.join(at)} = v", space)
    fill: Fill = space["fill"]
    return fill


def compiled(source: str, constants: Mapping[str, Any]) -> Callable[..., Any]:
    """The function of an expression."""
    found: Callable[..., Any] = eval(_code(source), dict(constants))
    return found


@lru_cache(2_000)
def _code(source: str) -> CodeType:
    return compile(source, "<plan>", "eval")
