"""Org units: a tree without cycles."""

import asyncio
from typing import Any

import pytest

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate_ok,
    query_nodes,
    run_query,
    send_mutation,
    stored_rows,
)
from tests.service import Tenant, error_paths, ids_of

UNIT = "orgUnit { id revision name type parent { id } }"


async def add(tenant: Tenant, name: str, parent: str | None = None, kind: str = "SITE") -> str:
    unit = await mutate_ok(tenant, "orgUnitCreate", UNIT, name=name, type=kind, parent=parent)
    assert unit["id"].startswith("unit_")
    return str(unit["id"])


async def test_units_form_a_tree(tenant: Tenant) -> None:
    top = await add(tenant, " North ")
    child = await mutate_ok(tenant, "orgUnitCreate", UNIT, name="Ward", type="TEAM", parent=top)
    assert child == {
        "id": child["id"],
        "revision": 1,
        "name": "Ward",
        "type": "TEAM",
        "parent": {"id": top},
    }
    selection = "name parent { id } children { nodes { id children { nodes { id } } } }"
    assert (await run_query(tenant, "orgUnit", selection, by={"id": top})).data["orgUnit"] == {
        "name": "North",
        "parent": None,
        "children": {"nodes": [{"id": child["id"], "children": {"nodes": []}}]},
    }
    assert [event["kind"] for event in await event_rows(tenant)][-2:] == ["orgUnit.created"] * 2


async def test_the_list_is_filtered_and_sorted(tenant: Tenant) -> None:
    north = await add(tenant, "North")
    south = await add(tenant, "south", kind="CONTRACTOR")
    ward = await add(tenant, "Ward 50%", north, "TEAM")
    cases: list[tuple[list[str], dict[str, Any]]] = [
        ([north, south, ward], {}),
        ([ward, south, north], {"orderBy": [{"field": "NAME", "direction": "DESC"}]}),
        ([ward, south, north], {"orderBy": [{"field": "CREATED_AT", "direction": "DESC"}]}),
        ([north, south], {"where": {"root": True}}),
        ([ward], {"where": {"root": False}}),
        ([ward], {"where": {"NOT": {"root": True}}}),
        ([ward], {"where": {"parent": {"eq": north}}}),
        ([north, south], {"where": {"NOT": {"parent": {"eq": north}}}}),
        ([south], {"where": {"type": {"eq": "CONTRACTOR"}}}),
        ([north, ward], {"where": {"type": {"notIn": ["CONTRACTOR"]}}}),
        ([north, south], {"where": {"name": {"contains": "TH"}}}),
        ([ward], {"where": {"name": {"contains": "%"}}}),
    ]
    for expected, arguments in cases:
        assert ids_of(await query_nodes(tenant, "orgUnits", "id", **arguments)) == expected


async def test_missing_and_unknown_values_are_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    foreign = await add(other_tenant, "Theirs")
    (error, _) = await assert_refused(tenant, "orgUnitCreate", ("REQUIRED", "name"), ("REQUIRED", "type"))
    assert error["message"] == "name is required"
    content = {"name": "North", "type": "SITE"}
    await assert_refused(tenant, "orgUnitCreate", ("REQUIRED", "name"), name="  ", type="SITE")
    await assert_refused(tenant, "orgUnitCreate", ("INVALID", "name"), name="x" * 201, type="SITE")
    for parent, code in ((foreign, "NOT_FOUND"), (f"unit_{UNKNOWN_ID}", "NOT_FOUND"), ("wkr_0", "INVALID")):
        await assert_refused(tenant, "orgUnitCreate", (code, "parent"), **content, parent=parent)
        unit = await add(tenant, "One")
        await assert_refused(tenant, "orgUnitUpdate", (code, "parent"), id=unit, parent=parent)


async def test_an_update_changes_only_the_fields_in_its_input(tenant: Tenant) -> None:
    north, south = await add(tenant, "North"), await add(tenant, "South")
    ward = await add(tenant, "Ward", north)
    moved = await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=ward, parent=south)
    assert (moved["revision"], moved["name"], moved["parent"]) == (2, "Ward", {"id": south})
    renamed = await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=ward, name="Night", type="TEAM")
    assert (renamed["name"], renamed["type"], renamed["parent"]) == ("Night", "TEAM", {"id": south})
    top = await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=ward, parent=None)
    assert (top["revision"], top["parent"]) == (4, None)
    before = await stored_rows(tenant)
    await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=ward, name="Night", parent=None)
    assert await stored_rows(tenant) == before
    changes = [event["changes"] for event in await event_rows(tenant)][-3:]
    assert changes == [
        {"parent": {"from": north, "to": south}},
        {"name": {"from": "Ward", "to": "Night"}, "type": {"from": "SITE", "to": "TEAM"}},
        {"parent": {"from": south, "to": None}},
    ]
    for name in ("name", "type"):
        await assert_refused(tenant, "orgUnitUpdate", ("REQUIRED", name), id=ward, **{name: None})


async def test_a_unit_cannot_move_under_itself(tenant: Tenant) -> None:
    top = await add(tenant, "Top")
    middle = await add(tenant, "Middle", top)
    bottom = await add(tenant, "Bottom", middle)
    for parent in (top, middle, bottom):
        (error,) = await assert_refused(tenant, "orgUnitUpdate", ("INVALID", "parent"), id=top, parent=parent)
        assert error["message"] == "parent is the unit itself or a unit under it"
    await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=bottom, parent=top)
    await mutate_ok(tenant, "orgUnitUpdate", UNIT, id=middle, parent=bottom)


async def test_concurrent_moves_make_no_cycle(tenant: Tenant) -> None:
    units = [await add(tenant, f"Unit {number}") for number in range(6)]
    moves = [
        send_mutation(tenant, "orgUnitUpdate", input={"id": unit, "parent": units[number - 1]})
        for number, unit in enumerate(units)
    ]
    answers = await asyncio.gather(*moves)
    assert [answer.codes for answer in answers] == [[]] * 6
    errors = [error_paths(answer.data["orgUnitUpdate"]) for answer in answers]
    assert sorted(map(str, errors)) == sorted(map(str, [*[[]] * 5, [("INVALID", "parent")]]))
    parents = {row["id"]: row["parent_id"] for row in (await tenant.rows())["org_units"]}
    for unit in units:
        ancestors, current = set(), unit
        while parents[current] is not None:
            assert current not in ancestors
            ancestors.add(current)
            current = parents[current]


async def test_a_unit_in_use_cannot_be_deleted(tenant: Tenant) -> None:
    top = await add(tenant, "Top")
    child = await add(tenant, "Child", top)
    worker = await tenant.add_worker("Jo", employment={"orgUnit": child})
    for unit, name in ((top, "Top"), (child, "Child")):
        (error,) = await assert_refused(tenant, "orgUnitDelete", ("IN_USE", "id"), id=unit)
        assert error["__typename"] == "StateError"
        assert error["message"] == f"{name} still has units, workers, positions or rules; move them first"
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    await assert_refused(tenant, "orgUnitDelete", ("IN_USE", "id"), id=child)
    await mutate_ok(tenant, "workerUndelete", "worker { id }", worker={"id": worker})
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"orgUnit": None})
    for unit in (child, top):
        deleted = await mutate_ok(tenant, "orgUnitDelete", "orgUnit { id }", id=unit, expectedRevision=1)
        assert deleted == {"id": unit}
        assert (await run_query(tenant, "orgUnit", "id", by={"id": unit})).data["orgUnit"] is None
        await assert_refused(tenant, "orgUnitDelete", ("NOT_FOUND", "id"), id=unit)
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["subject_id"]) == ("orgUnit.deleted", top)


async def test_a_stale_revision_is_a_conflict(tenant: Tenant) -> None:
    unit = await add(tenant, "North")
    for field in ("orgUnitUpdate", "orgUnitDelete"):
        (error,) = await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=unit, expectedRevision=2)
        assert error["currentRevision"] == 1


@pytest.mark.parametrize("field", ["orgUnitUpdate", "orgUnitDelete"])
async def test_another_tenants_unit_does_not_exist(tenant: Tenant, other_tenant: Tenant, field: str) -> None:
    unit = await add(tenant, "North")
    before = await stored_rows(tenant)
    for key in (unit, f"unit_{UNKNOWN_ID}"):
        await assert_refused(other_tenant, field, ("NOT_FOUND", "id"), id=key)
    await assert_refused(other_tenant, field, ("INVALID", "id"), id=f"wkr_{UNKNOWN_ID}")
    assert await stored_rows(tenant) == before


async def test_changing_units_requires_its_scope(tenant: Tenant) -> None:
    unit = await add(tenant, "North")
    held = (Scope.WORKERS_READ, Scope.WORKERS_WRITE)
    for field, input in (
        ("orgUnitCreate", {"name": "Mine", "type": "SITE"}),
        ("orgUnitUpdate", {"id": unit}),
        ("orgUnitDelete", {"id": unit}),
    ):
        await assert_forbidden(tenant, field, *held, required_scope=Scope.ORGANIZATION_MANAGE, **input)
