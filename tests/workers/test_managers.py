"""Managers of workers: named by id or external id, before or after their record comes, and never in a circle."""

import asyncio
from typing import Any

import pytest

from app.access import Scope
from tests.calls import assert_refused, event_rows, mutate, mutate_ok, run_query, stored_rows
from tests.service import Tenant, error_paths

RESULTS = "results { index status worker { id } errors { code path } }"


def source(number: str, system: str | None = "hr") -> dict[str, Any]:
    return {"externalId": number, **({"sourceSystem": system} if system else {})}


def row(number: str, boss: str | None = None, **content: Any) -> dict[str, Any]:
    named = {"manager": {"externalId": boss}} if boss else {}
    return {"source": source(number), "identity": {"displayName": number}, **named, **content}


async def upsert(tenant: Tenant, *rows: dict[str, Any], key: str | None = None) -> list[Any]:
    """Upsert rows; return the result of each."""
    payload = await mutate(tenant, "workersUpsert", RESULTS, key=key, rows=list(rows))
    assert payload["errors"] == []
    results: list[Any] = payload["results"]
    return results


async def add(tenant: Tenant, number: str, boss: str | None = None, **content: Any) -> str:
    """Create a worker of the source system hr; return the id."""
    return await tenant.add_worker(**{"name": number, **row(number, boss, **content)})


async def change(tenant: Tenant, worker: str, **content: Any) -> None:
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, **content)


async def manager_of(tenant: Tenant, number: str) -> str | None:
    """Return the external id of the manager's record of a worker of hr."""
    selection = "manager { worker { source { externalId } } }"
    by = {"source": {"externalId": number, "sourceSystem": "hr"}}
    manager = (await run_query(tenant, "worker", selection, by=by)).data["worker"]["manager"]["worker"]
    return manager and str(manager["source"]["externalId"])


async def managers(tenant: Tenant, *numbers: str) -> list[str | None]:
    return [await manager_of(tenant, number) for number in numbers]


@pytest.mark.parametrize("field", ["workerCreate", "workerUpdate", "workerReplace", "workersUpsert"])
async def test_a_manager_on_record_is_linked(tenant: Tenant, field: str) -> None:
    boss = await add(tenant, "M-1")
    content = row("E-1", "  M-1 ")
    if field == "workersUpsert":
        await upsert(tenant, content)
    elif field == "workerCreate":
        await mutate_ok(tenant, field, "worker { id }", **content)
    else:
        worker = await add(tenant, "E-1")
        await mutate_ok(tenant, field, "worker { id }", worker={"id": worker}, **content)
    assert await manager_of(tenant, "E-1") == "M-1"
    reports = (await run_query(tenant, "worker", "reports { nodes { source { externalId } } }", by={"id": boss})).data
    assert reports["worker"]["reports"]["nodes"] == [{"source": {"externalId": "E-1"}}]


@pytest.mark.parametrize("order", [("E-1", "E-2", "M-1"), ("M-1", "E-1", "E-2"), ("E-1", "M-1", "E-2")])
@pytest.mark.parametrize("boss", ["M-1", "A-1"])
async def test_a_manager_may_come_anywhere_in_the_batch(tenant: Tenant, order: tuple[str, ...], boss: str) -> None:
    rows = {"M-1": row(boss), "E-1": row("E-1", boss), "E-2": row("E-2", boss)}
    batch = [rows[name] for name in order]
    assert {result["status"] for result in await upsert(tenant, *batch)} == {"CREATED"}
    assert await managers(tenant, "E-1", "E-2", boss) == [boss, boss, None]
    before = await stored_rows(tenant)
    assert {result["status"] for result in await upsert(tenant, *batch)} == {"UNCHANGED"}
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize("arrival", ["workerCreate", "workersUpsert", "workerUpdate", "workerReplace"])
async def test_a_manager_who_comes_later_is_linked_then(tenant: Tenant, arrival: str) -> None:
    await upsert(tenant, row("E-1", "M-1"))
    worker = await add(tenant, "E-2", "M-1")
    other = await add(tenant, "X-1")
    assert await managers(tenant, "E-1", "E-2") == [None, None]
    if arrival == "workersUpsert":
        await upsert(tenant, row("M-1"))
    elif arrival == "workerCreate":
        await add(tenant, "M-1")
    else:
        await mutate_ok(tenant, arrival, "worker { id }", worker={"id": other}, **row("M-1"))
    assert await managers(tenant, "E-1", "E-2") == ["M-1", "M-1"]
    events = [event for event in await event_rows(tenant) if event["subject_id"] == worker]
    assert [event["kind"] for event in events] == ["worker.created", "worker.updated"]
    assert set(events[-1]["changes"]) == {"manager.id"}
    shown = (await run_query(tenant, "worker", "revision manager { externalId }", by={"id": worker})).data["worker"]
    assert shown == {"revision": 2, "manager": {"externalId": "M-1"}}


async def test_a_deleted_manager_is_linked_when_restored(tenant: Tenant) -> None:
    boss = await add(tenant, "M-1")
    for restore in ("workerUndelete", "workersUpsert"):
        await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": boss})
        await upsert(tenant, row(restore, "M-1"))
        assert await manager_of(tenant, restore) is None
        if restore == "workerUndelete":
            await mutate_ok(tenant, restore, "worker { id }", worker={"id": boss})
        else:
            await upsert(tenant, row("M-1"))
        assert await manager_of(tenant, restore) == "M-1"


async def test_a_new_record_replaces_a_deleted_manager(tenant: Tenant) -> None:
    boss, _ = await add(tenant, "M-1"), await add(tenant, "E-1", "M-1")
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": boss})
    new = await add(tenant, "M-1")
    by = {"source": {"externalId": "E-1", "sourceSystem": "hr"}}
    shown = (await run_query(tenant, "worker", "manager { worker { id } }", by=by)).data["worker"]
    assert shown == {"manager": {"worker": {"id": new}}}


async def test_a_worker_restored_after_the_manager_came_is_linked(tenant: Tenant) -> None:
    worker = await add(tenant, "E-1", "M-1")
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    await add(tenant, "M-1")
    await mutate_ok(tenant, "workerUndelete", "worker { id }", worker={"id": worker})
    assert await manager_of(tenant, "E-1") == "M-1"


async def test_an_external_id_means_the_workers_own_source_system(tenant: Tenant) -> None:
    await tenant.add_worker("Payroll's", source=source("M-1", "payroll"))
    worker = await add(tenant, "E-1", "M-1")
    assert await manager_of(tenant, "E-1") is None
    await change(tenant, worker, source={"sourceSystem": "payroll"})
    assert await manager_of_id(tenant, worker) == "payroll"
    await change(tenant, worker, source={"sourceSystem": "hr"}, manager={"externalId": "M-2"})
    await add(tenant, "M-2")
    assert await manager_of_id(tenant, worker) == "hr"


async def manager_of_id(tenant: Tenant, worker: str) -> str | None:
    """Return the source system of the manager's record."""
    selection = "manager { worker { source { sourceSystem } } }"
    manager = (await run_query(tenant, "worker", selection, by={"id": worker})).data["worker"]["manager"]["worker"]
    return manager and str(manager["source"]["sourceSystem"])


async def test_without_a_source_system_the_only_worker_of_the_id_is_meant(tenant: Tenant) -> None:
    await add(tenant, "M-1")
    worker = await tenant.add_worker("By hand", manager={"externalId": "M-1"})
    assert await manager_of_id(tenant, worker) == "hr"
    await tenant.add_worker("Another", source=source("M-1", "payroll"))
    unclear = await tenant.add_worker("By hand too", manager={"externalId": "M-1"})
    assert await manager_of_id(tenant, unclear) is None
    assert await manager_of_id(tenant, worker) == "hr"


async def test_an_id_decides_and_a_new_external_id_replaces_it(tenant: Tenant) -> None:
    first, _ = await add(tenant, "M-1"), await add(tenant, "M-2")
    worker = await add(tenant, "E-1", manager={"id": first, "externalId": "M-2"})
    assert await manager_of(tenant, "E-1") == "M-1"
    cases: list[tuple[dict[str, Any] | None, str | None]] = [
        ({"externalId": "M-2"}, "M-2"),
        ({"firstName": "Max"}, "M-2"),
        ({"id": first}, "M-1"),
        ({"externalId": "M-3"}, None),
        ({"id": None, "externalId": "M-1"}, "M-1"),
        ({"externalId": None}, None),
        ({"externalId": "M-1"}, "M-1"),
        (None, None),
    ]
    for manager, expected in cases:
        await change(tenant, worker, manager=manager)
        assert await manager_of(tenant, "E-1") == expected, manager


async def test_a_link_made_by_id_outlives_an_unrelated_external_id(tenant: Tenant) -> None:
    boss = await add(tenant, "M-1")
    worker = await add(tenant, "E-1", manager={"id": boss, "externalId": "unknown"})
    await upsert(tenant, row("E-1", "unknown"))
    assert await manager_of(tenant, "E-1") == "M-1"
    await change(tenant, worker, manager={"externalId": None})
    assert await manager_of(tenant, "E-1") == "M-1"


@pytest.mark.parametrize("field", ["workerCreate", "workerUpdate", "workerReplace"])
async def test_nobody_is_their_own_manager(tenant: Tenant, field: str) -> None:
    content = row("E-1", "E-1")
    if field != "workerCreate":
        worker = await add(tenant, "E-1")
        content["worker"] = {"id": worker}
        own = {**content, "manager": {"id": worker}}
        await assert_refused(tenant, field, ("INVALID", "manager.id"), **own)
    await assert_refused(tenant, field, ("INVALID", "manager.externalId"), **content)
    [result] = await upsert(tenant, content if field == "workerCreate" else row("E-1", "E-1"))
    assert error_paths(result) == [("INVALID", "rows.0.manager.externalId")]


@pytest.mark.parametrize("length", [2, 3, 5])
async def test_a_circle_of_managers_is_refused(tenant: Tenant, length: int) -> None:
    first = await add(tenant, "E-0")
    last = first
    for number in range(1, length):
        last = await add(tenant, f"E-{number}", f"E-{number - 1}")
    by: dict[str, Any] = {"worker": {"id": first}}
    await assert_refused(tenant, "workerUpdate", ("INVALID", "manager.id"), **by, manager={"id": last})
    named = {"externalId": f"E-{length - 1}"}
    await assert_refused(tenant, "workerUpdate", ("INVALID", "manager.externalId"), **by, manager=named)
    await assert_refused(
        tenant, "workerReplace", ("INVALID", "manager.id"), **by, identity={"displayName": "X"}, manager={"id": last}
    )
    before = await stored_rows(tenant)
    [result] = await upsert(tenant, row("E-0", f"E-{length - 1}"))
    assert error_paths(result) == [("INVALID", "rows.0.manager.externalId")]
    assert await stored_rows(tenant) == before


async def test_a_batch_in_a_circle_leaves_the_last_link_open(tenant: Tenant) -> None:
    rows = [row("E-1", "E-2"), row("E-2", "E-3"), row("E-3", "E-1")]
    assert {result["status"] for result in await upsert(tenant, *rows)} == {"CREATED"}
    assert sorted(map(str, await managers(tenant, "E-1", "E-2", "E-3"))).count("None") == 1


async def test_an_arrival_that_closes_a_circle_is_not_linked(tenant: Tenant) -> None:
    await add(tenant, "E-1", "E-2")
    await add(tenant, "E-2", "E-1")
    assert await managers(tenant, "E-1", "E-2") == [None, "E-1"]


async def test_two_calls_at_once_close_no_circle(tenant: Tenant) -> None:
    for number in range(5):
        pair = [await add(tenant, f"{name}-{number}") for name in ("A", "B")]
        payloads = await asyncio.gather(
            *(
                mutate(tenant, "workerUpdate", "worker { id }", worker={"id": one}, manager={"id": other})
                for one, other in (pair, pair[::-1])
            )
        )
        assert sorted(map(len, map(error_paths, payloads))) == [0, 1]


async def test_two_calls_at_once_that_meet_far_above_close_no_circle(tenant: Tenant) -> None:
    for number in range(5):
        top, other_top = [await tenant.add_worker(f"{name}-{number}") for name in ("A", "B")]
        below = await tenant.add_worker("Below B", manager={"id": other_top})
        other_below = await tenant.add_worker("Below A", manager={"id": top})
        payloads = await asyncio.gather(
            *(
                mutate(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, manager={"id": manager})
                for worker, manager in ((top, below), (other_top, other_below))
            )
        )
        assert sorted(map(len, map(error_paths, payloads))) == [0, 1]


async def test_a_foreign_manager_is_not_linked(tenant: Tenant, other_tenant: Tenant) -> None:
    await add(other_tenant, "M-1")
    await add(tenant, "E-1", "M-1")
    before = await stored_rows(tenant)
    await add(other_tenant, "M-2")
    assert await stored_rows(tenant) == before
    assert await manager_of(tenant, "E-1") is None


def _in_unit(unit: str) -> dict[str, Any]:
    return {"employment": {"orgUnit": unit}}


async def test_a_restricted_key_links_only_people_of_its_unit(tenant: Tenant) -> None:
    units = [
        (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name=name, type="SITE"))["id"]
        for name in ("North", "South")
    ]
    north, south = [_in_unit(unit) for unit in units]
    key = await tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE, org_unit=units[0])
    outsider = await add(tenant, "M-1", **south)
    await add(tenant, "E-1", "M-2", **south)
    await add(tenant, "E-2", "M-2", **north)
    # An outsider's external id is like one of nobody.
    for number in ("M-1", "nobody"):
        [result] = await upsert(tenant, row(f"E-{number}", number, **north), key=key)
        by = {"id": result["worker"]["id"]}
        shown = (await run_query(tenant, "worker", "revision manager { worker { id } }", by=by)).data["worker"]
        assert shown == {"revision": 1, "manager": {"worker": None}}
    before = (await run_query(tenant, "worker", "revision", by={"id": outsider})).data
    await upsert(tenant, row("M-2", **north), key=key)
    assert await managers(tenant, "E-1", "E-2") == [None, "M-2"]
    assert (await run_query(tenant, "worker", "revision", by={"id": outsider})).data == before
