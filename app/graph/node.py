"""Anything that has an id."""

import strawberry

from app.access import Actor
from app.core.errors import TooMany
from app.graph.dsl.context import Context
from app.graph.dsl.fields import query
from app.graph.dsl.node_types import find
from app.graph.dsl.types import interface, scalar

MOST_IDS = 100


@interface
class Node:
    """Anything that has an id. The id's prefix tells the kind."""

    id: strawberry.ID = scalar("The opaque id: a prefix that tells the kind, and 16 characters.")


def _node(_context: Context, _actor: Actor, id: str) -> Node | None:
    return find(None, id)


def _nodes(_context: Context, _actor: Actor, ids: list[str]) -> list[Node | None] | None:
    if len(ids) > MOST_IDS:
        raise TooMany(f"ids holds more than {MOST_IDS} items", ("ids",), limit=MOST_IDS)
    return [find(None, key) for key in ids]


QUERIES = [
    query(
        "node",
        _node,
        "The record of an id, of whatever kind; null when there is none.",
        scope=None,
        id=(strawberry.ID, "The id."),
    ),
    query(
        "nodes",
        _nodes,
        "The records of up to 100 ids, in their order, with null where there is none.",
        scope=None,
        ids=(list[strawberry.ID], "The ids."),
    ),
]
