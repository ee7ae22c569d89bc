"""Updates and replacements of workers."""

import asyncio
from typing import Any

import pytest

from app.access import Scope
from tests.calls import UNKNOWN_ID, assert_forbidden, assert_refused, event_rows, mutate, mutate_ok, stored_rows
from tests.service import Tenant, error_paths

WHOLE: dict[str, Any] = {
    "identity": {
        "displayName": "Jo Avery",
        "firstName": "Jo",
        "middleName": "K",
        "lastName": "Avery",
        "birthDate": "1990-02-28",
    },
    "contact": {"workEmail": "jo@a.test", "personalEmail": "jo@home.test", "phone": "+61 400 000 000"},
    "employment": {
        "jobTitle": "Nurse",
        "workerType": "CONTRACTOR",
        "status": "ON_LEAVE",
        "startDate": "2020-01-01",
        "endDate": "2030-01-01",
        "team": "Blue",
        "department": "Surgery",
        "jobFamily": "Clinical",
        "organizationLevel1": "One",
        "organizationLevel2": "Two",
        "organizationLevel3": "Three",
    },
    "address": {"country": "Australia", "zipCode": "2000", "stateOrProvince": "NSW"},
    "manager": {"firstName": "Max", "lastName": "Boss", "externalId": "M-1"},
    "source": {"externalId": "E-1", "sourceSystem": "hr"},
    "profile": {
        "photoUrl": "https://a.test/jo.png",
        "bio": "Two lines\nof text",
        "vanityUrl": "https://a.test/jo",
    },
}
ALL = """worker {
  revision
  identity { displayName firstName middleName lastName birthDate }
  contact { workEmail personalEmail phone }
  employment {
    jobTitle workerType status startDate endDate team department jobFamily
    organizationLevel1 organizationLevel2 organizationLevel3
  }
  address { country zipCode stateOrProvince }
  manager { firstName lastName externalId }
  source { externalId sourceSystem }
  profile { photoUrl bio vanityUrl }
}"""
DEFAULTS = {("employment", "workerType"): "EMPLOYEE", ("employment", "status"): "ACTIVE"}
CLEARABLE = [(group, name) for group, names in WHOLE.items() for name in names if name != "displayName"]

UNFIT = [
    ("identity", "displayName", "x" * 201),
    ("identity", "firstName", "bell \a"),
    ("identity", "birthDate", "1899-12-31"),
    ("identity", "birthDate", "2200-01-01"),
    ("contact", "workEmail", "jo"),
    ("contact", "workEmail", "jo@a test"),
    ("contact", "personalEmail", "@a.test"),
    ("contact", "phone", "1" * 51),
    ("source", "externalId", "x" * 201),
    ("source", "sourceSystem", "x" * 101),
    ("employment", "jobTitle", "x" * 201),
    ("address", "country", "x" * 101),
    ("address", "zipCode", "x" * 21),
    ("profile", "photoUrl", "ftp://a.test/a.png"),
    ("profile", "vanityUrl", "https://"),
    ("profile", "bio", "x" * 2_001),
]


def without(content: dict[str, Any], *paths: tuple[str, str]) -> dict[str, Any]:
    """Return the content with some fields at their defaults."""
    return {
        group: {name: DEFAULTS.get((group, name)) if (group, name) in paths else value for name, value in names.items()}
        for group, names in content.items()
    }


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    created = await mutate_ok(tenant, "workerCreate", "worker { id }", **WHOLE)
    return str(created["id"])


async def test_what_is_written_is_read_back(tenant: Tenant) -> None:
    assert await mutate_ok(tenant, "workerCreate", ALL, **WHOLE) == {"revision": 1, **WHOLE}


async def test_derived_fields_follow_written_fields(tenant: Tenant, worker: str) -> None:
    derived = "worker { identity { fullName } address { location } }"
    now = await mutate_ok(tenant, "workerUpdate", derived, worker={"id": worker}, identity={"middleName": None})
    assert now == {"identity": {"fullName": "Jo Avery"}, "address": {"location": "NSW, Australia"}}
    bare = {"identity": {"displayName": "Jo the Nurse"}}
    now = await mutate_ok(tenant, "workerReplace", derived, worker={"id": worker}, **bare)
    assert now == {"identity": {"fullName": "Jo the Nurse"}, "address": {"location": None}}


async def test_an_update_keeps_absent_fields(tenant: Tenant, worker: str) -> None:
    now = await mutate_ok(tenant, "workerUpdate", ALL, worker={"id": worker}, employment={"team": "Red"})
    assert now == {"revision": 2, **WHOLE, "employment": {**WHOLE["employment"], "team": "Red"}}


async def test_an_update_clears_null_fields(tenant: Tenant, worker: str) -> None:
    by = {"id": worker}
    for group, name in CLEARABLE:
        now = await mutate_ok(tenant, "workerUpdate", ALL, worker=by, **{group: {name: None}})
        assert {**now, "revision": None} == {"revision": None, **without(WHOLE, (group, name))}
        await mutate_ok(tenant, "workerReplace", "worker { id }", worker=by, **WHOLE)


async def test_a_null_group_clears_its_fields(tenant: Tenant, worker: str) -> None:
    now = await mutate_ok(tenant, "workerUpdate", ALL, worker={"id": worker}, contact=None)
    assert now == {"revision": 2, **WHOLE, "contact": dict.fromkeys(WHOLE["contact"])}


async def test_the_name_cannot_be_cleared(tenant: Tenant, worker: str) -> None:
    for identity in (None, {"displayName": None}, {"displayName": " \t"}):
        errors = await assert_refused(
            tenant,
            "workerUpdate",
            ("REQUIRED", "identity.displayName"),
            worker={"id": worker},
            identity=identity,
            employment={"team": "Red"},
        )
        assert errors[0]["message"] == "identity.displayName is required"


async def test_a_replacement_clears_absent_fields(tenant: Tenant, worker: str) -> None:
    now = await mutate_ok(tenant, "workerReplace", ALL, worker={"id": worker}, identity={"displayName": "Jo"})
    cleared = without(WHOLE, *CLEARABLE)
    assert now == {"revision": 2, **cleared, "identity": {**cleared["identity"], "displayName": "Jo"}}


async def test_a_replacement_needs_a_name(tenant: Tenant, worker: str) -> None:
    contact = WHOLE["contact"]
    await assert_refused(
        tenant, "workerReplace", ("REQUIRED", "identity.displayName"), worker={"id": worker}, contact=contact
    )


async def test_an_update_without_changes_keeps_the_revision_and_records_nothing(tenant: Tenant, worker: str) -> None:
    before = await stored_rows(tenant)
    for field, content in (("workerUpdate", {}), ("workerUpdate", WHOLE), ("workerReplace", WHOLE)):
        assert (await mutate_ok(tenant, field, ALL, worker={"id": worker}, **content))["revision"] == 1
    assert await stored_rows(tenant) == before


async def test_a_change_increments_the_revision_and_last_updated(tenant: Tenant, worker: str) -> None:
    times = "worker { revision createdAt updatedAt }"
    first = await mutate_ok(tenant, "workerUpdate", times, worker={"id": worker})
    assert first["updatedAt"] == first["createdAt"]
    second = await mutate_ok(tenant, "workerUpdate", times, worker={"id": worker}, identity={"firstName": "J"})
    assert (second["revision"], second["createdAt"]) == (2, first["createdAt"])
    assert second["updatedAt"] > first["updatedAt"]


@pytest.mark.parametrize("field", ["workerUpdate", "workerReplace", "workerDelete"])
async def test_a_stale_revision_is_a_conflict(tenant: Tenant, worker: str, field: str) -> None:
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, address={"zipCode": "3000"})
    content = {} if field == "workerDelete" else {"identity": {"displayName": "New"}}
    by = {"id": worker}
    conflict = ("CONFLICT", "expectedRevision")
    for stale in (1, 3, 0, -1):
        errors = await assert_refused(tenant, field, conflict, worker=by, expectedRevision=stale, **content)
        assert errors == [
            {
                "__typename": "ConflictError",
                "message": "the record changed since it was read; read it again (it is at revision 2)",
                "code": "CONFLICT",
                "path": ["expectedRevision"],
                "currentRevision": 2,
            }
        ]
    assert await mutate_ok(tenant, field, "worker { revision }", worker=by, expectedRevision=2, **content) == {
        "revision": 3
    }


async def test_of_twenty_concurrent_changes_of_one_revision_one_succeeds(tenant: Tenant, worker: str) -> None:
    calls = [
        mutate(
            tenant,
            "workerUpdate",
            "worker { revision }",
            worker={"id": worker},
            expectedRevision=1,
            employment={"team": f"Team {number}"},
        )
        for number in range(20)
    ]
    payloads = await asyncio.gather(*calls)
    won = [payload for payload in payloads if not payload["errors"]]
    assert [payload["worker"] for payload in won] == [{"revision": 2}]
    lost = [error_paths(payload) for payload in payloads if payload["errors"]]
    assert lost == [[("CONFLICT", "expectedRevision")]] * 19
    assert {payload["errors"][0]["currentRevision"] for payload in payloads if payload["errors"]} == {2}


async def test_the_end_date_is_not_before_the_start_date(tenant: Tenant, worker: str) -> None:
    path = ("INVALID", "employment.endDate")
    by = {"id": worker}
    for employment in (
        {"startDate": "2026-01-02", "endDate": "2026-01-01"},
        {"startDate": "2030-01-02"},
        {"endDate": "2019-12-31"},
    ):
        errors = await assert_refused(tenant, "workerUpdate", path, worker=by, employment=employment)
        assert errors[0]["message"] == "employment.endDate: must not be before employment.startDate"
    backwards = {"startDate": "2026-01-02", "endDate": "2026-01-01"}
    await assert_refused(tenant, "workerCreate", path, identity={"displayName": "New"}, employment=backwards)
    same = {"startDate": "2026-01-01", "endDate": "2026-01-01"}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker=by, employment=same)


async def test_a_worker_cannot_manage_themselves(tenant: Tenant, worker: str) -> None:
    for field in ("workerUpdate", "workerReplace"):
        content = {"identity": {"displayName": "Jo"}, "manager": {"id": worker}}
        errors = await assert_refused(tenant, field, ("INVALID", "manager.id"), worker={"id": worker}, **content)
        assert errors[0]["message"] == "manager.id: must not be the worker itself"


@pytest.mark.parametrize(("group", "name", "prefix"), [("employment", "orgUnit", "unit"), ("manager", "id", "wkr")])
async def test_links_must_be_to_records_of_the_organization(
    tenant: Tenant, other_tenant: Tenant, worker: str, group: str, name: str, prefix: str
) -> None:
    if prefix == "wkr":
        foreign = await other_tenant.add_worker("Not ours")
    else:
        created = await mutate_ok(other_tenant, "orgUnitCreate", "orgUnit { id }", name="Theirs", type="SITE")
        foreign = created["id"]
    cases = [
        (f"{prefix}_{UNKNOWN_ID}", "NOT_FOUND"),
        (foreign, "NOT_FOUND"),
        (f"cred_{UNKNOWN_ID}", "INVALID"),
        ("nonsense", "INVALID"),
    ]
    for link, code in cases:
        content = {"identity": {"displayName": "Jo"}, group: {name: link}}
        expected = (code, f"{group}.{name}")
        await assert_refused(tenant, "workerCreate", expected, **content)
        await assert_refused(tenant, "workerUpdate", expected, worker={"id": worker}, **content)
        await assert_refused(tenant, "workerReplace", expected, worker={"id": worker}, **content)


async def test_a_manager_and_a_unit_are_edges(tenant: Tenant, worker: str) -> None:
    boss = await tenant.add_worker("Max Boss")
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", type="SITE"))["id"]
    edges = "worker { manager { worker { id } firstName } employment { orgUnit { id } team } }"
    now = await mutate_ok(
        tenant, "workerUpdate", edges, worker={"id": worker}, manager={"id": boss}, employment={"orgUnit": unit}
    )
    assert now == {
        "manager": {"worker": {"id": boss}, "firstName": "Max"},
        "employment": {"orgUnit": {"id": unit}, "team": "Blue"},
    }
    now = await mutate_ok(
        tenant, "workerUpdate", edges, worker={"id": worker}, manager={"id": None}, employment={"orgUnit": None}
    )
    assert now == {
        "manager": {"worker": None, "firstName": "Max"},
        "employment": {"orgUnit": None, "team": "Blue"},
    }


async def test_invalid_values_are_refused_with_their_paths(tenant: Tenant, worker: str) -> None:
    for group, name, value in UNFIT:
        content: dict[str, Any] = {"identity": {"displayName": "Jo"}}
        content[group] = {**content.get(group, {}), name: value}
        for field, by in (("workerCreate", {}), ("workerUpdate", {"worker": {"id": worker}})):
            (error,) = await assert_refused(tenant, field, ("INVALID", f"{group}.{name}"), **by, **content)
            assert error["message"].startswith(f"{group}.{name} ")


@pytest.mark.parametrize("field", ["workerUpdate", "workerReplace", "workerDelete", "workerUndelete"])
async def test_a_foreign_worker_is_not_found(tenant: Tenant, other_tenant: Tenant, worker: str, field: str) -> None:
    content = {"identity": {"displayName": "Mine now"}} if field in ("workerUpdate", "workerReplace") else {}
    before = await stored_rows(tenant)
    foreign = await assert_refused(other_tenant, field, ("NOT_FOUND", "worker.id"), worker={"id": worker}, **content)
    assert await stored_rows(tenant) == before
    nobody = f"wkr_{UNKNOWN_ID}"
    nobodys = await assert_refused(other_tenant, field, ("NOT_FOUND", "worker.id"), worker={"id": nobody}, **content)
    assert foreign[0]["message"].replace(worker, "…") == nobodys[0]["message"].replace(nobody, "…")


@pytest.mark.parametrize("field", ["workerUpdate", "workerReplace", "workerDelete", "workerUndelete"])
async def test_changing_requires_its_scope(tenant: Tenant, worker: str, field: str) -> None:
    await assert_forbidden(
        tenant,
        field,
        Scope.WORKERS_READ,
        Scope.CREDENTIALS_WRITE,
        required_scope=Scope.WORKERS_WRITE,
        worker={"id": worker},
    )


async def test_events_record_old_and_new_values(tenant: Tenant, worker: str) -> None:
    await mutate_ok(
        tenant,
        "workerUpdate",
        "worker { id }",
        worker={"id": worker},
        identity={"firstName": "Joanna", "birthDate": None},
        employment={"team": "Blue", "status": "ACTIVE"},
    )
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["subject_id"], event["worker_id"]) == ("worker.updated", worker, worker)
    assert event["changes"] == {
        "identity.firstName": {"from": "Jo", "to": "Joanna"},
        "identity.birthDate": {"from": "1990-02-28", "to": None},
        "employment.status": {"from": "ON_LEAVE", "to": "ACTIVE"},
    }
