"""Variables are coerced as graphql-core coerces them."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_variable_values, parse

from app.graph.execution.fallback import Unsupported
from app.graph.execution.run.variables import Variables
from app.graph.schema import core_schema

QUERY = """
query ($id: ID!, $name: String = "x", $size: Int, $ids: [ID!], $on: Date, $where: WorkerWhere = {id: {eq: "a"}},
  $flag: Boolean! = true) { viewer { id } }
"""


def parsed_operation(text: str) -> OperationDefinitionNode:
    """Return the only operation of a document."""
    [operation] = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    return operation


@pytest.mark.parametrize(
    "values",
    [
        {"id": "a"},
        {"id": 7, "name": None, "size": 3, "ids": "one", "flag": False},
        {"id": "a", "size": None, "ids": ["b", 2], "on": "2026-03-14", "where": None, "unknown": 1},
        {"id": "a", "size": 3.0, "where": {"displayName": {"in": "b"}}},
    ],
)
def test_values_equal_those_of_graphql_core(values: dict[str, Any]) -> None:
    operation = parsed_operation(QUERY)
    expected = get_variable_values(core_schema(), operation.variable_definitions or (), values)
    assert not isinstance(expected, list)
    variables = Variables(core_schema(), operation)
    assert variables.coerce(values) == variables.for_graphql_core(values).coerced == expected.coerced


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"id": None},
        {"id": {}},
        {"id": "a", "flag": None},
        {"id": "a", "size": "3"},
        {"id": "a", "ids": [None]},
        {"id": "a", "on": "today"},
        {"id": "a", "where": {"nothing": 1}},
    ],
)
def test_values_that_graphql_core_refuses_are_unsupported(values: dict[str, Any]) -> None:
    operation = parsed_operation(QUERY)
    assert isinstance(get_variable_values(core_schema(), operation.variable_definitions or (), values), list)
    with pytest.raises(Unsupported):
        Variables(core_schema(), operation).coerce(values)
