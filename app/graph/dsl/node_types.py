"""The kinds of rows that have an id, and how a row is found."""

import asyncio
from collections.abc import Generator
from typing import Any

from app.access import Actor
from app.core import ids
from app.graph.dsl.context import Context
from app.graph.dsl.declarations import Find, Node
from app.graph.dsl.types import Result, as_value
from app.lists.listings import Lookup

nodes: dict[str, Node] = {}
"""The types that have an id, by its prefix."""


def node_of(key: str) -> Node | None:
    """The type that an id says it is of; None for what is no id of any."""
    return nodes.get(ids.kind(key) or "")


def find(batch: Lookup[Any] | None, key: str) -> Result | None:
    """What a query may give instead of a row: the row of a key, or, without a batch, of an id of whatever kind."""
    return as_value(Find(batch, key))


async def found(context: Context, actor: Actor, given: Any) -> Any:
    """What a query gave, or what it said where to find: one, or as many as it named."""
    if isinstance(given, list):
        return list(await asyncio.gather(*(found(context, actor, each) for each in given)))
    if isinstance(given, Generator):
        return await context.database.lanes.run(given)
    if not isinstance(given, Find):
        return await given
    if given.batch is None:
        return await find_node(context, given.key)
    return await context.load(given.batch.load, actor, given.key)


async def find_node(context: Context, key: str) -> Any:
    """The row of an id of whatever kind, if the caller may see it. Raises MissingScope."""
    node = node_of(key)
    if node is None:
        return None
    return await context.load(node.by_id.load, context.permitted(node.scope, own=node.own), key)
