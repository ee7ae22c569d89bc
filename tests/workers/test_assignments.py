"""Assignments: assign many workers, end, remove and move, without overlaps."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from tests import calls
from tests.calls import assert_refused, mutate, mutate_ok
from tests.conftest import SettableClock
from tests.service import Tenant, error_paths
from tests.workers.test_positions import add

TODAY = datetime(2026, 3, 10, 9, tzinfo=UTC)
SPAN = "startsOn endsOn position { name }"
ASSIGNED = (
    f"results {{ workerId assignment {{ id {SPAN} worker {{ id }} }} errors {{ code path }} }} total succeeded failed"
)


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """Set the clock to a fixed day."""
    clock.set(TODAY)


async def assign(tenant: Tenant, position: str, worker: str, **input: Any) -> str:
    """Assign a worker and return the id of the assignment, or the code of the refusal."""
    payload = await mutate(tenant, "positionAssign", ASSIGNED, position=position, workers=[worker], **input)
    assert payload["errors"] == []
    [result] = payload["results"]
    return str(result["assignment"]["id"] if result["assignment"] else result["errors"][0]["code"])


async def held(tenant: Tenant, worker: str, **arguments: Any) -> list[tuple[str, str, str | None]]:
    """Return a worker's assignments as (position, from, to), latest first."""
    text = f"""query ($id: ID!, $where: AssignmentWhere) {{
      worker(by: {{id: $id}}) {{ assignments(where: $where) {{ nodes {{ {SPAN} }} }} }} }}"""
    answer = await tenant.execute(text, {"id": worker, **arguments})
    nodes = answer.data["worker"]["assignments"]["nodes"]
    return [(node["position"]["name"], node["startsOn"], node["endsOn"]) for node in nodes]


async def test_workers_are_assigned_independently(tenant: Tenant, other_tenant: Tenant) -> None:
    position = await add(tenant)
    ada, ben, gone = [await tenant.add_worker(name) for name in ("Ada", "Ben", "Cy")]
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    foreign_id = await other_tenant.add_worker()
    workers = [ben, ada, ben, gone, foreign_id, position]
    payload = await mutate(tenant, "positionAssign", ASSIGNED, position=position, workers=workers, endsOn="2026-12-31")
    assert (payload["total"], payload["succeeded"], payload["failed"], payload["errors"]) == (6, 2, 4, [])
    assert [result["workerId"] for result in payload["results"]] == workers
    assert [error_paths(result) for result in payload["results"]] == [
        [],
        [],
        [("ALREADY_ASSIGNED", "workers.2")],
        [("DELETED", "workers.3")],
        [("NOT_FOUND", "workers.4")],
        [("INVALID", "workers.5")],
    ]
    assert await held(tenant, ada) == [("Night nurse", "2026-03-10", "2026-12-31")]
    assert payload["results"][0]["assignment"]["worker"] == {"id": ben}
    event = [row for row in await calls.event_rows(tenant) if row["kind"].value == "position.assigned"][-1]
    assert event["changes"]["position"] == {"from": None, "to": position}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"startsOn": "2026-01-01", "endsOn": "2026-01-31"}, None),
        ({"startsOn": "2026-01-01", "endsOn": "2026-02-01"}, "ALREADY_ASSIGNED"),
        ({"startsOn": "2026-02-10", "endsOn": "2026-02-10"}, "ALREADY_ASSIGNED"),
        ({"startsOn": "2026-01-01"}, "ALREADY_ASSIGNED"),
        ({"startsOn": "2026-02-28", "endsOn": "2026-03-05"}, "ALREADY_ASSIGNED"),
        ({"startsOn": "2026-03-01", "endsOn": "2026-03-31"}, None),
        ({"startsOn": "2026-04-01", "endsOn": "2026-04-01"}, "ALREADY_ASSIGNED"),
        ({"startsOn": "2030-01-01"}, "ALREADY_ASSIGNED"),
    ],
)
async def test_overlapping_assignments_are_refused(tenant: Tenant, span: dict[str, Any], expected: str | None) -> None:
    position, other = await add(tenant), await add(tenant, "Other")
    worker, another = await tenant.add_worker(), await tenant.add_worker("Another")
    await assign(tenant, position, worker, startsOn="2026-02-01", endsOn="2026-02-28")
    await assign(tenant, position, worker, startsOn="2026-04-01")
    result = await assign(tenant, position, worker, **span)
    assert result == expected if expected else result.startswith("pasn_")
    assert (await assign(tenant, other, worker, **span)).startswith("pasn_")
    assert (await assign(tenant, position, another, **span)).startswith("pasn_")


async def test_an_invalid_assignment_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    position, foreign_id, worker = await add(tenant), await add(other_tenant), await tenant.add_worker()
    by: dict[str, Any] = {"position": position, "workers": [worker]}
    await assert_refused(tenant, "positionAssign", ("NOT_FOUND", "position"), **{**by, "position": foreign_id})
    await assert_refused(tenant, "positionAssign", ("INVALID", "endsOn"), **by, endsOn="2026-03-09")
    await assert_refused(tenant, "positionAssign", ("INVALID", "startsOn"), **by, startsOn="1066-10-14")
    await assert_refused(tenant, "positionAssign", ("TOO_MANY", "workers"), **{**by, "workers": [worker] * 501})
    needed = Scope.REQUIREMENTS_WRITE
    await calls.assert_forbidden(tenant, "positionAssign", *(ALL_SCOPES - {needed}), required_scope=needed, **by)
    await mutate_ok(tenant, "positionArchive", "position { id }", id=position)
    await assert_refused(tenant, "positionAssign", ("ARCHIVED", "position"), **by)


async def test_of_concurrent_assignments_one_succeeds(tenant: Tenant) -> None:
    position, worker = await add(tenant), await tenant.add_worker()
    result = await asyncio.gather(*(assign(tenant, position, worker) for _ in range(10)))
    assert sorted(result)[:9] == ["ALREADY_ASSIGNED"] * 9
    assert len(await held(tenant, worker)) == 1


async def test_an_assignment_is_ended_or_removed(tenant: Tenant) -> None:
    position, worker = await add(tenant), await tenant.add_worker()
    key = await assign(tenant, position, worker, startsOn="2026-02-01")
    ended = await mutate(tenant, "positionUnassign", "assignment { endsOn revision } removed", id=key)
    assert ended == {"assignment": {"endsOn": "2026-03-10", "revision": 2}, "removed": False, "errors": []}
    await assert_refused(tenant, "positionUnassign", ("INVALID", "endsOn"), id=key, endsOn="2026-03-11")
    await assert_refused(tenant, "positionUnassign", ("CONFLICT", "expectedRevision"), id=key, expectedRevision=1)
    earlier = await mutate(tenant, "positionUnassign", "assignment { endsOn }", id=key, endsOn="2026-02-01")
    assert earlier["assignment"] == {"endsOn": "2026-02-01"}
    gone = await mutate(tenant, "positionUnassign", f"assignment {{ id {SPAN} }} removed", id=key, endsOn="2026-01-31")
    assert (gone["assignment"]["id"], gone["removed"]) == (key, True)
    assert await held(tenant, worker) == []
    await assert_refused(tenant, "positionUnassign", ("NOT_FOUND", "id"), id=key)
    event_kinds = [
        row["kind"].value for row in await calls.event_rows(tenant) if row["kind"].value.startswith("position.")
    ]
    assert event_kinds == ["position.created", "position.assigned", *["position.unassigned"] * 3]


async def test_a_repeated_call_returns_the_removed_assignment(tenant: Tenant) -> None:
    position, worker = await add(tenant), await tenant.add_worker()
    key = await assign(tenant, position, worker)
    input = {"id": key, "endsOn": "2026-03-09", "idempotencyKey": "once"}
    first, second = [
        await mutate(tenant, "positionUnassign", f"assignment {{ {SPAN} }} removed", **input) for _ in "12"
    ]
    assert first == second
    assert first["removed"]


async def test_a_move_ends_one_and_begins_another(tenant: Tenant) -> None:
    first, second = await add(tenant, "Here"), await add(tenant, "There")
    worker = await tenant.add_worker()
    key = await assign(tenant, first, worker, startsOn="2026-02-01")
    selection = f"ended {{ {SPAN} }} removed assignment {{ id {SPAN} }}"
    moved = await mutate(
        tenant, "positionMove", selection, id=key, position=second, startsOn="2026-03-15", endsOn="2026-06-30"
    )
    assert (moved["errors"], moved["removed"]) == ([], False)
    assert moved["ended"] == {"startsOn": "2026-02-01", "endsOn": "2026-03-14", "position": {"name": "Here"}}
    assert await held(tenant, worker) == [("There", "2026-03-15", "2026-06-30"), ("Here", "2026-02-01", "2026-03-14")]
    assert await held(tenant, worker, where={"asOf": "2026-03-14"}) == [("Here", "2026-02-01", "2026-03-14")]
    assert await held(tenant, worker, where={"position": {"eq": second}, "asOf": "2026-03-14"}) == []
    # A move on the first day of an assignment removes it.
    back = await mutate(
        tenant, "positionMove", selection, id=moved["assignment"]["id"], position=first, startsOn="2026-03-15"
    )
    assert (back["errors"], back["removed"]) == ([], True)
    assert await held(tenant, worker) == [("Here", "2026-03-15", None), ("Here", "2026-02-01", "2026-03-14")]


async def test_an_invalid_move_is_refused_and_changes_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    first, second, foreign_id = await add(tenant, "Here"), await add(tenant, "There"), await add(other_tenant)
    worker = await tenant.add_worker()
    key = await assign(tenant, first, worker, startsOn="2026-02-01", endsOn="2026-03-20")
    await assign(tenant, second, worker, startsOn="2026-05-01")
    by: dict[str, Any] = {"id": key, "position": second, "startsOn": "2026-03-15"}
    await assert_refused(tenant, "positionMove", ("ALREADY_ASSIGNED", "position"), **by)
    await assert_refused(tenant, "positionMove", ("INVALID", "endsOn"), **by, endsOn="2026-03-14")
    await assert_refused(tenant, "positionMove", ("INVALID", "position"), **{**by, "position": first})
    await assert_refused(
        tenant, "positionMove", ("INVALID", "startsOn"), **{**by, "startsOn": "2026-03-22"}, endsOn="2026-03-23"
    )
    await assert_refused(tenant, "positionMove", ("NOT_FOUND", "position"), **{**by, "position": foreign_id})
    await assert_refused(tenant, "positionMove", ("CONFLICT", "expectedRevision"), **by, expectedRevision=7)
    needed = Scope.REQUIREMENTS_WRITE
    await calls.assert_forbidden(tenant, "positionMove", *(ALL_SCOPES - {needed}), required_scope=needed, **by)
    await calls.assert_forbidden(tenant, "positionUnassign", *(ALL_SCOPES - {needed}), required_scope=needed, id=key)
    await mutate_ok(tenant, "positionArchive", "position { id }", id=second)
    await assert_refused(tenant, "positionMove", ("ARCHIVED", "position"), **by, endsOn="2026-03-16")
    assert len(await held(tenant, worker)) == 2


async def test_workers_are_filtered_by_position_on_a_day(tenant: Tenant) -> None:
    first, second = await add(tenant, "Here"), await add(tenant, "There")
    ada, ben = await tenant.add_worker("Ada"), await tenant.add_worker("Ben")
    await assign(tenant, first, ada, startsOn="2026-02-01", endsOn="2026-02-28")
    await assign(tenant, second, ada)
    await assign(tenant, first, ben, startsOn="2026-02-15")

    async def names(where: dict[str, Any]) -> list[str]:
        nodes = await calls.query_nodes(tenant, "workers", "identity { displayName }", where={"position": where})
        return [node["identity"]["displayName"] for node in nodes]

    assert await names({"in": [first]}) == ["Ben"]
    assert await names({"in": [first], "asOf": "2026-02-14"}) == ["Ada"]
    assert await names({"in": [first], "asOf": "2026-02-28"}) == ["Ada", "Ben"]
    assert await names({"in": [first, second]}) == ["Ada", "Ben"]
    assert await names({"in": [second], "asOf": "2026-03-09"}) == []


async def test_today_follows_the_time_zone_of_the_organization(tenant: Tenant, clock: SettableClock) -> None:
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", timeZone="Pacific/Kiritimati")
    position, worker = await add(tenant), await tenant.add_worker()
    unit = await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
    clock.set(datetime(2026, 3, 10, 12, tzinfo=UTC))
    await assign(tenant, position, worker)
    assert [since for _, since, _ in await held(tenant, worker)] == ["2026-03-11"]
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"orgUnit": unit["id"]})
    another = await tenant.add_worker("Another", employment={"orgUnit": unit["id"]})
    rows = {row["id"]: row["org_unit_since"] for row in (await tenant.rows())["workers"]}
    assert [str(rows[key]) for key in (worker, another)] == ["2026-03-11", "2026-03-11"]
