"""A reviewer's rejection stands, whatever a registry says afterwards, until somebody decides again."""

from datetime import UTC, datetime, timedelta

from tests.checks import Checks
from tests.conftest import SettableClock

ACTION = "credential { id }"
FALLEN = ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")


async def standing(checks: Checks, key: str) -> tuple[str, str | None, str | None]:
    row = await checks.row(key)
    return row.status, row.eligibility, row.status_detail


async def test_no_check_overturns_it(checks: Checks) -> None:
    key = await checks.checked()
    assert await standing(checks, key) == ("ACTIVE", "MAY_ENGAGE", "VALID")
    assert (await checks.tenant.change("credentialReject", ACTION, id=key))["errors"] == []
    for force in (False, True):
        found = await checks.verify(key, forceRefresh=force)
        assert (found["cached"], found["eligibility"]) == (False, "MAY_ENGAGE")
        assert found["credential"]["verification"]["status"] == "REVOKED"
        assert await standing(checks, key) == FALLEN


async def test_a_check_under_way_does_not_either(checks: Checks) -> None:
    key = await checks.add()
    assert (await checks.tenant.change("credentialReject", ACTION, id=key))["errors"] == []
    await checks.turn()
    assert await standing(checks, key) == FALLEN


async def test_it_is_not_checked_by_the_calendar_until_it_is_approved(checks: Checks, clock: SettableClock) -> None:
    clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    key = await checks.checked()
    assert (await checks.tenant.change("credentialReject", ACTION, id=key))["errors"] == []
    assert (await checks.row(key)).next_check_at is None
    assert (await checks.tenant.change("credentialApprove", ACTION, id=key))["errors"] == []
    clock.advance(timedelta(days=7))
    await checks.turn()
    assert len(await checks.attempts(key)) == 2
    assert await standing(checks, key) == ("ACTIVE", "MAY_ENGAGE", "VALID")
