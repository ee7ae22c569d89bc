"""The cost of operations: the size of the largest response, by page sizes in literals, variables and defaults."""

from typing import Any

import pytest

from app.graph.execution.cost import Cost, operation_cost
from app.graph.execution.documents import DocumentCache
from app.graph.schema import core_schema
from app.settings import Limits

DOCUMENTS = DocumentCache(core_schema())


def cost_of(query: str, variables: dict[str, Any] | None = None) -> Cost:
    """Return the cost of a document's only operation."""
    prepared = DOCUMENTS.prepare(query)
    assert prepared.errors == ()
    operation = prepared.operation(None)
    assert prepared.document is not None
    assert operation is not None
    return operation_cost(DOCUMENTS.schema, prepared.document, operation, variables or {})


@pytest.mark.parametrize(
    ("query", "variables", "records"),
    [
        ("{ viewer { id } }", {}, 0),
        ("{ workers { nodes { id } } }", {}, 25),
        ("{ workers(first: 3) { nodes { id } } }", {}, 3),
        ("{ workers(last: 4) { nodes { id } } }", {}, 4),
        ("{ workers(first: null) { nodes { id } } }", {}, 25),
        ("{ workers(first: 3, last: 4) { nodes { id } } }", {}, 4),
        ("{ workers(first: 1000) { nodes { id } } }", {}, 100),
        ("{ workers(first: -5) { nodes { id } } }", {}, 25),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {"n": 7}, 7),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {"n": 7.0}, 7),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {"n": 1e300}, 100),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {}, 25),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {"n": None}, 25),
        ("query ($n: Int) { workers(first: $n) { nodes { id } } }", {"n": "7"}, 25),
        ("query ($n: Int = 9) { workers(first: $n) { nodes { id } } }", {}, 9),
        ("query ($n: Int = 9) { workers(first: $n) { nodes { id } } }", {"n": 5}, 5),
        ("query ($n: Int = 9) { workers(first: $n) { nodes { id } } }", {"n": None}, 25),
        ("query ($n: Int = 9, $m: Int) { workers(first: $m, last: $n) { nodes { id } } }", {}, 9),
        ("{ a: workers(first: 2) { nodes { id } } b: workers(first: 3) { nodes { id } } }", {}, 5),
        ("{ workers(first: 2) { edges { node { credentials(first: 3) { nodes { id } } } } } }", {}, 2 * (1 + 3)),
        (
            "{ workers(first: 2) { nodes { credentials(first: 3) { nodes { versions(first: 4) { nodes { id } } } } } } "
            "}",
            {},
            2 * (1 + 3 * (1 + 4)),
        ),
        (
            "{ workers(first: 2) { nodes { ...F ...F } } } "
            "fragment F on Worker { credentials(first: 3) { nodes { id } } }",
            {},
            2 * (1 + 6),
        ),
        ("{ ... { ... on Query { workers(first: 3) { nodes { id } } } } }", {}, 3),
        ("{ nodes(ids: [1, 2, 3]) { ... on Worker { credentials(first: 4) { nodes { id } } } } }", {}, 3 * (1 + 4)),
        (
            "query ($i: [ID!]!) { nodes(ids: $i) { ... on Worker { credentials { nodes { id } } } } }",
            {"i": ["1"] * 50},
            50 * 26,
        ),
        ('query ($i: [ID!]! = ["1", "2"]) { nodes(ids: $i) { id } }', {}, 2),
        ("{ node(id: 1) { ... on Worker { credentials(first: 4) { nodes { id } } } } }", {}, 4),
        ("{ __schema { types { fields { name } } } }", {}, 0),
    ],
)
def test_an_operation_costs_the_records_of_its_pages(query: str, variables: dict[str, Any], records: int) -> None:
    assert cost_of(query, variables).records == records


def test_the_payload_of_a_bulk_mutation_counts_once_for_each_row_of_its_input() -> None:
    query = """mutation ($input: WorkersUpsertInput!) {
      workersUpsert(input: $input) { results { worker { credentials(first: 10) { nodes { id } } } } }
    }"""
    assert cost_of(query, {"input": {"rows": [{}] * 20}}).records == 20 * (1 + 10)
    written = "mutation { workersUpsert(input: {rows: [{}, {}]}) { results { worker { id } } } }"
    assert cost_of(written).records == 2


def test_fields_count_for_every_record() -> None:
    assert cost_of("{ viewer { id name } }").fields == 3
    assert cost_of("{ workers(first: 10) { nodes { id revision } totalCount { count } } }").fields == 1 + 10 * 5


@pytest.mark.parametrize(
    ("query", "excess"),
    [
        (
            "{ workers(first: 100) { nodes { credentials(first: 100) { nodes { versions(first: 100) "
            "{ nodes { id } } } } } } }",
            "1,010,100 records; the limit is 50,000",
        ),
        (
            "query ($n: Int = 100) { workers(first: $n) { nodes { credentials(first: $n) { nodes { versions(first: $n) "
            "{ nodes { id } } } } } } }",
            "1,010,100 records; the limit is 50,000",
        ),
        (
            "{ workers(first: 100) { nodes { credentials(first: 100) { nodes {"
            + " ".join(f"a{i}: id" for i in range(60))
            + "} } } } }",
            "610,201 fields of its records; the limit is 250,000",
        ),
    ],
)
def test_an_operation_that_could_return_too_much_is_refused(query: str, excess: str) -> None:
    prepared = DOCUMENTS.prepare(query)
    operation = prepared.operation(None)
    assert operation is not None
    error = DOCUMENTS.cost_error(prepared, operation, {})
    assert error is not None
    assert error.message == f"The operation could return {excess}. Ask for smaller pages."
    assert error.extensions == {"code": "TOO_COSTLY"}


def test_a_page_of_workers_with_their_credentials_and_versions_is_within_the_limits() -> None:
    query = """{ workers(first: 50) { nodes { id identity { displayName fullName } employment { jobTitle status }
      credentials(first: 20) { totalCount { count } nodes { id identification { displayName referenceNumber }
        versions(first: 5) { nodes { id number } } } } } } }"""
    prepared = DOCUMENTS.prepare(query)
    operation = prepared.operation(None)
    assert operation is not None
    assert DOCUMENTS.cost_error(prepared, operation, {}) is None


def test_the_cost_limit_is_a_setting() -> None:
    documents = DocumentCache(core_schema(), Limits(cost=24))
    prepared = documents.prepare("{ workers { nodes { id } } }")
    operation = prepared.operation(None)
    assert operation is not None
    assert documents.cost_error(prepared, operation, {}) is not None
