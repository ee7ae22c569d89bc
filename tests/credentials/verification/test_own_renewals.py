"""People who renew what a registry verifies: the renewal counts once a check finds the credential active."""

from datetime import date

import pytest

from app.access import Actor, ActorKind, Scope
from app.credentials import versions
from tests.checks import VerificationHarness
from tests.credentials import actions
from tests.registry import FakeRegistry, json_reply

NEW = "2099-12-31"


async def renew(checks: VerificationHarness, key: str, day: str = NEW) -> None:
    """Change the expiry date of a credential as the worker who holds it."""
    row = await checks.credential(key)
    scopes = frozenset({Scope.SELF_CREDENTIALS})
    actor = Actor(checks.tenant.id, ActorKind.PERSON, "auth0|7", "Jo", scopes, worker_id=row.worker_id, only_self=True)
    async with checks.database.writing("test") as session:
        await versions.edit(session, actor, {"id": row.latest_version_id, "expiryDate": date.fromisoformat(day)})


async def standing(checks: VerificationHarness, key: str) -> tuple[list[str], int | None, str]:
    """Return the versions' approvals, the number of the version in force, and the credential's status."""
    rows = await actions.version_rows(checks.tenant, key)
    row = await checks.credential(key)
    numbers = {version.id: version.number for version in rows}
    return [version.approval.value for version in rows], numbers.get(row.effective_version_id or ""), row.status.value


@pytest.fixture
async def key(checks: VerificationHarness) -> str:
    """Provide a credential that its registry found current."""
    key = await checks.add_checked(issuing={"expiryDate": "2030-06-30"})
    assert await standing(checks, key) == (["NOT_REQUIRED"], 1, "ACTIVE")
    return key


async def test_a_renewal_counts_once_a_check_finds_it_active(
    checks: VerificationHarness, key: str, fake: FakeRegistry
) -> None:
    await renew(checks, key)
    assert await standing(checks, key) == (["NOT_REQUIRED", "PENDING"], 1, "ACTIVE")
    received = len(fake.received)
    await checks.run_jobs()
    assert len(fake.received) == received + 1
    assert await standing(checks, key) == (["NOT_REQUIRED", "NOT_REQUIRED"], 2, "ACTIVE")
    event = (await checks.events(key))[-1]
    assert event.changes["approval.status"] == {"from": "PENDING", "to": "NOT_REQUIRED"}


async def test_a_fresh_finding_is_not_one_about_the_renewal(
    checks: VerificationHarness, key: str, fake: FakeRegistry
) -> None:
    await renew(checks, key)
    assert not (await checks.verify(key))["cached"]
    assert await standing(checks, key) == (["NOT_REQUIRED", "NOT_REQUIRED"], 2, "ACTIVE")


@pytest.mark.parametrize("status", ["HELD", "no such meaning"])
@pytest.mark.parametrize("decision", ["MAY_ENGAGE", "MAY_NOT_ENGAGE"])
async def test_a_finding_to_review_confirms_a_renewal_once_it_is_resolved(
    checks: VerificationHarness, key: str, fake: FakeRegistry, status: str, decision: str
) -> None:
    fake.reply_with(json_reply(status))
    await renew(checks, key)
    await checks.run_jobs()
    assert (await standing(checks, key))[:2] == (["NOT_REQUIRED", "PENDING"], 1)
    attempt = (await checks.attempts(key))[-1]
    await actions.mutation_payload(
        checks.tenant, "verificationResolve", "attempt { id }", id=attempt.id, eligibility=decision
    )
    is_accepted = decision == "MAY_ENGAGE"
    expected = (["NOT_REQUIRED", "NOT_REQUIRED"], 2) if is_accepted else (["NOT_REQUIRED", "PENDING"], 1)
    assert (await standing(checks, key))[:2] == expected


async def test_a_resolution_does_not_confirm_what_was_entered_after_the_check(
    checks: VerificationHarness, key: str, fake: FakeRegistry
) -> None:
    fake.reply_with(json_reply("HELD"))
    await renew(checks, key)
    await checks.run_jobs()
    attempt = (await checks.attempts(key))[-1]
    await renew(checks, key, "2199-12-31")
    await actions.mutation_payload(
        checks.tenant, "verificationResolve", "attempt { id }", id=attempt.id, eligibility="MAY_ENGAGE"
    )
    assert (await standing(checks, key))[:2] == (["NOT_REQUIRED", "PENDING"], 1)
    fake.reply_with(json_reply("CURRENT"))
    await checks.run_jobs()
    assert await standing(checks, key) == (["NOT_REQUIRED", "NOT_REQUIRED"], 2, "ACTIVE")


async def test_a_correction_by_somebody_else_leaves_a_renewal_to_the_check(
    checks: VerificationHarness, key: str
) -> None:
    await renew(checks, key)
    version = (await checks.credential(key)).latest_version_id
    await actions.mutation_payload(
        checks.tenant, "credentialVersionEdit", "version { id }", id=version, issuingAuthority="Board"
    )
    assert (await standing(checks, key))[:2] == (["NOT_REQUIRED", "PENDING"], 1)
    await checks.run_jobs()
    assert await standing(checks, key) == (["NOT_REQUIRED", "NOT_REQUIRED"], 2, "ACTIVE")


@pytest.mark.parametrize("status", ["LAPSED", "no such meaning"])
async def test_a_renewal_that_is_not_found_active_does_not_count(
    checks: VerificationHarness, key: str, fake: FakeRegistry, status: str
) -> None:
    fake.reply_with(json_reply(status))
    await renew(checks, key)
    await checks.run_jobs()
    approvals, effective, found = await standing(checks, key)
    assert (approvals, effective) == (["NOT_REQUIRED", "PENDING"], 1)
    assert found != "ACTIVE"


async def test_a_reviewer_may_confirm_it_instead(checks: VerificationHarness, key: str) -> None:
    await renew(checks, key)
    await actions.mutation_payload(checks.tenant, "credentialApprove", id=key)
    assert (await standing(checks, key))[:2] == (["NOT_REQUIRED", "APPROVED"], 2)


async def test_a_decision_that_the_organization_wants_is_not_replaced_by_a_check(
    checks: VerificationHarness, key: str
) -> None:
    await actions.update_settings(checks.tenant, approvalsEnabled=True)
    text = 'query { credentialType(by: {code: "CHECKED"}) { id } }'
    kind = (await checks.tenant.execute(text)).data["credentialType"]["id"]
    await actions.mutation_payload(
        checks.tenant, "credentialTypeUpdate", "credentialType { id }", id=kind, approvalRequired=True
    )
    await renew(checks, key)
    await checks.run_jobs()
    assert await standing(checks, key) == (["NOT_REQUIRED", "PENDING"], 1, "ACTIVE")
