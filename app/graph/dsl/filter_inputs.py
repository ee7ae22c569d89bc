"""Inputs that filter lists: the filter of a list, and the operators on each type of value."""

import inspect
from datetime import date
from typing import Any, Generic, TypeVar

import strawberry

from app.graph.dsl.scalars import Moment
from app.graph.dsl.types import Class, input, member

T = TypeVar("T")


def where_input(cls: Class) -> Class:
    """Declare the filter input of a list: its own members, and the operators `AND`, `OR` and `NOT` on itself."""
    where: Any = cls
    where.__doc__ = f"{inspect.getdoc(cls)} All conditions must match; `AND`, `OR` and `NOT` nest up to four levels."
    list_type = f"list[{cls.__name__}] | None"  # by name, because the name of the class is not bound yet
    operators = {"AND": list_type, "OR": list_type, "NOT": f"{cls.__name__} | None"}
    where.__annotations__ = {**operators, **inspect.get_annotations(cls)}
    where.AND = member("Match if all of these match.")
    where.OR = member("Match if any of these matches; an empty list matches nothing.")
    where.NOT = member("Match if this does not match.")
    return input(cls)


@input
class StringFilter:
    """A filter on text, ignoring case and accents; on an email, ignoring case. All conditions must match.

    A text has at most 254 characters.
    """

    eq: str | None = member("Match this text.")
    in_: list[str] | None = member("Match any of these texts.", name="in")
    contains: str | None = member("Match text that contains this text, including blanks at its ends.")
    starts_with: str | None = member("Match text that starts with this text, including blanks at its ends.")


@input
class ExactFilter:
    """A filter on a code or number by exact match. All conditions must match."""

    eq: str | None = member("Match this value.")
    in_: list[str] | None = member("Match any of these values.", name="in")
    not_in: list[str] | None = member("Match none of these values.")


@input
class IDFilter:
    """A filter on an id. All conditions must match."""

    eq: strawberry.ID | None = member("Match this id.")
    in_: list[strawberry.ID] | None = member("Match any of these ids.", name="in")


@input
class DateFilter:
    """A filter on a date. All conditions must match."""

    eq: date | None = member("Match this day.")
    gt: date | None = member("Match days after this one.")
    gte: date | None = member("Match this day and those after it.")
    lt: date | None = member("Match days before this one.")
    lte: date | None = member("Match this day and those before it.")
    is_null: bool | None = member("If true, match items without a date; if false, items with one.")


@input
class InstantFilter:
    """A filter on an instant. All conditions must match.

    A date stands for the start of that day in the organization's time zone.
    """

    gt: Moment | None = member("Match later instants.")
    gte: Moment | None = member("Match this instant and later ones.")
    lt: Moment | None = member("Match earlier instants.")
    lte: Moment | None = member("Match this instant and earlier ones.")
    is_null: bool | None = member("If true, match items without such an instant; if false, items with one.")


@input
class ChoiceFilter(Generic[T]):
    """A filter on an enum value. All conditions must match."""

    eq: T | None = member("Match this value.")
    in_: list[T] | None = member("Match any of these values.", name="in")
    not_in: list[T] | None = member("Match none of these values.")
