"""Expiry dates from registries: dates that a credential takes, and dates that need a review."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.registry import FakeRegistry, json_reply


async def changes(checks: VerificationHarness, key: str) -> list[dict[str, Any]]:
    """Return the recorded changes of the latest version's expiry date."""
    text = """query ($id: ID!) { credential(by: {id: $id}) { latestVersion { expiryDate
        history(where: { field: { eq: EXPIRY_DATE } }) { nodes { before after changedByName } } } } }"""
    version = (await checks.tenant.execute(text, {"id": key})).data["credential"]["latestVersion"]
    return [{"now": version["expiryDate"]}, *version["history"]["nodes"]]


async def test_a_registrys_expiry_date_is_copied_and_recorded(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(json_reply("CURRENT", expires="2031-12-24"))
    key = await checks.add()
    payload = await checks.verify(key)
    assert (payload["expiryDate"], payload["attempt"]["expiryDate"]) == ("2031-12-24", "2031-12-24")
    assert payload["credential"]["issuing"]["expiryDate"] == "2031-12-24"
    now, *logged = await changes(checks, key)
    assert now == {"now": "2031-12-24"}
    correction = {"before": "2029-05-01", "after": "2031-12-24", "changedByName": "Owner"}
    assert correction in logged
    assert len(logged) == 2


async def test_the_same_date_is_not_recorded_again(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(json_reply("CURRENT", expires="2029-05-01"))
    key = await checks.add_checked()
    await checks.verify(key, forceRefresh=True)
    assert len(await changes(checks, key)) == 2


async def test_without_a_date_of_the_registry_the_credentials_own_is_shown(checks: VerificationHarness) -> None:
    payload = await checks.verify(await checks.add())
    assert (payload["expiryDate"], payload["attempt"]["expiryDate"]) == ("2029-05-01", None)


async def test_the_list_filters_by_the_copied_date(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(json_reply("CURRENT", expires="2030-01-01"))
    key = await checks.add_checked()
    where = 'where: { expiryDate: { lt: "2030-01-02" } }'
    assert (await checks.tenant.execute(f"{{ credentials({where}) {{ nodes {{ id }} }} }}")).data == {
        "credentials": {"nodes": [{"id": key}]}
    }


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("0001-01-01", "The registry's expiry date 0001-01-01 is not a likely one."),
        ("9999-12-31", "The registry's expiry date 9999-12-31 is not a likely one."),
        ("9999-12-30", "The registry's expiry date 9999-12-30 is not a likely one."),
        ("2200-01-01", "The registry's expiry date 2200-01-01 is not a likely one."),
        ("2024-04-30", "The registry's expiry date 2024-04-30 is before the issue date 2024-05-01."),
    ],
)
async def test_an_implausible_date_needs_a_review(
    checks: VerificationHarness, fake: FakeRegistry, day: str, problem: str
) -> None:
    fake.reply_with(json_reply("CURRENT", expires=day))
    key = await checks.add()
    payload = await checks.verify(key)
    assert (payload["eligibility"], payload["attempt"]["problems"]) == ("MAY_ENGAGE", [problem])
    assert payload["credential"]["issuing"]["expiryDate"] == "2029-05-01"
    assert payload["attempt"]["expiryDate"] == day
    assert (await checks.credential(key)).next_check_at is not None


async def test_a_type_without_expiry_dates_copies_none(checks: VerificationHarness, fake: FakeRegistry) -> None:
    input = {"code": "FOREVER", "name": "Forever", "category": "SCREENING", "verificationSource": checks.source}
    made = await checks.tenant.mutate(
        "credentialTypeCreate", "credentialType { id }", supports=["REFERENCE_NUMBER"], **input
    )
    assert made["errors"] == []
    fake.reply_with(json_reply("CURRENT", expires="2031-12-24"))
    key = await checks.add(code="FOREVER", issuing=None)
    payload = await checks.verify(key)
    assert payload["credential"]["issuing"]["expiryDate"] is None
    assert payload["attempt"]["expiryDate"] == "2031-12-24"


OLD = {"issueDate": "2025-12-31", "expiryDate": "2026-12-30"}
EARLY = {"issueDate": "2026-12-31", "expiryDate": "2027-12-30"}
LONGER = {"issueDate": "2025-12-31", "expiryDate": "2027-12-30"}
LATE = {"issueDate": "2021-01-01", "expiryDate": "2022-12-31"}


@pytest.mark.parametrize(
    ("latest", "found", "expected"),
    [
        (EARLY, "2026-12-30", ["2026-12-30", "2027-12-30"]),  # not renewed yet at the registry
        (EARLY, "2026-12-20", ["2026-12-20", "2027-12-30"]),
        (EARLY, "2027-12-30", ["2026-12-30", "2027-12-30"]),  # renewed
        (EARLY, "2027-11-30", ["2026-12-30", "2027-11-30"]),
        (EARLY, "2029-01-01", ["2026-12-30", "2029-01-01"]),
        (LATE, "2026-12-31", ["2026-12-31", "2022-12-31"]),
        (LATE, "2027-01-15", ["2027-01-15", "2022-12-31"]),
        (LONGER, "2027-11-30", ["2026-12-30", "2027-11-30"]),  # the latest is in force
        ({**EARLY, "referenceNumber": "N2"}, "2027-11-30", ["2026-12-30", "2027-11-30"]),
        ({**EARLY, "referenceNumber": "N2"}, "2026-12-20", ["2026-12-30", "2027-12-30"]),  # before N2 was issued
    ],
)
async def test_a_date_is_that_of_the_version_it_fits(
    checks: VerificationHarness,
    fake: FakeRegistry,
    clock: SettableClock,
    latest: dict[str, str],
    found: str,
    expected: list[str],
) -> None:
    clock.set(datetime(2026, 12, 1, 12, tzinfo=UTC))
    key = await checks.add_checked(issuing=OLD)
    await actions.add_version(checks.tenant, key, **latest)
    fake.reply_with(json_reply("CURRENT", expires=found))
    payload = await checks.verify(key, forceRefresh=True)
    assert [str(version.expiry_date) for version in await actions.version_rows(checks.tenant, key)] == expected
    row = await checks.credential(key)
    assert (str(row.expiry_date), row.status) == (expected[1], "ACTIVE")
    assert str(row.expires_on) == (expected[1] if latest is LONGER else expected[0])
    assert (payload["attempt"]["problems"] == []) == (latest.get("referenceNumber") is None or found > "2026-12-30")
    clock.set(datetime(2026, 12, 31, 12, tzinfo=UTC))
    await checks.run_jobs()
    assert str((await checks.credential(key)).expires_on) == expected[expected[0] < expected[1]]
