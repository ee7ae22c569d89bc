"""Positions: create, update, archive and restore, and their refusals."""

from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from tests import calls
from tests.calls import assert_refused, mutate_ok
from tests.service import Tenant

SELECTION = "id name externalId description orgUnit { name } archived archivedAt revision"
CAN = "viewerCanUpdate viewerCanArchive viewerCanUnarchive viewerCanAssign"


async def add(tenant: Tenant, name: str = "Night nurse", **content: Any) -> str:
    """Add a position and return its id."""
    return str((await mutate_ok(tenant, "positionCreate", "position { id }", name=name, **content))["id"])


async def names(tenant: Tenant, **arguments: Any) -> list[str]:
    """Return the names of a list of positions."""
    return [node["name"] for node in await calls.query_nodes(tenant, "positions", "name", **arguments)]


async def test_a_position_is_created_with_all_fields(tenant: Tenant) -> None:
    unit = await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
    content = {"name": " Night  nurse ", "externalId": "P-1", "description": "Nights.", "orgUnit": unit["id"]}
    found = await mutate_ok(tenant, "positionCreate", f"position {{ {SELECTION} }}", **content)
    del found["id"]
    assert found == {
        "name": "Night  nurse",
        "externalId": "P-1",
        "description": "Nights.",
        "orgUnit": {"name": "Ward"},
        "archived": False,
        "archivedAt": None,
        "revision": 1,
    }
    [event] = [row for row in await calls.event_rows(tenant) if row["kind"].value.startswith("position.")]
    assert event["kind"].value == "position.created"


async def test_an_update_changes_only_given_fields(tenant: Tenant) -> None:
    key = await add(tenant, externalId="P-1", description="Nights.")
    found = await mutate_ok(
        tenant, "positionUpdate", f"position {{ {SELECTION} }}", id=key, name="Day nurse", description=None
    )
    assert (found["name"], found["externalId"], found["description"]) == ("Day nurse", "P-1", None)
    assert found["revision"] == 2
    event = (await calls.event_rows(tenant))[-1]
    assert event["changes"]["name"] == {"from": "Night nurse", "to": "Day nurse"}
    again = await mutate_ok(tenant, "positionUpdate", "position { revision }", id=key, name="Day nurse")
    assert again["revision"] == 2


async def test_archive_and_restore(tenant: Tenant) -> None:
    key = await add(tenant)
    found = await mutate_ok(tenant, "positionArchive", f"position {{ archived {CAN} }}", id=key)
    assert found == {
        "archived": True,
        "viewerCanUpdate": False,
        "viewerCanArchive": False,
        "viewerCanUnarchive": True,
        "viewerCanAssign": False,
    }
    assert (await names(tenant), await names(tenant, includeArchived=True)) == ([], ["Night nurse"])
    await assert_refused(tenant, "positionArchive", ("ARCHIVED", "id"), id=key)
    await assert_refused(tenant, "positionUpdate", ("ARCHIVED", "id"), id=key, name="Other")
    found = await mutate_ok(tenant, "positionUnarchive", f"position {{ archived {CAN} }}", id=key)
    assert (found["archived"], found["viewerCanAssign"], found["viewerCanUnarchive"]) == (False, True, False)
    await assert_refused(tenant, "positionUnarchive", ("NOT_ARCHIVED", "id"), id=key)
    event_kinds = [event["kind"].value for event in await calls.event_rows(tenant)][-3:]
    assert event_kinds == ["position.created", "position.archived", "position.restored"]


@pytest.fixture(scope="module")
async def second(shared_tenant: Tenant) -> str:
    """Return the id of a position beside another one with an external id."""
    await add(shared_tenant, "First", externalId="P-1")
    return await add(shared_tenant, "Second")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, ("REQUIRED", "name")),
        ({"name": "  "}, ("REQUIRED", "name")),
        ({"name": "n" * 201}, ("INVALID", "name")),
        ({"name": "N", "description": "d" * 2_001}, ("INVALID", "description")),
        ({"name": "N", "orgUnit": f"unit_{calls.UNKNOWN_ID}"}, ("NOT_FOUND", "orgUnit")),
        ({"name": "N", "orgUnit": f"wkr_{calls.UNKNOWN_ID}"}, ("INVALID", "orgUnit")),
        ({"name": "N", "externalId": "P-1"}, ("TAKEN", "externalId")),
    ],
)
async def test_an_invalid_position_is_refused(
    shared_tenant: Tenant, second: str, content: dict[str, Any], expected: tuple[str, str]
) -> None:
    await assert_refused(shared_tenant, "positionCreate", expected, **content)
    if content:
        await assert_refused(shared_tenant, "positionUpdate", expected, id=second, **content)


@pytest.mark.parametrize("field", ["positionUpdate", "positionArchive", "positionUnarchive"])
async def test_stale_and_foreign_changes_are_refused(tenant: Tenant, other_tenant: Tenant, field: str) -> None:
    key, foreign_id = await add(tenant), await add(other_tenant)
    if field == "positionUnarchive":
        await mutate_ok(tenant, "positionArchive", "position { id }", id=key)
    await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=9)
    await assert_refused(tenant, field, ("NOT_FOUND", "id"), id=foreign_id)
    await calls.assert_forbidden(
        tenant, field, *(ALL_SCOPES - {Scope.REQUIREMENTS_WRITE}), required_scope=Scope.REQUIREMENTS_WRITE, id=key
    )


async def test_positions_are_filtered_and_sorted(tenant: Tenant) -> None:
    unit = await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
    await add(tenant, "beta", externalId="P-2", orgUnit=unit["id"])
    await add(tenant, "Alpha")
    assert await names(tenant) == ["Alpha", "beta"]
    assert await names(tenant, orderBy=[{"field": "NAME", "direction": "DESC"}]) == ["beta", "Alpha"]
    assert await names(tenant, where={"name": {"startsWith": "AL"}}) == ["Alpha"]
    assert await names(tenant, where={"externalId": {"eq": "P-2"}}) == ["beta"]
    assert await names(tenant, where={"orgUnit": {"in": [unit["id"]]}}) == ["beta"]
    assert await names(tenant, where={"NOT": {"orgUnit": {"eq": unit["id"]}}}) == ["Alpha"]


async def test_a_unit_with_positions_is_not_deleted(tenant: Tenant) -> None:
    unit = await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
    await add(tenant, orgUnit=unit["id"])
    await assert_refused(tenant, "orgUnitDelete", ("IN_USE", "id"), id=unit["id"])


async def test_a_position_is_found_by_its_external_id(tenant: Tenant, other_tenant: Tenant) -> None:
    created = {"name": "Nurse", "externalId": "P-1"}
    position = (await mutate_ok(tenant, "positionCreate", "position { id }", **created))["id"]
    await mutate_ok(other_tenant, "positionCreate", "position { id }", name="Nurse", externalId="P-2")
    for by, found in (
        ({"id": position}, {"id": position}),
        ({"externalId": " P-1 "}, {"id": position}),
        ({"externalId": "p-1"}, None),
        ({"externalId": "P-2"}, None),
        ({"externalId": ""}, None),
        ({"id": await tenant.add_worker()}, None),
    ):
        assert (await calls.run_query(tenant, "position", "id", by=by)).data["position"] == found
    answer = await calls.run_query(tenant, "position", "id", by={"id": position, "externalId": "P-1"})
    assert "by" in answer.errors[0]["message"]
