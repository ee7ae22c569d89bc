"""What the words of the graph declare of a value: how it is read off its row, kept for the executor."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.access import Actor, Scope
from app.core.errors import DomainError
from app.lists.listings import Lookup

VALUE = "value"
"""The key of a field's metadata under which the declaration of its value lies."""


@dataclass(frozen=True)
class Column:
    """A value of the row that is called otherwise there."""

    name: str


@dataclass(frozen=True)
class Derived:
    """A value that a pure function makes of the row."""

    function: Callable[[Any], Any]
    reads: tuple[str, ...] | None
    """The columns that the function looks at; None when it may be any."""


@dataclass(frozen=True)
class Permission:
    """Whether the caller could do something to the row now."""

    by_id: Lookup[Any]
    scope: Scope
    rule: Callable[..., DomainError | None]
    own: bool
    contractors: bool
    final: bool
    reads: tuple[str, ...] | None
    """The columns that the rule looks at; None when it may be any."""

    def allows(self, row: Any, actor: Actor) -> bool:
        """Whether the row's state allows it."""
        refusal = self.rule(row, final=actor.decisions_are_final) if self.final else self.rule(row)
        return refusal is None


@dataclass(frozen=True)
class Awaited:
    """A value that has to be waited for."""

    function: Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Part:
    """A group of the row's values."""
