"""The order of a response's errors: that of their paths in the response.

Errors arise in the order in which the database answers, which differs from run to run. Clients and tests get an order
that they can rely on.
"""

from typing import Any

from graphql import GraphQLError


def sort_errors(errors: list[GraphQLError], data: Any) -> list[GraphQLError]:
    """Return the errors in the order of their paths in the response's data."""
    if len(errors) < 2:
        return errors
    member_indexes: dict[int, dict[str, int]] = {}
    return sorted(errors, key=lambda error: _position(error, data, member_indexes))


def _position(error: GraphQLError, data: Any, member_indexes: dict[int, dict[str, int]]) -> list[int]:
    """Return the index of each step of an error's path among its siblings, then the error's lines and columns.

    A path ends early at a null, and the place in the document decides between the errors below it.
    """
    value, position = data, []
    for step in error.path or ():
        if isinstance(value, dict):
            indexes = member_indexes.get(id(value))
            if indexes is None:
                indexes = member_indexes[id(value)] = {name: index for index, name in enumerate(value)}
            position.append(indexes.get(str(step), len(indexes)))
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            position.append(step)
            value = value[step]
        else:
            break
    for location in error.locations or ():
        position += [location.line, location.column]
    return position
