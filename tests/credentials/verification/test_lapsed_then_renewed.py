"""A registry's finding that a credential has lapsed is about the period in force then: a renewal is checked anew."""

from datetime import UTC, date, datetime

import pytest

from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.registry import FakeRegistry, json_reply

OLD = {"issueDate": "2025-02-21", "expiryDate": "2026-02-20"}
"""A period whose usual checks, around its end, are over."""


@pytest.mark.parametrize(
    ("renewal", "checked_on"),
    [
        ({"issueDate": "2026-03-02", "expiryDate": "2027-03-01"}, date(2026, 3, 2)),  # at once
        ({"issueDate": "2026-03-04", "expiryDate": "2027-03-03"}, date(2026, 3, 4)),  # on its first day
        ({"issueDate": "2026-03-02", "expiryDate": None}, date(2026, 3, 2)),  # without an end
        ({"issueDate": "2024-03-02", "expiryDate": "2025-03-01"}, None),  # an older period, recorded late
    ],
)
async def test_a_lapsed_credential_is_checked_when_its_renewal_begins(
    checks: VerificationHarness,
    fake: FakeRegistry,
    clock: SettableClock,
    renewal: dict[str, str | None],
    checked_on: date | None,
) -> None:
    clock.set(datetime(2026, 3, 2, 12, tzinfo=UTC))
    fake.reply_with(json_reply("LAPSED"))
    key = await checks.add_checked(issuing=OLD)
    assert (await checks.credential(key)).status == "EXPIRED"
    fake.reply_with(json_reply("CURRENT"))
    await actions.add_version(checks.tenant, key, **renewal)
    statuses = {}
    for day in (2, 3, 4):
        clock.set(datetime(2026, 3, day, 13, tzinfo=UTC))
        await checks.run_jobs()
        statuses[date(2026, 3, day)] = (await checks.credential(key)).status
    assert statuses == {day: "ACTIVE" if checked_on and day >= checked_on else "EXPIRED" for day in statuses}


async def test_a_stated_expiry_ends_with_the_renewal_of_a_type_without_a_registry(checks: VerificationHarness) -> None:
    worker = await checks.tenant.add_worker()
    supports = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE"]
    type_input = {"code": "TICKET", "name": "Ticket", "category": "LICENCE", "supports": supports}
    await actions.mutation_payload(checks.tenant, "credentialTypeCreate", "credentialType { id }", **type_input)
    identification = {"credentialType": "TICKET", "category": "LICENCE", "referenceNumber": "T-1"}
    key = await checks.tenant.add_credential(worker, identification=identification, issuing=OLD)
    await actions.mutation_payload(checks.tenant, "credentialUpdate", id=key, verification={"status": "EXPIRED"})
    await actions.add_version(checks.tenant, key, issueDate="2024-03-02", expiryDate="2025-03-01")
    assert (await checks.credential(key)).status == "EXPIRED"
    await actions.add_version(checks.tenant, key, issueDate="2026-03-02", expiryDate="2027-03-01")
    assert (await checks.credential(key)).status == "ACTIVE"
