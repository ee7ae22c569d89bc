"""Submitting a requested credential, rejection and resubmission, and updates before the submission."""

from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.compliance.tables import CredentialRequest
from app.credentials.tables import ApprovalStatus, Credential, IntakeStatus
from tests import calls
from tests.calls import assert_refused, mutate_ok
from tests.credentials import actions
from tests.service import Tenant

SHOWN = """
  identification { referenceNumber } issuing { issueDate expiryDate issuingAuthority jurisdiction }
  intake { status requestedAt submittedAt } verification { status eligibility statusDetail }
  latestVersion { number referenceNumber approval { status reason } } effectiveVersion { number }
  viewerCanSubmit
"""
NEEDED = Scope.CREDENTIALS_WRITE


async def submit(tenant: Tenant, key: str, **facts: Any) -> Any:
    """Submit a credential; return it."""
    payload = await actions.mutation_payload(
        tenant, "credentialSubmit", f"credential {{ {SHOWN} }} correlationId", id=key, **facts
    )
    return payload["credential"]


async def the_request(tenant: Tenant) -> CredentialRequest:
    """Return the only request."""
    [row] = (await tenant.rows())["credential_requests"]
    async with tenant.service.database.reading("test") as session:
        return await session.get_row(CredentialRequest, (tenant.id, row["id"]))


async def test_a_submission_without_required_approval_completes_the_request(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, defaultValidityMonths=12, issuingAuthority="The site")
    before = await actions.credential_row(tenant, key)
    assert (before.intake, before.latest_approval, before.effective_version_id) == (
        *(IntakeStatus.REQUESTED, ApprovalStatus.PENDING),
        None,
    )
    credential = await submit(tenant, key, referenceNumber="T-9", issueDate="2026-01-31")
    assert credential["identification"] == {"referenceNumber": "T-9"}
    assert credential["issuing"] == {
        "issueDate": "2026-01-31",
        "expiryDate": "2027-01-31",
        "issuingAuthority": "The site",
        "jurisdiction": None,
    }
    assert (credential["intake"]["status"], credential["viewerCanSubmit"]) == ("COMPLETED", False)
    assert credential["intake"]["submittedAt"] is not None
    assert credential["verification"] == {"status": "ACTIVE", "eligibility": None, "statusDetail": None}
    assert credential["latestVersion"]["number"] == credential["effectiveVersion"]["number"] == 1
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (IntakeStatus.COMPLETED, False)
    assert await actions.event_kinds(tenant, key) == ["credential.added", "credential.submitted"]
    changes = (await actions.events_of(tenant, key))[-1].changes
    assert changes["intake.status"] == {"from": "REQUESTED", "to": "COMPLETED"}
    assert changes["referenceNumber"] == {"from": None, "to": "T-9"}


async def test_a_rejected_submission_is_submitted_again(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    credential = await submit(tenant, key, referenceNumber="T-1")
    assert (credential["intake"]["status"], credential["effectiveVersion"]) == ("SUBMITTED", None)
    assert (await the_request(tenant)).status is IntakeStatus.SUBMITTED
    await assert_refused(tenant, "credentialSubmit", ("ALREADY_SUBMITTED", "id"), id=key)
    await actions.mutation_payload(tenant, "credentialUpdate", id=key, identification={"referenceNumber": "T-2"})
    rejected = f"credential {{ {SHOWN} }}"
    credential = (
        await actions.mutation_payload(tenant, "credentialReject", rejected, id=key, reason="Cannot be read.")
    )["credential"]
    assert (credential["intake"]["status"], credential["viewerCanSubmit"]) == ("REQUESTED", True)
    assert credential["latestVersion"]["approval"] == {"status": "REJECTED", "reason": "Cannot be read."}
    request = await the_request(tenant)
    assert (request.status, request.closed_at) == (IntakeStatus.REQUESTED, None)
    credential = await submit(tenant, key, issueDate="2026-01-31")
    assert (credential["intake"]["status"], credential["verification"]["status"]) == ("SUBMITTED", "PENDING")
    assert credential["latestVersion"] == {
        "number": 2,
        "referenceNumber": "T-2",
        "approval": {"status": "PENDING", "reason": None},
    }
    assert [version.reason for version in await actions.version_rows(tenant, key)] == ["Cannot be read.", None]
    credential = (await actions.mutation_payload(tenant, "credentialApprove", rejected, id=key))["credential"]
    assert (credential["intake"]["status"], credential["effectiveVersion"]["number"]) == ("COMPLETED", 2)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (IntakeStatus.COMPLETED, False)
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=key)
    await assert_refused(tenant, "credentialUpdate", ("NOT_UPDATABLE", "id"), id=key)
    await assert_refused(tenant, "credentialVersionAdd", ("NOT_UPDATABLE", "id"), id=key)


async def test_a_rejection_without_resubmission_closes_the_request(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    await submit(tenant, key, referenceNumber="T-1")
    await actions.mutation_payload(tenant, "credentialReject", id=key)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (IntakeStatus.SUBMITTED, False)
    await actions.mutation_payload(tenant, "credentialApprove", id=key)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (IntakeStatus.COMPLETED, False)


async def test_a_verifiable_credential_is_checked_after_its_submission(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, verificationSource="a-registry")
    await assert_refused(tenant, "credentialVerify", ("NOT_VERIFIABLE", "id"), id=key)
    payload = await actions.mutation_payload(
        tenant, "credentialSubmit", "credential { id } correlationId", id=key, referenceNumber="T-1"
    )
    [attempt] = (await tenant.rows())["verification_attempts"]
    assert (attempt["correlation_id"], attempt["credential_id"]) == (payload["correlationId"], key)
    row = await actions.credential_row(tenant, key)
    assert (row.intake, row.status.value, row.eligibility) == (IntakeStatus.COMPLETED, "PENDING", None)


async def test_facts_updated_before_the_submission_are_submitted(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await actions.mutation_payload(tenant, "credentialUpdate", id=key, identification={"referenceNumber": "T-7"})
    await actions.mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=key, expiryDate="2031-01-01")
    row = await actions.credential_row(tenant, key)
    assert (row.intake, row.effective_version_id, row.latest_approval) == (
        IntakeStatus.REQUESTED,
        None,
        ApprovalStatus.PENDING,
    )
    credential = await submit(tenant, key)
    assert (credential["identification"]["referenceNumber"], credential["issuing"]["expiryDate"]) == (
        "T-7",
        "2031-01-01",
    )


@pytest.fixture(scope="module")
async def requested(shared_tenant: Tenant) -> str:
    """Provide a requested credential of a type that does not support every fact."""
    return await actions.add_requested(
        shared_tenant, supports=["REFERENCE_NUMBER", "EXPIRY_DATE"], referenceNumberPattern=r"T-\d"
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("REQUIRED", "referenceNumber")),
        ({"referenceNumber": " "}, ("REQUIRED", "referenceNumber")),
        ({"referenceNumber": "X-1"}, ("INVALID", "referenceNumber")),
        ({"referenceNumber": "T-1", "issueDate": "2026-01-31"}, ("UNSUPPORTED_METADATA", "issueDate")),
        ({"referenceNumber": "T-1", "expiryDate": "1066-10-14"}, ("INVALID", "expiryDate")),
        ({"referenceNumber": "T-1", "issuingAuthority": "a" * 201}, ("INVALID", "issuingAuthority")),
        ({"referenceNumber": "T-1", "expectedRevision": 4}, ("CONFLICT", "expectedRevision")),
    ],
)
async def test_unsupported_facts_are_refused_on_submission(
    shared_tenant: Tenant, requested: str, facts: dict[str, Any], expected: tuple[str, str]
) -> None:
    await assert_refused(shared_tenant, "credentialSubmit", expected, id=requested, **facts)


async def test_facts_required_by_the_type_are_required(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, requires=["ISSUE_DATE", "EXPIRY_DATE"])
    expected = [("REQUIRED", "issueDate"), ("REQUIRED", "expiryDate")]
    await assert_refused(tenant, "credentialSubmit", *expected, id=key, referenceNumber="T-1")


async def test_only_requested_credentials_of_the_own_tenant_are_submitted(tenant: Tenant, other_tenant: Tenant) -> None:
    key, foreign = await actions.add_requested(tenant), await actions.add_requested(other_tenant)
    direct = await tenant.add_credential(await tenant.add_worker())
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=direct)
    await assert_refused(tenant, "credentialSubmit", ("NOT_FOUND", "id"), id=foreign)
    await calls.assert_forbidden(tenant, "credentialSubmit", *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, id=key)
    await actions.mutation_payload(tenant, "credentialArchive", id=key)
    await assert_refused(tenant, "credentialSubmit", ("ARCHIVED", "id"), id=key)


async def test_request_only_types_refuse_creation(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, creationPolicy="REQUEST_ONLY")
    worker = (await actions.credential_row(tenant, key)).worker_id
    identification = {"displayName": "T", "credentialType": actions.TICKET, "category": "CERTIFICATION"}
    input = {
        "identification": {**identification, "referenceNumber": "T-1"},
        "verification": {"status": "PENDING"},
        "owners": {"worker": {"id": worker}},
    }
    expected = ("CREATION_NOT_ALLOWED", "identification.credentialType")
    await assert_refused(tenant, "credentialCreate", expected, **input)
    assert (await submit(tenant, key, referenceNumber="T-1"))["intake"]["status"] == "COMPLETED"


async def test_an_update_of_unsupported_facts_changes_nothing(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, supports=["REFERENCE_NUMBER"])
    issuing = {"expiryDate": "2031-01-01"}
    input: dict[str, Any] = {"identification": {"displayName": "Other"}, "issuing": issuing}
    await assert_refused(tenant, "credentialUpdate", ("UNSUPPORTED_METADATA", "issuing.expiryDate"), id=key, **input)


async def test_a_refused_bulk_update_does_not_affect_the_others(tenant: Tenant, other_tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    first, second = await tenant.add_credential(worker), await tenant.add_credential(worker)
    completed = await actions.add_requested(tenant)
    await submit(tenant, completed, referenceNumber="T-1")
    foreign = await other_tenant.add_credential(await other_tenant.add_worker())
    updates: list[dict[str, Any]] = [
        {"id": second, "issuing": {"expiryDate": "2030-01-01"}},
        {"id": completed, "issuing": {"expiryDate": "2030-01-01"}},
        {"id": first, "expectedRevision": 7, "identification": {"displayName": "Other"}},
        {"id": foreign, "identification": {"displayName": "Other"}},
        {"id": second, "identification": {"displayName": "Twice"}},
        {"id": first, "verification": {"status": None}},
    ]
    selection = "results { credentialId credential { revision } errors { code path } } total succeeded failed"
    payload = await calls.mutate(tenant, "credentialsUpdate", selection, updates=updates)
    assert (payload["total"], payload["succeeded"], payload["failed"], payload["errors"]) == (6, 1, 5, [])
    assert [(result["credentialId"], result["errors"]) for result in payload["results"]] == [
        (second, []),
        (completed, [{"code": "NOT_UPDATABLE", "path": ["updates", "1", "id"]}]),
        (first, [{"code": "CONFLICT", "path": ["updates", "2", "expectedRevision"]}]),
        (foreign, [{"code": "NOT_FOUND", "path": ["updates", "3", "id"]}]),
        (second, [{"code": "INVALID", "path": ["updates", "4"]}]),
        (first, [{"code": "INVALID", "path": ["updates", "5"]}]),
    ]
    row = await actions.credential_row(tenant, second)
    assert (row.display_name, str(row.expiry_date), row.revision) == ("WWCC NSW", "2030-01-01", 2)
    assert (await actions.credential_row(tenant, first)).revision == 1
    await assert_refused(tenant, "credentialsUpdate", ("TOO_MANY", "updates"), updates=[{"id": first}] * 501)
    await calls.assert_forbidden(
        tenant, "credentialsUpdate", *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, updates=[{"id": first}]
    )


async def test_a_deleted_requested_credential_requests_nothing(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await actions.update_row(tenant, Credential, key, intake=IntakeStatus.CANCELLED)
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=key)
    assert (await mutate_ok(tenant, "credentialDelete", "credential { viewerCanSubmit }", id=key))[
        "viewerCanSubmit"
    ] is False
