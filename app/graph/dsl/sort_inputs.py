"""How lists are sorted: the input that names a sort key."""

from enum import Enum, StrEnum
from typing import Any

from app.core.errors import BadPage
from app.graph.dsl.types import enum, input, member

MOST_SORT_KEYS = 4


class OrderDirection(StrEnum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


enum(OrderDirection, ASC="Smallest, earliest or A first.", DESC="Largest, latest or Z first.")


def sort_key(fields: type[Enum], nouns: str) -> Any:
    """The input that names a sort key of a list of some nouns: one of the fields, and a direction."""
    members = {
        "__doc__": f"A sort key of {nouns}.",
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": member("What to sort by.", default=...),
        "direction": member("Which way.", default=OrderDirection.ASC),
    }
    return input(type(fields.__name__.removesuffix("Field"), (), members))


def keys(asked: list[Any] | None) -> tuple[tuple[str, bool], ...]:
    """What sort keys ask: each field with whether it descends. Raises BadPage."""
    found = tuple((str(key.field.value), key.direction is OrderDirection.DESC) for key in asked or [])
    names = [name for name, _ in found]
    if len(found) > MOST_SORT_KEYS or len(set(names)) < len(names):
        raise BadPage(f"orderBy takes up to {MOST_SORT_KEYS} keys, each once", ("orderBy",))
    return found
