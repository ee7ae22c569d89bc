"""Declarations of the schema's fields, stored in each field's metadata for the executor and for the tests.

A field that fetches carries an edge, query or mutation declaration. A field read from its row carries a value
declaration, or none where the row has a column of the same name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.access import Actor, Scope
from app.core.errors import DomainError
from app.graph.dsl.context import BatchQuery, Context, MutationAction
from app.lists.listings import ChildListing, Listing, Lookup

DECLARATION = "declaration"
"""The metadata key of an edge, query or mutation declaration."""
VALUE_DECLARATION = "value declaration"
"""The metadata key of a value declaration."""


@dataclass(frozen=True)
class NodeDeclaration:
    """An object type with an id: the lookup of its rows, and the scope needed to read them."""

    type: type
    by_id: Lookup[Any]
    scope: Scope | None
    own: bool
    """True if workers may read their own rows without the scope. The same holds for `own` of the other declarations."""


@dataclass(frozen=True)
class EdgeDeclaration:
    """A field that leads to other rows, or to values that a batch query computes."""

    batch: Lookup[Any] | ChildListing[Any] | BatchQuery | None
    """None where the value is computed from the row alone."""
    key: str
    scope: Scope | None
    own: bool
    value: Callable[[Any, Any, Context], Any] | None
    reads: tuple[str, ...] | None = None
    """The columns of the row that `value` reads; None for any."""
    target_reads: tuple[str, ...] | None = None
    """The columns of the fetched row that `value` reads; None for any."""
    with_arguments: BatchQuery | None = None
    """Takes the place of a lookup where the caller gives arguments; its keys are the ids of the rows."""


@dataclass(frozen=True)
class AnyNodeDeclaration:
    """A field that leads to one row or several of any node type, each read under the scope of its own type."""

    key: str


@dataclass(frozen=True)
class QueryDeclaration:
    """A field of the query root."""

    scope: Scope | None
    own: bool
    listing: Listing[Any] | None = None
    resolve: Callable[..., Any] | None = None
    """Return a result, a `DeferredLoad` or a list of these. None for a listing that is returned unchanged."""


@dataclass(frozen=True)
class MutationDeclaration:
    """A field of the mutation root."""

    action: MutationAction
    scope: Scope
    own: bool
    perform: Callable[[Context, Any], Awaitable[Any]]
    """Run the mutation with an input and return its payload."""


@dataclass(frozen=True)
class DeferredLoad:
    """A row that a query returns by its key, for the executor to load. Without a batch, the key is any node's id."""

    batch: Lookup[Any] | None
    key: str


@dataclass(frozen=True)
class ColumnValue:
    """A value read from a column whose name differs from the field's."""

    name: str


@dataclass(frozen=True)
class DerivedValue:
    """A value that a pure function computes from the row."""

    function: Callable[[Any], Any]
    reads: tuple[str, ...] | None
    """The columns that the function reads; None for any."""


@dataclass(frozen=True)
class PermissionValue:
    """A boolean: True if the caller may perform an action on the row now."""

    by_id: Lookup[Any]
    scope: Scope
    rule: Callable[..., DomainError | None]
    own: bool
    contractors: bool
    policy: bool
    """True if the rule also takes the rules about decisions for the caller."""
    reads: tuple[str, ...] | None
    """The columns that the rule reads; None for any."""

    def allows(self, row: Any, actor: Actor) -> bool:
        """Return whether the row's state allows the action."""
        refusal = self.rule(row, policy=actor.review_policy) if self.policy else self.rule(row)
        return refusal is None


@dataclass(frozen=True)
class AsyncValue:
    """A value that a coroutine computes from the row."""

    function: Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class EmbeddedValue:
    """An object type whose fields are read from the same row."""
