"""Applicants: differences from workers, and their separation from them."""

from typing import Any

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate_ok,
    query_nodes,
    run_query,
    stored_rows,
)
from tests.service import Tenant, ids_of

WHOLE: dict[str, Any] = {
    "identity": {
        "displayName": "Sam Applying",
        "firstName": "Sam",
        "middleName": "T",
        "lastName": "Applying",
        "birthDate": "2001-05-06",
    },
    "contact": {"workEmail": "sam@a.test", "personalEmail": "sam@home.test", "phone": "+61 1"},
    "source": {"externalId": "A-1", "sourceSystem": "ats"},
}
ALL = """applicant {
  revision
  identity { displayName firstName middleName lastName birthDate }
  contact { workEmail personalEmail phone }
  source { externalId sourceSystem }
}"""


async def add(tenant: Tenant, **content: Any) -> str:
    created = await mutate_ok(tenant, "applicantCreate", "applicant { id }", **content)
    assert created["id"].startswith("app_")
    return str(created["id"])


async def test_an_applicant_is_created_updated_and_replaced(tenant: Tenant) -> None:
    assert await mutate_ok(tenant, "applicantCreate", ALL, **WHOLE) == {"revision": 1, **WHOLE}
    by = {"externalId": "A-1"}
    before = await stored_rows(tenant)
    assert await mutate_ok(tenant, "applicantUpdate", ALL, applicant=by, **WHOLE) == {"revision": 1, **WHOLE}
    assert await stored_rows(tenant) == before
    now = await mutate_ok(tenant, "applicantUpdate", ALL, applicant=by, contact={"phone": None})
    assert now == {"revision": 2, **WHOLE, "contact": {**WHOLE["contact"], "phone": None}}
    only = {"identity": {"displayName": "Sam"}, "source": WHOLE["source"]}
    now = await mutate_ok(tenant, "applicantReplace", ALL, applicant=by, **only)
    assert now == {
        "revision": 3,
        "identity": {**dict.fromkeys(WHOLE["identity"]), "displayName": "Sam"},
        "contact": dict.fromkeys(WHOLE["contact"]),
        "source": WHOLE["source"],
    }
    events = [(event["kind"], event["worker_id"]) for event in await event_rows(tenant)][-3:]
    assert events == [("applicant.created", None), ("applicant.updated", None), ("applicant.updated", None)]


async def test_an_applicant_needs_a_name(tenant: Tenant) -> None:
    (error,) = await assert_refused(tenant, "applicantCreate", ("REQUIRED", "identity.displayName"))
    assert error["message"] == "identity.displayName is required"
    applicant_id = await add(tenant, **WHOLE)
    contact = {"workEmail": "new@a.test"}
    for field, identity in (("applicantReplace", {}), ("applicantUpdate", None)):
        await assert_refused(
            tenant,
            field,
            ("REQUIRED", "identity.displayName"),
            applicant={"id": applicant_id},
            identity=identity,
            contact=contact,
        )


async def test_a_stale_revision_is_a_conflict(tenant: Tenant) -> None:
    applicant_id = await add(tenant, **WHOLE)
    for field in ("applicantUpdate", "applicantReplace", "applicantDelete"):
        content = {} if field == "applicantDelete" else {"identity": {"displayName": "New"}}
        (error,) = await assert_refused(
            tenant,
            field,
            ("CONFLICT", "expectedRevision"),
            applicant={"id": applicant_id},
            expectedRevision=2,
            **content,
        )
        assert error["currentRevision"] == 1


async def test_workers_and_applicants_are_distinct(tenant: Tenant) -> None:
    applicant_id = await add(tenant, **WHOLE)
    worker = await tenant.add_worker("A worker")
    await assert_refused(tenant, "applicantUpdate", ("INVALID", "applicant.id"), applicant={"id": worker})
    await assert_refused(tenant, "workerUpdate", ("INVALID", "worker.id"), worker={"id": applicant_id})
    assert (await run_query(tenant, "worker", "id", by={"email": "sam@a.test"})).data["worker"] is None
    assert ids_of(await query_nodes(tenant, "workers", "id")) == [worker]
    assert ids_of(await query_nodes(tenant, "applicants", "id")) == [applicant_id]


async def test_the_list_is_filtered_searched_and_sorted(tenant: Tenant) -> None:
    sam = await add(tenant, **WHOLE)
    kim = await add(tenant, identity={"displayName": "kim", "firstName": "Zed"}, source={"externalId": "A-2"})
    cases: list[tuple[list[str], dict[str, Any]]] = [
        ([kim, sam], {}),
        ([sam, kim], {"orderBy": [{"field": "DISPLAY_NAME", "direction": "DESC"}]}),
        ([kim, sam], {"orderBy": [{"field": "EMAIL"}]}),
        ([], {"search": "APPLY ats-no"}),
        ([sam], {"search": "apply SAM"}),
        ([sam], {"where": {"email": {"eq": "SAM@A.test"}}}),
        ([kim], {"where": {"externalId": {"in": ["A-2"]}}}),
        ([kim], {"where": {"NOT": {"sourceSystem": {"eq": "ats"}}}}),
        ([kim], {"where": {"firstName": {"startsWith": "z"}}}),
        ([sam], {"where": {"lastName": {"contains": "PPLY"}}}),
        ([kim, sam], {"where": {"id": {"in": [sam, kim]}}}),
    ]
    for expected, arguments in cases:
        assert ids_of(await query_nodes(tenant, "applicants", "id", **arguments)) == expected


async def test_a_foreign_applicant_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    applicant_id = await add(tenant, **WHOLE)
    for foreign_id in (applicant_id, f"app_{UNKNOWN_ID}"):
        for field in ("applicantUpdate", "applicantReplace", "applicantDelete", "applicantUndelete"):
            content = {"identity": {"displayName": "Mine"}} if field.endswith(("Update", "Replace")) else {}
            await assert_refused(
                other_tenant, field, ("NOT_FOUND", "applicant.id"), applicant={"id": foreign_id}, **content
            )
        assert (await run_query(other_tenant, "applicant", "id", by={"id": foreign_id})).data["applicant"] is None


async def test_changing_requires_its_scope(tenant: Tenant) -> None:
    applicant_id = await add(tenant, **WHOLE)
    for field in ("applicantUpdate", "applicantReplace", "applicantDelete", "applicantUndelete"):
        await assert_forbidden(
            tenant, field, Scope.WORKERS_READ, required_scope=Scope.WORKERS_WRITE, applicant={"id": applicant_id}
        )
    await assert_forbidden(tenant, "applicantCreate", Scope.WORKERS_READ, required_scope=Scope.WORKERS_WRITE, **WHOLE)
