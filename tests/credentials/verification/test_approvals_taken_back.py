"""Taking back an approval while another version stands: what a registry found counts, and no more than that."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.checks import CHECKED_TYPE, VerificationHarness
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.registry import FakeRegistry, json_reply

APPROVED = ("ACTIVE", "MAY_ENGAGE", "VALID")
FALLEN = ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")
FOUND = (
    ("REVOKED", ("REVOKED", "MAY_NOT_ENGAGE", "CANCELLED")),
    ("LAPSED", ("EXPIRED", "MAY_NOT_ENGAGE", "EXPIRED")),
    ("HELD", ("ACTIVE", "REVIEW_REQUIRED", "CONDITIONS")),
)
"""Answers of the registry, and what follows from them."""
SEQUENCES = [
    # Steps: +1 approves version 1, -2 rejects version 2, ! is a check that finds the worst, . one that finds no fault.
    ("+1 +2 -2", APPROVED),
    ("+1 +2 ! -2", None),
    ("+1 ! +2 -2", None),
    ("! +1 +2 -2", APPROVED),
    ("! +2 +1 -2", APPROVED),
    ("+2 ! +1 -1", None),
    ("+2 ! +1 -2", APPROVED),
    ("+1 ! -2", None),
    ("+1 ! +2 . -2", APPROVED),
    ("+1 . ! +2 -2", None),
    ("+1 ! . +2 -2", APPROVED),
    ("+1 +2 ! -2 +2", APPROVED),
    ("+1 +2 ! -2 -1", FALLEN),
    ("+1 +2 -2 -1 !", FALLEN),
    ("+1 ! +2 -2 +2 -2", None),
]
"""The steps, and the status after them; None for what the check found."""


@pytest.mark.parametrize(("steps", "expected"), SEQUENCES, ids=[steps for steps, _ in SEQUENCES])
async def test_what_was_found_counts_unless_a_standing_approval_came_later(
    checks: VerificationHarness,
    fake: FakeRegistry,
    clock: SettableClock,
    steps: str,
    expected: tuple[str, str, str] | None,
) -> None:
    clock.set(datetime(2026, 3, 1, 12, tzinfo=UTC))
    await actions.update_settings(checks.tenant, approvalsEnabled=True)
    worker = await checks.tenant.add_worker()
    number = SEQUENCES.index((steps, expected))
    found_as, found = FOUND[number % len(FOUND)]
    key = await checks.tenant.add_credential(worker, identification={"credentialType": CHECKED_TYPE})
    await actions.add_version(checks.tenant, key, expiryDate="2031-01-01")
    versions = [version.id for version in await actions.version_rows(checks.tenant, key)]
    await checks.run_jobs()
    for step in steps.split():
        clock.advance(timedelta(minutes=1))
        if step in "!.":
            fake.reply_with(json_reply(found_as if step == "!" else "CURRENT"))
            await checks.verify(key, forceRefresh=True)
        else:
            verb = "Approve" if step[0] == "+" else "Reject"
            version = versions[int(step[1]) - 1]
            await actions.mutation_payload(checks.tenant, f"credential{verb}", id=key, version=version)
    row = await checks.credential(key)
    assert (row.status, row.eligibility, row.status_detail) == (expected or found)
