"""A check whose maker died, was stopped, or met changes while its registry was asked."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.credentials.verification import attempts
from app.credentials.verification.tables import Outcome, VerificationAttempt
from app.jobs import concurrency
from tests.checks import Checks
from tests.conftest import SettableClock
from tests.registry import Asked, FakeRegistry, Reply, says

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def begun(checks: Checks, times: int) -> str:
    """A credential whose check somebody began so often, and never finished; gives its id."""
    key = await checks.add()
    (attempt,) = await checks.attempts(key)
    async with checks.database.writing() as session:
        row = await session.row(VerificationAttempt, (checks.tenant.id, attempt.id))
        row.leased_until = session.now + attempts.LEASE
        row.tries = times
    return key


async def only(checks: Checks, key: str) -> VerificationAttempt:
    """A credential's only check."""
    (attempt,) = await checks.attempts(key)
    return attempt


async def test_a_check_is_left_to_whoever_began_it_until_the_lease_runs_out(
    checks: Checks, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await begun(checks, 1)
    clock.advance(attempts.LEASE)
    await checks.turn()
    assert (fake.asked, (await only(checks, key)).outcome) == ([], Outcome.PENDING)
    clock.advance(SECOND)
    await checks.turn()
    attempt = await only(checks, key)
    assert (len(fake.asked), attempt.outcome, attempt.tries) == (1, Outcome.COMPLETED, 2)
    assert attempt.leased_until is None


@pytest.mark.parametrize("times", [1, 2])
async def test_a_check_is_begun_three_times_at_most(
    checks: Checks, clock: SettableClock, fake: FakeRegistry, times: int
) -> None:
    clock.set(NOON)
    key = await begun(checks, times)
    clock.advance(attempts.LEASE + SECOND)
    await checks.turn()
    assert ((await only(checks, key)).outcome, len(fake.asked)) == (Outcome.COMPLETED, 1)


async def test_a_check_that_is_never_finished_is_given_up(
    checks: Checks, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await begun(checks, 3)
    clock.advance(attempts.LEASE + SECOND)
    await checks.turn()
    attempt, row = await only(checks, key), await checks.row(key)
    assert (attempt.outcome, fake.asked) == (Outcome.ERROR, [])
    assert attempt.error_message == "the check was begun 3 times, and never finished"
    assert (row.eligibility, row.status_detail) == ("ERROR", "SOURCE_UNAVAILABLE")
    assert row.next_check_at == clock() + timedelta(hours=1)
    assert [event.correlation_id for event in await checks.facts(key)] == [attempt.correlation_id]


async def test_checks_that_are_stopped_are_given_back_at_once(checks: Checks, fake: FakeRegistry) -> None:
    await checks.turn()
    keys = [await checks.add(f"N{number}") for number in range(concurrency.AT_ONCE + 2)]
    asked = asyncio.Semaphore(0)

    async def hang(_asked: Asked) -> Reply:
        asked.release()
        await asyncio.Event().wait()
        return says()

    fake.does(hang)
    task = asyncio.create_task(checks.turn())
    for _ in range(concurrency.AT_ONCE):
        await asked.acquire()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for key in keys:
        attempt = await only(checks, key)
        assert (attempt.outcome, attempt.leased_until, attempt.tries) == (Outcome.PENDING, None, 0)
    fake.answers(says())
    await checks.turn()
    assert {(await only(checks, key)).outcome for key in keys} == {Outcome.COMPLETED}


async def test_an_answer_that_comes_after_the_check_was_settled_changes_nothing(
    checks: Checks, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    key = await checks.add()

    async def answer_late(_asked: Asked) -> Reply:
        fake.answers(says("LAPSED"))
        clock.advance(attempts.LEASE + SECOND)
        await checks.turn()
        return says("CURRENT")

    fake.does(answer_late)
    payload = await checks.verify(key)
    assert (payload["attempt"]["rawStatus"], payload["eligibility"]) == ("LAPSED", "MAY_NOT_ENGAGE")
    assert (len(await checks.facts(key)), len(fake.asked)) == (1, 2)


async def test_no_transaction_is_open_while_a_registry_is_asked(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.add()

    async def write(_asked: Asked) -> Reply:
        """Were a transaction open, this would wait for its end, and the check for this."""
        payload = await checks.tenant.change(
            "credentialUpdate", "credential { revision }", id=key, identification={"displayName": "Renamed meanwhile"}
        )
        assert payload["errors"] == []
        return says()

    fake.does(write)
    payload = await checks.verify(key)
    assert (payload["errorMessage"], payload["eligibility"], len(fake.asked)) == (None, "MAY_ENGAGE", 1)
    row = await checks.row(key)
    assert (row.display_name, row.eligibility) == ("Renamed meanwhile", "MAY_ENGAGE")


async def test_a_slow_registry_holds_up_no_other_write(checks: Checks, fake: FakeRegistry) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def wait(_asked: Asked) -> Reply:
        asked.set()
        await go.wait()
        return says()

    fake.does(wait)
    key = await checks.add()
    calls = [asyncio.create_task(checks.verify(key)) for _ in range(3)]
    await asked.wait()
    await checks.tenant.add_worker("Somebody Else")
    go.set()
    assert {payload["attempt"]["id"] for payload in await asyncio.gather(*calls)} == {(await only(checks, key)).id}
