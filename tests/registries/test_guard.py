"""The guard of a registry: bounded retries and a circuit breaker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.registries.findings import Eligibility
from app.registries.protocol import Inquiry, RegistryUnavailable
from app.registries.registry_set import Guard, GuardedRegistry, RegistrySet
from tests import registry
from tests.registry import FakeRegistry, ReceivedRequest, Reply, json_reply

FAILING = Reply(status=500)
INQUIRY = Inquiry(type_code="WWCC_NSW", reference_number="WWC1")


class ManualClock:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def manual_clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def guard(manual_clock: ManualClock) -> Guard:
    """Provide a guard with one try, whose breaker uses the manual clock."""
    return Guard(tries=1, first_wait_seconds=0.001, max_wait_seconds=0.002, open_seconds=30, clock=manual_clock)


@pytest.fixture
async def guarded(fake: FakeRegistry, tmp_path: Path, guard: Guard) -> AsyncIterator[GuardedRegistry]:
    """Provide the guarded registry."""
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), guard)
    yield sources.get("ocg", sandbox=False)
    await sources.close()


async def fail(guarded: GuardedRegistry, times: int = 1) -> None:
    """Ask the registry and assert that it fails."""
    for _ in range(times):
        with pytest.raises(RegistryUnavailable):
            await guarded.check(INQUIRY)


async def open_breaker(fake: FakeRegistry, guarded: GuardedRegistry) -> None:
    """Fail until the breaker is open."""
    fake.reply_with(FAILING)
    await fail(guarded, 5)
    assert guarded.state == "open"
    fake.received.clear()


async def test_a_failed_try_is_repeated_until_it_succeeds(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), replace(guard, tries=3))
    fake.reply_with(FAILING, Reply(b"?"), json_reply())
    checked = await sources.get("ocg", sandbox=False).check(INQUIRY)
    assert (checked.finding.eligibility, len(fake.received)) == (Eligibility.MAY_ENGAGE, 3)
    await sources.close()


async def test_tries_are_bounded(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), replace(guard, tries=3))
    fake.reply_with(FAILING)
    with pytest.raises(RegistryUnavailable, match="the registry answered 500"):
        await sources.get("ocg", sandbox=False).check(INQUIRY)
    assert len(fake.received) == 3
    assert sources.get("ocg", sandbox=False).state == "closed"
    await sources.close()


async def test_a_finding_is_not_requested_again(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), replace(guard, tries=3))
    for reply in (json_reply("LAPSED"), json_reply("HELD"), json_reply("ODD"), Reply(status=404)):
        fake.received.clear()
        fake.reply_with(reply)
        await sources.get("ocg", sandbox=False).check(INQUIRY)
        assert len(fake.received) == 1
    await sources.close()


async def test_five_consecutive_failures_open_the_breaker(fake: FakeRegistry, guarded: GuardedRegistry) -> None:
    fake.reply_with(FAILING)
    await fail(guarded, 4)
    assert guarded.state == "closed"
    await fail(guarded)
    assert (guarded.state, len(fake.received)) == ("open", 5)
    with pytest.raises(RegistryUnavailable, match="is not asked for a while"):
        await guarded.check(INQUIRY)
    assert len(fake.received) == 5


async def test_an_answer_between_failures_resets_the_count(fake: FakeRegistry, guarded: GuardedRegistry) -> None:
    for _ in range(3):
        fake.reply_with(FAILING)
        await fail(guarded, 4)
        fake.reply_with(json_reply("LAPSED"))
        await guarded.check(INQUIRY)
    assert guarded.state == "closed"


async def test_a_finding_that_needs_a_review_is_no_failure(fake: FakeRegistry, guarded: GuardedRegistry) -> None:
    fake.reply_with(json_reply("HELD"))
    for _ in range(10):
        assert (await guarded.check(INQUIRY)).finding.eligibility is Eligibility.REVIEW_REQUIRED
    assert (guarded.state, len(fake.received)) == ("closed", 10)


async def test_an_answer_to_the_trial_closes_the_breaker(
    fake: FakeRegistry, guarded: GuardedRegistry, manual_clock: ManualClock
) -> None:
    await open_breaker(fake, guarded)
    manual_clock.seconds = 29.9
    await fail(guarded)
    assert fake.received == []
    manual_clock.seconds = 30
    assert guarded.state == "half_open"
    fake.reply_with(json_reply())
    await guarded.check(INQUIRY)
    assert (guarded.state, len(fake.received)) == ("closed", 1)
    fake.reply_with(FAILING)
    await fail(guarded, 4)
    assert guarded.state == "closed"


async def test_a_failed_trial_opens_the_breaker_for_the_same_time(
    fake: FakeRegistry, guarded: GuardedRegistry, manual_clock: ManualClock
) -> None:
    await open_breaker(fake, guarded)
    manual_clock.seconds = 30
    await fail(guarded)
    assert (guarded.state, len(fake.received)) == ("open", 1)
    manual_clock.seconds = 59.9
    await fail(guarded)
    assert len(fake.received) == 1
    manual_clock.seconds = 60
    assert guarded.state == "half_open"


async def test_only_one_of_many_concurrent_calls_is_the_trial(
    fake: FakeRegistry, guarded: GuardedRegistry, manual_clock: ManualClock
) -> None:
    await open_breaker(fake, guarded)
    manual_clock.seconds = 30
    received, go = asyncio.Event(), asyncio.Event()

    async def hold(_request: ReceivedRequest) -> Reply:
        received.set()
        await go.wait()
        return json_reply()

    fake.handle_with(hold)
    trial = asyncio.create_task(guarded.check(INQUIRY))
    await received.wait()
    await fail(guarded, 9)
    go.set()
    assert (await trial).finding.eligibility is Eligibility.MAY_ENGAGE
    assert (guarded.state, len(fake.received)) == ("closed", 1)


async def test_a_cancelled_trial_counts_as_nothing_and_the_next_call_is_the_trial(
    fake: FakeRegistry, guarded: GuardedRegistry, manual_clock: ManualClock
) -> None:
    await open_breaker(fake, guarded)
    manual_clock.seconds = 30
    received = fake.hang()
    trial = asyncio.create_task(guarded.check(INQUIRY))
    await received.acquire()
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert guarded.state == "half_open"
    fake.reply_with(json_reply())
    await guarded.check(INQUIRY)
    assert guarded.state == "closed"


async def test_each_registry_has_its_own_breaker(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config(), vic=fake.config()), guard)
    await open_breaker(fake, sources.get("ocg", sandbox=False))
    fake.reply_with(json_reply())
    await sources.get("vic", sandbox=False).check(INQUIRY)
    assert [sources.get(name, sandbox=False).state for name in ("ocg", "vic")] == ["open", "closed"]
    await sources.close()
