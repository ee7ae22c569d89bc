"""Checks whose process died or stopped, and credentials that change during the call to the registry."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.credentials.verification import attempts
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.jobs import concurrency
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, ReceivedRequest, Reply, json_reply

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def add_started(checks: VerificationHarness, times: int) -> str:
    """Add a credential whose check was started a number of times and never finished; return its id."""
    key = await checks.add()
    (attempt,) = await checks.attempts(key)
    async with checks.database.writing() as session:
        row = await session.get_row(VerificationAttempt, (checks.tenant.id, attempt.id))
        row.leased_until = session.now + attempts.LEASE_DURATION
        row.tries = times
    return key


async def only_attempt(checks: VerificationHarness, key: str) -> VerificationAttempt:
    """Return a credential's only attempt."""
    (attempt,) = await checks.attempts(key)
    return attempt


async def test_a_leased_check_is_not_run_elsewhere_until_the_lease_expires(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await add_started(checks, 1)
    clock.advance(attempts.LEASE_DURATION)
    await checks.run_jobs()
    assert (fake.received, (await only_attempt(checks, key)).outcome) == ([], VerificationOutcome.PENDING)
    clock.advance(SECOND)
    await checks.run_jobs()
    attempt = await only_attempt(checks, key)
    assert (len(fake.received), attempt.outcome, attempt.tries) == (1, VerificationOutcome.COMPLETED, 2)
    assert attempt.leased_until is None


@pytest.mark.parametrize("times", [1, 2])
async def test_a_check_is_started_up_to_three_times(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry, times: int
) -> None:
    clock.set(NOON)
    key = await add_started(checks, times)
    clock.advance(attempts.LEASE_DURATION + SECOND)
    await checks.run_jobs()
    assert ((await only_attempt(checks, key)).outcome, len(fake.received)) == (VerificationOutcome.COMPLETED, 1)


async def test_a_check_that_never_finishes_fails(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await add_started(checks, 3)
    clock.advance(attempts.LEASE_DURATION + SECOND)
    await checks.run_jobs()
    attempt, row = await only_attempt(checks, key), await checks.credential(key)
    assert (attempt.outcome, fake.received) == (VerificationOutcome.ERROR, [])
    assert attempt.error_message == "the check was started 3 times and never finished"
    assert (row.eligibility, row.status_detail) == ("ERROR", "SOURCE_UNAVAILABLE")
    assert row.next_check_at == clock() + timedelta(hours=1)
    assert [event.correlation_id for event in await checks.events(key)] == [attempt.correlation_id]


async def test_stopped_checks_release_their_lease(checks: VerificationHarness, fake: FakeRegistry) -> None:
    await checks.run_jobs()
    keys = [await checks.add(f"N{number}") for number in range(concurrency.MAX_CONCURRENT + 2)]
    received = fake.hang()
    task = asyncio.create_task(checks.run_jobs())
    for _ in range(concurrency.MAX_CONCURRENT):
        await received.acquire()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for key in keys:
        attempt = await only_attempt(checks, key)
        assert (attempt.outcome, attempt.leased_until, attempt.tries) == (VerificationOutcome.PENDING, None, 0)
    fake.reply_with(json_reply())
    await checks.run_jobs()
    assert {(await only_attempt(checks, key)).outcome for key in keys} == {VerificationOutcome.COMPLETED}


async def test_an_answer_after_the_check_finished_changes_nothing(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await checks.add()

    async def answer_late(_request: ReceivedRequest) -> Reply:
        fake.reply_with(json_reply("LAPSED"))
        clock.advance(attempts.LEASE_DURATION + SECOND)
        await checks.run_jobs()
        return json_reply("CURRENT")

    fake.handle_with(answer_late)
    payload = await checks.verify(key)
    assert (payload["attempt"]["rawStatus"], payload["eligibility"]) == ("LAPSED", "MAY_NOT_ENGAGE")
    assert (len(await checks.events(key)), len(fake.received)) == (1, 2)


async def test_no_transaction_is_open_during_the_call_to_a_registry(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    key = await checks.add()

    async def write(_request: ReceivedRequest) -> Reply:
        """Write to the database. If a transaction were open, this write and the check would wait for each other."""
        payload = await checks.tenant.mutate(
            "credentialUpdate", "credential { revision }", id=key, identification={"displayName": "Renamed meanwhile"}
        )
        assert payload["errors"] == []
        return json_reply()

    fake.handle_with(write)
    payload = await checks.verify(key)
    assert (payload["errorMessage"], payload["eligibility"], len(fake.received)) == (None, "MAY_ENGAGE", 1)
    row = await checks.credential(key)
    assert (row.display_name, row.eligibility) == ("Renamed meanwhile", "MAY_ENGAGE")


async def test_a_slow_registry_delays_no_other_write(checks: VerificationHarness, fake: FakeRegistry) -> None:
    received, go = asyncio.Event(), asyncio.Event()

    async def wait(_request: ReceivedRequest) -> Reply:
        received.set()
        await go.wait()
        return json_reply()

    fake.handle_with(wait)
    key = await checks.add()
    calls = [asyncio.create_task(checks.verify(key)) for _ in range(3)]
    await received.wait()
    await checks.tenant.add_worker("Somebody Else")
    go.set()
    assert {payload["attempt"]["id"] for payload in await asyncio.gather(*calls)} == {
        (await only_attempt(checks, key)).id
    }
