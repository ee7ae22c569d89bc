"""Code generation: classes of the response's objects, and functions compiled from the source of an expression.

Plans of the same shape share classes and compiled code.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

import msgspec

from app.graph.execution.run.plan import Fill

MemberNames = tuple[str, ...]


class Constants(dict[str, Any]):
    """The values that a generated expression uses by name."""

    def add(self, value: Any) -> str:
        """Add a value; return its name in the source."""
        name = f"k{len(self)}"
        self[name] = value
        return name

    def object(self, names: MemberNames, parts: Sequence[str]) -> str:
        """Return the expression of an object with some response names and the expressions of their values."""
        return f"{self.add(response_class(names))}({', '.join(parts)})"


@lru_cache(2_000)
def response_class(names: MemberNames) -> type[msgspec.Struct]:
    """Return the class of response objects with some members.

    The attributes are f0, f1 and so on, since a response name may be a keyword of Python. JSON has the response names.
    """
    members = {f"f{index}": name for index, name in enumerate(names)}
    return msgspec.defstruct("ResponseObject", [(member, Any) for member in members], rename=members, gc=False)


@lru_cache(1_000)
def row_view_class(table: Any, columns: MemberNames) -> type[msgspec.Struct]:
    """Return the class of row views: objects with some of a table's columns as attributes."""
    namespace = {"noun": table.noun}
    return msgspec.defstruct("RowView", [(column, Any) for column in columns], namespace=namespace, gc=False)


@lru_cache(2_000)
def compile_fill(path: MemberNames) -> Fill:
    """Return the function that sets the attribute at a path of each response object."""
    namespace: dict[str, Any] = {}
    source = f"def fill(objects, values):\n for o, v in zip(objects, values):\n  o.{'.'.join(path)} = v"
    exec(source, namespace)
    fill: Fill = namespace["fill"]
    return fill


def compile_expression(source: str, constants: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the function that a lambda expression denotes."""
    function: Callable[..., Any] = eval(_compile(source), dict(constants))
    return function


@lru_cache(2_000)
def _compile(source: str) -> CodeType:
    return compile(source, "<plan>", "eval")
