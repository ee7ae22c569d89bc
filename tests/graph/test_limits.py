"""Documents that are too complex are refused before they cost much time. The documents of real clients are not."""

from typing import Any

import pytest
from graphql import get_introspection_query

from app.graph.execution.documents import DocumentCache, PreparedDocument
from app.graph.schema import core_schema
from app.settings import Limits


@pytest.fixture(scope="module")
def documents() -> DocumentCache:
    return DocumentCache(core_schema())


def is_refused(prepared: PreparedDocument, part: str) -> bool:
    """Return whether a document was refused as too complex, with a message that holds a part."""
    return prepared.code == "TOO_COMPLEX" and part in prepared.errors[0].message


def nested(opening: str, times: int, inside: str = "__typename") -> str:
    """Return an opening nested in itself a number of times."""
    return opening * times + inside + "}" * times


def fragments(number: int, content: str, on: str = "Query") -> str:
    """Return fragments F0, F1, …. In `content`, `{this}` and `{next}` are their numbers."""
    return "".join(
        f"fragment F{i} on {on} {{ {content.replace('{this}', str(i)).replace('{next}', str(i + 1))} }}"
        for i in range(number)
    )


DOUBLING = "{ ...F0 }" + fragments(20, "...F{next} ...F{next}") + "fragment F20 on Query { viewer { id } }"
CREATE = "mutation { workerCreate(input: {%s}) { worker { id } } }"

TOO_COMPLEX = {
    "fragments that double": (DOUBLING, "more than 1000 fields"),
    "sibling inline fragments": ("{" + "... on Query { __typename }" * 400 + "}", "more than 100 selections"),
    "sibling fields": ("{" + " ".join(f"a{i}: viewer {{ id }}" for i in range(101)) + "}", "more than 100"),
    "fields in all": (
        "{" + " ".join(f"a{i}: viewer {{ {'id ' * 20} }}" for i in range(60)) + "}",
        "more than 1000 fields",
    ),
    "depth": (nested("{ viewer ", 21) + "", "deeper than 20 levels"),
    "depth by fragments": (
        "{ viewer { ...F0 } }" + fragments(25, "organization { ...F{next} }", "Organization"),
        "deeper than 20 levels",
    ),
    "repeated object fields": (CREATE % ("identity: {displayName: 1}" * 400), "more than 500 values"),
    "unknown object fields": (CREATE % " ".join(f"a{i}: 1" for i in range(600)), "more than 500 values"),
    "repeated arguments": ("{ workers(" + "first: 1 " * 600 + ") { nodes { id } } }", "more than 500 values"),
    "values in a list": ("{ nodes(ids: [" + "1 " * 600 + "]) { id } }", "more than 500 values"),
    "values in a default": (
        "query ($i: [ID!]! = [" + "1 " * 600 + "]) { nodes(ids: $i) { id } }",
        "more than 500 values",
    ),
    "fields of the same name": (
        "{" + "workers { nodes { id identity { displayName firstName lastName fullName } } }" * 90 + "}",
        "too many fields of the same name",
    ),
    "fields of the same name in fragments": (
        "{"
        + " ".join(f"...F{i}" for i in range(90))
        + "}"
        + fragments(90, "workers { nodes { identity { displayName } id } pageInfo { hasNextPage } }"),
        "too many fields of the same name",
    ),
    "fields of the same name under each other": (
        "{" + ("workers {" + ("nodes {" + "id " * 9 + "} ") * 9 + "} ") * 9 + "}",
        "too many fields of the same name",
    ),
    "chained fragments": (
        "{ ...F0 }" + fragments(480, "...F{next}") + "fragment F480 on Query { __typename }",
        "nested too deeply",
    ),
    "a cycle of many fragments": (
        "{ ...F0 }" + fragments(480, "...F{next}") + "fragment F480 on Query { ...F0 }",
        "nested too deeply",
    ),
    "aliases of introspection": ("{ a: __schema { description } }", "takes no aliases"),
    "aliases within introspection": ("{ __schema { types { a: name } } }", "takes no aliases"),
    "aliases within a type": ('{ a: __type(name: "Worker") { b: name } }', "takes no aliases"),
    "aliases in a fragment on the schema": (
        '{ __type(name: "Worker") { ...F } } fragment F on __Type { b: name }',
        "takes no aliases",
    ),
    "aliases within inline fragments": ("{ ... { __schema { ... { types { a: name } } } } }", "takes no aliases"),
    "length": ("{ viewer { id } } #" + "x" * 50_000, "more than 50,000 characters"),
    "a long text": ('{ workers(search: "' + "x" * 50_000 + '") { nodes { id } } }', "more than 50,000 characters"),
}


@pytest.mark.parametrize(("query", "message"), TOO_COMPLEX.values(), ids=TOO_COMPLEX)
def test_a_document_that_is_too_complex_is_refused(documents: DocumentCache, query: str, message: str) -> None:
    assert is_refused(documents.prepare(query), message)


UNPARSABLE = {
    "tokens": "{" + "a " * 20_000 + "}",
    "comments": "#\n" * 20_000 + "{ viewer { id } }",
    "nested selections": nested("{ a ", 1_000),
    "nested inline fragments": "{" + nested("... { ", 300) + "}",
    "nested lists": "{ nodes(ids: " + "[" * 1_000 + "]" * 1_000 + ") { id } }",
    "nested objects": "{ workers(where: " + nested("{ NOT: ", 500, "{}") + ") { nodes { id } } }",
    "nested types": "query ($a: " + "[" * 1_000 + "Int" + "]" * 1_000 + ") { viewer { id } }",
}


@pytest.mark.parametrize("query", UNPARSABLE.values(), ids=UNPARSABLE)
def test_a_document_that_is_too_long_or_deep_to_parse_is_refused(documents: DocumentCache, query: str) -> None:
    prepared = documents.prepare(query)
    assert prepared.code == "GRAPHQL_PARSE_FAILED"
    assert "Parsing aborted" in prepared.errors[0].message


INVALID = {
    "a cycle of fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "cycles of fragments": "{ ...F0 }" + fragments(30, " ".join(f"...F{i}" for i in range(30))),
    "cyclic introspection": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "cyclic introspection by fragments": "{ __schema { types { ...A } } } "
    "fragment A on __Type { fields { type { ...B } } } "
    "fragment B on __Type { fields { type { interfaces { name } } } }",
    "repeated directives": "{ viewer " + "@skip(if: true) " * 500 + "{ id } }",
    "unknown directives": "{ viewer " + " ".join(f"@skip{i}" for i in range(1_500)) + "{ id } }",
    "unused variables": "query (" + " ".join(f"$v{i}: Int" for i in range(900)) + ") { viewer { id } }",
    "unused fragments": "{ viewer { id } }" + fragments(390, "viewer { id }"),
    "nameless operations": "{ viewer { id } }" * 500,
    "unknown long names": "{" + " ".join("workers" * 70 + str(i) for i in range(90)) + "}",
    "a number of many digits": "{ workers(first: " + "9" * 5_000 + ") { nodes { id } } }",
}


@pytest.mark.parametrize("query", INVALID.values(), ids=INVALID)
def test_an_invalid_document_is_refused_with_few_errors(documents: DocumentCache, query: str) -> None:
    prepared = documents.prepare(query)
    assert prepared.code == "GRAPHQL_VALIDATION_FAILED"
    assert 1 <= len(prepared.errors) <= Limits().errors + 1


COLOCATED = "id revision identity { displayName } employment { status jobTitle } contact { workEmail }"

ACCEPTED = {
    "the introspection query of explorers": get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    ),
    "introspection of several types": '{ a: __type(name: "Worker") { name } b: __type(name: "Query") { name } }',
    "one fragment of each component": "{ workers { nodes {"
    + " ".join(f"...F{i}" for i in range(20))
    + "} } }"
    + fragments(20, COLOCATED, "Worker"),
    "many lookups by id": "{" + " ".join(f'a{i}: worker(by: {{id: "{i}"}}) {{ id }}' for i in range(100)) + "}",
    "many operations": "".join(f"query Q{i} {{ viewer {{ id }} }}" for i in range(200)),
    "a list of ids": "{ nodes(ids: [" + '"wkr_0" ' * 100 + "]) { id } }",
    "a deep filter": "{ workers(where: " + nested("{ NOT: ", 4, "{}") + ") { nodes { id } } }",
}


@pytest.mark.parametrize("query", ACCEPTED.values(), ids=ACCEPTED)
def test_documents_of_real_clients_are_within_the_limits(documents: DocumentCache, query: str) -> None:
    assert documents.prepare(query).errors == ()


@pytest.mark.parametrize("limit", [{"tokens": 5}, {"depth": 1}, {"siblings": 1}, {"fields": 1}, {"characters": 5}])
def test_every_limit_is_a_setting(limit: dict[str, Any]) -> None:
    assert DocumentCache(core_schema(), Limits(**limit)).prepare("{ viewer { id name } }").errors
