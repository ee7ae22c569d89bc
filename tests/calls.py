"""Queries and mutations by field name, and assertions that a refused mutation changes nothing."""

# `key` is an API key. It is typed Any, so that mypy accepts `**input` of any type beside it.

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from app.access import Scope
from app.graph.schema import core_schema
from tests.service import GraphQLResponse, Tenant, error_paths

ERROR_FIELDS = (
    "errors { __typename message code path ... on ConflictError { currentRevision } ... on TooManyError { limit } }"
)
UNKNOWN_ID = "0" * 16
Step = Callable[[Tenant, dict[str, str]], Awaitable[None]]


def schema_type(name: str) -> GraphQLObjectType:
    """Return an object type of the schema, such as `Query` or `Mutation`."""
    type_ = core_schema().type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    return type_


def payload_selection(field: str) -> str:
    """Return a selection of every field of a mutation's payload except `errors`."""
    payload = get_named_type(schema_type("Mutation").fields[field].type)
    assert isinstance(payload, GraphQLObjectType)
    members = {name: get_named_type(member.type) for name, member in payload.fields.items()}
    return " ".join(
        name if is_leaf_type(type_) else f"{name} {{ __typename }}"
        for name, type_ in members.items()
        if name != "errors"
    )


async def send_mutation(
    tenant: Tenant, field: str, selection: str = "", *, key: Any = None, input: dict[str, Any]
) -> GraphQLResponse:
    """Run one mutation; return the response."""
    input_type = schema_type("Mutation").fields[field].args["input"].type
    selection = selection or payload_selection(field)
    text = f"mutation ($input: {input_type}) {{ {field}(input: $input) {{ {selection} {ERROR_FIELDS} }} }}"
    return await tenant.execute(text, {"input": input}, key=key)


async def mutate(tenant: Tenant, field: str, selection: str = "", *, key: Any = None, **input: Any) -> Any:
    """Run one mutation; return its payload."""
    return (await send_mutation(tenant, field, selection, key=key, input=input)).data[field]


async def mutate_ok(tenant: Tenant, field: str, selection: str, *, key: Any = None, **input: Any) -> Any:
    """Run one mutation, assert that it succeeds, and return the only other field of its payload."""
    payload = await mutate(tenant, field, selection, key=key, **input)
    errors = payload.pop("errors")
    assert errors == [], errors
    (record,) = payload.values()
    return record


async def assert_refused(
    tenant: Tenant, field: str, *expected: tuple[str, str], key: Any = None, **input: Any
) -> list[dict[str, Any]]:
    """Assert that a mutation is refused with these (code, path) pairs and changes no row; return the errors."""
    before = await stored_rows(tenant)
    payload = await mutate(tenant, field, key=key, **input)
    assert error_paths(payload) == list(expected), payload["errors"]
    assert {name: value for name, value in payload.items() if name != "errors" and value is not None} == {}
    assert await stored_rows(tenant) == before
    errors: list[dict[str, Any]] = payload["errors"]
    return errors


def mutation_step(field: str, **input: Any) -> Step:
    """Return a mutation of a sequence about the same rows; input values that are names of rows are replaced by ids."""

    async def run(tenant: Tenant, ids: dict[str, str]) -> None:
        def with_ids(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: with_ids(member) for name, member in value.items()}
            if isinstance(value, list):
                return [with_ids(item) for item in value]
            return ids.get(value, value) if isinstance(value, str) else value

        payload = await mutate(tenant, field, **with_ids(input))
        assert payload["errors"] == []

    return run


async def assert_forbidden(
    tenant: Tenant, field: str, *held_scopes: Scope, required_scope: Scope, **input: Any
) -> None:
    """Assert that a mutation is forbidden, and changes no row, with a key that lacks the required scope."""
    key = await tenant.create_key(*held_scopes)
    before = await stored_rows(tenant)
    answer = await send_mutation(tenant, field, key=key, input=input)
    assert answer.body["data"] == {field: None}
    assert [(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors] == [
        ("FORBIDDEN", required_scope.value)
    ]
    assert await stored_rows(tenant) == before


async def stored_rows(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of an organization except idempotency keys, which a refused mutation adds too."""
    return {name: rows for name, rows in (await tenant.rows()).items() if name != "idempotency_keys"}


async def run_query(
    tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any
) -> GraphQLResponse:
    """Run one query; return the response."""
    declared = schema_type("Query").fields[field].args
    variables = ", ".join(f"${name}: {declared[name].type}" for name in arguments)
    values = ", ".join(f"{name}: ${name}" for name in arguments)
    signature, call = (f"({variables})", f"({values})") if arguments else ("", "")
    text = f"query {signature} {{ {field}{call} {{ {selection} }} }}"
    return await tenant.execute(text, arguments, key=key)


async def query_nodes(tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any) -> Any:
    """Return the nodes of one page of a list."""
    arguments = {"first": 100, **arguments} if "last" not in arguments else arguments
    answer = await run_query(tenant, field, f"nodes {{ {selection} }}", key=key, **arguments)
    return answer.data[field]["nodes"]


async def credential_type_id(tenant: Tenant, code: str) -> str:
    """Return the id of the credential type with a code."""
    [node] = await query_nodes(tenant, "credentialTypes", "id", where={"code": {"eq": code}})
    return str(node["id"])


async def event_rows(tenant: Tenant) -> list[dict[str, Any]]:
    """Return an organization's events in the order of recording."""
    rows = (await tenant.rows())["events"]
    return sorted(rows, key=lambda row: str(row["id"]))
