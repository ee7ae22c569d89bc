"""Keys restricted to an org unit: they see and change what lies in it and under it, and nothing else."""

from dataclasses import dataclass

import pytest

from app.access import ORGANIZATION_WIDE, Scope
from tests.calls import assert_refused, mutate_ok, query_nodes, run_query, stored_rows
from tests.service import Service, Tenant, credential_input, ids_of

SCOPES = (
    Scope.WORKERS_READ,
    Scope.WORKERS_WRITE,
    Scope.CREDENTIALS_READ,
    Scope.CREDENTIALS_WRITE,
)


@dataclass(frozen=True)
class Place:
    """An organization of two sites, with people inside and outside of the one a key is restricted to."""

    tenant: Tenant
    key: str
    ids: dict[str, str]


@pytest.fixture
async def place(service: Service) -> Place:
    tenant = await Tenant.create(service, "Two Sites")
    ids: dict[str, str] = {}
    for name, parent in (("north", None), ("ward", "north"), ("south", None)):
        given = {"name": name, "kind": "SITE", "parent": ids.get(parent or "")}
        ids[name] = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", **given))["id"]
    for name, unit in (("in", "north"), ("under", "ward"), ("out", "south"), ("nowhere", None)):
        ids[name] = await tenant.add_worker(name, employment={"orgUnit": ids.get(unit or "")})
        ids[f"{name}'s"] = await tenant.add_credential(ids[name])
    sam = {"identity": {"displayName": "Sam"}}
    ids["sam"] = (await mutate_ok(tenant, "applicantCreate", "applicant { id }", **sam))["id"]
    return Place(tenant, await tenant.create_key(*SCOPES, org_unit=ids["north"]), ids)


async def test_it_sees_what_lies_in_its_subtree(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    assert set(ids_of(await query_nodes(tenant, "workers", "id", key=key))) == {ids["in"], ids["under"]}
    held = {ids["in's"], ids["under's"]}
    assert set(ids_of(await query_nodes(tenant, "credentials", "id", key=key))) == held
    assert set(ids_of(await query_nodes(tenant, "orgUnits", "id", key=key))) == {ids["north"], ids["ward"]}
    assert await query_nodes(tenant, "applicants", "id", key=key) == []
    assert await query_nodes(tenant, "credentialTypes", "id", key=key) != []
    everything = [ids[name] for name in ("in", "out", "nowhere", "in's", "out's", "ward", "south", "sam")]
    answer = await run_query(tenant, "nodes", "id", key=key, ids=everything)
    assert [node and node["id"] for node in answer.data["nodes"]] == [
        ids["in"],
        None,
        None,
        ids["in's"],
        None,
        ids["ward"],
        None,
        None,
    ]
    assert (await run_query(tenant, "worker", "id", key=key, by={"id": ids["out"]})).data["worker"] is None
    found = (await run_query(tenant, "orgUnit", "parent { id }", key=key, id=ids["ward"])).data["orgUnit"]
    assert found == {"parent": {"id": ids["north"]}}
    where = {"orgUnit": {"in": [ids["south"]]}}
    assert await query_nodes(tenant, "workers", "id", key=key, where=where) == []


async def test_what_lies_outside_does_not_exist(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    for name in ("out", "nowhere"):
        by = {"worker": {"id": ids[name]}}
        for field in ("workerUpdate", "workerReplace", "workerDelete", "workerRestore"):
            content = {"identity": {"displayName": "X"}} if field in ("workerUpdate", "workerReplace") else {}
            await assert_refused(tenant, field, ("NOT_FOUND", "worker.id"), key=key, **by, **content)
        await assert_refused(
            tenant, "credentialCreate", ("NOT_FOUND", "owners.worker.id"), key=key, **credential_input(ids[name])
        )
        for field in ("credentialUpdate", "credentialDelete"):
            await assert_refused(tenant, field, ("NOT_FOUND", "id"), key=key, id=ids[f"{name}'s"])


async def test_it_adds_and_moves_people_within_its_unit_only(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    name = {"identity": {"displayName": "New"}}
    unit = "employment.orgUnit"
    (error,) = await assert_refused(tenant, "workerCreate", ("NOT_PERMITTED", unit), key=key, **name)
    assert error["message"] == "your key is restricted to a unit; name one within it"
    south = {"employment": {"orgUnit": ids["south"]}}
    await assert_refused(tenant, "workerCreate", ("NOT_FOUND", unit), key=key, **name, **south)
    by = {"worker": {"id": ids["in"]}}
    await assert_refused(tenant, "workerUpdate", ("NOT_FOUND", unit), key=key, **by, **south)
    nowhere = {"employment": {"orgUnit": None}}
    await assert_refused(tenant, "workerUpdate", ("NOT_PERMITTED", unit), key=key, **by, **nowhere)
    await assert_refused(tenant, "workerReplace", ("NOT_PERMITTED", unit), key=key, **by, **name)
    outsider = {"manager": {"id": ids["out"]}}
    await assert_refused(tenant, "workerUpdate", ("NOT_FOUND", "manager.id"), key=key, **by, **outsider)
    await assert_refused(tenant, "applicantCreate", ("NOT_PERMITTED", ""), key=key, **name)
    ward = {"employment": {"orgUnit": ids["ward"]}}
    new = await mutate_ok(tenant, "workerCreate", "worker { id }", key=key, **name, **ward)
    await mutate_ok(tenant, "workerUpdate", "worker { id }", key=key, **by, **ward)
    await mutate_ok(tenant, "credentialCreate", "credential { id }", key=key, **credential_input(new["id"]))


async def test_a_worker_outside_still_counts_where_values_are_unique(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    email = {"contact": {"workEmail": "out@a.test"}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["out"]}, **email)
    taken = ("TAKEN", "contact.workEmail")
    await assert_refused(tenant, "workerUpdate", taken, key=key, worker={"id": ids["in"]}, **email)


async def test_its_links_lead_nowhere_outside(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["in"]}, manager={"id": ids["out"]})
    both = {"worker": {"id": ids["in"]}, "applicant": {"id": ids["sam"]}}
    given = {**credential_input(ids["in"]), "owners": both}
    one = (await mutate_ok(tenant, "credentialCreate", "credential { id }", **given))["id"]
    manager = await run_query(tenant, "worker", "manager { worker { id } }", key=key, by={"id": ids["in"]})
    assert manager.data["worker"] == {"manager": {"worker": None}}
    owners = await run_query(tenant, "credential", "owners { worker { id } applicant { id } }", key=key, id=one)
    assert owners.data["credential"] == {"owners": {"worker": {"id": ids["in"]}, "applicant": None}}


@pytest.mark.parametrize("scope", sorted(ORGANIZATION_WIDE))
async def test_it_cannot_hold_what_belongs_to_no_unit(place: Place, scope: Scope) -> None:
    (error,) = await assert_refused(
        place.tenant,
        "apiKeyCreate",
        ("INVALID", "scopes"),
        name="Wide",
        scopes=[scope.name, "WORKERS_READ"],
        orgUnit=place.ids["north"],
    )
    assert error["message"] == f"a key restricted to a unit cannot hold {scope.value}"


async def test_after_its_unit_is_gone_it_sees_nothing(place: Place) -> None:
    tenant, ids = place.tenant, place.ids
    key = await tenant.create_key(*SCOPES, org_unit=ids["south"])
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["out"]}, employment={"orgUnit": None})
    await mutate_ok(tenant, "orgUnitDelete", "orgUnit { id }", id=ids["south"])
    assert await query_nodes(tenant, "workers", "id", key=key) == []
    assert await query_nodes(tenant, "credentials", "id", key=key) == []
    before = await stored_rows(tenant)
    await assert_refused(
        tenant, "workerUpdate", ("NOT_FOUND", "worker.id"), key=key, worker={"id": ids["nowhere"]}, address={}
    )
    assert await stored_rows(tenant) == before


async def test_an_owner_whom_it_does_not_see_is_not_its_to_take_away(place: Place) -> None:
    tenant, key, ids = place.tenant, place.key, place.ids
    sam = {"type": "APPLICANT", "id": ids["sam"]}
    await mutate_ok(tenant, "credentialLink", "status", id=ids["in's"], to=sam)
    before = await tenant.rows()
    payload = await tenant.mutate(
        "credentialUnlink",
        "status credential { owners { applicant { id } } }",
        key=key,
        id=ids["in's"],
        ownerType="APPLICANT",
    )
    assert payload == {"status": "NOOP", "credential": {"owners": {"applicant": None}}, "errors": []}
    assert await tenant.rows() == before
