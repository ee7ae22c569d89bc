"""Upserts of many workers from a system of record."""

import asyncio
import unicodedata
from typing import Any

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate,
    stored_rows,
)
from tests.service import Tenant

RESULTS = """
  total succeeded failed
  results { index status worker { id revision identity { displayName } employment { team } } errors { code path } }
"""


def row(number: int | str, **content: Any) -> dict[str, Any]:
    source = {"externalId": str(number), "sourceSystem": "hr"}
    return {"source": source, "identity": {"displayName": f"Worker {number}"}, **content}


async def upsert(tenant: Tenant, *rows: dict[str, Any], key: str | None = None) -> Any:
    payload = await mutate(tenant, "workersUpsert", RESULTS, rows=list(rows), key=key)
    assert payload["errors"] == []
    assert [result["index"] for result in payload["results"]] == list(range(len(rows)))
    return payload


def outcomes(payload: Any) -> list[Any]:
    """Return each row's status, with its errors if it failed."""
    return [
        (result["status"], *((error["code"], ".".join(error["path"])) for error in result["errors"]))
        for result in payload["results"]
    ]


async def test_rows_are_created_updated_or_unchanged(tenant: Tenant) -> None:
    first = await upsert(tenant, row(1), row(2, employment={"team": "Blue"}))
    assert outcomes(first) == [("CREATED",), ("CREATED",)]
    again = await upsert(
        tenant,
        row(1),
        {"source": {"externalId": "2", "sourceSystem": "hr"}, "employment": {"team": "Red"}},
        row(3),
    )
    assert outcomes(again) == [("UNCHANGED",), ("UPDATED",), ("CREATED",)]
    assert (again["total"], again["succeeded"], again["failed"]) == (3, 3, 0)
    assert [result["worker"]["id"] for result in again["results"][:2]] == [
        result["worker"]["id"] for result in first["results"]
    ]
    assert again["results"][1]["worker"]["identity"]["displayName"] == "Worker 2"
    assert [result["worker"]["revision"] for result in again["results"]] == [1, 2, 1]
    event_kinds = [event["kind"] for event in await event_rows(tenant)]
    assert event_kinds[-4:] == ["worker.created", "worker.created", "worker.updated", "worker.created"]


async def test_a_worker_is_matched_within_the_source_system_only(tenant: Tenant) -> None:
    worker_id = await tenant.add_worker("Payroll's", source={"externalId": "1", "sourceSystem": "payroll"})
    two = await tenant.add_worker("Nobody's", source={"externalId": "1"})
    payload = await upsert(
        tenant,
        row(1),
        {"source": {"externalId": "1"}, "employment": {"team": "Red"}},
        {"source": {"externalId": " 1 ", "sourceSystem": " payroll "}, "employment": {"team": "Red"}},
    )
    assert outcomes(payload) == [("CREATED",), ("UPDATED",), ("UPDATED",)]
    assert [result["worker"]["id"] for result in payload["results"][1:]] == [two, worker_id]


async def test_rows_succeed_or_fail_alone(tenant: Tenant) -> None:
    await tenant.add_worker("Taken", contact={"workEmail": "taken@a.test"})
    payload = await upsert(
        tenant,
        row(1),
        row(2, identity={"displayName": " "}),
        row(3, contact={"workEmail": "TAKEN@a.test"}),
        row(4, employment={"orgUnit": f"unit_{UNKNOWN_ID}"}, manager={"id": "nobody"}),
        {"identity": {"displayName": "No source"}},
        {"identity": {"displayName": "Blank source"}, "source": {"externalId": "  ", "sourceSystem": "hr"}},
        {"identity": {"displayName": "Null source"}, "source": None},
        {"source": {"externalId": "8", "sourceSystem": "hr"}},
        row(9, identity={"displayName": "x" * 201}, contact={"workEmail": "nobody"}),
        row(10),
    )
    assert outcomes(payload) == [
        ("CREATED",),
        ("FAILED", ("REQUIRED", "rows.1.identity.displayName")),
        ("FAILED", ("TAKEN", "rows.2.contact.workEmail")),
        ("FAILED", ("NOT_FOUND", "rows.3.employment.orgUnit"), ("INVALID", "rows.3.manager.id")),
        ("FAILED", ("REQUIRED", "rows.4.source.externalId")),
        ("FAILED", ("REQUIRED", "rows.5.source.externalId")),
        ("FAILED", ("REQUIRED", "rows.6.source.externalId")),
        ("FAILED", ("REQUIRED", "rows.7.identity.displayName")),
        ("FAILED", ("INVALID", "rows.8.identity.displayName"), ("INVALID", "rows.8.contact.workEmail")),
        ("CREATED",),
    ]
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (10, 2, 8)
    assert [result["worker"] is None for result in payload["results"]] == [
        status != "CREATED" for status, *_ in outcomes(payload)
    ]
    names = {row["display_name"] for row in (await tenant.rows())["workers"]}
    assert names == {"Taken", "Worker 1", "Worker 10"}
    assert sum(event["kind"] == "worker.created" for event in await event_rows(tenant)) == 3


async def test_an_external_id_matches_in_any_unicode_form(tenant: Tenant) -> None:
    composed = unicodedata.normalize("NFC", "Zoë")
    assert outcomes(await upsert(tenant, row(composed))) == [("CREATED",)]
    again = await upsert(tenant, row(unicodedata.normalize("NFD", composed), employment={"team": "Red"}))
    assert outcomes(again) == [("UPDATED",)]


async def test_five_hundred_rows_are_one_call_and_501_are_refused(tenant: Tenant) -> None:
    rows = [row(number) for number in range(501)]
    (error,) = await assert_refused(tenant, "workersUpsert", ("TOO_MANY", "rows"), rows=rows)
    assert error == {
        "__typename": "TooManyError",
        "message": "rows holds more than 500 items",
        "code": "TOO_MANY",
        "path": ["rows"],
        "limit": 500,
    }
    payload = await mutate(tenant, "workersUpsert", "total succeeded failed", rows=rows[:500])
    assert payload == {"total": 500, "succeeded": 500, "failed": 0, "errors": []}


async def test_no_rows_are_accepted(tenant: Tenant) -> None:
    before = await stored_rows(tenant)
    assert await upsert(tenant) == {"total": 0, "succeeded": 0, "failed": 0, "results": [], "errors": []}
    assert await stored_rows(tenant) == before


async def test_concurrent_calls_with_the_same_rows_create_each_once(tenant: Tenant) -> None:
    rows = [row(number) for number in range(20)]
    payloads = await asyncio.gather(
        *(mutate(tenant, "workersUpsert", RESULTS, rows=rows if number % 2 else rows[::-1]) for number in range(4))
    )
    assert [payload["errors"] for payload in payloads] == [[]] * 4
    assert len((await tenant.rows())["workers"]) == 20


async def test_a_foreign_worker_is_not_matched(tenant: Tenant, other_tenant: Tenant) -> None:
    await upsert(tenant, row(1))
    before = await stored_rows(tenant)
    assert outcomes(await upsert(other_tenant, row(1))) == [("CREATED",)]
    assert await stored_rows(tenant) == before


async def test_upserting_requires_its_scope(tenant: Tenant) -> None:
    await assert_forbidden(
        tenant, "workersUpsert", Scope.WORKERS_READ, required_scope=Scope.WORKERS_WRITE, rows=[row(1)]
    )
