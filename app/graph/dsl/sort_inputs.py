"""Inputs that sort lists."""

from enum import Enum, StrEnum
from typing import Any

from app.core.errors import BadPage
from app.graph.dsl.types import enum, input, member

MAX_SORT_KEYS = 4  # per list


class OrderDirection(StrEnum):
    """The direction of a sort."""

    ASC = "ASC"
    DESC = "DESC"


enum(
    OrderDirection,
    ASC="Ascending: smallest, earliest or A first.",
    DESC="Descending: largest, latest or Z first.",
)


def sort_key(fields: type[Enum], nouns: str) -> Any:
    """Return the input type of one sort key: a member of an enum of fields, and a direction."""
    members = {
        "__doc__": f"A sort key for {nouns}.",
        "__annotations__": {"field": fields, "direction": OrderDirection},
        "field": member("The field to sort by.", default=...),
        "direction": member("The direction to sort in.", default=OrderDirection.ASC),
    }
    return input(type(fields.__name__.removesuffix("Field"), (), members))


def parse_sort_keys(order_by: list[Any] | None) -> tuple[tuple[str, bool], ...]:
    """Return the sort keys as pairs of a field's name and True for descending. Raises BadPage."""
    sort_keys = tuple((str(key.field.value), key.direction is OrderDirection.DESC) for key in order_by or [])
    names = [name for name, _ in sort_keys]
    if len(sort_keys) > MAX_SORT_KEYS or len(set(names)) < len(names):
        raise BadPage(f"orderBy: takes up to {MAX_SORT_KEYS} keys, each field once", ("orderBy",))
    return sort_keys
