"""Inputs that filter lists: the operators on each type of value."""

from typing import Generic, TypeVar

import strawberry

from app.graph.dsl.types import input, member

T = TypeVar("T")


@input
class StringFilter:
    """A filter on text, ignoring case. All conditions must match."""

    eq: str | None = member("Match this text.")
    in_: list[str] | None = member("Match any of these texts.", name="in")
    contains: str | None = member("Match text that contains this text.")
    starts_with: str | None = member("Match text that starts with this text.")


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
class ChoiceFilter(Generic[T]):
    """A filter on an enum value. All conditions must match."""

    eq: T | None = member("Match this value.")
    in_: list[T] | None = member("Match any of these values.", name="in")
    not_in: list[T] | None = member("Match none of these values.")
