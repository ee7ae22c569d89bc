"""References in a `where`: values that name a row in other terms than the column that the filter compares with.

An owner may be named by external id, and the filter compares with the id. References are resolved before the
condition is built, so that a filter itself needs no session.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.db.session import Session


@dataclass(frozen=True, slots=True)
class Reference:
    """The resolution of a filter's value: from a reference to a row to the value that its condition compares with."""

    stated: Callable[[Any], Any]
    """Returns the resolved value if the reference states the row's id; None if the row has to be found."""
    find: Callable[[Session, Any, Any], Awaitable[Any]]
    """Finds the row in a session, for an actor, and returns the resolved value."""


def resolve_stated(where: Mapping[str, Any], references: Mapping[str, Reference]) -> dict[str, Any] | None:
    """Return `where` with its references resolved without a read; None if a row has to be read for one of them."""
    resolved: dict[str, Any] = {}
    for name, value in where.items():
        result = value
        if value is not None and name in ("AND", "OR"):
            parts = [resolve_stated(part, references) for part in value]
            result = None if None in parts else parts
        elif value is not None and name == "NOT":
            result = resolve_stated(value, references)
        elif value is not None and name in references:
            result = references[name].stated(value)
        if result is None and value is not None:
            return None
        resolved[name] = result
    return resolved


async def resolve(
    session: Session, actor: Any, where: Mapping[str, Any], references: Mapping[str, Reference]
) -> dict[str, Any]:
    """Return `where` with its references resolved, reading the rows of those that do not state an id."""
    resolved: dict[str, Any] = {}
    for name, value in where.items():
        if value is None:
            resolved[name] = None
        elif name in ("AND", "OR"):
            resolved[name] = [await resolve(session, actor, part, references) for part in value]
        elif name == "NOT":
            resolved[name] = await resolve(session, actor, value, references)
        elif name in references:
            resolved[name] = await references[name].find(session, actor, value)
        else:
            resolved[name] = value
    return resolved
