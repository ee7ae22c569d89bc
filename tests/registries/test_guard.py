"""How a registry is guarded: bounded retries, and a breaker that spares what fails again and again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.registries.protocol import Eligibility, Inquiry, Unavailable
from app.registries.registry_set import Guard, Source, Sources
from tests import registry
from tests.registry import Asked, FakeRegistry, Reply, says

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
    return Guard(tries=1, first_wait_seconds=0.001, longest_wait_seconds=0.002, open_seconds=30, clock=hand)


@pytest.fixture
async def source(fake: FakeRegistry, tmp_path: Path, guard: Guard) -> AsyncIterator[Source]:
    """The guarded registry."""
    sources = Sources(registry.file_of(tmp_path, ocg=fake.describe()), guard)
    yield sources.of("ocg", sandbox=False)
    await sources.close()


async def fail(source: Source, times: int = 1) -> None:
    """Ask in vain."""
    for _ in range(times):
        with pytest.raises(Unavailable):
            await source.check(INQUIRY)


async def opened(fake: FakeRegistry, source: Source) -> None:
    """Fail until it is not asked any more."""
    fake.answers(FAILING)
    await fail(source, 5)
    assert source.state == "open"
    fake.asked.clear()


async def test_a_failed_try_is_repeated_until_it_succeeds(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = Sources(registry.file_of(tmp_path, ocg=fake.describe()), replace(guard, tries=3))
    fake.answers(FAILING, Reply(b"?"), says())
    checked = await sources.of("ocg", sandbox=False).check(INQUIRY)
    assert (checked.finding.eligibility, len(fake.asked)) == (Eligibility.MAY_ENGAGE, 3)
    await sources.close()


async def test_tries_are_bounded(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = Sources(registry.file_of(tmp_path, ocg=fake.describe()), replace(guard, tries=3))
    fake.answers(FAILING)
    with pytest.raises(Unavailable, match="the registry answered 500"):
        await sources.of("ocg", sandbox=False).check(INQUIRY)
    assert len(fake.asked) == 3
    assert sources.of("ocg", sandbox=False).state == "closed"
    await sources.close()


async def test_what_was_found_is_not_asked_for_again(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = Sources(registry.file_of(tmp_path, ocg=fake.describe()), replace(guard, tries=3))
    for reply in (says("LAPSED"), says("HELD"), says("ODD"), Reply(status=404)):
        fake.asked.clear()
        fake.answers(reply)
        await sources.of("ocg", sandbox=False).check(INQUIRY)
        assert len(fake.asked) == 1
    await sources.close()


async def test_five_failures_in_a_row_open_the_breaker_and_then_nobody_asks(fake: FakeRegistry, source: Source) -> None:
    fake.answers(FAILING)
    await fail(source, 4)
    assert source.state == "closed"
    await fail(source)
    assert (source.state, len(fake.asked)) == ("open", 5)
    with pytest.raises(Unavailable, match="is not asked for a while"):
        await source.check(INQUIRY)
    assert len(fake.asked) == 5


async def test_an_answer_between_failures_starts_the_count_anew(fake: FakeRegistry, source: Source) -> None:
    for _ in range(3):
        fake.answers(FAILING)
        await fail(source, 4)
        fake.answers(says("LAPSED"))
        await source.check(INQUIRY)
    assert source.state == "closed"


async def test_a_need_for_review_is_no_failure(fake: FakeRegistry, source: Source) -> None:
    fake.answers(says("HELD"))
    for _ in range(10):
        assert (await source.check(INQUIRY)).finding.eligibility is Eligibility.REVIEW_REQUIRED
    assert (source.state, len(fake.asked)) == ("closed", 10)


async def test_after_a_while_it_is_tried_and_an_answer_closes_the_breaker(
    fake: FakeRegistry, source: Source, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 29.9
    await fail(source)
    assert fake.asked == []
    hand.seconds = 30
    assert source.state == "half_open"
    fake.answers(says())
    await source.check(INQUIRY)
    assert (source.state, len(fake.asked)) == ("closed", 1)
    fake.answers(FAILING)
    await fail(source, 4)
    assert source.state == "closed"


async def test_a_failed_trial_opens_the_breaker_for_as_long_again(
    fake: FakeRegistry, source: Source, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 30
    await fail(source)
    assert (source.state, len(fake.asked)) == ("open", 1)
    hand.seconds = 59.9
    await fail(source)
    assert len(fake.asked) == 1
    hand.seconds = 60
    assert source.state == "half_open"


async def test_of_many_at_once_only_one_tries_it(fake: FakeRegistry, source: Source, hand: Hand) -> None:
    await opened(fake, source)
    hand.seconds = 30
    asked, go = asyncio.Event(), asyncio.Event()

    async def hold(_asked: Asked) -> Reply:
        asked.set()
        await go.wait()
        return says()

    fake.does(hold)
    trial = asyncio.create_task(source.check(INQUIRY))
    await asked.wait()
    await fail(source, 9)
    go.set()
    assert (await trial).finding.eligibility is Eligibility.MAY_ENGAGE
    assert (source.state, len(fake.asked)) == ("closed", 1)


async def test_a_trial_that_is_cancelled_tells_nothing_and_leaves_the_next_one_to_try(
    fake: FakeRegistry, source: Source, hand: Hand
) -> None:
    await opened(fake, source)
    hand.seconds = 30
    asked = asyncio.Event()

    async def hang(_asked: Asked) -> Reply:
        asked.set()
        await asyncio.Event().wait()
        return says()

    fake.does(hang)
    trial = asyncio.create_task(source.check(INQUIRY))
    await asked.wait()
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert source.state == "half_open"
    fake.answers(says())
    await source.check(INQUIRY)
    assert source.state == "closed"


async def test_each_registry_has_a_breaker_of_its_own(fake: FakeRegistry, guard: Guard, tmp_path: Path) -> None:
    sources = Sources(registry.file_of(tmp_path, ocg=fake.describe(), vic=fake.describe()), guard)
    await opened(fake, sources.of("ocg", sandbox=False))
    fake.answers(says())
    await sources.of("vic", sandbox=False).check(INQUIRY)
    assert [sources.of(name, sandbox=False).state for name in ("ocg", "vic")] == ["open", "closed"]
    await sources.close()
