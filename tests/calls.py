"""Calls that tests make by name: any mutation, any query, and a refusal that changed nothing."""

# `key` is an API key; it has no type, so that an input of whatever members can be spread beside it.

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
    """The query or mutation type of the schema."""
    found = core_schema().type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def payload_selection(field: str) -> str:
    """All that a mutation's payload gives, but for its errors."""
    payload = get_named_type(schema_type("Mutation").fields[field].type)
    assert isinstance(payload, GraphQLObjectType)
    members = {name: get_named_type(member.type) for name, member in payload.fields.items()}
    return " ".join(
        name if is_leaf_type(kind) else f"{name} {{ __typename }}" for name, kind in members.items() if name != "errors"
    )


async def send_mutation(
    tenant: Tenant, field: str, selection: str = "", *, key: Any = None, input: dict[str, Any]
) -> GraphQLResponse:
    """Run one mutation; gives the whole answer."""
    kind = schema_type("Mutation").fields[field].args["input"].type
    text = f"mutation ($input: {kind}) {{ {field}(input: $input) {{ {selection or payload_selection(field)} {ERROR_FIELDS} }} }}"
    return await tenant.execute(text, {"input": input}, key=key)


async def mutate(tenant: Tenant, field: str, selection: str = "", *, key: Any = None, **input: Any) -> Any:
    """Run one mutation; gives its payload."""
    return (await send_mutation(tenant, field, selection, key=key, input=input)).data[field]


async def mutate_ok(tenant: Tenant, field: str, selection: str, *, key: Any = None, **input: Any) -> Any:
    """Run one mutation that is not refused; gives the record that it answers."""
    payload = await mutate(tenant, field, selection, key=key, **input)
    errors = payload.pop("errors")
    assert errors == [], errors
    (record,) = payload.values()
    return record


async def assert_refused(
    tenant: Tenant, field: str, *expected: tuple[str, str], key: Any = None, **input: Any
) -> list[dict[str, Any]]:
    """Run one mutation that is refused with these (code, path) pairs, and changes nothing; gives the errors."""
    before = await stored_rows(tenant)
    payload = await mutate(tenant, field, key=key, **input)
    assert error_paths(payload) == list(expected), payload["errors"]
    assert {name: value for name, value in payload.items() if name != "errors" and value is not None} == {}
    assert await stored_rows(tenant) == before
    errors: list[dict[str, Any]] = payload["errors"]
    return errors


def mutation_step(field: str, **input: Any) -> Step:
    """One mutation of several about the same rows: where a value is one's name, its id is given."""

    async def take(tenant: Tenant, ids: dict[str, str]) -> None:
        def named(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: named(member) for name, member in value.items()}
            if isinstance(value, list):
                return [named(item) for item in value]
            return ids.get(value, value) if isinstance(value, str) else value

        payload = await mutate(tenant, field, **named(input))
        assert payload["errors"] == []

    return take


async def assert_forbidden(
    tenant: Tenant, field: str, *held_scopes: Scope, required_scope: Scope, **input: Any
) -> None:
    """Run one mutation with a key that lacks its scope."""
    key = await tenant.create_key(*held_scopes)
    before = await stored_rows(tenant)
    answer = await send_mutation(tenant, field, key=key, input=input)
    assert answer.body["data"] == {field: None}
    assert [(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors] == [
        ("FORBIDDEN", required_scope.value)
    ]
    assert await stored_rows(tenant) == before


async def stored_rows(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """All of an organization's rows, but for the idempotency keys."""
    return {name: rows for name, rows in (await tenant.rows()).items() if name != "idempotency_keys"}


async def run_query(
    tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any
) -> GraphQLResponse:
    """Run one query; gives the whole answer."""
    known = schema_type("Query").fields[field].args
    declared = ", ".join(f"${name}: {known[name].type}" for name in arguments)
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    text = (
        f"query {f'({declared})' if declared else ''} {{ {field}{f'({passed})' if passed else ''} {{ {selection} }} }}"
    )
    return await tenant.execute(text, arguments, key=key)


async def query_nodes(tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any) -> Any:
    """The items of one page of a list."""
    arguments = {"first": 100, **arguments} if "last" not in arguments else arguments
    answer = await run_query(tenant, field, f"nodes {{ {selection} }}", key=key, **arguments)
    return answer.data[field]["nodes"]


async def credential_type_id(tenant: Tenant, code: str) -> str:
    """The id of a credential type."""
    [found] = await query_nodes(tenant, "credentialTypes", "id", where={"code": {"eq": code}})
    return str(found["id"])


async def event_rows(tenant: Tenant) -> list[dict[str, Any]]:
    """An organization's events, in the order they were recorded."""
    rows = (await tenant.rows())["events"]
    return sorted(rows, key=lambda row: str(row["id"]))
