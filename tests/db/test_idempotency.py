"""Idempotency keys: a repeated call returns the first outcome and has no second effect."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from app.db import idempotency
from tests.calls import assert_refused, event_rows, mutate, mutate_ok, send_mutation, stored_rows
from tests.conftest import SettableClock
from tests.service import Tenant, error_paths

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
WORKER = "worker { id revision identity { displayName } }"
JO: dict[str, Any] = {
    "identity": {"displayName": "Jo", "birthDate": "1990-01-01"},
    "contact": {"workEmail": "jo@a.test"},
    "employment": {"status": "ON_LEAVE", "startDate": "2026-01-01"},
    "idempotencyKey": "key 1",
}


async def test_a_repeated_call_returns_the_first_result_without_a_second_effect(tenant: Tenant) -> None:
    first = await mutate(tenant, "workerCreate", WORKER, **JO)
    assert first["errors"] == []
    before = await tenant.rows()
    # The order of members and the selection are not part of the input.
    backwards = dict(reversed(JO.items()))
    assert await mutate(tenant, "workerCreate", WORKER, **backwards) == first
    assert await mutate(tenant, "workerCreate", "worker { id }", **JO) == {
        "worker": {"id": first["worker"]["id"]},
        "errors": [],
    }
    assert await tenant.rows() == before


@pytest.mark.parametrize(
    "other",
    [
        {"identity": {"displayName": "Jo"}},
        {"identity": {"displayName": "jo", "birthDate": "1990-01-01"}},
        {"contact": None},
        {"address": None},
        {"employment": {"status": "ACTIVE", "startDate": "2026-01-01"}},
    ],
)
async def test_another_input_is_a_mismatch(tenant: Tenant, other: dict[str, Any]) -> None:
    await mutate_ok(tenant, "workerCreate", WORKER, **JO)
    before = await tenant.rows()
    (error,) = await assert_refused(
        tenant, "workerCreate", ("IDEMPOTENCY_MISMATCH", "idempotencyKey"), **{**JO, **other}
    )
    assert error["__typename"] == "IdempotencyMismatchError"
    assert error["message"] == "this idempotencyKey was used with another input; send a new key"
    assert await tenant.rows() == before


async def test_another_mutation_is_a_mismatch(tenant: Tenant) -> None:
    await mutate_ok(tenant, "workerCreate", WORKER, **JO)
    content = {name: JO[name] for name in ("identity", "contact", "idempotencyKey")}
    await assert_refused(tenant, "applicantCreate", ("IDEMPOTENCY_MISMATCH", "idempotencyKey"), **content)


async def test_the_replayed_record_is_shown_as_it_is_now(tenant: Tenant) -> None:
    worker = (await mutate_ok(tenant, "workerCreate", WORKER, **JO))["id"]
    await mutate_ok(tenant, "workerUpdate", WORKER, worker={"id": worker}, identity={"displayName": "Joanna"})
    again = await mutate_ok(tenant, "workerCreate", WORKER, **JO)
    assert again == {"id": worker, "revision": 2, "identity": {"displayName": "Joanna"}}


async def test_a_refusal_is_replayed_too(tenant: Tenant) -> None:
    other = await tenant.add_worker("Other", contact={"workEmail": "jo@a.test"})
    taken = ("TAKEN", "contact.workEmail")
    first = await assert_refused(tenant, "workerCreate", taken, **JO)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": other})
    assert await assert_refused(tenant, "workerCreate", taken, **JO) == first
    await assert_refused(
        tenant,
        "workerCreate",
        ("IDEMPOTENCY_MISMATCH", "idempotencyKey"),
        **{**JO, "identity": {"displayName": "Somebody"}},
    )
    await mutate_ok(tenant, "workerCreate", WORKER, **{**JO, "idempotencyKey": "key 2"})


async def test_refusals_are_replayed_with_their_data(tenant: Tenant) -> None:
    worker = await tenant.add_worker("One")
    input = {"worker": {"id": worker}, "expectedRevision": 7, "idempotencyKey": "stale"}
    first = await assert_refused(tenant, "workerDelete", ("CONFLICT", "expectedRevision"), **input)
    await mutate_ok(tenant, "workerUpdate", WORKER, worker={"id": worker}, identity={"displayName": "Two"})
    assert await assert_refused(tenant, "workerDelete", ("CONFLICT", "expectedRevision"), **input) == first
    assert first[0]["currentRevision"] == 1
    rows = [{"source": {"externalId": str(number)}} for number in range(501)]
    many = await assert_refused(tenant, "workersUpsert", ("TOO_MANY", "rows"), rows=rows, idempotencyKey="many")
    again = await assert_refused(tenant, "workersUpsert", ("TOO_MANY", "rows"), rows=rows, idempotencyKey="many")
    assert (again, many[0]["limit"]) == (many, 500)
    several = {"identity": {"birthDate": "1000-01-01"}, "idempotencyKey": "several"}
    expected = [("REQUIRED", "identity.displayName"), ("INVALID", "identity.birthDate")]
    several_errors = await assert_refused(tenant, "workerCreate", *expected, **several)
    assert await assert_refused(tenant, "workerCreate", *expected, **several) == several_errors


async def test_results_of_many_rows_are_replayed(tenant: Tenant) -> None:
    rows = [
        {"source": {"externalId": "1"}, "identity": {"displayName": "One"}},
        {"source": {"externalId": "2"}},
        {"source": {"externalId": "1"}, "identity": {"displayName": "One"}},
        {"source": {"externalId": "3"}, "identity": {"displayName": "Three"}},
    ]
    selection = "total succeeded failed results { index status worker { id revision } errors { code path message } }"
    first = await mutate(tenant, "workersUpsert", selection, rows=rows, idempotencyKey="rows")
    assert [result["status"] for result in first["results"]] == ["CREATED", "FAILED", "FAILED", "CREATED"]
    before = await tenant.rows()
    assert await mutate(tenant, "workersUpsert", selection, rows=rows, idempotencyKey="rows") == first
    assert await tenant.rows() == before


async def test_a_token_is_not_replayed(tenant: Tenant) -> None:
    input = {"name": "Reader", "scopes": ["WORKERS_READ"], "idempotencyKey": "issue"}
    first = await mutate(tenant, "apiKeyCreate", "apiKey { id } token", **input)
    assert first["token"] is not None
    assert first["token"].rpartition("_")[2] not in str(await tenant.rows())
    again = await mutate(tenant, "apiKeyCreate", "apiKey { id } token", **input)
    assert again == {**first, "token": None}
    rotation = {"id": first["apiKey"]["id"], "idempotencyKey": "rotate"}
    rotated = await mutate(tenant, "apiKeyRotate", "apiKey { id } token", **rotation)
    assert await mutate(tenant, "apiKeyRotate", "apiKey { id } token", **rotation) == {**rotated, "token": None}
    assert (await tenant.execute("{ viewer { id } }", key=rotated["token"])).status == 200


async def test_the_removal_of_a_row_is_replayed_as_first_answered(tenant: Tenant) -> None:
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", type="SITE"))["id"]
    input = {"id": unit, "idempotencyKey": "remove"}
    first = await mutate(tenant, "orgUnitDelete", "orgUnit { id name }", **input)
    assert first == {"orgUnit": {"id": unit, "name": "North"}, "errors": []}
    before = await stored_rows(tenant)
    assert await mutate(tenant, "orgUnitDelete", "orgUnit { id name }", **input) == first
    assert await stored_rows(tenant) == before


async def test_a_change_that_changes_nothing_is_replayed(tenant: Tenant) -> None:
    worker = await tenant.add_worker("Jo")
    input = {"worker": {"id": worker}, "identity": {"displayName": "Jo"}, "idempotencyKey": "same"}
    assert (await mutate_ok(tenant, "workerUpdate", WORKER, **input))["revision"] == 1
    await mutate_ok(tenant, "workerUpdate", WORKER, worker={"id": worker}, identity={"displayName": "Two"})
    assert (await mutate_ok(tenant, "workerUpdate", WORKER, **input))["identity"] == {"displayName": "Two"}


async def test_after_a_day_the_key_is_new(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    input = {"identity": {"displayName": "Jo"}, "idempotencyKey": "daily"}
    first = await mutate_ok(tenant, "workerCreate", WORKER, **input)
    clock.set(NOW + timedelta(hours=24))
    assert await mutate_ok(tenant, "workerCreate", WORKER, **input) == first
    clock.set(NOW + timedelta(hours=24, microseconds=1))
    second = await mutate_ok(tenant, "workerCreate", WORKER, **input)
    assert second["id"] != first["id"]
    assert await mutate_ok(tenant, "workerCreate", WORKER, **input) == second
    other = {**input, "identity": {"displayName": "Kim"}}
    clock.advance(timedelta(hours=25))
    await mutate_ok(tenant, "workerCreate", WORKER, **other)
    assert len((await tenant.rows())["idempotency_keys"]) == 1


async def test_some_calls_remove_expired_keys(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    input = {"identity": {"displayName": "Jo"}}
    keys = [f"key {number}" for number in range(4 * idempotency.SWEEP_ONE_IN)]
    sweeping = next(key for key in keys if idempotency.is_sweep_due(key))
    for key in [key for key in keys if key != sweeping][:3]:
        await mutate_ok(tenant, "workerCreate", WORKER, **input, idempotencyKey=key)
    clock.advance(timedelta(hours=25))
    await mutate_ok(tenant, "workerCreate", WORKER, **input, idempotencyKey=sweeping)
    assert [row["id"] for row in (await tenant.rows())["idempotency_keys"]] == [sweeping]


async def test_only_one_of_twenty_concurrent_calls_has_an_effect(tenant: Tenant) -> None:
    answers = await asyncio.gather(*(send_mutation(tenant, "workerCreate", WORKER, input=JO) for _ in range(20)))
    assert [answer.codes for answer in answers] == [[]] * 20
    payloads = [answer.data["workerCreate"] for answer in answers]
    assert payloads == [payloads[0]] * 20
    assert payloads[0]["errors"] == []
    assert len((await tenant.rows())["workers"]) == 1
    assert [event["kind"] for event in await event_rows(tenant)].count("worker.created") == 1


async def test_only_one_of_twenty_different_concurrent_calls_keeps_the_key(tenant: Tenant) -> None:
    calls = [
        mutate(tenant, "workerCreate", WORKER, identity={"displayName": f"Jo {number}"}, idempotencyKey="one")
        for number in range(20)
    ]
    refusals = sorted(map(str, map(error_paths, await asyncio.gather(*calls))))
    assert refusals == sorted(map(str, [[], *[[("IDEMPOTENCY_MISMATCH", "idempotencyKey")]] * 19]))
    assert len((await tenant.rows())["workers"]) == 1


async def test_a_key_belongs_to_one_actor_of_one_organization(tenant: Tenant, other_tenant: Tenant) -> None:
    input = {"identity": {"displayName": "Jo"}, "idempotencyKey": "ours"}
    colleague = await tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE)
    own = await mutate_ok(tenant, "workerCreate", WORKER, **input)
    colleagues = await mutate_ok(tenant, "workerCreate", WORKER, key=colleague, **input)
    elsewhere = await mutate_ok(other_tenant, "workerCreate", WORKER, **input)
    assert len({own["id"], colleagues["id"], elsewhere["id"]}) == 3
    other = {**input, "identity": {"displayName": "Kim"}}
    await mutate_ok(other_tenant, "workerUpdate", WORKER, worker={"id": elsewhere["id"]}, idempotencyKey="other")
    await assert_refused(tenant, "workerCreate", ("IDEMPOTENCY_MISMATCH", "idempotencyKey"), key=colleague, **other)


async def test_a_missing_scope_does_not_use_the_key(tenant: Tenant) -> None:
    key, input = await tenant.create_key(Scope.WORKERS_READ), {**JO, "idempotencyKey": "scope"}
    answer = await send_mutation(tenant, "workerCreate", WORKER, key=key, input=input)
    assert answer.codes == ["FORBIDDEN"]
    assert (await tenant.rows())["idempotency_keys"] == []


async def test_each_field_of_a_document_has_its_own_key(tenant: Tenant) -> None:
    text = """mutation {
      a: workerCreate(input: {identity: {displayName: "A"}, idempotencyKey: "k"}) { worker { id } errors { code } }
      b: workerCreate(input: {identity: {displayName: "A"}, idempotencyKey: "k"}) { worker { id } errors { code } }
      c: workerCreate(input: {identity: {displayName: "C"}, idempotencyKey: "k"}) { worker { id } errors { code } }
      d: workerCreate(input: {identity: {displayName: "D"}}) { worker { id } errors { code } }
    }"""
    data = (await tenant.execute(text)).data
    assert data["a"] == data["b"]
    assert data["c"] == {"worker": None, "errors": [{"code": "IDEMPOTENCY_MISMATCH"}]}
    assert data["d"]["errors"] == []
    assert len((await tenant.rows())["workers"]) == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nbreak", "bell\a"])
async def test_a_key_is_two_hundred_printable_characters_at_most(tenant: Tenant, key: str) -> None:
    input = {"identity": {"displayName": "Jo"}, "idempotencyKey": key}
    (error,) = await assert_refused(tenant, "workerCreate", ("INVALID", "idempotencyKey"), **input)
    assert error["message"] == "idempotencyKey is not 1 to 200 printable characters"
    await mutate_ok(tenant, "workerCreate", WORKER, **{**input, "idempotencyKey": "ключ " + "x" * 195})


async def test_a_null_key_is_no_key(tenant: Tenant) -> None:
    input = {"identity": {"displayName": "Jo"}, "idempotencyKey": None}
    first, second = [await mutate_ok(tenant, "workerCreate", WORKER, **input) for _ in range(2)]
    assert first["id"] != second["id"]
