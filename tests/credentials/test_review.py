"""Approving and rejecting: the effects on the version and the credential, and the refusals."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from app.credentials.tables import Credential, IntakeStatus
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.credentials.actions import add_version, event_kinds, mutate_refused, mutation_payload
from tests.service import Tenant, error_paths
from tests.statement_counter import recorded_statements

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STANDING = "verification { status eligibility statusDetail }"
IN_FORCE = {"status": "ACTIVE", "eligibility": "MAY_ENGAGE", "statusDetail": "VALID"}
FALLEN = {"status": "REVOKED", "eligibility": "MAY_NOT_ENGAGE", "statusDetail": "REJECTED"}
NEEDED = {"name": "Ticket", "scope": "ALL_WORKERS", "alternatives": [actions.TICKET]}
DECIDED = f"credential {{ {STANDING} effectiveVersion {{ id }} latestVersion {{ id }} revision }}"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    return await tenant.add_worker()


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    """Provide a credential whose only version waits for a review."""
    return await actions.add_ticket(tenant, worker)


async def decide(tenant: Tenant, verb: str, key: str, version: str | None = None) -> dict[str, Any]:
    """Approve or reject; return the verification and the effective version's id."""
    payload = await mutation_payload(tenant, f"credential{verb}", DECIDED, id=key, version=version)
    credential = payload["credential"]
    return {**credential["verification"], "effective": (credential["effectiveVersion"] or {"id": None})["id"]}


async def approvals(tenant: Tenant, key: str) -> list[str]:
    return [version.approval.value for version in await actions.version_rows(tenant, key)]


async def first(tenant: Tenant, key: str) -> str:
    return (await actions.version_rows(tenant, key))[0].id


async def test_approving_activates_the_credential(tenant: Tenant, key: str) -> None:
    waiting = {"effectiveVersion": None, "latestVersion": {"approval": {"status": "PENDING", "decidedBy": None}}}
    selection = "effectiveVersion { id } latestVersion { approval { status decidedBy } }"
    assert await actions.query_credential(tenant, key, selection) == waiting
    payload = await mutation_payload(tenant, "credentialApprove", DECIDED, id=key)
    version = await first(tenant, key)
    assert payload["credential"] == {
        "verification": IN_FORCE,
        "effectiveVersion": {"id": version},
        "latestVersion": {"id": version},
        "revision": 2,
    }
    assert await approvals(tenant, key) == ["APPROVED"]


@pytest.mark.parametrize(
    ("verb", "approval", "status"), [("Approve", "APPROVED", "ACTIVE"), ("Reject", "REJECTED", "REVOKED")]
)
async def test_a_decision_records_actor_time_and_reason(
    tenant: Tenant, key: str, clock: SettableClock, verb: str, approval: str, status: str
) -> None:
    clock.set(NOON)
    viewer = (await tenant.execute("{ viewer { id } }")).data["viewer"]["id"]
    selection = "credential { latestVersion { approval { status decidedBy decidedAt reason notes } } updatedAt }"
    input = {"reason": " Seen the original ", "notes": "Two pages.\nBoth signed."}
    payload = await mutation_payload(tenant, f"credential{verb}", selection, id=key, **input)
    assert payload["credential"]["updatedAt"] == "2026-03-01T12:00:00Z"
    assert payload["credential"]["latestVersion"]["approval"] == {
        "status": approval,
        "decidedBy": viewer,
        "decidedAt": "2026-03-01T12:00:00Z",
        "reason": "Seen the original",
        "notes": "Two pages.\nBoth signed.",
    }
    event = (await actions.events_of(tenant, key))[-1]
    assert event.kind.value == f"credential.{approval.lower()}"
    assert event.changes["approval.reason"] == {"from": None, "to": "Seen the original"}
    assert event.changes["approval.notes"] == {"from": None, "to": "Two pages.\nBoth signed."}
    assert event.changes["approval.status"] == {"from": "PENDING", "to": approval}
    assert event.changes["verification.status"] == {"from": "PENDING", "to": status}
    assert event.worker_id == (await actions.credential_row(tenant, key)).worker_id


async def test_rejecting_the_only_version_revokes_the_credential(tenant: Tenant, key: str) -> None:
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}
    assert await approvals(tenant, key) == ["REJECTED"]


async def test_rejecting_a_newer_version_keeps_the_older_approved_one_effective(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    assert await decide(tenant, "Reject", key) == {**IN_FORCE, "effective": await first(tenant, key)}
    assert await approvals(tenant, key) == ["APPROVED", "REJECTED"]


async def test_rejecting_the_effective_version_lets_an_older_approved_one_stand(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    await decide(tenant, "Approve", key)
    assert await decide(tenant, "Reject", key) == {**IN_FORCE, "effective": await first(tenant, key)}


async def test_rejecting_a_newer_version_after_a_rejected_one_revokes_the_credential(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    await actions.update_row(tenant, Credential, key, status="ACTIVE")
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}


async def test_rejecting_an_older_version_keeps_a_newer_effective_one(tenant: Tenant, key: str) -> None:
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
    credential = await actions.credential_row(tenant, key)
    assert (str(credential.expiry_date), str(credential.expires_on)) == ("2034-05-01", "2029-05-01")


async def test_a_version_without_required_approval_can_be_reviewed(tenant: Tenant, worker: str) -> None:
    key = await tenant.add_credential(worker)
    assert await approvals(tenant, key) == ["NOT_REQUIRED"]
    assert await decide(tenant, "Reject", key) == {**FALLEN, "effective": None}
    assert await decide(tenant, "Approve", key) == {**IN_FORCE, "effective": await first(tenant, key)}


async def test_a_version_of_another_credential_is_not_found(
    tenant: Tenant, other_tenant: Tenant, key: str, worker: str
) -> None:
    other = await first(tenant, await actions.add_ticket(tenant, worker))
    foreign = await first(other_tenant, await other_tenant.add_credential(await other_tenant.add_worker()))
    for version in (other, foreign, "cver_0000000000000000"):
        for verb in ("Approve", "Reject"):
            refusals = await mutate_refused(tenant, f"credential{verb}", id=key, version=version)
            assert refusals == [("NOT_FOUND", "version")]
    assert await mutate_refused(tenant, "credentialApprove", id=key, version=key) == [("INVALID", "version")]


async def test_reversible_decisions_replace_each_other_but_not_themselves(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    assert await mutate_refused(tenant, "credentialApprove", id=key) == [("ALREADY_APPROVED", "id")]
    await decide(tenant, "Reject", key)
    assert await mutate_refused(tenant, "credentialReject", id=key) == [("ALREADY_REJECTED", "id")]
    assert (await decide(tenant, "Approve", key))["status"] == "ACTIVE"
    decisions = ["credential.approved", "credential.rejected", "credential.approved"]
    assert await event_kinds(tenant, key) == ["credential.added", *decisions]


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
async def test_a_final_decision_stays(tenant: Tenant, key: str, verb: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    await decide(tenant, verb, key)
    for again in ("Approve", "Reject"):
        assert await mutate_refused(tenant, f"credential{again}", id=key) == [("APPROVAL_FINAL", "id")]


async def test_a_new_version_can_be_reviewed_after_a_final_decision(tenant: Tenant, key: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, expiryDate="2034-05-01")
    older = await first(tenant, key)
    assert await mutate_refused(tenant, "credentialApprove", id=key, version=older) == [("APPROVAL_FINAL", "version")]
    assert (await decide(tenant, "Approve", key))["status"] == "ACTIVE"


@pytest.mark.parametrize(("resubmit", "after"), [(True, IntakeStatus.REQUESTED), (False, IntakeStatus.SUBMITTED)])
async def test_a_rejected_submission_is_requested_again_if_the_organization_chooses_so(
    tenant: Tenant, key: str, resubmit: bool, after: IntakeStatus
) -> None:
    await actions.update_settings(tenant, resubmitOnReject=resubmit)
    await actions.update_row(tenant, Credential, key, intake=IntakeStatus.SUBMITTED)
    await decide(tenant, "Reject", key)
    assert (await actions.credential_row(tenant, key)).intake is after
    expected = [("NOT_REVIEWABLE", "id")] if resubmit else [("ALREADY_REJECTED", "id")]
    assert await mutate_refused(tenant, "credentialReject", id=key) == expected


async def test_an_approved_submission_is_completed(tenant: Tenant, key: str) -> None:
    await actions.update_row(tenant, Credential, key, intake=IntakeStatus.SUBMITTED)
    await decide(tenant, "Approve", key)
    assert (await actions.credential_row(tenant, key)).intake is IntakeStatus.COMPLETED


async def test_a_review_keeps_direct_intake(tenant: Tenant, key: str) -> None:
    await actions.update_settings(tenant, resubmitOnReject=True)
    await decide(tenant, "Reject", key)
    await decide(tenant, "Approve", key)
    assert (await actions.credential_row(tenant, key)).intake is IntakeStatus.DIRECT


@pytest.mark.parametrize("intake", [IntakeStatus.REQUESTED, IntakeStatus.CANCELLED])
async def test_an_unsubmitted_request_cannot_be_reviewed(tenant: Tenant, key: str, intake: IntakeStatus) -> None:
    await actions.update_row(tenant, Credential, key, intake=intake)
    for verb in ("Approve", "Reject"):
        assert await mutate_refused(tenant, f"credential{verb}", id=key) == [("NOT_REVIEWABLE", "id")]


async def test_a_decision_on_a_stale_revision_is_a_conflict(tenant: Tenant, key: str) -> None:
    await add_version(tenant, key, expiryDate="2034-05-01")
    payload = await tenant.mutate("credentialApprove", actions.CREDENTIAL, id=key, expectedRevision=1)
    assert error_paths(payload) == [("CONFLICT", "expectedRevision")]
    assert payload["errors"][0]["currentRevision"] == 2
    await mutation_payload(tenant, "credentialApprove", id=key, expectedRevision=2)


async def test_comments_that_are_too_long_are_refused(tenant: Tenant, key: str) -> None:
    input = {"reason": "r" * 501, "notes": "n" * 4_001}
    for verb in ("Approve", "Reject"):
        refusals = await mutate_refused(tenant, f"credential{verb}", id=key, **input)
        assert refusals == [("INVALID", "reason"), ("INVALID", "notes")]
    await mutation_payload(tenant, "credentialApprove", id=key, reason="r" * 500, notes="n" * 4_000)


async def test_reviewing_requires_its_scope(tenant: Tenant, key: str) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_VERIFY)
    for verb in ("Approve", "Reject"):
        assert await actions.mutate_forbidden(tenant, f"credential{verb}", limited, id=key) == "CREDENTIALS_REVIEW"


async def test_another_tenants_credential_is_not_found(tenant: Tenant, other_tenant: Tenant, key: str) -> None:
    before = await tenant.rows()
    for verb in ("Approve", "Reject"):
        assert await mutate_refused(other_tenant, f"credential{verb}", id=key) == [("NOT_FOUND", "id")]
    assert await tenant.rows() == before


async def test_the_same_idempotency_key_decides_once(tenant: Tenant, key: str) -> None:
    input = {"id": key, "reason": "Fine", "idempotencyKey": "approve-1"}
    once = await mutation_payload(tenant, "credentialApprove", DECIDED, **input)
    before = await tenant.rows()
    assert await mutation_payload(tenant, "credentialApprove", DECIDED, **input) == once
    assert await tenant.rows() == before
    other = await mutate_refused(tenant, "credentialApprove", **{**input, "reason": "Other"})
    assert other == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]
    assert await event_kinds(tenant, key) == ["credential.added", "credential.approved"]


async def test_a_decision_writes_each_row_once_with_few_reads(tenant: Tenant, key: str) -> None:
    other = await actions.add_ticket(tenant, await tenant.add_worker("Other"))
    # The first call reads the caller, which is cached afterwards.
    await mutation_payload(tenant, "credentialApprove", "credential { id }", id=other, idempotencyKey="first")
    with recorded_statements() as statements:
        await mutation_payload(tenant, "credentialApprove", "credential { id }", id=key, idempotencyKey="second")
    # The key and its outcome, the credential with its history, the version, the event, and the worker's mark.
    assert len([statement for statement in statements if not statement.startswith("SELECT")]) == 7
    assert len(statements) <= 11


ANEW: dict[str, dict[str, Any]] = {
    "credentialVersionAdd": {"referenceNumber": "T-2"},
    "credentialUpdate": {"identification": {"referenceNumber": "T-2"}},
}


@pytest.mark.parametrize("field", ANEW)
async def test_a_new_version_after_a_rejection_resets_the_status(
    tenant: Tenant, worker: str, key: str, field: str
) -> None:
    await mutation_payload(tenant, "requirementRuleCreate", "requirementRule { id }", **NEEDED)
    await decide(tenant, "Reject", key)
    text = f"""query ($worker: ID!, $id: ID!) {{ worker(by: {{id: $worker}}) {{ compliance {{ status reason }} }}
        credential(by: {{id: $id}}) {{ {STANDING} }} }}"""
    variables = {"worker": worker, "id": key}
    data = (await tenant.execute(text, variables)).data
    assert data["credential"]["verification"] == FALLEN
    assert data["worker"]["compliance"] == [{"status": "INELIGIBLE", "reason": "What was provided was rejected."}]
    await mutation_payload(
        tenant, field, "credential { id }" if field == "credentialUpdate" else "version { id }", id=key, **ANEW[field]
    )
    data = (await tenant.execute(text, variables)).data
    assert data["credential"]["verification"] == {"status": "PENDING", "eligibility": None, "statusDetail": None}
    assert data["worker"]["compliance"] == [{"status": "IN_REVIEW", "reason": "It waits for a reviewer."}]
    assert (await actions.events_of(tenant, key))[-1].changes["verification.status"] == {
        "from": "REVOKED",
        "to": "PENDING",
    }


async def test_a_stated_status_is_kept_when_a_rejected_version_is_edited(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Reject", key)
    input = {"identification": {"referenceNumber": "T-2"}, "verification": {"status": "SUSPENDED"}}
    payload = await mutation_payload(tenant, "credentialUpdate", f"credential {{ {STANDING} }}", id=key, **input)
    assert payload["credential"]["verification"]["status"] == "SUSPENDED"


async def test_a_new_version_beside_an_effective_one_keeps_the_status(tenant: Tenant, key: str) -> None:
    await decide(tenant, "Approve", key)
    await add_version(tenant, key, referenceNumber="T-2")
    await decide(tenant, "Reject", key)
    await add_version(tenant, key, referenceNumber="T-3")
    assert (await actions.query_credential(tenant, key, STANDING))["verification"] == IN_FORCE
