"""How a registry is guarded: bounded retries, and a breaker that spares what fails again and again."""

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


class Hand:
    """A clock that a test turns by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def guard(hand: Hand) -> Guard:
    """A guard that asks once, and waits on the hand."""
    return Guard(tries=1, first_wait_seconds=0.001, max_wait_seconds=0.002, open_seconds=30, clock=hand)


@pytest.fixture
async def source(fake: FakeRegistry, tmp_path: Path, guard: Guard) -> AsyncIterator[GuardedRegistry]:
    """The guarded registry."""
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), guard)
    yield sources.get("ocg", sandbox=False)
    await sources.close()


async def fail(source: GuardedRegistry, times: int = 1) -> None:
    """Ask in vain."""
    for _ in range(times):
        with pytest.raises(RegistryUnavailable):
            await source.check(INQUIRY)


async def opened(fake: FakeRegistry, source: GuardedRegistry) -> None:
    """Fail until it is not asked any more."""
    fake.reply_with(FAILING)
    await fail(source, 5)
    assert source.state == "open"
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


async def test_what_was_found_is_not_asked_for_again(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config()), replace(guard, tries=3))
    for reply in (json_reply("LAPSED"), json_reply("HELD"), json_reply("ODD"), Reply(status=404)):
        fake.received.clear()
        fake.reply_with(reply)
        await sources.get("ocg", sandbox=False).check(INQUIRY)
        assert len(fake.received) == 1
    await sources.close()


async def test_five_failures_in_a_row_open_the_breaker_and_then_nobody_asks(
    fake: FakeRegistry, source: GuardedRegistry
) -> None:
    fake.reply_with(FAILING)
    await fail(source, 4)
    assert source.state == "closed"
    await fail(source)
    assert (source.state, len(fake.received)) == ("open", 5)
    with pytest.raises(RegistryUnavailable, match="is not asked for a while"):
        await source.check(INQUIRY)
    assert len(fake.received) == 5


async def test_an_answer_between_failures_starts_the_count_anew(fake: FakeRegistry, source: GuardedRegistry) -> None:
    for _ in range(3):
        fake.reply_with(FAILING)
        await fail(source, 4)
        fake.reply_with(json_reply("LAPSED"))
        await source.check(INQUIRY)
    assert source.state == "closed"


async def test_a_need_for_review_is_no_failure(fake: FakeRegistry, source: GuardedRegistry) -> None:
    fake.reply_with(json_reply("HELD"))
    for _ in range(10):
        assert (await source.check(INQUIRY)).finding.eligibility is Eligibility.REVIEW_REQUIRED
    assert (source.state, len(fake.received)) == ("closed", 10)


async def test_after_a_while_it_is_tried_and_an_answer_closes_the_breaker(
    fake: FakeRegistry, source: GuardedRegistry, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 29.9
    await fail(source)
    assert fake.received == []
    hand.seconds = 30
    assert source.state == "half_open"
    fake.reply_with(json_reply())
    await source.check(INQUIRY)
    assert (source.state, len(fake.received)) == ("closed", 1)
    fake.reply_with(FAILING)
    await fail(source, 4)
    assert source.state == "closed"


async def test_a_failed_trial_opens_the_breaker_for_as_long_again(
    fake: FakeRegistry, source: GuardedRegistry, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 30
    await fail(source)
    assert (source.state, len(fake.received)) == ("open", 1)
    hand.seconds = 59.9
    await fail(source)
    assert len(fake.received) == 1
    hand.seconds = 60
    assert source.state == "half_open"


async def test_of_many_at_once_only_one_tries_it(fake: FakeRegistry, source: GuardedRegistry, hand: Hand) -> None:
    await opened(fake, source)
    hand.seconds = 30
    asked, go = asyncio.Event(), asyncio.Event()

    async def hold(_asked: ReceivedRequest) -> Reply:
        asked.set()
        await go.wait()
        return json_reply()

    fake.handle_with(hold)
    trial = asyncio.create_task(source.check(INQUIRY))
    await asked.wait()
    await fail(source, 9)
    go.set()
    assert (await trial).finding.eligibility is Eligibility.MAY_ENGAGE
    assert (source.state, len(fake.received)) == ("closed", 1)


async def test_a_trial_that_is_cancelled_tells_nothing_and_leaves_the_next_one_to_try(
    fake: FakeRegistry, source: GuardedRegistry, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 30
    asked = asyncio.Event()

    async def hang(_asked: ReceivedRequest) -> Reply:
        asked.set()
        await asyncio.Event().wait()
        return json_reply()

    fake.handle_with(hang)
    trial = asyncio.create_task(source.check(INQUIRY))
    await asked.wait()
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert source.state == "half_open"
    fake.reply_with(json_reply())
    await source.check(INQUIRY)
    assert source.state == "closed"


async def test_each_registry_has_a_breaker_of_its_own(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = RegistrySet(registry.write_config(tmp_path, ocg=fake.config(), vic=fake.config()), guard)
    await opened(fake, sources.get("ocg", sandbox=False))
    fake.reply_with(json_reply())
    await sources.get("vic", sandbox=False).check(INQUIRY)
    assert [sources.get(name, sandbox=False).state for name in ("ocg", "vic")] == ["open", "closed"]
    await sources.close()
