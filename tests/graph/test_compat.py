"""Contracts with the internals of Strawberry and graphql-core: a test fails here when a new version changes one.

Each test names the assumption that `app/graph/compat.py` relies on. Mend that module first, then the test.
"""

import ast
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Optional

import pytest
import strawberry
from graphql import (
    GraphQLError,
    GraphQLObjectType,
    Undefined,
    graphql_sync,
    parse,
    specified_rules,
    validate,
)

from app.graph import compat
from app.graph.dsl.connections import Connection
from app.graph.dsl.declarations import DECLARATION, QueryDeclaration
from app.graph.dsl.types import scalar
from app.graph.execution.documents import PreparedDocument
from app.graph.execution.limits import MAX_FIELD_COMPARISONS
from app.graph.schema import core_schema, schema

GRAPH = Path(compat.__file__).parent
DOCUMENTED = {
    "graphql",
    "strawberry",
    "strawberry.dataloader",
    "strawberry.extensions",
    "strawberry.schema.config",
    "strawberry.tools",
    "strawberry.types",
}
"""Modules of the two libraries whose names are documented."""


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Yield the modules that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module


@pytest.mark.parametrize("path", [path for path in GRAPH.rglob("*.py") if path.name != "compat.py"], ids=str)
def test_only_compat_uses_internals(path: Path) -> None:
    source = path.read_text()
    modules = {name for name in imported_modules(ast.parse(source)) if name.split(".")[0] in ("graphql", "strawberry")}
    assert modules <= DOCUMENTED
    assert "__strawberry" not in source
    assert "strawberry-definition" not in source


def object_type(name: str) -> GraphQLObjectType:
    """Return an object type of the schema."""
    named_type = core_schema().get_type(name)
    assert isinstance(named_type, GraphQLObjectType)
    return named_type


def test_the_schema_shows_what_lies_below_it() -> None:
    assert schema.core.query_type is object_type("Query")
    assert compat.is_scalar(date, schema.scalar_registry)


def test_types_and_fields_lead_to_their_definitions() -> None:
    query, connection = object_type("Query"), object_type("WorkerConnection")
    workers = compat.definition_of(query.fields["workers"])
    assert (workers.python_name, workers.graphql_name) == ("workers", "workers")
    assert isinstance(workers.metadata[DECLARATION], QueryDeclaration)
    assert workers.base_resolver is not None
    assert {"first", "after"} <= {argument.python_name for argument in workers.arguments}
    assert compat.definition_of(connection).concrete_of.origin is Connection
    assert compat.definition_of(object_type("__Type")) is None


@strawberry.input(one_of=True)
class Choice:
    """An input type that takes exactly one member."""

    first: int | None = strawberry.UNSET
    second: int | None = strawberry.UNSET


@strawberry.type
class Root:
    """A query root with an input in a list."""

    @strawberry.field
    def count(self, choices: list[Choice]) -> int:
        return len(choices)


IS_ONE_OF = (
    '{ __type(name: "Query") { fields { args { type { isOneOf ofType { ofType { ofType { isOneOf } } } } } } } }'
)
"""Asks for it of the argument's own type, which is a list, and of the input type in the list."""


def is_one_of(core: Any) -> Any:
    """Return the answers for the argument's type, and for the type in its list."""
    result = graphql_sync(core, IS_ONE_OF.replace("Query", "Root"))
    if result.errors:
        return result.errors[0].original_error
    assert result.data is not None
    [field] = result.data["__type"]["fields"]
    [argument] = field["args"]
    return argument["type"]["isOneOf"], argument["type"]["ofType"]["ofType"]["ofType"]["isOneOf"]


def test_introspection_marks_inputs_that_take_one_member() -> None:
    assert is_one_of(compat.CoreSchema(query=Root).core) == (None, True)


def test_strawberry_still_fails_for_wrapped_types() -> None:
    # Once this passes, `CoreSchema._extend_introspection` can go.
    assert isinstance(is_one_of(strawberry.Schema(query=Root)._schema), AttributeError)


class Colour(StrEnum):
    """An enum of the domain."""

    RED = "red"
    BLUE = "blue"


def test_enum_values_take_descriptions() -> None:
    strawberry.enum(Colour)
    for value in compat.enum_values(Colour):
        value.description = f"The colour {value.name}."

    @strawberry.type
    class Paint:
        colour: Colour

    described = compat.CoreSchema(query=Paint).core.get_type("Colour")
    assert [value.description for value in described.values.values()] == ["The colour RED.", "The colour BLUE."]  # type: ignore[union-attr]
    assert not compat.is_scalar(Colour, schema.scalar_registry)


@strawberry.type
class Inner:
    """The type of a field."""

    number: int


def test_fields_evaluate_their_types_without_the_modules_names() -> None:
    @strawberry.type
    class Outer:
        plain: Inner = scalar("A type in plain.")
        quoted: Optional["Inner"] = scalar("A type in quotes.")

    fields = {field.python_name: field for field in strawberry.types.get_object_definition(Outer, strict=True).fields}
    assert fields["plain"].type is Inner
    assert fields["quoted"].type.of_type is Inner  # type: ignore[union-attr]
    assert isinstance(fields["quoted"].type, compat.StrawberryOptional)
    # An empty namespace shows that Strawberry still sets the type a second time, and by the property.
    assert fields["plain"].type_annotation.namespace == {}  # type: ignore[union-attr]
    assert fields["quoted"].type_annotation.namespace != {}  # type: ignore[union-attr]


def test_types_of_inputs_show_their_parts() -> None:
    [argument] = compat.definition_of(compat.CoreSchema(query=Root).core.query_type.fields["count"]).arguments  # type: ignore[union-attr]
    assert isinstance(argument.type, compat.StrawberryList)
    assert argument.type.of_type is Choice
    definition = strawberry.types.get_object_definition(Choice, strict=True)
    assert definition.is_one_of
    for field in definition.fields:
        assert isinstance(field.resolve_type(type_definition=definition), compat.StrawberryOptional)
        assert field.default_value is strawberry.UNSET
    lazy: Any = compat.LazyType("Inner", __name__)
    assert lazy.resolve_type() is Inner


SAME_NAMES = "{" + "workers { nodes { id revision } }" * 40 + "}"


def validation_errors(text: str, max_errors: int = 5) -> list[GraphQLError]:
    """Return the errors of a document."""
    return validate(core_schema(), parse(text), specified_rules, max_errors)


def test_validation_stops_after_the_allowed_comparisons() -> None:
    assert validation_errors(SAME_NAMES) == []
    compat.limit_field_comparisons(1)
    try:
        errors = validation_errors(SAME_NAMES)
    finally:
        compat.limit_field_comparisons(MAX_FIELD_COMPARISONS)
    assert compat.exceeded_comparisons(errors, 5)


def test_too_many_errors_are_no_sign_of_too_many_comparisons() -> None:
    errors = validation_errors("{ a b c d e f g h }")
    assert len(errors) == 6
    assert not compat.exceeded_comparisons(errors, 5)
    assert not compat.exceeded_comparisons(validation_errors("{ a }"), 5)
    assert not compat.exceeded_comparisons([], 5)


def test_defaults_of_arguments_are_coerced() -> None:
    workers = object_type("Query").fields["workers"].args
    assert compat.coerce_default_value(workers["includeDeleted"]) is False
    assert compat.coerce_default_value(workers["first"]) is Undefined


async def test_strawberry_executes_the_prepared_document() -> None:
    class Context:
        prepared = PreparedDocument(parse("{ __typename }"))

    result = await schema.execute("this is no document", context_value=Context())
    assert (result.data, result.errors) == ({"__typename": "Query"}, None)
