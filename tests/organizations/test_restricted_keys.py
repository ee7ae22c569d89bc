"""Keys restricted to an org unit: they see and change the records of the unit and of all units under it only."""

from dataclasses import dataclass

import pytest

from app.access import ORGANIZATION_WIDE_SCOPES, Scope
from tests.calls import assert_refused, mutate, mutate_ok, query_nodes, run_query, stored_rows
from tests.service import Service, Tenant, credential_input, ids_of

SCOPES = (
    Scope.WORKERS_READ,
    Scope.WORKERS_WRITE,
    Scope.CREDENTIALS_READ,
    Scope.CREDENTIALS_WRITE,
)


@dataclass(frozen=True)
class TwoSites:
    """An organization with two sites, a key restricted to one of them, and people in both."""

    tenant: Tenant
    key: str
    ids: dict[str, str]


@pytest.fixture
async def sites(service: Service) -> TwoSites:
    tenant = await Tenant.create(service, "Two Sites")
    ids: dict[str, str] = {}
    for name, parent in (("north", None), ("ward", "north"), ("south", None)):
        input = {"name": name, "type": "SITE", "parent": ids.get(parent or "")}
        ids[name] = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", **input))["id"]
    for name, unit in (("in", "north"), ("under", "ward"), ("out", "south"), ("nowhere", None)):
        ids[name] = await tenant.add_worker(name, employment={"orgUnit": ids.get(unit or "")})
        ids[f"{name}'s"] = await tenant.add_credential(ids[name])
    sam = {"identity": {"displayName": "Sam"}}
    ids["sam"] = (await mutate_ok(tenant, "applicantCreate", "applicant { id }", **sam))["id"]
    return TwoSites(tenant, await tenant.create_key(*SCOPES, org_unit=ids["north"]), ids)


async def test_a_key_sees_the_subtree_of_its_unit(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    assert set(ids_of(await query_nodes(tenant, "workers", "id", key=key))) == {ids["in"], ids["under"]}
    visible = {ids["in's"], ids["under's"]}
    assert set(ids_of(await query_nodes(tenant, "credentials", "id", key=key))) == visible
    assert set(ids_of(await query_nodes(tenant, "orgUnits", "id", key=key))) == {ids["north"], ids["ward"]}
    assert await query_nodes(tenant, "applicants", "id", key=key) == []
    assert await query_nodes(tenant, "credentialTypes", "id", key=key) != []
    all_ids = [ids[name] for name in ("in", "out", "nowhere", "in's", "out's", "ward", "south", "sam")]
    answer = await run_query(tenant, "nodes", "id", key=key, ids=all_ids)
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
    ward = (await run_query(tenant, "orgUnit", "parent { id }", key=key, by={"id": ids["ward"]})).data["orgUnit"]
    assert ward == {"parent": {"id": ids["north"]}}
    where = {"orgUnit": {"in": [ids["south"]]}}
    assert await query_nodes(tenant, "workers", "id", key=key, where=where) == []


async def test_records_outside_the_unit_do_not_exist(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    for name in ("out", "nowhere"):
        by = {"worker": {"id": ids[name]}}
        for field in ("workerUpdate", "workerReplace", "workerDelete", "workerUndelete"):
            content = {"identity": {"displayName": "X"}} if field in ("workerUpdate", "workerReplace") else {}
            await assert_refused(tenant, field, ("NOT_FOUND", "worker.id"), key=key, **by, **content)
        await assert_refused(
            tenant, "credentialCreate", ("NOT_FOUND", "owners.worker.id"), key=key, **credential_input(ids[name])
        )
        for field in ("credentialUpdate", "credentialDelete"):
            await assert_refused(tenant, field, ("NOT_FOUND", "id"), key=key, id=ids[f"{name}'s"])


async def test_a_key_adds_and_moves_people_within_its_unit_only(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    name = {"identity": {"displayName": "New"}}
    unit = "employment.orgUnit"
    (error,) = await assert_refused(tenant, "workerCreate", ("NOT_PERMITTED", unit), key=key, **name)
    assert error["message"] == "employment.orgUnit: your key is restricted to a unit; choose that unit or one under it"
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


async def test_unique_values_are_compared_with_workers_outside_too(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    email = {"contact": {"workEmail": "out@a.test"}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["out"]}, **email)
    taken = ("TAKEN", "contact.workEmail")
    await assert_refused(tenant, "workerUpdate", taken, key=key, worker={"id": ids["in"]}, **email)


@pytest.mark.parametrize("system", ["hr", "payroll", None])
@pytest.mark.parametrize("name", ["out", "nowhere"])
async def test_external_ids_of_outsiders_are_taken_in_every_source_system(
    sites: TwoSites, system: str | None, name: str
) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    hr = {"source": {"externalId": "E-1", "sourceSystem": "hr"}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids[name]}, **hr)
    source = {"externalId": " E-1 ", "sourceSystem": system}
    content = {"identity": {"displayName": "X"}, "employment": {"orgUnit": ids["ward"]}, "source": source}
    taken = ("TAKEN", "source.externalId")
    by = {"worker": {"id": ids["in"]}}
    messages = [
        (await assert_refused(tenant, field, taken, key=key, **input))[0]["message"]
        for field, input in (
            ("workerCreate", content),
            ("workerUpdate", {**by, "source": source}),
            ("workerReplace", {**by, **content}),
        )
    ]
    assert set(messages) == {"source.externalId: already used by another worker"}
    before = await stored_rows(tenant)
    payload = await mutate(tenant, "workersUpsert", key=key, rows=[content])
    upserted = await mutate(
        tenant, "workersUpsert", "results { worker { id } errors { code path message } }", key=key, rows=[content]
    )
    assert (payload["succeeded"], payload["failed"]) == (0, 1)
    assert upserted["results"] == [
        {
            "worker": None,
            "errors": [{"code": "TAKEN", "path": ["rows", "0", *taken[1].split(".")], "message": messages[0]}],
        }
    ]
    assert await stored_rows(tenant) == before
    # An unrestricted key may have two systems that number people alike.
    if system != "hr":
        await mutate_ok(tenant, "workerCreate", "worker { id }", **content)


async def test_an_outsiders_external_id_stays_taken_for_a_change_of_the_system_and_a_restore(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    by = {"worker": {"id": ids["in"]}}
    payroll = {"source": {"externalId": "E-1", "sourceSystem": "payroll"}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", key=key, **by, **payroll)
    await mutate_ok(tenant, "workerDelete", "worker { id }", key=key, **by)
    hr = {"source": {"externalId": "E-1", "sourceSystem": "hr"}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["out"]}, **hr)
    taken = ("TAKEN", "source.externalId")
    await assert_refused(tenant, "workerUndelete", taken, key=key, **by)
    await mutate_ok(tenant, "workerUndelete", "worker { id }", **by)
    await assert_refused(tenant, "workerUpdate", taken, key=key, **by, source={"sourceSystem": "other"})
    # What is there already, and is not changed, is no claim.
    await mutate_ok(tenant, "workerUpdate", "worker { id }", key=key, **by, **payroll)
    await mutate_ok(tenant, "workerUpdate", "worker { id }", key=key, **by, employment={"team": "Red"})


async def test_external_ids_of_deleted_outsiders_and_of_other_tenants_are_free(
    sites: TwoSites, other_tenant: Tenant
) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    source = {"source": {"externalId": "E-1", "sourceSystem": "hr"}}
    await other_tenant.add_worker("Foreign", **source)
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["out"]}, **source)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": ids["out"]})
    await mutate_ok(tenant, "workerUpdate", "worker { id }", key=key, worker={"id": ids["in"]}, **source)


async def test_links_to_records_outside_are_null(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": ids["in"]}, manager={"id": ids["out"]})
    both = {"worker": {"id": ids["in"]}, "applicant": {"id": ids["sam"]}}
    input = {**credential_input(ids["in"]), "owners": both}
    credential = (await mutate_ok(tenant, "credentialCreate", "credential { id }", **input))["id"]
    manager = await run_query(tenant, "worker", "manager { worker { id } }", key=key, by={"id": ids["in"]})
    assert manager.data["worker"] == {"manager": {"worker": None}}
    owners = await run_query(
        tenant, "credential", "owners { worker { id } applicant { id } }", key=key, by={"id": credential}
    )
    assert owners.data["credential"] == {"owners": {"worker": {"id": ids["in"]}, "applicant": None}}


@pytest.mark.parametrize("scope", sorted(ORGANIZATION_WIDE_SCOPES))
async def test_a_restricted_key_cannot_hold_an_organization_wide_scope(sites: TwoSites, scope: Scope) -> None:
    (error,) = await assert_refused(
        sites.tenant,
        "apiKeyCreate",
        ("INVALID", "scopes"),
        name="Wide",
        scopes=[scope.name, "WORKERS_READ"],
        orgUnit=sites.ids["north"],
    )
    assert error["message"] == f"a key restricted to a unit cannot hold {scope.value}"


async def test_a_key_sees_nothing_after_its_unit_is_deleted(sites: TwoSites) -> None:
    tenant, ids = sites.tenant, sites.ids
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


async def test_a_key_cannot_unlink_an_owner_that_it_does_not_see(sites: TwoSites) -> None:
    tenant, key, ids = sites.tenant, sites.key, sites.ids
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
