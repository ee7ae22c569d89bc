"""Errors are told in the order of their places in the response."""

from graphql import GraphQLError, Source
from graphql.language import SourceLocation

from app.graph.execution.error_order import in_order


def failed(*path: str | int, line: int = 1) -> GraphQLError:
    """An error at a path, of a field in a line of the document."""
    source = Source("\n" * 10)
    error = GraphQLError("failed", path=list(path), source=source, positions=[line - 1])
    assert error.locations == [SourceLocation(line, 1)]
    return error


def order(errors: list[GraphQLError], data: object) -> list[list[str | int]]:
    """The paths of the errors, in order."""
    return [list(error.path or ()) for error in in_order(errors, data)]


def test_members_come_in_their_order_and_items_by_number() -> None:
    data = {"b": [{"x": None, "y": None}, {"x": None}], "a": None}
    errors = [failed("a"), failed("b", 1, "x"), failed("b", 0, "y"), failed("b", 0, "x")]
    assert order(errors, data) == [["b", 0, "x"], ["b", 0, "y"], ["b", 1, "x"], ["a"]]


def test_within_what_is_null_the_document_decides() -> None:
    errors = [failed("a", "d", line=4), failed("a", "c", line=3), failed("z", line=1)]
    assert order(errors, {"a": None, "z": None}) == [["a", "c"], ["a", "d"], ["z"]]


def test_where_there_is_no_data_the_document_decides() -> None:
    assert order([failed("b", line=2), failed("a", line=1)], None) == [["a"], ["b"]]
