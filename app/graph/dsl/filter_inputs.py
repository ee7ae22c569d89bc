"""Inputs that filter lists: the operators of each kind of value."""

from typing import Generic, TypeVar

import strawberry

from app.graph.dsl.types import input, member

T = TypeVar("T")


@input
class StringFilter:
    """Text operators, ignoring case. All that are given must hold."""

    eq: str | None = member("Exactly this text.")
    in_: list[str] | None = member("One of these texts.", name="in")
    contains: str | None = member("This text somewhere in it.")
    starts_with: str | None = member("This text at its start.")


@input
class ExactFilter:
    """Operators on a code or number, which must match exactly. All that are given must hold."""

    eq: str | None = member("Exactly this value.")
    in_: list[str] | None = member("One of these values.", name="in")
    not_in: list[str] | None = member("None of these values.")


@input
class IDFilter:
    """Operators on an id. All that are given must hold."""

    eq: strawberry.ID | None = member("This id.")
    in_: list[strawberry.ID] | None = member("One of these ids.", name="in")


@input
class ChoiceFilter(Generic[T]):
    """Operators on a value of an enum. All that are given must hold."""

    eq: T | None = member("This value.")
    in_: list[T] | None = member("One of these values.", name="in")
    not_in: list[T] | None = member("None of these values.")
