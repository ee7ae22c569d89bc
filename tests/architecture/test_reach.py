"""A worker in person, and a key restricted to a unit, get no further in their organization than what is theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from app.access import EVERYTHING, ORGANIZATION_WIDE, Role, Scope
from app.db.records import Record
from app.graph.dsl.declarations import EdgeDeclaration, MutationDeclaration, QueryDeclaration
from app.graph.dsl.node_types import nodes_by_prefix
from tests.architecture import calls
from tests.architecture.conftest import Person
from tests.architecture.probing import Asker, Secrets, compare, working
from tests.architecture.shapes import Entry, edges_with_arguments, roots
from tests.architecture.worlds import STOCKED, TOKEN, Maker, Row, World, entry_node, populate
from tests.service import Service, Tenant, error_paths

Rows = dict[str, list[dict[str, Any]]]

LISTS = [entry for entry in roots("Query") if entry.is_list]
EDGES = [entry for entry in edges_with_arguments() if entry.is_list]


@dataclass(frozen=True)
class Caller:
    """Someone who sees a part of an organization."""

    name: str
    tenant: Tenant
    key: str
    scopes: frozenset[Scope]
    worker: str | None
    unit: str | None
    inside: World
    """The part that is theirs, or that theirs is a part of."""
    outside: World
    """The part that is not."""

    def may_call(self, entry: Entry) -> bool:
        """Whether they hold a field's scope, or it is open to a worker's own records."""
        declared = entry.declared
        assert isinstance(declared, QueryDeclaration | MutationDeclaration | EdgeDeclaration)
        own = declared.own and self.worker is not None
        return declared.scope is None or declared.scope in self.scopes or own

    def sees(self, rows: Rows) -> set[str]:
        """The ids of what is theirs, worked out from the rows themselves."""
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
        held = {row["id"]: row["position_id"] for row in rows["assignments"] if row["worker_id"] in workers}
        # What jobs there are is the organization's; a person sees those that they hold.
        positions = set(held.values()) if self.worker else {row["id"] for row in rows["positions"]}
        asked = {row["id"] for row in rows["requirement_rules"] if row["worker_id"] in {None, *workers}}
        about = {
            row["id"]
            for name in ("exemptions", "credential_requests")
            for row in rows[name]
            if row["worker_id"] in workers
        }
        kept = {*credentials, *versions, *changes, *checks, *files, *types, *held, *positions, *asked, *about}
        return {self.tenant.id, *units, *workers, *kept} - {None}

    def hidden(self, rows: Rows) -> Secrets:
        """What the rest of the organization is known by."""
        mine = self.sees(rows)
        every = [row for table in KINDS for row in rows[table]]
        ours = _tokens(row for row in every if row["id"] in mine)
        theirs = [row for row in every if row["id"] not in mine]
        return Secrets(frozenset(row["id"] for row in theirs), frozenset(_tokens(theirs) - ours))


KINDS = {name: table for name, table in Record.tables().items() if getattr(table, "prefix", "") in nodes_by_prefix}
"""The tables whose rows can be named."""


def _tokens(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {token.lower() for row in rows for token in TOKEN.findall(str(row))}


@pytest.fixture(scope="session", params=["person", "restricted key"])
async def caller(request: pytest.FixtureRequest, service: Service, person: Person) -> Caller:
    """A worker, or a key that is restricted to a unit, in an organization that holds more."""
    tenant = await Tenant.create(service, "Divided", types=STOCKED)
    maker = Maker(tenant, "units")
    [above] = await maker.rows(["org unit live"])
    maker.unit = above.id
    here, there = await maker.rows(["org unit live"] * 2)
    inside = await populate(tenant, "inside", unit=here.id)
    outside = await populate(tenant, "outside", unit=there.id)
    if request.param == "person":
        worker = inside.first("worker live").id
        key = person(tenant, worker, Role.WORKER)
        return Caller("person", tenant, key, frozenset({Scope.SELF_CREDENTIALS}), worker, None, inside, outside)
    scopes = EVERYTHING - ORGANIZATION_WIDE
    key = await tenant.create_key(*scopes, org_unit=here.id)
    return Caller("restricted key", tenant, key, scopes, None, here.id, inside, outside)


def asker_of(caller: Caller) -> Asker:
    """The caller, for whom rows are made where they can see them."""
    return Asker(caller.tenant, Maker(caller.tenant, "asked", unit=caller.unit), caller.key)


def whole(entry: Entry) -> dict[calls.Path, Any]:
    """The arguments that ask for all of a list."""
    shown = {"includeDeleted", "includeArchived"} & set(entry.field.args)
    asked: dict[calls.Path, Any] = {("first",): 100}
    return asked | {(name,): True for name in shown}


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_a_list_is_what_is_theirs_and_all_of_it(entry: Entry, caller: Caller) -> None:
    rows = await caller.tenant.rows()
    [answer] = await asker_of(caller).ask(entry, [whole(entry)], hops=2)
    assert {error["extensions"]["code"] for error in answer.errors} <= {"FORBIDDEN"}
    assert caller.hidden(rows).told_by(answer.text([])) == set()
    if caller.may_call(entry):
        [every] = await Asker(caller.tenant, Maker(caller.tenant, "owned")).ask(entry, [whole(entry)], hops=1)
        assert not every.data["pageInfo"]["hasNextPage"]
        expected = caller.sees(rows) & {_about(node) for node in every.data["nodes"]}
        assert {_about(node) for node in answer.data["nodes"]} == expected
        assert answer.data["totalCount"]["count"] == len(expected)
    else:
        assert answer.data is None


def _about(node: dict[str, Any]) -> str:
    """The record that an item of a list is, or is about."""
    return str((node if "id" in node else node.get("worker") or node["rule"])["id"])


@pytest.mark.parametrize("entry", EDGES, ids=str)
async def test_a_list_of_theirs_leads_to_nothing_else(entry: Entry, caller: Caller) -> None:
    rows = await caller.tenant.rows()
    secrets = caller.hidden(rows)
    for world in (caller.inside, caller.outside):
        node = entry_node(entry, world)
        assert node is not None
        if node not in caller.sees(rows):
            continue
        [answer] = await asker_of(caller).ask(entry, [whole(entry)], node=node, hops=2)
        assert {error["extensions"]["code"] for error in answer.errors} <= {"FORBIDDEN"}
        assert secrets.told_by(answer.text([])) == set()
        assert (answer.data is not None) == caller.may_call(entry)


async def test_a_node_is_found_if_it_is_theirs(caller: Caller) -> None:
    rows = await caller.tenant.rows()
    mine, secrets = caller.sees(rows), caller.hidden(rows)
    keys = [row["id"] for table in KINDS for row in rows[table]]
    answers = await asker_of(caller).ask(Entry("Query", "node"), [{("id",): key} for key in keys])
    for key, answer in zip(keys, answers, strict=True):
        assert (answer.data is not None) == (key in mine), key
        assert secrets.told_by(answer.text([key])) == set()


async def test_naming_what_is_not_theirs_is_like_naming_nothing(caller: Caller) -> None:
    """In every argument of every field that they may call; and nothing outside is changed by it."""
    before = await caller.tenant.rows()
    secrets = caller.hidden(before)
    asker, owner = asker_of(caller), Asker(caller.tenant, Maker(caller.tenant, "owned"))
    entries = [entry for entry in roots("Query") + roots("Mutation") if caller.may_call(entry)]
    for entry in entries:
        for leaf in calls.leaves(entry):
            # A text that must be unique in the organization is taken, whoever took it; what a list holds is
            # settled above, whatever it is asked for.
            if leaf.type != "ID" or (entry.is_list and not calls.differs_by_list(leaf)):
                continue
            if entry.parent == "Mutation":
                call = await working(owner, entry, leaf)
                rows = _hidden(caller, secrets, calls.kind_of(call[leaf.path]))
                await compare(asker, entry, leaf, call, rows, secrets)
            else:
                for call in calls.variants(entry, leaf):
                    await compare(asker, entry, leaf, call, _hidden(caller, secrets, None), secrets)
    after = await caller.tenant.rows()
    for table in KINDS:
        kept = {row["id"]: row for row in after[table]}
        assert [row for row in before[table] if row["id"] in secrets.ids and kept.get(row["id"]) != row] == []


def _hidden(caller: Caller, secrets: Secrets, kind: str | None) -> list[Row]:
    """Rows to name: of the kind that a place takes, where that is known, and else of every kind."""
    rows = [row for row in caller.outside.one_of_each() if row.id in secrets.ids]
    return [row for row in rows if row.kind == kind] or rows


@pytest.fixture
async def restricted(tenant: Tenant) -> tuple[str, str, str]:
    """A key restricted to a unit, the unit, and another one."""
    here, there = await Maker(tenant, "own").rows(["org unit live"] * 2)
    key = await tenant.create_key(*(EVERYTHING - ORGANIZATION_WIDE), org_unit=here.id)
    return key, here.id, there.id


async def test_a_restricted_key_adds_people_to_its_unit_only(tenant: Tenant, restricted: tuple[str, str, str]) -> None:
    key, here, there = restricted
    before = await tenant.rows()
    somebody: dict[str, Any] = {"identity": {"displayName": "Somebody"}}
    refused = await tenant.mutate("workerCreate", "worker { id }", key=key, **somebody)
    assert error_paths(refused) == [("NOT_PERMITTED", "employment.orgUnit")]
    refused = await tenant.mutate("workerCreate", "worker { id }", key=key, **somebody, employment={"orgUnit": there})
    assert error_paths(refused) == [("NOT_FOUND", "employment.orgUnit")]
    refused = await tenant.mutate("applicantCreate", "applicant { id }", key=key, **somebody)
    assert error_paths(refused) == [("NOT_PERMITTED", "")]
    assert await tenant.rows() == before
    added = await tenant.mutate("workerCreate", "worker { id }", key=key, **somebody, employment={"orgUnit": here})
    assert added["errors"] == []


async def test_a_restricted_key_moves_nobody_out_of_its_unit(tenant: Tenant, restricted: tuple[str, str, str]) -> None:
    key, here, there = restricted
    worker = await tenant.add_worker(employment={"orgUnit": here})
    before = await tenant.rows()
    moves: list[tuple[str, dict[str, Any]]] = [
        ("workerUpdate", {"employment": {"orgUnit": place}}) for place in (there, None)
    ]
    moves += [("workerUpdate", {"employment": None}), ("workerReplace", {})]
    for field, content in moves:
        identity = {"identity": {"displayName": "Somebody"}}
        refused = await tenant.mutate(field, "worker { id }", key=key, worker={"id": worker}, **identity, **content)
        assert [path for _, path in error_paths(refused)] == ["employment.orgUnit"]
    assert await tenant.rows() == before


@pytest.mark.parametrize("scope", sorted(ORGANIZATION_WIDE))
async def test_a_restricted_key_cannot_hold_what_concerns_the_whole_organization(
    tenant: Tenant, restricted: tuple[str, str, str], scope: Scope
) -> None:
    _, here, _ = restricted
    before = await tenant.rows()
    given: dict[str, Any] = {"name": "Wide", "scopes": [scope.name], "orgUnit": here}
    refused = await tenant.mutate("apiKeyCreate", "apiKey { id } token", **given)
    assert error_paths(refused) == [("INVALID", "scopes")]
    assert refused["token"] is None
    assert await tenant.rows() == before
