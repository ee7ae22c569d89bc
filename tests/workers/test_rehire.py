"""Upserts of deleted workers: restored with their history, or created anew if the call asks for it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.access import Scope
from tests.calls import assert_refused, event_rows, mutate, mutate_ok, query_nodes, run_query, stored_rows
from tests.conftest import SettableClock
from tests.service import Tenant, ids_of

RESULTS = """
  results {
    status errors { code path }
    worker { id deleted deletedAt identity { displayName } employment { team status startDate endDate } }
  }
"""
HR = {"externalId": "E-1", "sourceSystem": "hr"}


def row(source: dict[str, Any] = HR, **content: Any) -> dict[str, Any]:
    return {"source": source, "identity": {"displayName": "Jo"}, **content}


async def upsert(tenant: Tenant, *rows: dict[str, Any], key: str | None = None, **input: Any) -> list[Any]:
    """Upsert rows; return (status, worker id) of each, or its errors."""
    payload = await mutate(tenant, "workersUpsert", RESULTS, key=key, rows=list(rows), **input)
    assert payload["errors"] == []
    return [
        (result["status"], result["worker"]["id"])
        if result["worker"]
        else [(error["code"], ".".join(error["path"])) for error in result["errors"]]
        for result in payload["results"]
    ]


async def delete(tenant: Tenant, worker: str) -> None:
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})


async def add_deleted(tenant: Tenant, name: str = "Jo", **content: Any) -> str:
    """Create a worker and delete them; return the id."""
    worker = await tenant.add_worker(name, **content)
    await delete(tenant, worker)
    return worker


async def test_a_deleted_worker_is_restored_and_updated(tenant: Tenant) -> None:
    worker = await add_deleted(tenant, source=HR, employment={"team": "Blue", "jobTitle": "Nurse"})
    before = (await run_query(tenant, "worker", "revision", by={"id": worker})).data["worker"]["revision"]
    sent = row(employment={"team": "Red"})
    assert await upsert(tenant, sent) == [("RESTORED", worker)]
    shown = "deleted deletedAt revision employment { team jobTitle }"
    after = (await run_query(tenant, "worker", shown, by={"source": HR})).data["worker"]
    assert after.pop("revision") > before
    assert after == {"deleted": False, "deletedAt": None, "employment": {"team": "Red", "jobTitle": "Nurse"}}
    assert ids_of(await query_nodes(tenant, "workers", "id")) == [worker]
    kinds = [event["kind"] for event in await event_rows(tenant) if event["subject_id"] == worker]
    assert kinds == ["worker.created", "worker.deleted", "worker.restored", "worker.updated"]
    assert await upsert(tenant, sent) == [("UNCHANGED", worker)]


async def test_a_row_without_changes_restores_too(tenant: Tenant) -> None:
    worker = await add_deleted(tenant, source=HR)
    assert await upsert(tenant, row()) == [("RESTORED", worker)]
    assert await upsert(tenant, row()) == [("UNCHANGED", worker)]
    kinds = [event["kind"] for event in await event_rows(tenant) if event["subject_id"] == worker]
    assert kinds == ["worker.created", "worker.deleted", "worker.restored"]


async def test_the_credentials_and_the_history_come_back(tenant: Tenant) -> None:
    await mutate_ok(
        tenant, "credentialTypeCreate", "credentialType { id }", code="TICKET", name="Ticket", category="LICENCE"
    )
    worker = await tenant.add_worker(source=HR)
    ticket = {"credentialType": "TICKET", "category": "LICENCE", "referenceNumber": "T-1"}
    credential = await tenant.add_credential(worker, identification=ticket, issuing={"expiryDate": None})
    await delete(tenant, worker)
    assert await upsert(tenant, row()) == [("RESTORED", worker)]
    shown = await run_query(
        tenant, "worker", "credentials { nodes { id } } activity { nodes { kind } }", by={"id": worker}
    )
    assert ids_of(shown.data["worker"]["credentials"]["nodes"]) == [credential]
    assert len(shown.data["worker"]["activity"]["nodes"]) >= 4


async def test_a_call_may_ask_for_a_new_record(tenant: Tenant) -> None:
    worker = await add_deleted(tenant, source=HR)
    [(status, new)] = await upsert(tenant, row(), rehire="CREATE")
    assert (status, new != worker) == ("CREATED", True)
    assert await upsert(tenant, row(), rehire="CREATE") == [("UNCHANGED", new)]
    assert ids_of(await query_nodes(tenant, "workers", "id")) == [new]
    everybody = await query_nodes(tenant, "workers", "id deleted", includeDeleted=True)
    assert {node["id"]: node["deleted"] for node in everybody} == {worker: True, new: False}


async def test_of_several_deleted_records_the_last_one_deleted_is_restored(
    tenant: Tenant, clock: SettableClock
) -> None:
    clock.set(clock())
    first = await tenant.add_worker(source=HR)
    workers = [first]
    for _ in range(2):
        await delete(tenant, workers[-1])
        clock.advance(timedelta(days=1))
        [(_, new)] = await upsert(tenant, row(), rehire="CREATE")
        workers.append(new)
    await delete(tenant, workers[-1])
    clock.advance(timedelta(days=1))
    assert await upsert(tenant, row()) == [("RESTORED", workers[-1])]
    # Hired and deleted again, it is still one record.
    for _ in range(2):
        await delete(tenant, workers[-1])
        clock.advance(timedelta(days=1))
        assert await upsert(tenant, row()) == [("RESTORED", workers[-1])]
    everybody = await query_nodes(tenant, "workers", "id deleted", includeDeleted=True)
    assert {node["id"]: node["deleted"] for node in everybody} == {worker: worker != workers[-1] for worker in workers}


@pytest.mark.parametrize("system", ["payroll", None, "HR"])
async def test_a_worker_of_another_source_system_stays_deleted(tenant: Tenant, system: str | None) -> None:
    source = {"externalId": "E-1", **({"sourceSystem": system} if system else {})}
    other = await add_deleted(tenant, source=source)
    [(status, new)] = await upsert(tenant, row())
    assert (status, new != other) == ("CREATED", True)
    shown = (await run_query(tenant, "worker", "deleted", by={"id": other})).data["worker"]
    assert shown == {"deleted": True}


async def test_a_worker_who_is_present_comes_before_deleted_ones(tenant: Tenant) -> None:
    await add_deleted(tenant, source=HR)
    present = await tenant.add_worker("Jo", source=HR)
    assert await upsert(tenant, row()) == [("UNCHANGED", present)]


async def test_a_restored_worker_whose_values_are_taken_stays_deleted(tenant: Tenant) -> None:
    email = {"workEmail": "jo@a.test"}
    worker = await add_deleted(tenant, source=HR, contact=email)
    await tenant.add_worker("Successor", contact=email)
    before = await stored_rows(tenant)
    assert await upsert(tenant, row()) == [[("TAKEN", "rows.0.contact.workEmail")]]
    assert await upsert(tenant, row(employment={"startDate": "2026-01-02", "endDate": "2026-01-01"})) == [
        [("INVALID", "rows.0.employment.endDate")]
    ]
    assert await stored_rows(tenant) == before
    assert await upsert(tenant, row(contact={"workEmail": "jo2@a.test"})) == [("RESTORED", worker)]


async def test_the_end_of_the_former_employment_ends_with_a_new_start(tenant: Tenant) -> None:
    former = {"startDate": "2024-01-01", "endDate": "2025-06-30", "status": "TERMINATED"}
    worker = await add_deleted(tenant, source=HR, employment=former)
    payload = await mutate(
        tenant, "workersUpsert", RESULTS, rows=[row(employment={"startDate": "2026-02-01", "status": "ACTIVE"})]
    )
    [result] = payload["results"]
    assert (result["status"], result["worker"]["id"]) == ("RESTORED", worker)
    shown = {name: result["worker"]["employment"][name] for name in ("startDate", "endDate", "status")}
    assert shown == {"startDate": "2026-02-01", "endDate": None, "status": "ACTIVE"}


async def test_what_a_row_does_not_send_is_kept(tenant: Tenant) -> None:
    former = {"startDate": "2024-01-01", "endDate": "2025-06-30", "status": "TERMINATED"}
    await add_deleted(tenant, source=HR, employment=former)
    payload = await mutate(tenant, "workersUpsert", RESULTS, rows=[row()])
    shown = payload["results"][0]["worker"]["employment"]
    assert {name: shown[name] for name in former} == former


async def test_concurrent_calls_restore_a_worker_once(tenant: Tenant) -> None:
    worker = await add_deleted(tenant, source=HR)
    outcomes = await asyncio.gather(*(upsert(tenant, row()) for _ in range(4)))
    assert sorted(status for [(status, _)] in outcomes) == ["RESTORED", *["UNCHANGED"] * 3]
    assert {found for [(_, found)] in outcomes} == {worker}


async def test_a_foreign_deleted_worker_is_not_restored(tenant: Tenant, other_tenant: Tenant) -> None:
    await add_deleted(tenant, source=HR)
    before = await stored_rows(tenant)
    [(status, _)] = await upsert(other_tenant, row())
    assert status == "CREATED"
    assert await stored_rows(tenant) == before


async def test_a_restricted_key_restores_only_workers_of_its_unit(tenant: Tenant) -> None:
    units = [
        (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name=name, type="SITE"))["id"]
        for name in ("North", "South")
    ]
    key = await tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE, org_unit=units[0])
    inside = await add_deleted(tenant, source=HR, employment={"orgUnit": units[0]})
    outside = await add_deleted(
        tenant, source={"externalId": "E-2", "sourceSystem": "hr"}, employment={"orgUnit": units[1]}
    )
    assert await upsert(tenant, row(), key=key) == [("RESTORED", inside)]
    other = row({"externalId": "E-2", "sourceSystem": "hr"}, employment={"orgUnit": units[0]})
    [(status, new)] = await upsert(tenant, other, key=key)
    assert (status, new != outside) == ("CREATED", True)
    shown = (await run_query(tenant, "worker", "deleted", by={"id": outside})).data["worker"]
    assert shown == {"deleted": True}
    # The unrestricted restore of the other one now meets the new record.
    await assert_refused(tenant, "workerUndelete", ("TAKEN", "source.externalId"), worker={"id": outside})
