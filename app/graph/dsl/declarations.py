"""What the words of the graph declare of a field or type, kept for the executor and for the tests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.access import Scope
from app.graph.dsl.context import Action, Batch, Context
from app.lists.listings import Children, Listing, Lookup

WORD = "declared"
"""The key of a field's metadata under which its declaration lies."""


@dataclass(frozen=True)
class Node:
    """A type that has an id: how its rows are found, and the scope that reading them takes."""

    type: type
    by_id: Lookup[Any]
    scope: Scope | None
    own: bool


@dataclass(frozen=True)
class Edge:
    """A field that leads to other rows, or to what a batch works out of them."""

    batch: Lookup[Any] | Children[Any] | Batch | None
    """None where the row itself is all that is needed."""
    key: str
    scope: Scope | None
    own: bool
    value: Callable[[Any, Any, Context], Any] | None
    reads: tuple[str, ...] | None = None
    """The row's columns that `value` looks at, and those of what was found; None when it may be any."""
    of: tuple[str, ...] | None = None


@dataclass(frozen=True)
class AnyEdge:
    """A field that leads to one row, or to several, of whatever kind, each under the scope of its kind."""

    key: str


@dataclass(frozen=True)
class Query:
    """A field of the query root."""

    scope: Scope | None
    own: bool
    listing: Listing[Any] | None = None
    resolve: Callable[..., Any] | None = None
    """Gives what is asked, a `Find` of it, or a list of them; None for a list that is given as it is."""


@dataclass(frozen=True)
class Mutation:
    """A field of the mutation root."""

    action: Action
    scope: Scope
    own: bool
    perform: Callable[[Context, Any], Awaitable[Any]]
    """Does it with an input; gives the payload."""


@dataclass(frozen=True)
class Find:
    """What a query may give instead of a row: where to look, and the key. Without a batch, the key is any node's id."""

    batch: Lookup[Any] | None
    key: str
