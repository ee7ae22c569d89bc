"""A signed-in worker, and a key restricted to a unit, see and change only their own part of the organization."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from app.access import ALL_SCOPES, ORGANIZATION_WIDE_SCOPES, Role, Scope
from app.db.records import Record
from app.graph.dsl.declarations import EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from tests.architecture import calls
from tests.architecture.conftest import SignIn
from tests.architecture.probing import Prober, Secrets, accepted_call, assert_indistinguishable
from tests.architecture.shapes import FieldEntry, edges_with_arguments, roots
from tests.architecture.worlds import TOKEN, WORLD_TYPES, RowFactory, SampleRow, World, node_id, populate
from tests.service import Service, Tenant, error_paths

Rows = dict[str, list[dict[str, Any]]]

LISTS = [entry for entry in roots("Query") if entry.is_list]
EDGES = [entry for entry in edges_with_arguments() if entry.is_list]


@dataclass(frozen=True)
class Caller:
    """A caller that sees a part of an organization."""

    name: str
    tenant: Tenant
    key: str
    scopes: frozenset[Scope]
    worker: str | None
    unit: str | None
    inside: World
    """Rows in the part of the organization that contains what the caller sees."""
    outside: World
    """Rows in the part that the caller does not see."""

    def may_call(self, entry: FieldEntry) -> bool:
        """Return True if the caller has a field's scope, or the field is open for a worker's own records."""
        declared = entry.declaration
        assert isinstance(declared, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
        own = declared.own and self.worker is not None
        return declared.scope is None or declared.scope in self.scopes or own

    def visible_ids(self, rows: Rows) -> set[str]:
        """Return the ids of the rows that the caller may see, computed from the rows themselves."""
        units = {self.unit} if self.unit else set()
        while more := {row["id"] for row in rows["org_units"] if row["parent_id"] in units} - units:
            units |= more
        workers = {row["id"] for row in rows["workers"] if row["org_unit_id"] in units} | {self.worker}
        credentials = {row["id"] for row in rows["credentials"] if row["worker_id"] in workers}
        versions = {row["id"] for row in rows["credential_versions"] if row["credential_id"] in credentials}
        changes = {row["id"] for row in rows["credential_version_changes"] if row["version_id"] in versions}
        checks = {row["id"] for row in rows["verification_attempts"] if row["credential_id"] in credentials}
        files = {row["id"] for row in rows["attachments"] if row["credential_id"] in credentials}
        types = {row["id"] for row in rows["credential_types"]}
        assignments = {row["id"]: row["position_id"] for row in rows["assignments"] if row["worker_id"] in workers}
        # A key sees all positions of the organization; a person only those that they hold.
        positions = set(assignments.values()) if self.worker else {row["id"] for row in rows["positions"]}
        rules = {row["id"] for row in rows["requirement_rules"] if row["worker_id"] in {None, *workers}}
        about = {
            row["id"]
            for name in ("exemptions", "credential_requests")
            for row in rows[name]
            if row["worker_id"] in workers
        }
        others = {*credentials, *versions, *changes, *checks, *files, *types, *assignments, *positions, *rules, *about}
        return {self.tenant.id, *units, *workers, *others} - {None}

    def hidden(self, rows: Rows) -> Secrets:
        """Return the ids and tokens of all rows that the caller may not see."""
        visible = self.visible_ids(rows)
        all_rows = [row for table in NODE_TABLES for row in rows[table]]
        visible_tokens = _tokens(row for row in all_rows if row["id"] in visible)
        hidden = [row for row in all_rows if row["id"] not in visible]
        return Secrets(frozenset(row["id"] for row in hidden), frozenset(_tokens(hidden) - visible_tokens))


NODE_TABLES = {
    name: table for name, table in Record.tables().items() if getattr(table, "prefix", "") in nodes_by_prefix
}
"""The tables whose rows are nodes of the graph."""


def _tokens(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {token.lower() for row in rows for token in TOKEN.findall(str(row))}


@pytest.fixture(scope="session", params=["person", "restricted key"])
async def caller(request: pytest.FixtureRequest, service: Service, sign_in: SignIn) -> Caller:
    """A worker, or a key restricted to a unit, in an organization with other rows."""
    tenant = await Tenant.create(service, "Divided", types=WORLD_TYPES)
    factory = RowFactory(tenant, "units")
    [parent] = await factory.create_rows(["org unit live"])
    factory.unit = parent.id
    own, other = await factory.create_rows(["org unit live"] * 2)
    inside = await populate(tenant, "inside", unit=own.id)
    outside = await populate(tenant, "outside", unit=other.id)
    if request.param == "person":
        worker = inside.first("worker live").id
        key = sign_in(tenant, worker, Role.WORKER)
        return Caller("person", tenant, key, frozenset({Scope.SELF_CREDENTIALS}), worker, None, inside, outside)
    scopes = ALL_SCOPES - ORGANIZATION_WIDE_SCOPES
    key = await tenant.create_key(*scopes, org_unit=own.id)
    return Caller("restricted key", tenant, key, scopes, None, own.id, inside, outside)


def prober_of(caller: Caller) -> Prober:
    """Return a prober with the caller's key, that creates rows where the caller can see them."""
    return Prober(caller.tenant, RowFactory(caller.tenant, "asked", unit=caller.unit), caller.key)


def full_list(entry: FieldEntry) -> dict[calls.ArgumentPath, Any]:
    """Return the arguments that select all items of a list."""
    flags = {"includeDeleted", "includeArchived"} & set(entry.field.args)
    arguments: dict[calls.ArgumentPath, Any] = {("first",): 100}
    return arguments | {(name,): True for name in flags}


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_list_is_exactly_what_the_caller_may_see(entry: FieldEntry, caller: Caller) -> None:
    rows = await caller.tenant.rows()
    [answer] = await prober_of(caller).call(entry, [full_list(entry)], hops=2)
    assert {error["extensions"]["code"] for error in answer.errors} <= {"FORBIDDEN"}
    assert caller.hidden(rows).revealed_by(answer.text([])) == set()
    if caller.may_call(entry):
        [full] = await Prober(caller.tenant, RowFactory(caller.tenant, "owned")).call(entry, [full_list(entry)], hops=1)
        assert not full.data["pageInfo"]["hasNextPage"]
        expected = caller.visible_ids(rows) & {_about(node) for node in full.data["nodes"]}
        assert {_about(node) for node in answer.data["nodes"]} == expected
        assert answer.data["totalCount"]["count"] == len(expected)
    else:
        assert answer.data is None


def _about(node: dict[str, Any]) -> str:
    """Return the id of an item's record, or of the record that the item is about."""
    return str((node if "id" in node else node.get("worker") or node["rule"])["id"])


@pytest.mark.parametrize("entry", EDGES, ids=str)
async def test_list_of_a_visible_row_shows_only_visible_rows(entry: FieldEntry, caller: Caller) -> None:
    rows = await caller.tenant.rows()
    secrets = caller.hidden(rows)
    for world in (caller.inside, caller.outside):
        node = node_id(entry, world)
        assert node is not None
        if node not in caller.visible_ids(rows):
            continue
        [answer] = await prober_of(caller).call(entry, [full_list(entry)], node=node, hops=2)
        assert {error["extensions"]["code"] for error in answer.errors} <= {"FORBIDDEN"}
        assert secrets.revealed_by(answer.text([])) == set()
        assert (answer.data is not None) == caller.may_call(entry)


async def test_node_is_found_only_if_visible(caller: Caller) -> None:
    rows = await caller.tenant.rows()
    visible, secrets = caller.visible_ids(rows), caller.hidden(rows)
    keys = [row["id"] for table in NODE_TABLES for row in rows[table]]
    answers = await prober_of(caller).call(FieldEntry("Query", "node"), [{("id",): key} for key in keys])
    for key, answer in zip(keys, answers, strict=True):
        assert (answer.data is not None) == (key in visible), key
        assert secrets.revealed_by(answer.text([key])) == set()


async def test_hidden_id_is_answered_like_an_unknown_id(caller: Caller) -> None:
    """Try every argument of every field that the caller may call; hidden rows must stay unchanged."""
    before = await caller.tenant.rows()
    secrets = caller.hidden(before)
    prober, owner = prober_of(caller), Prober(caller.tenant, RowFactory(caller.tenant, "owned"))
    entries = [entry for entry in roots("Query") + roots("Mutation") if caller.may_call(entry)]
    for entry in entries:
        for reference in calls.references(entry):
            # Texts are skipped: a value that must be unique is taken even if a hidden row has it. Lists are tested
            # above, and their arguments change nothing about the rows that they may contain.
            if reference.type != "ID" or (entry.is_list and not calls.depends_on_list(reference)):
                continue
            if entry.parent == "Mutation":
                call = await accepted_call(owner, entry, reference)
                rows = _hidden(caller, secrets, calls.chosen_noun(call[reference.path]))
                await assert_indistinguishable(prober, entry, reference, call, rows, secrets)
            else:
                for call in calls.variants(entry, reference):
                    await assert_indistinguishable(
                        prober, entry, reference, call, _hidden(caller, secrets, None), secrets
                    )
    after = await caller.tenant.rows()
    for table in NODE_TABLES:
        later = {row["id"]: row for row in after[table]}
        assert [row for row in before[table] if row["id"] in secrets.ids and later.get(row["id"]) != row] == []


def _hidden(caller: Caller, secrets: Secrets, kind: str | None) -> list[SampleRow]:
    """Return hidden rows to name: of the kind that an argument takes if that is known, else of every kind."""
    rows = [row for row in caller.outside.one_per_label() if row.id in secrets.ids]
    return [row for row in rows if row.noun == kind] or rows


@pytest.fixture
async def restricted(tenant: Tenant) -> tuple[str, str, str]:
    """A key restricted to a unit, the unit's id, and the id of another unit."""
    own, other = await RowFactory(tenant, "own").create_rows(["org unit live"] * 2)
    key = await tenant.create_key(*(ALL_SCOPES - ORGANIZATION_WIDE_SCOPES), org_unit=own.id)
    return key, own.id, other.id


async def test_restricted_key_creates_workers_only_in_its_unit(
    tenant: Tenant, restricted: tuple[str, str, str]
) -> None:
    key, own, other = restricted
    before = await tenant.rows()
    person: dict[str, Any] = {"identity": {"displayName": "Somebody"}}
    refused = await tenant.mutate("workerCreate", "worker { id }", key=key, **person)
    assert error_paths(refused) == [("NOT_PERMITTED", "employment.orgUnit")]
    refused = await tenant.mutate("workerCreate", "worker { id }", key=key, **person, employment={"orgUnit": other})
    assert error_paths(refused) == [("NOT_FOUND", "employment.orgUnit")]
    refused = await tenant.mutate("applicantCreate", "applicant { id }", key=key, **person)
    assert error_paths(refused) == [("NOT_PERMITTED", "")]
    assert await tenant.rows() == before
    added = await tenant.mutate("workerCreate", "worker { id }", key=key, **person, employment={"orgUnit": own})
    assert added["errors"] == []


async def test_restricted_key_cannot_move_workers_out_of_its_unit(
    tenant: Tenant, restricted: tuple[str, str, str]
) -> None:
    key, own, other = restricted
    worker = await tenant.add_worker(employment={"orgUnit": own})
    before = await tenant.rows()
    moves: list[tuple[str, dict[str, Any]]] = [
        ("workerUpdate", {"employment": {"orgUnit": unit}}) for unit in (other, None)
    ]
    moves += [("workerUpdate", {"employment": None}), ("workerReplace", {})]
    for field, content in moves:
        identity = {"identity": {"displayName": "Somebody"}}
        refused = await tenant.mutate(field, "worker { id }", key=key, worker={"id": worker}, **identity, **content)
        assert [path for _, path in error_paths(refused)] == ["employment.orgUnit"]
    assert await tenant.rows() == before


@pytest.mark.parametrize("scope", sorted(ORGANIZATION_WIDE_SCOPES))
async def test_restricted_key_cannot_have_organization_wide_scopes(
    tenant: Tenant, restricted: tuple[str, str, str], scope: Scope
) -> None:
    _, own, _ = restricted
    before = await tenant.rows()
    input: dict[str, Any] = {"name": "Wide", "scopes": [scope.name], "orgUnit": own}
    refused = await tenant.mutate("apiKeyCreate", "apiKey { id } token", **input)
    assert error_paths(refused) == [("INVALID", "scopes")]
    assert refused["token"] is None
    assert await tenant.rows() == before
