"""GraphQL over HTTP: documents, variables, errors, and access without a key."""

from typing import Any

import orjson
import pytest
from graphql import get_introspection_query

from app.access import Scope
from tests.databases import on_sqlite
from tests.http.raw import JSON, RESPONSE, VIEWER, code, post
from tests.service import Service, Tenant


@on_sqlite
@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { id } } query B { viewer { id } }", None, "OPERATION_NOT_FOUND"),
        ("query A { viewer { id } } query B { viewer { id } }", "", "OPERATION_NOT_FOUND"),
        ("query A { viewer { id } } query B { viewer { id } }", "C", "OPERATION_NOT_FOUND"),
        ("query A { viewer { id } }", "C", "OPERATION_NOT_FOUND"),
        ("fragment F on Query { viewer { id } }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("# nothing", None, "GRAPHQL_PARSE_FAILED"),
        ("subscription { activity }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("observation { viewer { id } }", None, "GRAPHQL_PARSE_FAILED"),
        ("type A { b: Int } { viewer { id } }", None, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_that_cannot_be_run_is_refused(
    shared_tenant: Tenant, query: str, name: str | None, expected: str
) -> None:
    body = orjson.dumps({"query": query, "operationName": name})
    strict = await post(shared_tenant, body, Accept=RESPONSE)
    lenient = await post(shared_tenant, body, Accept=JSON)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    for answer in (strict, lenient):
        assert code(answer) == expected
        assert "data" not in answer.json()


async def test_an_operation_is_chosen_by_its_name(shared_tenant: Tenant) -> None:
    query = "query A { viewer { id } } query B { viewer { kind } }"
    answer = await post(shared_tenant, orjson.dumps({"query": query, "operationName": "B"}))
    assert answer.json() == {"data": {"viewer": {"kind": "SERVICE"}}}


WORKER = "mutation ($i: WorkerCreateInput!) { workerCreate(input: $i) { worker { id } } }"
LIST = "query ($f: Int, $w: WorkerWhere) { workers(first: $f, where: $w) { nodes { id } } }"


@on_sqlite
@pytest.mark.parametrize(
    ("query", "variables", "path"),
    [
        (WORKER, {}, "$i"),
        (WORKER, {"i": None}, "$i"),
        (WORKER, {"i": 5}, "$i"),
        (WORKER, {"i": {"identity": {"displayName": 5}}}, ".identity.displayName"),
        (WORKER, {"i": {"identity": {"birthDate": "soon"}}}, ".identity.birthDate"),
        (WORKER, {"i": {"employment": {"status": "BORED"}}}, ".employment.status"),
        (WORKER, {"i": {"nickname": "x"}}, "nickname"),
        (LIST, {"f": "5"}, "$f"),
        (LIST, {"f": 1.5}, "$f"),
        (LIST, {"f": 2**31}, "$f"),
        (LIST, {"f": 10**30}, "$f"),
        (LIST, {"f": True}, "$f"),
        (LIST, {"w": {"AND": {"AND": 5}}}, ".AND.AND"),
    ],
)
async def test_variables_that_do_not_fit_are_refused_by_their_path(
    shared_tenant: Tenant, query: str, variables: dict[str, Any], path: str
) -> None:
    body = dumps({"query": query, "variables": variables})
    strict = await post(shared_tenant, body, Accept=RESPONSE)
    lenient = await post(shared_tenant, body, Accept=JSON)
    assert (strict.status_code, lenient.status_code) == (400, 200)
    for answer in (strict, lenient):
        errors = answer.json()["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}
        assert path in errors[0]["message"]
        assert errors[0]["locations"]
        assert "data" not in answer.json()


def dumps(value: Any) -> bytes:
    """Return JSON with integers of any size, as clients in other languages write it."""
    return repr(value).replace("'", '"').replace("None", "null").replace("True", "true").encode()


async def test_what_is_wrong_says_where(shared_tenant: Tenant) -> None:
    answer = await shared_tenant.execute("{\n  a: viewer { id }\n  b: workers(first: 101) { nodes { id } }\n}")
    assert answer.status == 200
    assert answer.body["data"]["a"]
    assert answer.body["data"]["b"] is None
    (error,) = answer.errors
    assert (error["path"], error["locations"]) == (["b"], [{"line": 3, "column": 3}])
    assert (error["extensions"]["code"], error["extensions"]["inputPath"]) == ("BAD_PAGE", ["first"])
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]


@on_sqlite
@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(input_value_deprecation=True, schema_description=True, one_of=True),
        "{ __typename }",
        'query { __type(name: "Worker") { name } }',
        "{ ...F } fragment F on Query { __schema { queryType { name } } }",
        "{ ... on Query { ...F } } fragment F on Query { ...G ... { __typename } } fragment G on Query { __typename }",
    ],
)
async def test_the_schema_is_public(service: Service, query: str) -> None:
    answer = await service.execute(query)
    assert answer.status == 200
    assert answer.data


@on_sqlite
@pytest.mark.parametrize(
    "query",
    [
        VIEWER,
        "{ __typename viewer { id } }",
        "{ __typename ...F } fragment F on Query { __typename viewer { id } }",
        "{ ... on Query { ... { viewer { id } } } }",
        "{ __schema { queryType { name } } ...F } fragment F on Query { node(id: 1) { id } }",
        'mutation { workerCreate(input: {identity: {displayName: "A"}}) { worker { id } } }',
    ],
)
@pytest.mark.parametrize("accept", [RESPONSE, JSON])
async def test_all_else_needs_a_key(service: Service, query: str, accept: str) -> None:
    answer = await service.execute(query, Accept=accept)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == 'Bearer realm="credgraph"'
    assert "data" not in answer.body


async def test_of_several_mutations_each_stands_alone(tenant: Tenant) -> None:
    key = await tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE)
    query = """mutation {
      first: workerCreate(input: {identity: {displayName: "First"}}) { worker { identity { displayName } } }
      second: workerCreate(input: {identity: {displayName: ""}}) { worker { id } errors { code path } }
      third: credentialTypeCreate(input: {code: "X", name: "X", category: LICENCE}) { errors { code } }
      fourth: workerCreate(input: {identity: {displayName: "Fourth"}}) { worker { id } errors { code } }
    }"""
    answer = await tenant.execute(query, key=key)
    data = answer.body["data"]
    assert data["first"] == {"worker": {"identity": {"displayName": "First"}}}
    assert data["second"]["errors"] == [{"code": "REQUIRED", "path": ["identity", "displayName"]}]
    assert data["third"] is None
    assert (answer.codes, answer.errors[0]["path"]) == (["FORBIDDEN"], ["third"])
    workers = await tenant.execute("{ workers { nodes { identity { displayName } } } }")
    names = [node["identity"]["displayName"] for node in workers.data["workers"]["nodes"]]
    assert names == ["First", "Fourth"]
