"""The `Node` interface and the queries of records by id."""

import strawberry

from app.access import Actor
from app.core.errors import TooMany
from app.graph.dsl.context import Context
from app.graph.dsl.fields import query
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.types import interface, scalar

MAX_IDS = 100  # records per call of `nodes`


@interface
class Node:
    """An object with an id. The prefix of the id identifies its type."""

    id: strawberry.ID = scalar("The opaque id: a prefix that identifies the type, and 16 characters.")


def _node(_context: Context, _actor: Actor, id: str) -> Node | None:
    return defer_load(None, id)


def _nodes(_context: Context, _actor: Actor, ids: list[str]) -> list[Node | None] | None:
    if len(ids) > MAX_IDS:
        raise TooMany(f"ids: takes up to {MAX_IDS} items; split the call", ("ids",), limit=MAX_IDS)
    return [defer_load(None, id) for id in ids]


QUERIES = [
    query(
        "node",
        _node,
        "Look up a record of any type by id; null if there is none.",
        scope=None,
        id=(strawberry.ID, "The id of the record."),
    ),
    query(
        "nodes",
        _nodes,
        "Look up up to 100 records of any type by id, in the order of the ids; null for an id without a record.",
        scope=None,
        ids=(list[strawberry.ID], "The ids of the records."),
    ),
]
