"""Every field that requires a scope is forbidden without that one scope, and changes nothing."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from app.access import ALL_SCOPES, Scope
from app.compliance import rules
from app.compliance.tables import RuleScope
from app.graph.dsl.declarations import EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from tests.architecture import calls
from tests.architecture.calls import Call
from tests.architecture.probing import Prober, accepted_call, document
from tests.architecture.shapes import FieldEntry, edges, paths_to, roots
from tests.architecture.worlds import TYPE_CODE, WORLD_TYPES, RowFactory, World
from tests.service import GraphQLResponse, Service, Tenant

NODES = {node.type.__name__: node for node in nodes_by_prefix.values()}
ALWAYS_PERMITTED = {"Viewer.worker"}
"""Edges that no caller is forbidden: a key has no worker, and every role of a person may read their own worker."""


def scope_of(entry: FieldEntry) -> Scope | None:
    """Return the scope that a field requires."""
    declared = entry.declaration
    assert isinstance(declared, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
    return declared.scope


ROOTS = [entry for entry in roots("Query") + roots("Mutation") if scope_of(entry) is not None]
EDGES = [
    entry
    for entry in edges()
    if isinstance(entry.declaration, EdgeDeclaration)
    and entry.declaration.scope is not None
    and str(entry) not in ALWAYS_PERMITTED
]


ALTERNATIVE_SCOPES = {"Mutation.credentialArchive": Scope.CONTRACTORS_MANAGE}
"""Fields for which another scope is sufficient on some rows."""


@pytest.fixture(scope="session")
async def tenant(service: Service) -> Tenant:
    """An organization shared by all of these tests, because none of them may change anything."""
    return await Tenant.create(service, "Scoped", types=WORLD_TYPES)


async def key_lacking(tenant: Tenant, scope: Scope | None, *others: Scope) -> str:
    """Create a key with all scopes except the given ones."""
    return await tenant.create_key(*(ALL_SCOPES - {scope, *others}))


async def ask(tenant: Tenant, entry: FieldEntry, call: Call, key: str) -> GraphQLResponse:
    """Call a root field once."""
    arguments = calls.to_arguments(call)
    return await tenant.execute(document(entry, arguments, 0), arguments, key=key)


def assert_forbidden(answer: GraphQLResponse, scope: Scope | None, *path: str) -> None:
    """Assert that exactly the field at a path is null and forbidden, in every row of the lists on the path."""
    assert answer.status == 200
    error_paths = {tuple(step for step in error["path"] if isinstance(step, str)) for error in answer.errors}
    assert error_paths == {path}
    assert {(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors} == {
        ("FORBIDDEN", scope)
    }
    values: list[Any] = [answer.body["data"]]
    for step in path:
        objects = [item for value in values for item in (value if isinstance(value, list) else [value])]
        values = [item[step] for item in objects]
    assert values
    assert all(value is None for value in values)
    assert len(answer.errors) == len(values)


@pytest.mark.parametrize("entry", ROOTS, ids=str)
async def test_root_field_requires_its_scope(entry: FieldEntry, tenant: Tenant) -> None:
    prober = Prober(tenant, RowFactory(tenant, "own"))
    call = await accepted_call(prober, entry) if entry.parent == "Mutation" else calls.minimal_call(entry)
    [values] = await prober.resolve(call)
    others = [ALTERNATIVE_SCOPES[str(entry)]] if str(entry) in ALTERNATIVE_SCOPES else []
    key = await key_lacking(tenant, scope_of(entry), *others)
    before = await tenant.rows()
    assert_forbidden(await ask(tenant, entry, values, key), scope_of(entry), entry.name)
    assert await tenant.rows() == before


@pytest.mark.parametrize("entry", EDGES, ids=str)
async def test_edge_requires_its_scope(entry: FieldEntry, world: World, tenant: Tenant) -> None:
    scope = scope_of(entry)
    for type_name, path in paths_to(entry.parent):
        if NODES[type_name].scope is scope:
            await _refused_in_a_payload(entry, type_name, path, tenant)
        else:
            answer = await _on_a_row(entry, type_name, path, world, await key_lacking(world.tenant, scope))
            assert_forbidden(answer, scope, "node", *_refused_at(type_name, path, entry))


def _refused_at(type_name: str, path: tuple[str, ...], entry: FieldEntry) -> tuple[str, ...]:
    """Return the path of the first field on the way to `entry` that requires the same scope."""
    parent = type_name
    for number, step in enumerate(path, 1):
        edge = FieldEntry(parent, step)
        if isinstance(edge.declaration, EdgeDeclaration) and edge.declaration.scope is scope_of(entry):
            return path[:number]
        parent = get_named_type(edge.field.type).name
    return (*path, entry.name)


async def _on_a_row(
    entry: FieldEntry, type_name: str, path: tuple[str, ...], world: World, key: str
) -> GraphQLResponse:
    prefix = NODES[type_name].by_id.table.prefix
    row = next(row for row in world.rows if row.id.startswith(f"{prefix}_") and row.label.endswith("live"))
    text = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {_selection(entry, path)} }} }}"
    return await world.tenant.execute(text, {"id": row.id}, key=key)


async def _refused_in_a_payload(entry: FieldEntry, type_name: str, path: tuple[str, ...], tenant: Tenant) -> None:
    """Assert that an edge of a mutation's payload is forbidden.

    A caller without the scope cannot query the row, but a mutation that changes it returns it.
    """
    scope = scope_of(entry)
    key = await key_lacking(tenant, scope)
    factory = RowFactory(tenant, "own")
    unit, manager = await factory.create_rows(["org unit live", "worker live"])
    factory.unit, factory.manager = unit.id, manager.id
    # A rule for all workers, so that every worker has cells to read.
    rule = {"name": "For all", "scope": RuleScope.ALL_WORKERS, "alternatives": [TYPE_CODE], "autoRequest": False}
    async with tenant.service.database.writing("test") as session:
        await rules.create(session, tenant.actor, rule)
    payloads = [(mutation, member) for mutation, member in _payloads_with(type_name) if scope_of(mutation) is not scope]
    for mutation, member in payloads:
        prober = Prober(tenant, factory)
        [values] = await prober.resolve(await accepted_call(prober, mutation))
        text = (
            f"mutation ($input: {mutation.field.args['input'].type}) "
            f"{{ {mutation.name}(input: $input) {{ {member} {_selection(entry, path)} }} }}"
        )
        answer = await tenant.execute(text, calls.to_arguments(values), key=key)
        if answer.errors:
            assert_forbidden(answer, scope, mutation.name, member, *path, entry.name)
            return
    assert not payloads, f"{entry} was never refused"


def _payloads_with(type_name: str) -> list[tuple[FieldEntry, str]]:
    payloads = []
    for mutation in roots("Mutation"):
        payload = get_named_type(mutation.field.type)
        assert isinstance(payload, GraphQLObjectType)
        payloads += [
            (mutation, name) for name, field in payload.fields.items() if get_named_type(field.type).name == type_name
        ]
    return payloads


def _selection(entry: FieldEntry, path: tuple[str, ...]) -> str:
    inner = "" if is_leaf_type(get_named_type(entry.field.type)) else "{ __typename }"
    selection = f"{{ {entry.name} {inner} }}"
    for step in reversed(path):
        selection = f"{{ {step} {selection} }}"
    return selection


async def test_subject_of_an_event_requires_the_scope_of_its_type(world: World) -> None:
    text = "query ($id: IDFilter) { activity(where: {subject: $id}) { nodes { subject { id } } } }"
    for label, scope in (("worker live", Scope.WORKERS_READ), ("credential live", Scope.CREDENTIALS_READ)):
        key = await key_lacking(world.tenant, scope)
        answer = await world.tenant.execute(text, {"id": {"eq": world.first(label).id}}, key=key)
        subjects = [node["subject"] for node in answer.body["data"]["activity"]["nodes"]]
        assert subjects
        assert subjects == [None] * len(subjects)
        assert [error["extensions"].get("scope") for error in answer.errors] == [scope] * len(subjects)
