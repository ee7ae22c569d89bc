"""The schedule of rechecks: weekly, and around the expiry date."""

import asyncio
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.credentials import recheck_schedule
from app.credentials.tables import NEVER, Credential
from app.credentials.verification.tables import VerificationOutcome, VerificationTrigger
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, Reply, json_reply

EXPIRY = date(2026, 12, 31)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
ACTION = "credential { id }"


def day_around_expiry(days: int, hour: int) -> datetime:
    """Return a time on a day relative to the expiry date."""
    return datetime(EXPIRY.year, EXPIRY.month, EXPIRY.day, hour, tzinfo=UTC) + timedelta(days=days)


def unsaved_credential(**content: Any) -> Credential:
    """Return a credential that is not stored."""
    values: dict[str, Any] = {"is_verifiable": True, "expires_on": EXPIRY, **content}
    return Credential(**values)


def next_check(now: datetime, zone: tzinfo = UTC, **content: Any) -> datetime | None:
    """Return the time of a credential's next check."""
    credential = unsaved_credential(**content)
    recheck_schedule.schedule_next(credential, now, recheck_schedule.DEFAULT_INTERVAL, zone)
    return credential.next_check_at


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (day_around_expiry(-400, 12), day_around_expiry(-393, 12)),
        (day_around_expiry(-68, 12), day_around_expiry(-61, 12)),
        (day_around_expiry(-67, 12), day_around_expiry(-60, 3)),
        (day_around_expiry(-61, 12), day_around_expiry(-60, 3)),
        (day_around_expiry(-60, 2), day_around_expiry(-60, 3)),
        (day_around_expiry(-60, 3), day_around_expiry(-53, 3)),
        (day_around_expiry(-30, 12), day_around_expiry(-28, 3)),
        (day_around_expiry(-28, 4), day_around_expiry(-21, 4)),
        (day_around_expiry(-15, 0), day_around_expiry(-14, 3)),
        (day_around_expiry(-14, 3), day_around_expiry(-7, 3)),
        (day_around_expiry(-8, 12), day_around_expiry(-7, 3)),
        (day_around_expiry(-7, 12), day_around_expiry(-3, 3)),
        (day_around_expiry(-3, 12), day_around_expiry(0, 3)),
        (day_around_expiry(-1, 23), day_around_expiry(0, 3)),
        (day_around_expiry(0, 3), day_around_expiry(3, 3)),
        (day_around_expiry(2, 12), day_around_expiry(3, 3)),
        (day_around_expiry(3, 3), day_around_expiry(10, 3)),
        (day_around_expiry(100, 12), day_around_expiry(107, 12)),
    ],
)
def test_checks_come_weekly_and_on_days_around_expiry(now: datetime, then: datetime) -> None:
    assert next_check(now) == then


@pytest.mark.parametrize(
    ("zone", "then"),
    [
        ("Australia/Sydney", datetime(2026, 11, 1, 16, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 2, 8, tzinfo=UTC)),
    ],
)
def test_checks_around_expiry_run_in_the_organizations_morning(zone: str, then: datetime) -> None:
    now = datetime(2026, 10, 30, 12, tzinfo=UTC)
    assert next_check(now, ZoneInfo(zone), expires_on=date(2026, 11, 30)) == then


def test_a_check_is_scheduled_for_each_day_around_expiry() -> None:
    met, now = [], day_around_expiry(-70, 12)
    while now < day_around_expiry(20, 12):
        now = next_check(now) or now
        met.append((now - day_around_expiry(0, 3)).total_seconds() / 86_400)
    assert [day for day in (-60, -28, -14, -7, -3, 0, 3) if day not in met] == []


@pytest.mark.parametrize("expires_on", [NEVER, date(2199, 12, 31), date(1900, 1, 1)])
def test_a_distant_or_absent_expiry_date_leaves_the_weekly_check(expires_on: date) -> None:
    assert next_check(NOON, expires_on=expires_on) == NOON + WEEK


@pytest.mark.parametrize("state", [{"is_verifiable": False}, {"archived_at": NOON}, {"deleted_at": NOON}])
def test_unverifiable_credentials_are_never_due(state: dict[str, Any]) -> None:
    assert next_check(NOON, **state) is None


def test_a_changed_credential_is_due_at_once() -> None:
    for verifiable, due in ((True, NOON), (False, None)):
        credential = unsaved_credential(is_verifiable=verifiable)
        recheck_schedule.make_due(credential, NOON)
        assert credential.next_check_at == due


async def test_a_check_schedules_the_next_one(checks: VerificationHarness, clock: SettableClock) -> None:
    clock.set(NOON)
    key = await checks.add()
    assert (await checks.credential(key)).next_check_at is None
    await checks.run_jobs()
    assert (await checks.credential(key)).next_check_at == NOON + WEEK


async def test_a_failed_check_is_repeated_within_an_hour(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    fake.reply_with(Reply(status=500))
    key = await checks.add_checked()
    assert (await checks.credential(key)).next_check_at == NOON + timedelta(hours=1)
    fake.reply_with(json_reply())
    clock.advance(timedelta(hours=1))
    await checks.run_jobs()
    assert [attempt.outcome for attempt in await checks.attempts(key)] == [
        VerificationOutcome.ERROR,
        VerificationOutcome.COMPLETED,
    ]


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
    assert (again.trigger, again.outcome) == (VerificationTrigger.SCHEDULED, VerificationOutcome.COMPLETED)
    assert (again.requested_by_kind, again.requested_by) == ("SYSTEM", "verification")
    assert [event.actor_name for event in await checks.events(key)] == ["Owner", "Verification"]
    assert (await checks.credential(key)).next_check_at == NOON + 2 * WEEK


@pytest.mark.parametrize(
    ("away", "back"), [("credentialArchive", "credentialUnarchive"), ("credentialDelete", "credentialUndelete")]
)
async def test_a_type_may_set_its_interval(
    checks: VerificationHarness, clock: SettableClock, away: str, back: str
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    type_id = (await checks.credential(key)).credential_type_id
    chosen: dict[str, Any] = {"id": type_id, "verificationIntervalDays": 2}
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


async def test_a_check_around_expiry_has_its_own_trigger(checks: VerificationHarness, clock: SettableClock) -> None:
    clock.set(day_around_expiry(-61, 12))
    key = await checks.add_checked(issuing={"expiryDate": EXPIRY.isoformat()})
    clock.set(day_around_expiry(-60, 3))
    await checks.run_jobs()
    assert [attempt.trigger for attempt in await checks.attempts(key)] == [
        VerificationTrigger.ON_CREATE,
        VerificationTrigger.EXPIRY,
    ]


async def test_two_concurrent_runs_open_and_run_each_due_check_once(
    checks: VerificationHarness, clock: SettableClock, fake: FakeRegistry
) -> None:
    clock.set(NOON)
    keys = [await checks.add(f"N{number}") for number in range(12)]
    await checks.run_jobs()
    fake.received.clear()
    clock.advance(WEEK)
    await asyncio.gather(*(checks.run_jobs() for _ in range(4)))
    assert [len(await checks.attempts(key)) for key in keys] == [2] * 12
    assert sorted(request.target for request in fake.received) == sorted(f"/licences/N{number}" for number in range(12))


@pytest.mark.parametrize("mutation", ["credentialArchive", "credentialDelete"])
async def test_archived_and_deleted_credentials_are_not_rechecked(
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
async def test_a_check_that_ends_after_its_credential_was_archived_schedules_none(
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
    ("away", "back"), [("credentialArchive", "credentialUnarchive"), ("credentialDelete", "credentialUndelete")]
)
async def test_restored_and_undeleted_credentials_are_rechecked_again(
    checks: VerificationHarness, clock: SettableClock, away: str, back: str
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    for mutation in (away, back):
        assert (await checks.tenant.mutate(mutation, ACTION, id=key))["errors"] == []
    clock.advance(WEEK)
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 2


async def test_credentials_that_are_no_longer_verifiable_are_not_rechecked(
    checks: VerificationHarness, clock: SettableClock
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    input: dict[str, Any] = {"id": key, "verification": {"verifiable": False}}
    assert (await checks.tenant.mutate("credentialUpdate", ACTION, **input))["errors"] == []
    clock.advance(WEEK)
    await checks.run_jobs()
    assert [row.trigger for row in await checks.attempts(key)] == ["ON_CREATE", "REPORTED"]
    assert (await checks.credential(key)).next_check_at is None
