"""Every field that takes a scope refuses whoever lacks just that one, and does nothing."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from app.access import EVERYTHING, Scope
from app.compliance import rules
from app.compliance.tables import RuleScope
from app.graph.dsl.declarations import EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from tests.architecture import calls
from tests.architecture.calls import Call
from tests.architecture.probing import Asker, document, working
from tests.architecture.shapes import Entry, edges, roots, ways_to
from tests.architecture.worlds import STOCKED, TYPE, Maker, World
from tests.service import GraphQLResponse, Service, Tenant

NODES = {node.type.__name__: node for node in nodes_by_prefix.values()}
SEEN_BY_ALL_WHO_HAVE_IT = {"Viewer.worker"}
"""A key has no worker, and each role that a person can have lets them see themselves."""


def scope_of(entry: Entry) -> Scope | None:
    """The scope that a field takes."""
    declared = entry.declared
    assert isinstance(declared, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
    return declared.scope


ROOTS = [entry for entry in roots("Query") + roots("Mutation") if scope_of(entry) is not None]
EDGES = [
    entry
    for entry in edges()
    if isinstance(entry.declared, EdgeDeclaration)
    and entry.declared.scope is not None
    and str(entry) not in SEEN_BY_ALL_WHO_HAVE_IT
]


OPEN_TO_OTHERS = {"Mutation.credentialArchive": Scope.CONTRACTORS_MANAGE}
"""Fields for which another scope is enough, on some rows."""


@pytest.fixture(scope="session")
async def tenant(service: Service) -> Tenant:
    """An organization for all of these tests, since none of them may change anything."""
    return await Tenant.create(service, "Scoped", types=STOCKED)


async def key_lacking(tenant: Tenant, scope: Scope | None, *others: Scope) -> str:
    """A key that may do everything but what a scope allows."""
    return await tenant.create_key(*(EVERYTHING - {scope, *others}))


async def ask(tenant: Tenant, entry: Entry, call: Call, key: str) -> GraphQLResponse:
    """Call a field of a root once."""
    given = calls.nested(call)
    variables = {f"a0_{name}": value for name, value in given.items()}
    return await tenant.execute(document(entry, [given], 0), variables, key=key)


def assert_forbidden(answer: GraphQLResponse, scope: Scope | None, *path: str) -> None:
    """Of all that was asked, the field at a path is null, in each row of a list on the way, for want of the scope."""
    assert answer.status == 200
    refused = {tuple(step for step in error["path"] if isinstance(step, str)) for error in answer.errors}
    assert refused == {path}
    assert {(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors} == {
        ("FORBIDDEN", scope)
    }
    found: list[Any] = [answer.body["data"]]
    for step in path:
        found = [value for each in found for value in (each if isinstance(each, list) else [each])]
        found = [each[step] for each in found]
    assert found
    assert all(value is None for value in found)
    assert len(answer.errors) == len(found)


@pytest.mark.parametrize("entry", ROOTS, ids=str)
async def test_a_root_field_takes_its_scope(entry: Entry, tenant: Tenant) -> None:
    asker = Asker(tenant, Maker(tenant, "own"))
    call = await working(asker, entry) if entry.parent == "Mutation" else calls.start(entry)
    [values] = await asker.resolve(call)
    others = [OPEN_TO_OTHERS[str(entry)]] if str(entry) in OPEN_TO_OTHERS else []
    key = await key_lacking(tenant, scope_of(entry), *others)
    before = await tenant.rows()
    assert_forbidden(await ask(tenant, entry, values, key), scope_of(entry), "a0")
    assert await tenant.rows() == before


@pytest.mark.parametrize("entry", EDGES, ids=str)
async def test_an_edge_takes_its_scope(entry: Entry, home: World, tenant: Tenant) -> None:
    scope = scope_of(entry)
    for kind, path in ways_to(entry.parent):
        if NODES[kind].scope is scope:
            await _refused_in_a_payload(entry, kind, path, tenant)
        else:
            answer = await _on_a_row(entry, kind, path, home, await key_lacking(home.tenant, scope))
            assert_forbidden(answer, scope, "node", *_refused_at(kind, path, entry))


def _refused_at(kind: str, path: tuple[str, ...], entry: Entry) -> tuple[str, ...]:
    """Where on the way to a field its scope is first lacking: at the field, or at one that leads to it."""
    parent = kind
    for number, step in enumerate(path, 1):
        here = Entry(parent, step)
        if isinstance(here.declared, EdgeDeclaration) and here.declared.scope is scope_of(entry):
            return path[:number]
        parent = get_named_type(here.field.type).name
    return (*path, entry.name)


async def _on_a_row(entry: Entry, kind: str, path: tuple[str, ...], world: World, key: str) -> GraphQLResponse:
    prefix = NODES[kind].by_id.table.prefix
    row = next(row for row in world.rows if row.id.startswith(f"{prefix}_") and row.label.endswith("live"))
    text = f"query ($id: ID!) {{ node(id: $id) {{ ... on {kind} {_selected(entry, path)} }} }}"
    return await world.tenant.execute(text, {"id": row.id}, key=key)


async def _refused_in_a_payload(entry: Entry, kind: str, path: tuple[str, ...], tenant: Tenant) -> None:
    """Without the scope nobody gets to the row by reading; but whoever changes it is shown it."""
    scope = scope_of(entry)
    key = await key_lacking(tenant, scope)
    maker = Maker(tenant, "own")
    unit, manager = await maker.rows(["org unit live", "worker live"])
    maker.unit, maker.manager = unit.id, manager.id
    # Something is asked of everybody, so that there is something to be seen of each.
    asked = {"name": "For all", "scope": RuleScope.ALL_WORKERS, "alternatives": [TYPE], "autoRequest": False}
    async with tenant.service.database.writing("asked") as session:
        await rules.create(session, tenant.actor, asked)
    ways = [way for way in _payloads_with(kind) if scope_of(way[0]) is not scope]
    for change, member in ways:
        asker = Asker(tenant, maker)
        [values] = await asker.resolve(await working(asker, change))
        text = (
            f"mutation ($a0_input: {change.field.args['input'].type}) "
            f"{{ a0: {change.name}(input: $a0_input) {{ {member} {_selected(entry, path)} }} }}"
        )
        answer = await tenant.execute(text, {"a0_input": calls.nested(values)["input"]}, key=key)
        if answer.errors:
            assert_forbidden(answer, scope, "a0", member, *path, entry.name)
            return
    assert not ways, f"{entry} was never refused"


def _payloads_with(kind: str) -> list[tuple[Entry, str]]:
    found = []
    for change in roots("Mutation"):
        payload = get_named_type(change.field.type)
        assert isinstance(payload, GraphQLObjectType)
        found += [(change, name) for name, field in payload.fields.items() if get_named_type(field.type).name == kind]
    return found


def _selected(entry: Entry, path: tuple[str, ...]) -> str:
    inner = "" if is_leaf_type(get_named_type(entry.field.type)) else "{ __typename }"
    selection = f"{{ {entry.name} {inner} }}"
    for step in reversed(path):
        selection = f"{{ {step} {selection} }}"
    return selection


async def test_the_subject_of_an_event_takes_the_scope_of_its_kind(home: World) -> None:
    text = "query ($id: IDFilter) { activity(where: {subject: $id}) { nodes { subject { id } } } }"
    for label, scope in (("worker live", Scope.WORKERS_READ), ("credential live", Scope.CREDENTIALS_READ)):
        key = await key_lacking(home.tenant, scope)
        answer = await home.tenant.execute(text, {"id": {"eq": home.first(label).id}}, key=key)
        subjects = [node["subject"] for node in answer.body["data"]["activity"]["nodes"]]
        assert subjects
        assert subjects == [None] * len(subjects)
        assert [error["extensions"].get("scope") for error in answer.errors] == [scope] * len(subjects)
