"""Answering a request: submitting, being rejected and submitting again; what may be updated until then, and by whom."""

from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.compliance.tables import CredentialRequest
from app.credentials.tables import Approval, Credential, Intake
from tests import calls
from tests.calls import assert_refused, mutate_ok
from tests.credentials import life
from tests.service import Tenant

SHOWN = """
  identification { referenceNumber } issuing { issueDate expiryDate issuingAuthority jurisdiction }
  intake { status requestedAt submittedAt } verification { status eligibility statusDetail }
  latestVersion { number referenceNumber approval { status reason } } effectiveVersion { number }
  viewerCanSubmit
"""
NEEDED = Scope.CREDENTIALS_WRITE


async def submit(tenant: Tenant, key: str, **facts: Any) -> Any:
    """Submit a credential; gives it."""
    payload = await life.done(tenant, "credentialSubmit", f"credential {{ {SHOWN} }} correlationId", id=key, **facts)
    return payload["credential"]


async def the_request(tenant: Tenant) -> CredentialRequest:
    """The one request that there is."""
    [row] = (await tenant.rows())["credential_requests"]
    async with tenant.service.database.reading("test") as session:
        return await session.get_row(CredentialRequest, (tenant.id, row["id"]))


async def test_where_nobody_approves_it_an_answer_completes_the_request(tenant: Tenant) -> None:
    key = await life.requested(tenant, defaultValidityMonths=12, issuingAuthority="The site")
    before = await life.row(tenant, key)
    assert (before.intake, before.latest_approval, before.effective_version_id) == (
        *(Intake.REQUESTED, Approval.PENDING),
        None,
    )
    found = await submit(tenant, key, referenceNumber="T-9", issueDate="2026-01-31")
    assert found["identification"] == {"referenceNumber": "T-9"}
    assert found["issuing"] == {
        "issueDate": "2026-01-31",
        "expiryDate": "2027-01-31",
        "issuingAuthority": "The site",
        "jurisdiction": None,
    }
    assert (found["intake"]["status"], found["viewerCanSubmit"]) == ("COMPLETED", False)
    assert found["intake"]["submittedAt"] is not None
    assert found["verification"] == {"status": "ACTIVE", "eligibility": None, "statusDetail": None}
    assert found["latestVersion"]["number"] == found["effectiveVersion"]["number"] == 1
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (Intake.COMPLETED, False)
    assert await life.facts(tenant, key) == ["credential.added", "credential.submitted"]
    changes = (await life.ledger(tenant, key))[-1].changes
    assert changes["intake.status"] == {"from": "REQUESTED", "to": "COMPLETED"}
    assert changes["referenceNumber"] == {"from": None, "to": "T-9"}


async def test_an_answer_that_is_rejected_and_given_again(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    found = await submit(tenant, key, referenceNumber="T-1")
    assert (found["intake"]["status"], found["effectiveVersion"]) == ("SUBMITTED", None)
    assert (await the_request(tenant)).status is Intake.SUBMITTED
    await assert_refused(tenant, "credentialSubmit", ("ALREADY_SUBMITTED", "id"), id=key)
    await life.done(tenant, "credentialUpdate", id=key, identification={"referenceNumber": "T-2"})
    rejected = f"credential {{ {SHOWN} }}"
    found = (await life.done(tenant, "credentialReject", rejected, id=key, reason="Cannot be read."))["credential"]
    assert (found["intake"]["status"], found["viewerCanSubmit"]) == ("REQUESTED", True)
    assert found["latestVersion"]["approval"] == {"status": "REJECTED", "reason": "Cannot be read."}
    request = await the_request(tenant)
    assert (request.status, request.closed_at) == (Intake.REQUESTED, None)
    found = await submit(tenant, key, issueDate="2026-01-31")
    assert (found["intake"]["status"], found["verification"]["status"]) == ("SUBMITTED", "PENDING")
    assert found["latestVersion"] == {
        "number": 2,
        "referenceNumber": "T-2",
        "approval": {"status": "PENDING", "reason": None},
    }
    assert [version.reason for version in await life.history(tenant, key)] == ["Cannot be read.", None]
    found = (await life.done(tenant, "credentialApprove", rejected, id=key))["credential"]
    assert (found["intake"]["status"], found["effectiveVersion"]["number"]) == ("COMPLETED", 2)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (Intake.COMPLETED, False)
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=key)
    await assert_refused(tenant, "credentialUpdate", ("NOT_UPDATABLE", "id"), id=key)
    await assert_refused(tenant, "credentialVersionAdd", ("NOT_UPDATABLE", "id"), id=key)


async def test_where_nothing_is_given_again_a_rejection_closes_the_request(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await life.choose(tenant, approvalsEnabled=True)
    await submit(tenant, key, referenceNumber="T-1")
    await life.done(tenant, "credentialReject", id=key)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (Intake.SUBMITTED, False)
    await life.done(tenant, "credentialApprove", id=key)
    request = await the_request(tenant)
    assert (request.status, request.closed_at is None) == (Intake.COMPLETED, False)


async def test_what_a_registry_verifies_is_checked_after_it_is_submitted(tenant: Tenant) -> None:
    key = await life.requested(tenant, verificationSource="a-registry")
    await assert_refused(tenant, "credentialVerify", ("NOT_VERIFIABLE", "id"), id=key)
    payload = await life.done(
        tenant, "credentialSubmit", "credential { id } correlationId", id=key, referenceNumber="T-1"
    )
    [attempt] = (await tenant.rows())["verification_attempts"]
    assert (attempt["correlation_id"], attempt["credential_id"]) == (payload["correlationId"], key)
    row = await life.row(tenant, key)
    assert (row.intake, row.status.value, row.eligibility) == (Intake.COMPLETED, "PENDING", None)


async def test_facts_written_before_count_when_it_is_submitted(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await life.done(tenant, "credentialUpdate", id=key, identification={"referenceNumber": "T-7"})
    await life.done(tenant, "credentialVersionAdd", "version { id }", id=key, expiryDate="2031-01-01")
    row = await life.row(tenant, key)
    assert (row.intake, row.effective_version_id, row.latest_approval) == (Intake.REQUESTED, None, Approval.PENDING)
    found = await submit(tenant, key)
    assert (found["identification"]["referenceNumber"], found["issuing"]["expiryDate"]) == ("T-7", "2031-01-01")


@pytest.fixture(scope="module")
async def requested(shared_tenant: Tenant) -> str:
    """The id of a requested credential, of a type that does not take everything."""
    return await life.requested(
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
async def test_what_the_type_does_not_take_is_refused(
    shared_tenant: Tenant, requested: str, facts: dict[str, Any], expected: tuple[str, str]
) -> None:
    await assert_refused(shared_tenant, "credentialSubmit", expected, id=requested, **facts)


async def test_what_the_type_requires_is_required(tenant: Tenant) -> None:
    key = await life.requested(tenant, requires=["ISSUE_DATE", "EXPIRY_DATE"])
    expected = [("REQUIRED", "issueDate"), ("REQUIRED", "expiryDate")]
    await assert_refused(tenant, "credentialSubmit", *expected, id=key, referenceNumber="T-1")


async def test_only_what_was_asked_for_and_is_ones_own_is_submitted(tenant: Tenant, other_tenant: Tenant) -> None:
    key, theirs = await life.requested(tenant), await life.requested(other_tenant)
    direct = await tenant.add_credential(await tenant.add_worker())
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=direct)
    await assert_refused(tenant, "credentialSubmit", ("NOT_FOUND", "id"), id=theirs)
    await calls.assert_forbidden(tenant, "credentialSubmit", *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, id=key)
    await life.done(tenant, "credentialArchive", id=key)
    await assert_refused(tenant, "credentialSubmit", ("ARCHIVED", "id"), id=key)


async def test_what_comes_from_requests_only_is_not_created(tenant: Tenant) -> None:
    key = await life.requested(tenant, creationPolicy="REQUEST_ONLY")
    worker = (await life.row(tenant, key)).worker_id
    identification = {"displayName": "T", "credentialType": life.TICKET, "category": "CERTIFICATION"}
    given = {
        "identification": {**identification, "referenceNumber": "T-1"},
        "verification": {"status": "PENDING"},
        "owners": {"worker": {"id": worker}},
    }
    expected = ("CREATION_NOT_ALLOWED", "identification.credentialType")
    await assert_refused(tenant, "credentialCreate", expected, **given)
    assert (await submit(tenant, key, referenceNumber="T-1"))["intake"]["status"] == "COMPLETED"


async def test_an_update_of_what_the_type_does_not_support_changes_nothing(tenant: Tenant) -> None:
    key = await life.requested(tenant, supports=["REFERENCE_NUMBER"])
    issuing = {"expiryDate": "2031-01-01"}
    given: dict[str, Any] = {"identification": {"displayName": "Other"}, "issuing": issuing}
    await assert_refused(tenant, "credentialUpdate", ("UNSUPPORTED_METADATA", "issuing.expiryDate"), id=key, **given)


async def test_many_are_updated_and_each_stands_alone(tenant: Tenant, other_tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    first, second = await tenant.add_credential(worker), await tenant.add_credential(worker)
    completed = await life.requested(tenant)
    await submit(tenant, completed, referenceNumber="T-1")
    theirs = await other_tenant.add_credential(await other_tenant.add_worker())
    updates: list[dict[str, Any]] = [
        {"id": second, "issuing": {"expiryDate": "2030-01-01"}},
        {"id": completed, "issuing": {"expiryDate": "2030-01-01"}},
        {"id": first, "expectedRevision": 7, "identification": {"displayName": "Other"}},
        {"id": theirs, "identification": {"displayName": "Other"}},
        {"id": second, "identification": {"displayName": "Twice"}},
        {"id": first, "verification": {"status": None}},
    ]
    selection = "results { credentialId credential { revision } errors { code path } } total succeeded failed"
    payload = await calls.mutate(tenant, "credentialsUpdate", selection, updates=updates)
    assert (payload["total"], payload["succeeded"], payload["failed"], payload["errors"]) == (6, 2, 4, [])
    assert [(one["credentialId"], one["errors"]) for one in payload["results"]] == [
        (second, []),
        (completed, [{"code": "NOT_UPDATABLE", "path": ["updates", "1", "id"]}]),
        (first, [{"code": "CONFLICT", "path": ["updates", "2", "expectedRevision"]}]),
        (theirs, [{"code": "NOT_FOUND", "path": ["updates", "3", "id"]}]),
        (second, []),
        (first, [{"code": "REQUIRED", "path": ["updates", "5", "verification", "status"]}]),
    ]
    row = await life.row(tenant, second)
    assert (row.display_name, str(row.expiry_date), row.revision) == ("Twice", "2030-01-01", 3)
    assert (await life.row(tenant, first)).revision == 1
    await assert_refused(tenant, "credentialsUpdate", ("TOO_MANY", "updates"), updates=[{"id": first}] * 501)
    await calls.assert_forbidden(
        tenant, "credentialsUpdate", *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, updates=[{"id": first}]
    )


async def test_a_deleted_credential_asks_nobody(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await life.write(tenant, Credential, key, intake=Intake.CANCELLED)
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), id=key)
    assert (await mutate_ok(tenant, "credentialDelete", "credential { viewerCanSubmit }", id=key))[
        "viewerCanSubmit"
    ] is False
