"""Creation of workers, and its refusals."""

import pytest

from app.access import Scope
from tests.service import Tenant, error_paths


async def test_a_worker_needs_only_a_name(tenant: Tenant) -> None:
    payload = await tenant.mutate(
        "workerCreate",
        "worker { id revision deleted identity { displayName fullName } employment { status workerType } }",
        identity={"displayName": "  Jordan Avery "},
    )
    assert payload["errors"] == []
    worker = payload["worker"]
    assert worker["id"].startswith("wkr_")
    assert worker["identity"] == {"displayName": "Jordan Avery", "fullName": "Jordan Avery"}
    assert worker["employment"] == {"status": "ACTIVE", "workerType": "EMPLOYEE"}
    assert (worker["revision"], worker["deleted"]) == (1, False)


@pytest.mark.parametrize("identity", [None, {}, {"displayName": None}, {"displayName": "  "}])
async def test_a_missing_name_is_refused_by_its_path(tenant: Tenant, identity: dict[str, str] | None) -> None:
    before = await tenant.rows()
    payload = await tenant.mutate("workerCreate", "worker { id }", identity=identity)
    assert payload["worker"] is None
    assert payload["errors"] == [
        {
            "__typename": "InvalidError",
            "message": "identity.displayName is required",
            "code": "REQUIRED",
            "path": ["identity", "displayName"],
        }
    ]
    assert await tenant.rows() == before


async def test_all_errors_are_reported_together(tenant: Tenant) -> None:
    payload = await tenant.mutate(
        "workerCreate",
        "worker { id }",
        contact={"workEmail": "nobody"},
        identity={"birthDate": "1066-10-14"},
        profile={"photoUrl": "javascript:alert(1)"},
    )
    assert error_paths(payload) == [
        ("REQUIRED", "identity.displayName"),
        ("INVALID", "identity.birthDate"),
        ("INVALID", "contact.workEmail"),
        ("INVALID", "profile.photoUrl"),
    ]


async def test_creating_requires_its_scope(tenant: Tenant) -> None:
    before = await tenant.rows()
    key = await tenant.create_key(Scope.WORKERS_READ)
    query = 'mutation { workerCreate(input: {identity: {displayName: "A"}}) { worker { id } } }'
    answer = await tenant.execute(query, key=key)
    assert answer.body["data"] == {"workerCreate": None}
    assert [error["extensions"]["scope"] for error in answer.errors] == ["WORKERS_WRITE"]
    assert answer.codes == ["FORBIDDEN"]
    after = await tenant.rows()
    assert {**after, "api_keys": [], "events": []} == {**before, "api_keys": [], "events": []}
