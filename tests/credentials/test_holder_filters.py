"""Lists of credentials narrowed to workers who match: the way from a count of a unit or position to its list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from tests.calls import mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.service import Service, Tenant

DAY = datetime(2026, 3, 14, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
async def staffed(service: Service, session_clock: SettableClock) -> tuple[Tenant, dict[str, str]]:
    """Create an organization where Ada, Ben and Cy hold a credential each, and an applicant holds one."""
    tenant = await Tenant.create(service, "Staffed")
    ids: dict[str, str] = {}
    with session_clock.stopped(DAY):
        ids["site"] = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Site", type="SITE"))["id"]
        below = {"name": "Ward", "type": "TEAM", "parent": ids["site"]}
        ids["ward"] = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", **below))["id"]
        people: dict[str, dict[str, Any]] = {
            "Ada": {"orgUnit": ids["site"], "jobTitle": "Nurse", "startDate": "2020-01-01"},
            "Ben": {"orgUnit": ids["ward"], "workerType": "CONTRACTOR", "endDate": "2026-12-31"},
            "Cy": {"jobTitle": "Cook"},
        }
        for name, employment in people.items():
            manager = {"manager": {"id": ids["Ada"]}} if name == "Ben" else {}
            ids[name] = await tenant.add_worker(name, employment=employment, **manager)
            await tenant.add_credential(ids[name], identification={"displayName": name})
        position = await mutate_ok(tenant, "positionCreate", "position { id }", name="Night nurse")
        ids["nurse"] = position["id"]
        applicant = await mutate_ok(tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Di"})
        owners = {"worker": None, "applicant": {"id": applicant["id"]}}
        await tenant.add_credential(ids["Cy"], identification={"displayName": "Di"}, owners=owners)
        await hold(tenant, ids)
    return tenant, ids


async def hold(tenant: Tenant, ids: dict[str, str]) -> None:
    """Let Cy hold the position for March."""
    text = """mutation ($position: ID!, $worker: ID!) { positionAssign(input: { position: $position, workers: [$worker],
        startsOn: "2026-03-01", endsOn: "2026-03-31" }) { errors { code } } }"""
    answer = await tenant.execute(text, {"position": ids["nurse"], "worker": ids["Cy"]})
    assert answer.data["positionAssign"]["errors"] == []


async def holders(tenant: Tenant, field: str = "credentials", **arguments: Any) -> set[str]:
    nodes = await query_nodes(tenant, field, "identification { displayName }", **arguments)
    return {node["identification"]["displayName"] for node in nodes}


async def test_credentials_are_found_by_the_place_of_their_workers(
    staffed: tuple[Tenant, dict[str, str]], clock: SettableClock
) -> None:
    tenant, ids = staffed
    clock.set(DAY)
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"Ada", "Ben", "Cy"}),
        ({"orgUnit": {"in": [ids["site"]]}}, {"Ada", "Ben"}),
        ({"orgUnit": {"in": [ids["site"]], "includeSubtree": False}}, {"Ada"}),
        ({"orgUnit": {"in": [ids["ward"]]}}, {"Ben"}),
        ({"position": {"in": [ids["nurse"]]}}, {"Cy"}),
        ({"position": {"in": [ids["nurse"]], "asOf": "2026-04-01"}}, set()),
        ({"manager": {"eq": ids["Ada"]}}, {"Ben"}),
        ({"jobTitle": {"contains": "NUR"}}, {"Ada"}),
        ({"workerType": {"eq": "CONTRACTOR"}}, {"Ben"}),
        ({"startDate": {"isNull": True}}, {"Ben", "Cy"}),
        ({"startDate": {"lt": "2020-01-02"}}, {"Ada"}),
        ({"endDate": {"gte": "2026-12-31"}}, {"Ben"}),
        ({"id": {"in": [ids["Ada"], ids["Cy"]]}}, {"Ada", "Cy"}),
        ({"OR": [{"id": {"eq": ids["Ada"]}}, {"position": {"in": [ids["nurse"]]}}]}, {"Ada", "Cy"}),
        ({"NOT": {"orgUnit": {"in": [ids["site"]]}}}, {"Cy"}),
    ]
    for where, expected in cases:
        assert await holders(tenant, where={"worker": where}) == expected, where
    beside = {"worker": {"orgUnit": {"in": [ids["site"]]}}}
    assert await holders(tenant, where={"NOT": beside}) == {"Cy", "Di"}
    assert await holders(tenant, where={**beside, "NOT": {"worker": {"id": {"eq": ids["Ada"]}}}}) == {"Ben"}
    assert await holders(tenant, "reviewQueue", where=beside) == set()


async def test_workers_are_found_by_manager_and_dates(
    staffed: tuple[Tenant, dict[str, str]], clock: SettableClock
) -> None:
    tenant, ids = staffed
    clock.set(DAY)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"manager": {"eq": ids["Ada"]}}, ["Ben"]),
        ({"manager": {"in": [ids["Ben"]]}}, []),
        ({"NOT": {"manager": {"eq": ids["Ada"]}}}, ["Ada", "Cy"]),
        ({"startDate": {"gt": "2019-12-31", "lte": "2020-01-01"}}, ["Ada"]),
        ({"endDate": {"isNull": False}}, ["Ben"]),
        ({"deletedAt": {"isNull": True}}, ["Ada", "Ben", "Cy"]),
        ({"deletedAt": {"isNull": False}}, []),
    ]
    for where, expected in cases:
        nodes = await query_nodes(tenant, "workers", "identity { displayName }", where=where)
        assert [node["identity"]["displayName"] for node in nodes] == expected, where


async def test_only_what_was_deleted_or_archived_is_listed(tenant: Tenant) -> None:
    worker, gone = await tenant.add_worker("Ada"), await tenant.add_worker("Gone")
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    keys = [await tenant.add_credential(worker, identification={"displayName": name}) for name in "ABC"]
    await mutate_ok(tenant, "credentialDelete", "credential { id }", id=keys[0])
    await mutate_ok(tenant, "credentialArchive", "credential { id }", id=keys[1])
    is_set = {"isNull": False}
    assert await holders(tenant, where={"deletedAt": is_set}, includeDeleted=True) == {"A"}
    assert await holders(tenant, where={"archivedAt": is_set}, includeArchived=True) == {"B"}
    assert await holders(tenant, where={"archivedAt": is_set}) == set()
    nodes = await query_nodes(tenant, "workers", "id", where={"deletedAt": is_set}, includeDeleted=True)
    assert [node["id"] for node in nodes] == [gone]


async def test_workers_whom_the_caller_may_not_read_are_not_guessed(
    staffed: tuple[Tenant, dict[str, str]], other_tenant: Tenant
) -> None:
    tenant, ids = staffed
    key = await tenant.create_key(*(ALL_SCOPES - {Scope.WORKERS_READ}))
    by_unit = {"worker": {"orgUnit": {"in": [ids["site"]]}}}
    for where in (by_unit, {"NOT": by_unit}, {"OR": [{"status": {"eq": "ACTIVE"}}, by_unit]}):
        for field in ("credentials", "reviewQueue"):
            answer = await run_query(tenant, field, "nodes { id } totalCount { count }", key=key, where=where)
            assert (answer.codes, answer.body["data"]) == (["FORBIDDEN"], {field: None})
            assert answer.errors[0]["extensions"]["scope"] == "WORKERS_READ"
    assert await holders(tenant, where={}) == {"Ada", "Ben", "Cy", "Di"}
    await other_tenant.add_credential(await other_tenant.add_worker("Eve"))
    assert await holders(other_tenant, where=by_unit) == set()
    assert await holders(other_tenant, where={"worker": {"id": {"eq": ids["Ada"]}}}) == set()


async def test_a_refused_filter_is_named(staffed: tuple[Tenant, dict[str, str]]) -> None:
    tenant, _ = staffed
    for where, path in (
        ({"worker": {"manager": {"eq": None}}}, "where.worker.manager.eq"),
        ({"worker": {"NOT": None}}, "where.worker.NOT"),
        ({"worker": {"NOT": {"NOT": {"NOT": {"NOT": {}}}}}}, "where.worker.NOT.NOT.NOT"),
        ({"worker": {"jobTitle": {"contains": "x" * 255}}}, "where.worker.jobTitle.contains"),
    ):
        answer = await run_query(tenant, "credentials", "nodes { id }", where=where)
        assert [".".join(error["extensions"]["inputPath"]) for error in answer.errors] == [path], answer.body


async def test_a_day_that_ends_is_met(staffed: tuple[Tenant, dict[str, str]], clock: SettableClock) -> None:
    tenant, ids = staffed
    where = {"worker": {"position": {"in": [ids["nurse"]]}}}
    for days, expected in ((0, {"Cy"}), (17, {"Cy"}), (18, set())):
        clock.set(DAY + timedelta(days=days))
        assert await holders(tenant, where=where) == expected
