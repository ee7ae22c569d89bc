"""Calls that tests make by name: any mutation, any query, and a refusal that changed nothing."""

# `key` is an API key; it has no type, so that an input of whatever members can be spread beside it.

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from app.access import Scope
from app.graph.schema import core_schema
from tests.service import Answer, Tenant, paths

ERRORS = (
    "errors { __typename message code path ... on ConflictError { currentRevision } ... on TooManyError { limit } }"
)
UNKNOWN = "0" * 16
Step = Callable[[Tenant, dict[str, str]], Awaitable[None]]


def root(name: str) -> GraphQLObjectType:
    """The query or mutation type of the schema."""
    found = core_schema().type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def selection_of(field: str) -> str:
    """All that a mutation's payload gives, but for its errors."""
    payload = get_named_type(root("Mutation").fields[field].type)
    assert isinstance(payload, GraphQLObjectType)
    members = {name: get_named_type(member.type) for name, member in payload.fields.items()}
    return " ".join(
        name if is_leaf_type(kind) else f"{name} {{ __typename }}" for name, kind in members.items() if name != "errors"
    )


async def send(tenant: Tenant, field: str, selection: str = "", *, key: Any = None, given: dict[str, Any]) -> Answer:
    """Run one mutation; gives the whole answer."""
    kind = root("Mutation").fields[field].args["input"].type
    text = f"mutation ($input: {kind}) {{ {field}(input: $input) {{ {selection or selection_of(field)} {ERRORS} }} }}"
    return await tenant.ask(text, {"input": given}, key=key)


async def change(tenant: Tenant, field: str, selection: str = "", *, key: Any = None, **given: Any) -> Any:
    """Run one mutation; gives its payload."""
    return (await send(tenant, field, selection, key=key, given=given)).data[field]


async def done(tenant: Tenant, field: str, selection: str, *, key: Any = None, **given: Any) -> Any:
    """Run one mutation that is not refused; gives the record that it answers."""
    payload = await change(tenant, field, selection, key=key, **given)
    errors = payload.pop("errors")
    assert errors == [], errors
    (record,) = payload.values()
    return record


async def refused(
    tenant: Tenant, field: str, *expected: tuple[str, str], key: Any = None, **given: Any
) -> list[dict[str, Any]]:
    """Run one mutation that is refused with these (code, path) pairs, and changes nothing; gives the errors."""
    before = await lasting(tenant)
    payload = await change(tenant, field, key=key, **given)
    assert paths(payload) == list(expected), payload["errors"]
    assert {name: value for name, value in payload.items() if name != "errors" and value is not None} == {}
    assert await lasting(tenant) == before
    errors: list[dict[str, Any]] = payload["errors"]
    return errors


def step(field: str, **given: Any) -> Step:
    """One mutation of several about the same rows: where a value is one's name, its id is given."""

    async def take(tenant: Tenant, ids: dict[str, str]) -> None:
        def named(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: named(member) for name, member in value.items()}
            if isinstance(value, list):
                return [named(item) for item in value]
            return ids.get(value, value) if isinstance(value, str) else value

        payload = await change(tenant, field, **named(given))
        assert payload["errors"] == []

    return take


async def forbidden(tenant: Tenant, field: str, *held: Scope, needs: Scope, **given: Any) -> None:
    """Run one mutation with a key that lacks its scope."""
    key = await tenant.key_with(*held)
    before = await lasting(tenant)
    answer = await send(tenant, field, key=key, given=given)
    assert answer.body["data"] == {field: None}
    assert [(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors] == [
        ("FORBIDDEN", needs.value)
    ]
    assert await lasting(tenant) == before


async def lasting(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """All of an organization's rows, but for the idempotency keys."""
    return {name: rows for name, rows in (await tenant.rows()).items() if name != "idempotency_keys"}


async def look(tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any) -> Answer:
    """Run one query; gives the whole answer."""
    known = root("Query").fields[field].args
    declared = ", ".join(f"${name}: {known[name].type}" for name in arguments)
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    text = (
        f"query {f'({declared})' if declared else ''} {{ {field}{f'({passed})' if passed else ''} {{ {selection} }} }}"
    )
    return await tenant.ask(text, arguments, key=key)


async def nodes(tenant: Tenant, field: str, selection: str, *, key: Any = None, **arguments: Any) -> Any:
    """The items of one page of a list."""
    arguments = {"first": 100, **arguments} if "last" not in arguments else arguments
    answer = await look(tenant, field, f"nodes {{ {selection} }}", key=key, **arguments)
    return answer.data[field]["nodes"]


async def type_id(tenant: Tenant, code: str) -> str:
    """The id of a credential type."""
    [found] = await nodes(tenant, "credentialTypes", "id", where={"code": {"eq": code}})
    return str(found["id"])


async def events(tenant: Tenant) -> list[dict[str, Any]]:
    """An organization's events, in the order they were recorded."""
    rows = (await tenant.rows())["events"]
    return sorted(rows, key=lambda row: str(row["id"]))
