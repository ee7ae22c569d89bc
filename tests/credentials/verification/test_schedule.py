"""When a credential is checked again: weekly, and around its expiry date."""

import asyncio
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.credentials import recheck_schedule
from app.credentials.tables import NEVER, Credential
from app.credentials.verification.tables import Outcome, Trigger
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, Reply, json_reply

EXPIRY = date(2026, 12, 31)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ACTION = "credential { id }"


def around(days: int, hour: int) -> datetime:
    """An hour on a day counted from the expiry date."""
    return datetime(EXPIRY.year, EXPIRY.month, EXPIRY.day, hour, tzinfo=UTC) + timedelta(days=days)


def held(**content: Any) -> Credential:
    """A credential that is not kept anywhere."""
    values: dict[str, Any] = {"is_verifiable": True, "expires_on": EXPIRY, **content}
    return Credential(**values)


def planned(now: datetime, zone: tzinfo = UTC, **content: Any) -> datetime | None:
    """When a credential is checked next."""
    credential = held(**content)
    recheck_schedule.schedule_next(credential, now, recheck_schedule.DEFAULT_INTERVAL, zone)
    return credential.next_check_at


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (around(-400, 12), around(-393, 12)),
        (around(-68, 12), around(-61, 12)),
        (around(-67, 12), around(-60, 3)),
        (around(-61, 12), around(-60, 3)),
        (around(-60, 2), around(-60, 3)),
        (around(-60, 3), around(-53, 3)),
        (around(-30, 12), around(-28, 3)),
        (around(-28, 4), around(-21, 4)),
        (around(-15, 0), around(-14, 3)),
        (around(-14, 3), around(-7, 3)),
        (around(-8, 12), around(-7, 3)),
        (around(-7, 12), around(-3, 3)),
        (around(-3, 12), around(0, 3)),
        (around(-1, 23), around(0, 3)),
        (around(0, 3), around(3, 3)),
        (around(2, 12), around(3, 3)),
        (around(3, 3), around(10, 3)),
        (around(100, 12), around(107, 12)),
    ],
)
def test_checks_come_weekly_and_on_days_around_expiry(now: datetime, then: datetime) -> None:
    assert planned(now) == then


@pytest.mark.parametrize(
    ("zone", "then"),
    [
        ("Australia/Sydney", datetime(2026, 11, 1, 16, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 2, 8, tzinfo=UTC)),
    ],
)
def test_the_days_around_expiry_are_met_in_the_organizations_own_morning(zone: str, then: datetime) -> None:
    now = datetime(2026, 10, 30, 12, tzinfo=UTC)
    assert planned(now, ZoneInfo(zone), expires_on=date(2026, 11, 30)) == then


def test_each_of_the_days_around_expiry_is_met() -> None:
    met, now = [], around(-70, 12)
    while now < around(20, 12):
        now = planned(now) or now
        met.append((now - around(0, 3)).total_seconds() / 86_400)
    assert [day for day in (-60, -28, -14, -7, -3, 0, 3) if day not in met] == []


@pytest.mark.parametrize("expires_on", [NEVER, date(2199, 12, 31), date(1900, 1, 1)])
def test_a_far_date_or_none_leaves_the_weekly_check(expires_on: date) -> None:
    assert planned(NOON, expires_on=expires_on) == NOON + WEEK


@pytest.mark.parametrize("state", [{"is_verifiable": False}, {"archived_at": NOON}, {"deleted_at": NOON}])
def test_what_cannot_be_verified_is_never_due(state: dict[str, Any]) -> None:
    assert planned(NOON, **state) is None


def test_a_change_is_checked_at_the_next_opportunity() -> None:
    for verifiable, due in ((True, NOON), (False, None)):
        credential = held(is_verifiable=verifiable)
        recheck_schedule.make_due(credential, NOON)
        assert credential.next_check_at == due


async def test_a_check_plans_the_next_one(checks: VerificationHarness, clock: SettableClock) -> None:
    clock.set(NOON)
    key = await checks.add()
    assert (await checks.credential(key)).next_check_at is None
    await checks.run_jobs()
    assert (await checks.credential(key)).next_check_at == NOON + WEEK


async def test_a_failed_check_is_made_again_within_an_hour(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    fake.reply_with(Reply(status=500))
    key = await checks.add_checked()
    assert (await checks.credential(key)).next_check_at == NOON + timedelta(hours=1)
    fake.reply_with(json_reply())
    clock.advance(timedelta(hours=1))
    await checks.run_jobs()
    assert [attempt.outcome for attempt in await checks.attempts(key)] == [Outcome.ERROR, Outcome.COMPLETED]


async def test_a_due_credential_is_checked_by_the_service_itself(
    checks: VerificationHarness, clock: SettableClock
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    clock.advance(WEEK - timedelta(seconds=1))
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 1
    clock.advance(timedelta(seconds=1))
    await checks.run_jobs()
    _, again = await checks.attempts(key)
    assert (again.trigger, again.outcome) == (Trigger.SCHEDULED, Outcome.COMPLETED)
    assert (again.requested_by_kind, again.requested_by) == ("SYSTEM", "verification")
    assert [event.actor_name for event in await checks.events(key)] == ["Owner", "Verification"]
    assert (await checks.credential(key)).next_check_at == NOON + 2 * WEEK


@pytest.mark.parametrize(
    ("away", "back"), [("credentialArchive", "credentialRestore"), ("credentialDelete", "credentialUndelete")]
)
async def test_a_type_may_choose_its_interval(
    checks: VerificationHarness, clock: SettableClock, away: str, back: str
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    kind = (await checks.credential(key)).credential_type_id
    chosen: dict[str, Any] = {"id": kind, "verificationIntervalDays": 2}
    payload = await checks.tenant.mutate(
        "credentialTypeUpdate", "credentialType { verificationIntervalDays }", **chosen
    )
    assert payload == {"credentialType": {"verificationIntervalDays": 2}, "errors": []}
    clock.advance(WEEK)
    await checks.run_jobs()
    assert (await checks.credential(key)).next_check_at == NOON + WEEK + timedelta(days=2)
    clock.advance(timedelta(hours=1))
    for mutation in (away, back):
        assert (await checks.tenant.mutate(mutation, ACTION, id=key))["errors"] == []
    assert (await checks.credential(key)).next_check_at == NOON + WEEK + timedelta(days=2, hours=1)


async def test_a_check_around_expiry_says_so(checks: VerificationHarness, clock: SettableClock) -> None:
    clock.set(around(-61, 12))
    key = await checks.add_checked(issuing={"expiryDate": EXPIRY.isoformat()})
    clock.set(around(-60, 3))
    await checks.run_jobs()
    assert [attempt.trigger for attempt in await checks.attempts(key)] == [Trigger.ON_CREATE, Trigger.EXPIRY]


async def test_two_turns_at_once_open_and_make_each_due_check_once(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    keys = [await checks.add(f"N{number}") for number in range(12)]
    await checks.run_jobs()
    fake.received.clear()
    clock.advance(WEEK)
    await asyncio.gather(*(checks.run_jobs() for _ in range(4)))
    assert [len(await checks.attempts(key)) for key in keys] == [2] * 12
    assert sorted(asked.target for asked in fake.received) == sorted(f"/licences/N{number}" for number in range(12))


@pytest.mark.parametrize("mutation", ["credentialArchive", "credentialDelete"])
async def test_what_is_put_away_is_not_checked_by_the_calendar(
    checks: VerificationHarness, clock: SettableClock, mutation: str
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    assert (await checks.tenant.mutate(mutation, ACTION, id=key))["errors"] == []
    clock.advance(10 * WEEK)
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 1


@pytest.mark.parametrize("mutation", ["credentialArchive", "credentialDelete"])
@pytest.mark.parametrize("reply", [json_reply(), Reply(status=500)], ids=["answered", "failed"])
async def test_a_check_that_ends_after_its_credential_was_put_away_plans_none(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry, mutation: str, reply: Reply
) -> None:
    clock.set(NOON)
    key = await checks.add()
    assert (await checks.tenant.mutate(mutation, ACTION, id=key))["errors"] == []
    fake.reply_with(reply)
    await checks.run_jobs()
    assert (await checks.credential(key)).next_check_at is None
    clock.advance(10 * WEEK)
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 1


@pytest.mark.parametrize(
    ("away", "back"), [("credentialArchive", "credentialRestore"), ("credentialDelete", "credentialUndelete")]
)
async def test_what_comes_back_is_checked_by_the_calendar_again(
    checks: VerificationHarness, clock: SettableClock, away: str, back: str
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    for mutation in (away, back):
        assert (await checks.tenant.mutate(mutation, ACTION, id=key))["errors"] == []
    clock.advance(WEEK)
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 2


async def test_what_is_no_longer_verifiable_is_not_checked(checks: VerificationHarness, clock: SettableClock) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    given: dict[str, Any] = {"id": key, "verification": {"isVerifiable": False}}
    assert (await checks.tenant.mutate("credentialUpdate", ACTION, **given))["errors"] == []
    clock.advance(WEEK)
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 1
    assert (await checks.credential(key)).next_check_at is None
