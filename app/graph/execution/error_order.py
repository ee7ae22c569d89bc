"""The order of an answer's errors: that of their places in the response.

The order in which they happen depends on which read the database answers first, and so is nobody's to rely on.
"""

from typing import Any

from graphql import GraphQLError


def in_order(errors: list[GraphQLError], data: Any) -> list[GraphQLError]:
    """The errors in the order of the response."""
    if len(errors) < 2:
        return errors
    places: dict[int, dict[str, int]] = {}
    return sorted(errors, key=lambda error: _position(error, data, places))


def _position(error: GraphQLError, data: Any, places: dict[int, dict[str, int]]) -> list[int]:
    """Where an error lies: the number of each step among those beside it. Within what is null the document decides."""
    here, position = data, []
    for step in error.path or ():
        if isinstance(here, dict):
            known = places.get(id(here))
            if known is None:
                known = places[id(here)] = {name: place for place, name in enumerate(here)}
            position.append(known.get(str(step), len(known)))
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int):
            position.append(step)
            here = here[step]
        else:
            break
    for location in error.locations or ():
        position += [location.line, location.column]
    return position
