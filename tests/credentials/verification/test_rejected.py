"""A reviewer's rejection: no later check overturns it, only another review."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, json_reply

ACTION = "credential { id }"
FALLEN = ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")


async def standing(checks: VerificationHarness, key: str) -> tuple[str, str | None, str | None]:
    row = await checks.credential(key)
    return row.status, row.eligibility, row.status_detail


async def test_no_check_overturns_a_rejection(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    assert await standing(checks, key) == ("ACTIVE", "MAY_ENGAGE", "VALID")
    assert (await checks.tenant.mutate("credentialReject", ACTION, id=key))["errors"] == []
    for force in (False, True):
        attempt = await checks.verify(key, forceRefresh=force)
        assert (attempt["cached"], attempt["eligibility"]) == (False, "MAY_ENGAGE")
        assert attempt["credential"]["verification"]["status"] == "REVOKED"
        assert await standing(checks, key) == FALLEN


async def test_a_running_check_does_not_overturn_a_rejection(checks: VerificationHarness) -> None:
    key = await checks.add()
    assert (await checks.tenant.mutate("credentialReject", ACTION, id=key))["errors"] == []
    await checks.run_jobs()
    assert await standing(checks, key) == FALLEN


async def test_a_rejected_credential_is_not_rechecked_until_it_is_approved(
    checks: VerificationHarness, clock: SettableClock
) -> None:
    clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    key = await checks.add_checked()
    assert (await checks.tenant.mutate("credentialReject", ACTION, id=key))["errors"] == []
    assert (await checks.credential(key)).next_check_at is None
    assert (await checks.tenant.mutate("credentialApprove", ACTION, id=key))["errors"] == []
    clock.advance(timedelta(days=7))
    await checks.run_jobs()
    assert len(await checks.attempts(key)) == 2
    assert await standing(checks, key) == ("ACTIVE", "MAY_ENGAGE", "VALID")


ADVERSE = {
    "REVOKED": ("REVOKED", "MAY_NOT_ENGAGE", "CANCELLED"),
    "LAPSED": ("EXPIRED", "MAY_NOT_ENGAGE", "EXPIRED"),
}
"""Answers of the registry against the holder, and what follows from them."""


@pytest.mark.parametrize("found", ADVERSE)
@pytest.mark.parametrize("change", ["credentialUpdate", "credentialVersionEdit", "credentialVersionAdd"])
async def test_a_correction_of_what_was_rejected_does_not_undo_a_finding_against_the_holder(
    checks: VerificationHarness, fake: FakeRegistry, change: str, found: str
) -> None:
    fake.reply_with(json_reply(found))
    key = await checks.add_checked()
    assert (await checks.tenant.mutate("credentialReject", ACTION, id=key))["errors"] == []
    assert await standing(checks, key) == FALLEN
    day = {"expiryDate": "2031-01-01"}
    match change:
        case "credentialUpdate":
            payload = await checks.tenant.mutate(change, ACTION, id=key, issuing=day)
        case "credentialVersionEdit":
            version = (await checks.credential(key)).latest_version_id
            payload = await checks.tenant.mutate(change, "version { id }", id=version, **day)
        case _:
            payload = await checks.tenant.mutate(change, "version { id }", id=key, **day)
    assert payload["errors"] == []
    assert await standing(checks, key) == ADVERSE[found]
    fake.reply_with(json_reply("CURRENT"))
    await checks.verify(key, forceRefresh=True)
    assert await standing(checks, key) == ("ACTIVE", "MAY_ENGAGE", "VALID")
