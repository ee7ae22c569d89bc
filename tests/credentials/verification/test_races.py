"""Races of checks with each other and with a purge: one answer of the registry, and no partial change."""

import asyncio
from typing import Any

import pytest

from app.access import Actor
from app.credentials.verification import attempts
from app.credentials.verification.attempts import Verified
from app.credentials.verification.tables import VerificationOutcome
from app.db.database import Database
from app.registries.registry_set import RegistrySet
from tests.checks import VERIFY_PAYLOAD, VerificationHarness
from tests.registry import FakeRegistry, ReceivedRequest, Reply, json_reply
from tests.service import GraphQLResponse

TABLES = ("credentials", "credential_versions", "credential_version_changes", "verification_attempts")
VERIFY = f"mutation ($id: ID!) {{ credentialVerify(input: {{ id: $id }}) {{ {VERIFY_PAYLOAD} errors {{ code }} }} }}"


async def change(checks: VerificationHarness, field: str, key: str, **input: Any) -> list[str]:
    """Run a mutation of a credential; return the codes of its refusals."""
    selection = "purgedId" if field == "credentialPurge" else "credential { id }"
    payload = await checks.tenant.mutate(field, selection, id=key, **input)
    return [error["code"] for error in payload["errors"]]


def codes(answer: GraphQLResponse) -> list[str]:
    """Return the codes of a call's refusals, from the payload or the response's errors."""
    payload = (answer.body.get("data") or {}).get("credentialVerify") or {"errors": []}
    return [*answer.codes, *(error["code"] for error in payload["errors"])]


async def gone(checks: VerificationHarness, key: str) -> bool:
    """Report whether only the events of a credential are left."""
    rows = await checks.tenant.rows()
    return not any(row.get("credential_id", row["id"]) == key for table in TABLES for row in rows[table])


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> asyncio.Semaphore:
    """Return a semaphore that each call releases once its request is committed.

    A call that comes after the answer does not join the check, so a test must not answer before all have joined.
    """
    semaphore, run_or_wait = asyncio.Semaphore(0), attempts.run_or_wait

    async def release_and_run(
        database: Database, registries: RegistrySet, actor: Actor, verified: Verified
    ) -> Verified:
        semaphore.release()
        return await run_or_wait(database, registries, actor, verified)

    monkeypatch.setattr(attempts, "run_or_wait", release_and_run)
    return semaphore


async def test_ten_calls_at_once_share_one_check(
    checks: VerificationHarness, fake: FakeRegistry, requested: asyncio.Semaphore
) -> None:
    received, go = asyncio.Event(), asyncio.Event()

    async def hold(_request: ReceivedRequest) -> Reply:
        received.set()
        await go.wait()
        return json_reply("LAPSED")

    fake.handle_with(hold)
    key = await checks.add()
    calls = [asyncio.create_task(checks.verify(key, correlationId=f"call-{number}")) for number in range(10)]
    await received.wait()
    for _ in calls:
        await requested.acquire()
    go.set()
    payloads = await asyncio.gather(*calls)
    (attempt,) = await checks.attempts(key)
    assert {payload["attempt"]["id"] for payload in payloads} == {attempt.id}
    assert [payload["correlationId"] for payload in payloads] == [f"call-{number}" for number in range(10)]
    assert {payload["attempt"]["correlationId"] for payload in payloads} == {attempt.correlation_id}
    assert {payload["eligibility"] for payload in payloads} == {"MAY_NOT_ENGAGE"}
    events = await checks.events(key)
    # The first check's own id, from the creation, and that of each call.
    assert events[0].correlation_id == attempt.correlation_id
    assert sorted(str(event.correlation_id) for event in events[1:]) == [f"call-{number}" for number in range(10)]
    assert len(fake.received) == 1
    assert [bool(event.changes) for event in events] == [True, *[False] * 10]


@pytest.mark.parametrize("is_failing", [False, True])
async def test_every_caller_of_one_check_gets_an_event_of_their_own(
    checks: VerificationHarness, fake: FakeRegistry, requested: asyncio.Semaphore, is_failing: bool
) -> None:
    created = await checks.create()
    key = created["credential"]["id"]
    received, go = asyncio.Event(), asyncio.Event()

    async def hold(_request: ReceivedRequest) -> Reply:
        received.set()
        await go.wait()
        return Reply(status=500) if is_failing else json_reply()

    fake.handle_with(hold)
    ids = ["order-1", "order-2", None, "order-1", created["correlationId"]]
    calls = [
        asyncio.create_task(checks.verify(key, **({} if sent is None else {"correlationId": sent}))) for sent in ids
    ]
    await received.wait()
    for _ in calls:
        await requested.acquire()
    go.set()
    payloads = await asyncio.gather(*calls)
    own = created["correlationId"]
    assert [payload["correlationId"] for payload in payloads] == [sent or own for sent in ids]
    events = await checks.events(key)
    assert events[0].correlation_id == own
    assert sorted(str(event.correlation_id) for event in events[1:]) == ["order-1", "order-2"]
    assert {event.occurred_at for event in events} == {events[0].occurred_at}


async def test_a_call_after_the_check_has_no_event_of_an_earlier_one(checks: VerificationHarness) -> None:
    created = await checks.create()
    key = created["credential"]["id"]
    await checks.verify(key, correlationId="first")
    cached = await checks.verify(key, correlationId="second")
    assert (cached["correlationId"], cached["cached"]) == ("second", True)
    await checks.verify(key, correlationId="third", forceRefresh=True)
    found = [event.correlation_id for event in await checks.events(key)]
    assert found == [created["correlationId"], "first", "third"]


async def test_calls_and_the_job_loop_at_once_share_one_check(checks: VerificationHarness, fake: FakeRegistry) -> None:
    keys = [await checks.add(f"N{number}") for number in range(5)]
    await asyncio.gather(checks.run_jobs(), *(checks.verify(key) for key in keys for _ in range(2)), checks.run_jobs())
    assert len(fake.received) == 5
    for key in keys:
        assert [attempt.outcome for attempt in await checks.attempts(key)] == [VerificationOutcome.COMPLETED]
        assert len(await checks.events(key)) == 1


async def test_concurrent_forced_refreshes_never_record_one_check_twice(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    key = await checks.add_checked()
    payloads = await asyncio.gather(*(checks.verify(key, forceRefresh=True) for _ in range(10)))
    attempts = await checks.attempts(key)
    assert {payload["attempt"]["id"] for payload in payloads} == {attempt.id for attempt in attempts[1:]}
    assert len(fake.received) == len(attempts) == len(await checks.events(key))


async def test_a_credential_purged_during_its_check_stays_purged(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    key = await checks.add()

    async def purge(_request: ReceivedRequest) -> Reply:
        assert await change(checks, "credentialArchive", key) == []
        assert await change(checks, "credentialPurge", key, confirm=True) == []
        return json_reply()

    fake.handle_with(purge)
    answer = await checks.tenant.execute(VERIFY, {"id": key})
    assert codes(answer) == ["NOT_FOUND"]
    assert await gone(checks, key)
    assert await checks.events(key) == []
    assert len(await checks.events(key, "credential.purged")) == 1


async def test_a_purge_during_a_failing_check_causes_no_error(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add()

    async def purge(_request: ReceivedRequest) -> Reply:
        await change(checks, "credentialArchive", key)
        await change(checks, "credentialPurge", key, confirm=True)
        return Reply(status=500)

    fake.handle_with(purge)
    assert codes(await checks.tenant.execute(VERIFY, {"id": key})) == ["NOT_FOUND"]
    assert await gone(checks, key)


async def test_verify_races_purge(checks: VerificationHarness) -> None:
    for number in range(8):
        key = await checks.add_checked(f"N{number}")

        async def purge(key: str = key) -> list[str]:
            await change(checks, "credentialArchive", key)
            return await change(checks, "credentialPurge", key, confirm=True)

        force = VERIFY.replace("id: $id", "id: $id, forceRefresh: true")
        purging = asyncio.create_task(purge())
        answers = await asyncio.gather(*(checks.tenant.execute(force, {"id": key}) for _ in range(3)))
        assert await purging == []
        assert {code for answer in answers for code in codes(answer)} <= {"ARCHIVED", "NOT_FOUND"}
        assert await gone(checks, key)
        await checks.run_jobs()


async def test_a_repeated_call_after_the_purge_causes_no_error(checks: VerificationHarness) -> None:
    key = await checks.add()
    once = VERIFY.replace("id: $id", 'id: $id, idempotencyKey: "once"')
    assert codes(await checks.tenant.execute(once, {"id": key})) == []
    await change(checks, "credentialArchive", key)
    await change(checks, "credentialPurge", key, confirm=True)
    assert codes(await checks.tenant.execute(once, {"id": key})) == ["NOT_FOUND"]


async def test_a_repeated_call_returns_the_first_calls_check(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    input = {"idempotencyKey": "once", "forceRefresh": True}
    first, again = [await checks.verify(key, **input) for _ in range(2)]
    assert first == again
    assert len(fake.received) == 2


async def test_archiving_during_a_check_keeps_both_changes(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add()

    async def archive(_request: ReceivedRequest) -> Reply:
        assert await change(checks, "credentialArchive", key) == []
        return json_reply("LAPSED")

    fake.handle_with(archive)
    payload = await checks.verify(key)
    row = await checks.credential(key)
    assert (payload["eligibility"], row.eligibility) == ("MAY_NOT_ENGAGE", "MAY_NOT_ENGAGE")
    assert row.archived_at is not None
    assert row.next_check_at is None
