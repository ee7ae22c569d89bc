"""A requested credential never outlives its request: it is cancelled when the request is closed."""

import pytest

from app.credentials.tables import Credential, IntakeStatus
from tests.calls import assert_refused
from tests.compliance import requirement_calls
from tests.compliance.requirement_calls import add_rule, requested_codes, requests
from tests.credentials.actions import mutation_payload, transfer_input
from tests.service import Tenant

CREDENTIAL = "credential { id }"


async def asked_for(tenant: Tenant) -> tuple[str, str, str]:
    """Create a worker with a request of a rule; return the worker, the rule and the credential."""
    worker = await tenant.add_worker()
    rule = await add_rule(tenant)
    [request] = await requests(tenant, worker)
    return worker, rule, request.credential_id


async def intakes(tenant: Tenant, worker: str) -> list[IntakeStatus]:
    return [row.intake for row in await requirement_calls.rows(tenant, Credential, worker_id=worker)]


@pytest.mark.parametrize(
    ("away", "back"), [("credentialArchive", "credentialUnarchive"), ("credentialDelete", "credentialUndelete")]
)
async def test_a_credential_is_not_restored_while_another_request_is_open(tenant: Tenant, away: str, back: str) -> None:
    worker, rule, key = await asked_for(tenant)
    await mutation_payload(tenant, away, CREDENTIAL, id=key)
    # A change of a rule settles its workers and raises its requests again.
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, graceDays=3)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await assert_refused(tenant, back, ("ALREADY_REQUESTED", "id"), id=key)
    first, second = await requests(tenant, worker)
    assert (first.status, first.closed_at is None) == (IntakeStatus.REQUESTED, False)
    assert (second.status, second.closed_at is None) == (IntakeStatus.REQUESTED, True)
    await mutation_payload(tenant, "credentialRequestCancel", "credentialRequest { id }", id=second.id)
    await mutation_payload(tenant, back, CREDENTIAL, id=key)
    first, second = await requests(tenant, worker)
    assert (first.status, first.closed_at is None) == (IntakeStatus.REQUESTED, True)
    assert (second.status, second.closed_at is None) == (IntakeStatus.CANCELLED, False)
    assert sorted(await intakes(tenant, worker)) == [IntakeStatus.CANCELLED, IntakeStatus.REQUESTED]


async def test_a_transferred_credential_requests_nothing_of_its_new_owner(tenant: Tenant) -> None:
    worker, _, key = await asked_for(tenant)
    other = await tenant.add_worker("Kim Somebody")
    await mutation_payload(tenant, "credentialTransfer", "status", id=key, **transfer_input(worker, other))
    assert IntakeStatus.REQUESTED not in [
        row.intake for row in await requirement_calls.rows(tenant, Credential, worker_id=other) if row.id == key
    ]
    [request] = [request for request in await requests(tenant, worker) if request.credential_id == key]
    assert (request.status, request.closed_at is None) == (IntakeStatus.CANCELLED, False)


async def test_a_late_rejection_reopens_the_request_if_configured(tenant: Tenant) -> None:
    await mutation_payload(tenant, "organizationUpdate", "organization { id }", resubmitOnReject=True)
    worker, _, key = await asked_for(tenant)
    await mutation_payload(tenant, "credentialSubmit", CREDENTIAL, id=key, referenceNumber="WWC1234567E")
    await mutation_payload(tenant, "credentialApprove", CREDENTIAL, id=key)
    await mutation_payload(tenant, "credentialReject", CREDENTIAL, id=key, reason="forged")
    assert await intakes(tenant, worker) == [IntakeStatus.REQUESTED]
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await mutation_payload(tenant, "credentialSubmit", CREDENTIAL, id=key, referenceNumber="WWC7654321A")
