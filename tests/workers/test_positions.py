"""Positions: adding, changing, archiving and restoring them, and what is refused."""

from typing import Any

import pytest

from app.access import EVERYTHING, Scope
from tests import calls
from tests.calls import done, refused
from tests.service import Tenant

SHOWN = "id name externalId description orgUnit { name } archived archivedAt revision"
CAN = "viewerCanUpdate viewerCanArchive viewerCanRestore viewerCanAssign"


async def add(tenant: Tenant, name: str = "Night nurse", **content: Any) -> str:
    """Add a position; gives the id."""
    return str((await done(tenant, "positionCreate", "position { id }", name=name, **content))["id"])


async def names(tenant: Tenant, **arguments: Any) -> list[str]:
    """The names of a list of positions."""
    return [node["name"] for node in await calls.nodes(tenant, "positions", "name", **arguments)]


async def test_a_position_is_added_with_all_that_is_known_of_it(tenant: Tenant) -> None:
    unit = await done(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", kind="TEAM")
    content = {"name": " Night  nurse ", "externalId": "P-1", "description": "Nights.", "orgUnit": unit["id"]}
    found = await done(tenant, "positionCreate", f"position {{ {SHOWN} }}", **content)
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
    [event] = [row for row in await calls.events(tenant) if row["kind"].value.startswith("position.")]
    assert event["kind"].value == "position.created"


async def test_an_update_changes_what_is_sent(tenant: Tenant) -> None:
    key = await add(tenant, externalId="P-1", description="Nights.")
    found = await done(tenant, "positionUpdate", f"position {{ {SHOWN} }}", id=key, name="Day nurse", description=None)
    assert (found["name"], found["externalId"], found["description"]) == ("Day nurse", "P-1", None)
    assert found["revision"] == 2
    event = (await calls.events(tenant))[-1]
    assert event["changes"]["name"] == {"from": "Night nurse", "to": "Day nurse"}
    again = await done(tenant, "positionUpdate", "position { revision }", id=key, name="Day nurse")
    assert again["revision"] == 2


async def test_archive_and_restore(tenant: Tenant) -> None:
    key = await add(tenant)
    found = await done(tenant, "positionArchive", f"position {{ archived {CAN} }}", id=key)
    assert found == {
        "archived": True,
        "viewerCanUpdate": False,
        "viewerCanArchive": False,
        "viewerCanRestore": True,
        "viewerCanAssign": False,
    }
    assert (await names(tenant), await names(tenant, includeArchived=True)) == ([], ["Night nurse"])
    await refused(tenant, "positionArchive", ("ARCHIVED", "id"), id=key)
    await refused(tenant, "positionUpdate", ("ARCHIVED", "id"), id=key, name="Other")
    found = await done(tenant, "positionRestore", f"position {{ archived {CAN} }}", id=key)
    assert (found["archived"], found["viewerCanAssign"], found["viewerCanRestore"]) == (False, True, False)
    await refused(tenant, "positionRestore", ("NOT_ARCHIVED", "id"), id=key)
    kinds = [event["kind"].value for event in await calls.events(tenant)][-3:]
    assert kinds == ["position.created", "position.archived", "position.restored"]


@pytest.fixture(scope="module")
async def second(home: Tenant) -> str:
    """The id of a position beside another, which has an external id."""
    await add(home, "First", externalId="P-1")
    return await add(home, "Second")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("REQUIRED", "name")),
        ({"name": "  "}, ("REQUIRED", "name")),
        ({"name": "n" * 201}, ("INVALID", "name")),
        ({"name": "N", "description": "d" * 2_001}, ("INVALID", "description")),
        ({"name": "N", "orgUnit": f"unit_{calls.UNKNOWN}"}, ("NOT_FOUND", "orgUnit")),
        ({"name": "N", "orgUnit": f"wkr_{calls.UNKNOWN}"}, ("INVALID", "orgUnit")),
        ({"name": "N", "externalId": "P-1"}, ("TAKEN", "externalId")),
    ],
)
async def test_what_cannot_be_a_position_is_refused(
    home: Tenant, second: str, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    await refused(home, "positionCreate", expected, **given)
    if given:
        await refused(home, "positionUpdate", expected, id=second, **given)


@pytest.mark.parametrize("field", ["positionUpdate", "positionArchive", "positionRestore"])
async def test_a_change_of_what_is_stale_or_a_strangers_is_refused(
    tenant: Tenant, stranger: Tenant, field: str
) -> None:
    key, theirs = await add(tenant), await add(stranger)
    if field == "positionRestore":
        await done(tenant, "positionArchive", "position { id }", id=key)
    await refused(tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=9)
    await refused(tenant, field, ("NOT_FOUND", "id"), id=theirs)
    await calls.forbidden(
        tenant, field, *(EVERYTHING - {Scope.REQUIREMENTS_WRITE}), needs=Scope.REQUIREMENTS_WRITE, id=key
    )


async def test_positions_are_filtered_and_sorted(tenant: Tenant) -> None:
    unit = await done(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", kind="TEAM")
    await add(tenant, "beta", externalId="P-2", orgUnit=unit["id"])
    await add(tenant, "Alpha")
    assert await names(tenant) == ["Alpha", "beta"]
    assert await names(tenant, orderBy=[{"field": "NAME", "direction": "DESC"}]) == ["beta", "Alpha"]
    assert await names(tenant, where={"name": {"startsWith": "AL"}}) == ["Alpha"]
    assert await names(tenant, where={"externalId": {"eq": "P-2"}}) == ["beta"]
    assert await names(tenant, where={"orgUnit": {"in": [unit["id"]]}}) == ["beta"]
    assert await names(tenant, where={"NOT": {"orgUnit": {"eq": unit["id"]}}}) == ["Alpha"]


async def test_a_unit_that_has_positions_is_not_removed(tenant: Tenant) -> None:
    unit = await done(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", kind="TEAM")
    await add(tenant, orgUnit=unit["id"])
    await refused(tenant, "orgUnitDelete", ("IN_USE", "id"), id=unit["id"])
