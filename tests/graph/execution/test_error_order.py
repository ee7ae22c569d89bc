"""Errors are sorted by their paths in the response."""

from graphql import GraphQLError, Source
from graphql.language import SourceLocation

from app.graph.execution.error_order import sort_errors


def error_at(*path: str | int, line: int = 1) -> GraphQLError:
    """Return an error at a path, of a field on a line of the document."""
    source = Source("\n" * 10)
    error = GraphQLError("failed", path=list(path), source=source, positions=[line - 1])
    assert error.locations == [SourceLocation(line, 1)]
    return error


def sorted_paths(errors: list[GraphQLError], data: object) -> list[list[str | int]]:
    """Return the paths of the sorted errors."""
    return [list(error.path or ()) for error in sort_errors(errors, data)]


def test_members_sort_in_response_order_and_items_by_index() -> None:
    data = {"b": [{"x": None, "y": None}, {"x": None}], "a": None}
    errors = [error_at("a"), error_at("b", 1, "x"), error_at("b", 0, "y"), error_at("b", 0, "x")]
    assert sorted_paths(errors, data) == [["b", 0, "x"], ["b", 0, "y"], ["b", 1, "x"], ["a"]]


def test_errors_below_a_null_sort_in_document_order() -> None:
    errors = [error_at("a", "d", line=4), error_at("a", "c", line=3), error_at("z", line=1)]
    assert sorted_paths(errors, {"a": None, "z": None}) == [["a", "c"], ["a", "d"], ["z"]]


def test_errors_without_data_sort_in_document_order() -> None:
    assert sorted_paths([error_at("b", line=2), error_at("a", line=1)], None) == [["a"], ["b"]]
