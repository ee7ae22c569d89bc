"""Object types with an id, and the loading of their rows."""

import asyncio
from collections.abc import Generator
from typing import Any

from app.access import Actor
from app.core import ids
from app.graph.dsl.context import Context
from app.graph.dsl.declarations import DeferredLoad, NodeDeclaration
from app.graph.dsl.types import OutputType, as_output
from app.lists.listings import Lookup

nodes_by_prefix: dict[str, NodeDeclaration] = {}
"""Id prefix → declaration of the type with that prefix. `fields.node` fills it."""


def node_declaration(id: str) -> NodeDeclaration | None:
    """Return the declaration of an id's type; None for an unknown prefix."""
    return nodes_by_prefix.get(ids.prefix_of(id) or "")


def defer_load(batch: Lookup[Any] | None, key: str) -> OutputType | None:
    """Return a reference to a row, which the executor loads with others. Without a batch, the key is any node's id."""
    return as_output(DeferredLoad(batch, key))


async def resolve_deferred(context: Context, actor: Actor, result: Any) -> Any:
    """Return the value that a query's result stands for: a deferred load, a read program, an awaitable or a list."""
    if isinstance(result, list):
        return list(await asyncio.gather(*(resolve_deferred(context, actor, item) for item in result)))
    if isinstance(result, Generator):
        return await context.database.read_executor.run(result)
    if not isinstance(result, DeferredLoad):
        return await result
    if result.batch is None:
        return await load_node(context, result.key)
    return await context.load(result.batch.load, actor, result.key)


async def load_node(context: Context, id: str) -> Any:
    """Load the row of any node's id; None if it does not exist or the caller may not see it. Raises MissingScope."""
    declaration = node_declaration(id)
    if declaration is None:
        return None
    actor = context.permitted_actor(declaration.scope, own=declaration.own)
    return await context.load(declaration.by_id.load, actor, id)
