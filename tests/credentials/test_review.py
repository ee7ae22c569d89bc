"""Approve and reject: what a decision does to the version and to the credential, and when it is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from app.credentials.tables import Credential, Intake
from tests.conftest import SettableClock
from tests.credentials import life
from tests.credentials.life import add_version, done, facts, refused
from tests.service import Tenant, error_paths
from tests.statement_counter import recorded_statements

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STANDING = "verification { status eligibility statusDetail }"
IN_FORCE = {"status": "ACTIVE", "eligibility": "MAY_ENGAGE", "statusDetail": "VALID"}
FALLEN = {"status": "REVOKED", "eligibility": "MAY_NOT_ENGAGE", "statusDetail": "REJECTED"}
NEEDED = {"name": "Ticket", "scope": "ALL_WORKERS", "alternatives": [life.TICKET]}
DECIDED = f"credential {{ {STANDING} effectiveVersion {{ id }} latestVersion {{ id }} revision }}"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True)
    return await tenant.add_worker()


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    """A credential whose only version waits for a decision."""
    return await life.add_ticket(tenant, worker)


async def decide(tenant: Tenant, verb: str, key: str, version: str | None = None) -> dict[str, Any]:
    """Approve or reject; gives the standing, and the effective version's id."""
    payload = await done(tenant, f"credential{verb}", DECIDED, id=key, version=version)
    found = payload["credential"]
    return {**found["verification"], "effective": (found["effectiveVersion"] or {"id": None})["id"]}


async def approvals(tenant: Tenant, key: str) -> list[str]:
    return [version.approval.value for version in await life.history(tenant, key)]


async def first(tenant: Tenant, key: str) -> str:
    return (await life.history(tenant, key))[0].id


async def test_approving_puts_the_credential_in_force(tenant: Tenant, key: str) -> None:
    waiting = {"effectiveVersion": None, "latestVersion": {"approval": {"status": "PENDING", "decidedBy": None}}}
    asked = "effectiveVersion { id } latestVersion { approval { status decidedBy } }"
    assert await life.show(tenant, key, asked) == waiting
    payload = await done(tenant, "credentialApprove", DECIDED, id=key)
    version = await first(tenant, key)
    assert payload["credential"] == {
        "verification": IN_FORCE,
        "effectiveVersion": {"id": version},
        "latestVersion": {"id": version},
        "revision": 2,
    }
    assert await approvals(tenant, key) == ["APPROVED"]


@pytest.mark.parametrize(
    ("verb", "status", "standing"), [("Approve", "APPROVED", "ACTIVE"), ("Reject", "REJECTED", "REVOKED")]
)
async def test_a_decision_says_who_when_and_why(
    tenant: Tenant, key: str, clock: SettableClock, verb: str, status: str, standing: str
) -> None:
    clock.set(NOON)
    viewer = (await tenant.execute("{ viewer { id } }")).data["viewer"]["id"]
    asked = "credential { latestVersion { approval { status decidedBy decidedAt reason notes } } lastUpdated }"
    given = {"reason": " Seen the original ", "notes": "Two pages.\nBoth signed."}
    payload = await done(tenant, f"credential{verb}", asked, id=key, **given)
    assert payload["credential"]["lastUpdated"] == "2026-03-01T12:00:00Z"
    assert payload["credential"]["latestVersion"]["approval"] == {
        "status": status,
        "decidedBy": viewer,
        "decidedAt": "2026-03-01T12:00:00Z",
        "reason": "Seen the original",
        "notes": "Two pages.\nBoth signed.",
    }
    event = (await life.ledger(tenant, key))[-1]
    assert event.kind.value == f"credential.{status.lower()}"
    assert event.changes["approval.reason"] == {"from": None, "to": "Seen the original"}
    assert event.changes["approval.notes"] == {"from": None, "to": "Two pages.\nBoth signed."}
    assert event.changes["approval.status"] == {"from": "PENDING", "to": status}
    assert event.changes["verification.status"] == {"from": "PENDING", "to": standing}
    assert event.worker_id == (await life.row(tenant, key)).worker_id


async def test_rejecting_the_only_version_fells_the_credential(tenant: Tenant, key: str) -> None:
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}
    assert await approvals(tenant, key) == ["REJECTED"]


async def test_rejecting_a_newer_version_leaves_the_older_approved_one_standing(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    assert await decide(tenant, "Reject", key) == {**IN_FORCE, "effective": await first(tenant, key)}
    assert await approvals(tenant, key) == ["APPROVED", "REJECTED"]


async def test_rejecting_the_effective_version_fells_the_credential_though_an_older_one_is_approved(
    tenant: Tenant, key: str
) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    await decide(tenant, "Approve", key)
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": await first(tenant, key)}


async def test_rejecting_a_newer_version_where_the_older_was_rejected_fells_it(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    await life.write(tenant, Credential, key, status="ACTIVE")
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}


async def test_rejecting_an_older_version_does_not_touch_what_a_newer_one_holds_up(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    newer = await add_version(tenant, key, expiryDate="2034-05-01")
    await decide(tenant, "Approve", key)
    older = await first(tenant, key)
    assert await decide(tenant, "Reject", key, older) == {**IN_FORCE, "effective": newer}
    assert await approvals(tenant, key) == ["REJECTED", "APPROVED"]


async def test_an_older_version_can_be_approved_by_name(tenant: Tenant, key: str) -> None:
    await add_version(tenant, key, expiryDate="2034-05-01")
    older = await first(tenant, key)
    assert await decide(tenant, "Approve", key, older) == {**IN_FORCE, "effective": older}
    assert await approvals(tenant, key) == ["APPROVED", "PENDING"]
    found = await life.row(tenant, key)
    assert (str(found.expiry_date), str(found.expires_on)) == ("2034-05-01", "2029-05-01")


async def test_a_version_that_needs_no_approval_can_be_decided_too(tenant: Tenant, worker: str) -> None:
    key = await tenant.add_credential(worker)
    assert await approvals(tenant, key) == ["NOT_REQUIRED"]
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}
    assert await decide(tenant, "Approve", key) == {**IN_FORCE, "effective": await first(tenant, key)}


async def test_a_version_of_another_credential_is_not_found(
    tenant: Tenant, other_tenant: Tenant, key: str, worker: str
) -> None:
    other = await first(tenant, await life.add_ticket(tenant, worker))
    foreign = await first(other_tenant, await other_tenant.add_credential(await other_tenant.add_worker()))
    for version in (other, foreign, "cver_0000000000000000"):
        for verb in ("Approve", "Reject"):
            found = await refused(tenant, f"credential{verb}", id=key, version=version)
            assert found == [("NOT_FOUND", "version")]
    assert await refused(tenant, "credentialApprove", id=key, version=key) == [("INVALID", "version")]


async def test_reversible_decisions_replace_each_other_but_not_themselves(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    assert await refused(tenant, "credentialApprove", id=key) == [("ALREADY_APPROVED", "id")]
    await decide(tenant, "Reject", key)
    assert await refused(tenant, "credentialReject", id=key) == [("ALREADY_REJECTED", "id")]
    assert (await decide(tenant, "Approve", key))["status"] == "ACTIVE"
    decisions = ["credential.approved", "credential.rejected", "credential.approved"]
    assert await facts(tenant, key) == ["credential.added", *decisions]


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
async def test_a_final_decision_stays(tenant: Tenant, key: str, verb: str) -> None:
    await life.choose(tenant, approvalFinality="FINAL")
    await decide(tenant, verb, key)
    for again in ("Approve", "Reject"):
        assert await refused(tenant, f"credential{again}", id=key) == [("APPROVAL_FINAL", "id")]


async def test_where_decisions_are_final_a_new_version_is_still_open(tenant: Tenant, key: str) -> None:
    await life.choose(tenant, approvalFinality="FINAL")
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    older = await first(tenant, key)
    assert await refused(tenant, "credentialApprove", id=key, version=older) == [("APPROVAL_FINAL", "version")]
    assert (await decide(tenant, "Approve", key))["status"] == "ACTIVE"


@pytest.mark.parametrize(("resubmit", "after"), [(True, Intake.REQUESTED), (False, Intake.SUBMITTED)])
async def test_a_rejected_submission_goes_back_to_its_worker_where_the_organization_wants_that(
    tenant: Tenant, key: str, resubmit: bool, after: Intake
) -> None:
    await life.choose(tenant, resubmitOnReject=resubmit)
    await life.write(tenant, Credential, key, intake=Intake.SUBMITTED)
    await decide(tenant, "Reject", key)
    assert (await life.row(tenant, key)).intake is after
    expected = [("NOT_REVIEWABLE", "id")] if resubmit else [("ALREADY_REJECTED", "id")]
    assert await refused(tenant, "credentialReject", id=key) == expected


async def test_an_approved_submission_is_completed(tenant: Tenant, key: str) -> None:
    await life.write(tenant, Credential, key, intake=Intake.SUBMITTED)
    await decide(tenant, "Approve", key)
    assert (await life.row(tenant, key)).intake is Intake.COMPLETED


async def test_what_was_created_directly_stays_direct(tenant: Tenant, key: str) -> None:
    await life.choose(tenant, resubmitOnReject=True)
    await decide(tenant, "Reject", key)
    await decide(tenant, "Approve", key)
    assert (await life.row(tenant, key)).intake is Intake.DIRECT


@pytest.mark.parametrize("intake", [Intake.REQUESTED, Intake.CANCELLED])
async def test_a_request_that_nobody_answered_cannot_be_decided(tenant: Tenant, key: str, intake: Intake) -> None:
    await life.write(tenant, Credential, key, intake=intake)
    for verb in ("Approve", "Reject"):
        assert await refused(tenant, f"credential{verb}", id=key) == [("NOT_REVIEWABLE", "id")]


async def test_a_decision_made_in_view_of_an_older_revision_is_a_conflict(tenant: Tenant, key: str) -> None:
    await add_version(tenant, key, expiryDate="2034-05-01")
    payload = await tenant.mutate("credentialApprove", life.CREDENTIAL, id=key, expectedRevision=1)
    assert error_paths(payload) == [("CONFLICT", "expectedRevision")]
    assert payload["errors"][0]["currentRevision"] == 2
    await done(tenant, "credentialApprove", id=key, expectedRevision=2)


async def test_too_many_words_are_refused(tenant: Tenant, key: str) -> None:
    given = {"reason": "r" * 501, "notes": "n" * 4_001}
    for verb in ("Approve", "Reject"):
        found = await refused(tenant, f"credential{verb}", id=key, **given)
        assert found == [("INVALID", "reason"), ("INVALID", "notes")]
    await done(tenant, "credentialApprove", id=key, reason="r" * 500, notes="n" * 4_000)


async def test_deciding_needs_its_scope(tenant: Tenant, key: str) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_VERIFY)
    for verb in ("Approve", "Reject"):
        assert await life.forbidden(tenant, f"credential{verb}", limited, id=key) == "credentials:review"


async def test_another_tenants_credential_is_not_found(tenant: Tenant, other_tenant: Tenant, key: str) -> None:
    before = await tenant.rows()
    for verb in ("Approve", "Reject"):
        assert await refused(other_tenant, f"credential{verb}", id=key) == [("NOT_FOUND", "id")]
    assert await tenant.rows() == before


async def test_the_same_idempotency_key_decides_once(tenant: Tenant, key: str) -> None:
    given = {"id": key, "reason": "Fine", "idempotencyKey": "approve-1"}
    once = await done(tenant, "credentialApprove", DECIDED, **given)
    before = await tenant.rows()
    assert await done(tenant, "credentialApprove", DECIDED, **given) == once
    assert await tenant.rows() == before
    other = await refused(tenant, "credentialApprove", **{**given, "reason": "Other"})
    assert other == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]
    assert await facts(tenant, key) == ["credential.added", "credential.approved"]


async def test_a_decision_writes_each_row_once_and_reads_little(tenant: Tenant, key: str) -> None:
    other = await life.add_ticket(tenant, await tenant.add_worker("Other"))
    # The first one reads who calls, which is remembered.
    await done(tenant, "credentialApprove", "credential { id }", id=other, idempotencyKey="first")
    with recorded_statements() as statements:
        await done(tenant, "credentialApprove", "credential { id }", id=key, idempotencyKey="second")
    # The key and its outcome, the credential with its past, the version, the event, and the mark of the worker.
    assert len([statement for statement in statements if not statement.startswith("SELECT")]) == 7
    assert len(statements) <= 10


ANEW: dict[str, dict[str, Any]] = {
    "credentialVersionAdd": {"referenceNumber": "T-2"},
    "credentialUpdate": {"identification": {"referenceNumber": "T-2"}},
}


@pytest.mark.parametrize("field", ANEW)
async def test_what_takes_the_place_of_what_was_rejected_stands_anew(
    tenant: Tenant, worker: str, key: str, field: str
) -> None:
    await done(tenant, "requirementRuleCreate", "requirementRule { id }", **NEEDED)
    await decide(tenant, "Reject", key)
    text = f"""query ($worker: ID!, $id: ID!) {{ worker(by: {{id: $worker}}) {{ compliance {{ status reason }} }}
        credential(id: $id) {{ {STANDING} }} }}"""
    asked = {"worker": worker, "id": key}
    told = (await tenant.execute(text, asked)).data
    assert told["credential"]["verification"] == FALLEN
    assert told["worker"]["compliance"] == [{"status": "INELIGIBLE", "reason": "What was provided was rejected."}]
    await done(
        tenant, field, "credential { id }" if field == "credentialUpdate" else "version { id }", id=key, **ANEW[field]
    )
    told = (await tenant.execute(text, asked)).data
    assert told["credential"]["verification"] == {"status": "PENDING", "eligibility": None, "statusDetail": None}
    assert told["worker"]["compliance"] == [{"status": "IN_REVIEW", "reason": "It waits for a reviewer."}]
    assert (await life.ledger(tenant, key))[-1].changes["verification.status"] == {"from": "REVOKED", "to": "PENDING"}


async def test_where_somebody_says_how_it_stands_it_stands_so(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Reject", key)
    given = {"identification": {"referenceNumber": "T-2"}, "verification": {"status": "SUSPENDED"}}
    payload = await done(tenant, "credentialUpdate", f"credential {{ {STANDING} }}", id=key, **given)
    assert payload["credential"]["verification"]["status"] == "SUSPENDED"


async def test_a_version_beside_one_that_counts_leaves_it_standing(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, referenceNumber="T-2")
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, referenceNumber="T-3")
    assert (await life.show(tenant, key, STANDING))["verification"] == IN_FORCE
