"""Adding versions and editing the latest: copied facts, refusals, and the effective version."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.credentials.tables import Credential, IntakeStatus
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.credentials.actions import add_version, mutate_refused, mutation_payload, query_credential
from tests.service import Tenant

VERSION = "version { id }"
FACTS = "number referenceNumber issuingAuthority issueDate expiryDate validity approval { status }"
POINTERS = "validity issuing { expiryDate } latestVersion { number } effectiveVersion { number } revision"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    return await tenant.add_credential(worker)


@pytest.fixture
async def ticket(tenant: Tenant, worker: str) -> str:
    """Provide a credential whose first version is approved; later ones wait for approval."""
    await actions.add_type(tenant, defaultValidityMonths=18)
    await actions.update_settings(tenant, approvalsEnabled=True)
    key = await actions.add_ticket(tenant, worker)
    await mutation_payload(tenant, "credentialApprove", id=key)
    return key


async def added(tenant: Tenant, key: str, **content: Any) -> Any:
    payload = await mutation_payload(tenant, "credentialVersionAdd", f"version {{ {FACTS} }}", id=key, **content)
    return payload["version"]


async def latest(tenant: Tenant, key: str) -> str:
    return (await actions.credential_row(tenant, key)).latest_version_id


async def test_a_new_version_copies_absent_facts(tenant: Tenant, key: str, clock: SettableClock) -> None:
    clock.set(datetime(2026, 3, 1, tzinfo=UTC))
    assert await added(tenant, key, referenceNumber="WWC7654321A") == {
        "number": 2,
        "referenceNumber": "WWC7654321A",
        "issuingAuthority": "Office of the Children's Guardian",
        "issueDate": "2024-05-01",
        "expiryDate": "2029-05-01",
        "validity": "VALID",
        "approval": {"status": "NOT_REQUIRED"},
    }


async def test_a_version_that_states_nothing_is_refused(tenant: Tenant, key: str) -> None:
    assert await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key) == [("REQUIRED", "issueDate")]


async def test_a_renewal_does_not_lose_its_expiry_date(tenant: Tenant, worker: str) -> None:
    await actions.add_type(tenant)
    key = await actions.add_ticket(tenant, worker)
    refusals = await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key, issueDate="2025-01-01")
    assert refusals == [("REQUIRED", "expiryDate")]
    assert (await added(tenant, key, issueDate="2025-01-01", expiryDate=None))["expiryDate"] is None


async def test_stated_facts_replace_copied_ones(tenant: Tenant, key: str) -> None:
    content = {"referenceNumber": "WWC7654321A", "issuingAuthority": None, "issueDate": "2025-01-02"}
    version = await added(tenant, key, **content, expiryDate="2026-01-02")
    assert (version["referenceNumber"], version["issuingAuthority"]) == ("WWC7654321A", None)
    assert (version["issueDate"], version["expiryDate"]) == ("2025-01-02", "2026-01-02")
    shown = await query_credential(
        tenant, key, "identification { referenceNumber } issuing { issuingAuthority issueDate }"
    )
    assert shown["identification"] == {"referenceNumber": "WWC7654321A"}
    assert shown["issuing"] == {"issuingAuthority": None, "issueDate": "2025-01-02"}


async def test_the_expiry_date_follows_from_the_issue_date_unless_stated(tenant: Tenant, ticket: str) -> None:
    assert (await added(tenant, ticket, issueDate="2024-08-31"))["expiryDate"] == "2026-02-28"
    assert (await added(tenant, ticket, issueDate="2024-08-31", expiryDate="2025-01-01"))["expiryDate"] == "2025-01-01"
    assert (await added(tenant, ticket, issueDate="2024-08-31", expiryDate=None))["expiryDate"] is None
    assert (await added(tenant, ticket, issuingAuthority="Elsewhere"))["expiryDate"] is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"referenceNumber": "12"}, ("INVALID", "referenceNumber")),
        ({"referenceNumber": " "}, ("REQUIRED", "referenceNumber")),
        ({"referenceNumber": None}, ("REQUIRED", "referenceNumber")),
        ({"issueDate": "2025-01-02", "expiryDate": "2025-01-01"}, ("INVALID", "expiryDate")),
        ({"expiryDate": "1820-01-01"}, ("INVALID", "expiryDate")),
        ({"issuingAuthority": "a" * 201}, ("INVALID", "issuingAuthority")),
        ({"expectedRevision": 3}, ("CONFLICT", "expectedRevision")),
    ],
)
async def test_invalid_facts_are_refused(
    tenant: Tenant, key: str, content: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key, **content) == [expected]
    edited = {"id": await latest(tenant, key), **content}
    assert await mutate_refused(tenant, "credentialVersionEdit", VERSION, **edited) == [expected]


async def test_an_edit_is_checked_together_with_unchanged_facts(tenant: Tenant, key: str) -> None:
    version = await latest(tenant, key)
    refusals = await mutate_refused(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2024-04-30")
    assert refusals == [("INVALID", "expiryDate")]
    refusals = await mutate_refused(tenant, "credentialVersionEdit", VERSION, id=version, issueDate="2029-05-02")
    assert refusals == [("INVALID", "expiryDate")]
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, issueDate="2029-05-01")


async def test_facts_that_the_type_does_not_take_are_refused(tenant: Tenant, worker: str) -> None:
    await actions.add_type(tenant, "PLAIN", supports=["ISSUE_DATE"])
    key = await actions.add_ticket(tenant, worker, "PLAIN", identification={"referenceNumber": None}, issuing=None)
    input = {"referenceNumber": "R-1", "expiryDate": "2030-01-01"}
    expected = [("UNSUPPORTED_METADATA", "referenceNumber"), ("UNSUPPORTED_METADATA", "expiryDate")]
    assert await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key, **input) == expected
    edited = {"id": await latest(tenant, key), **input}
    assert await mutate_refused(tenant, "credentialVersionEdit", VERSION, **edited) == expected
    assert (await added(tenant, key, issueDate="2025-01-01"))["issueDate"] == "2025-01-01"


async def test_what_the_type_requires_is_required_of_each_version(tenant: Tenant, worker: str) -> None:
    await actions.add_type(tenant, "DATED", requires=["ISSUE_DATE"])
    key = await actions.add_ticket(tenant, worker, "DATED")
    assert await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key, issueDate=None) == [
        ("REQUIRED", "issueDate")
    ]
    edited = {"id": await latest(tenant, key), "issueDate": None}
    assert await mutate_refused(tenant, "credentialVersionEdit", VERSION, **edited) == [("REQUIRED", "issueDate")]


async def test_without_approvals_an_old_period_that_is_recorded_late_takes_nothing_over(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    clock.set(datetime(2026, 3, 1, tzinfo=UTC))
    assert (await query_credential(tenant, key, POINTERS))["validity"] == "VALID"
    assert (await added(tenant, key, expiryDate="2026-02-28"))["validity"] == "EXPIRED"
    assert await query_credential(tenant, key, POINTERS) == {
        "validity": "VALID",
        "issuing": {"expiryDate": "2026-02-28"},
        "latestVersion": {"number": 2},
        "effectiveVersion": {"number": 1},
        "revision": 2,
    }


async def test_a_version_that_waits_for_approval_leaves_the_older_one_effective(
    tenant: Tenant, ticket: str, clock: SettableClock
) -> None:
    clock.set(datetime(2029, 5, 2, tzinfo=UTC))
    refusals = await added(tenant, ticket, issueDate="2029-04-30", expiryDate="2033-01-01")
    assert (refusals["approval"], refusals["validity"]) == ({"status": "PENDING"}, "VALID")
    shown = await query_credential(tenant, ticket, POINTERS)
    assert (shown["latestVersion"], shown["effectiveVersion"]) == ({"number": 2}, {"number": 1})
    assert (shown["validity"], shown["issuing"]) == ("EXPIRED", {"expiryDate": "2033-01-01"})
    await mutation_payload(tenant, "credentialApprove", id=ticket)
    shown = await query_credential(tenant, ticket, POINTERS)
    assert (shown["effectiveVersion"], shown["validity"]) == ({"number": 2}, "VALID")
    await mutation_payload(tenant, "credentialReject", id=ticket)
    shown = await query_credential(tenant, ticket, POINTERS)
    assert (shown["effectiveVersion"], shown["validity"]) == ({"number": 1}, "EXPIRED")


async def test_where_none_is_effective_the_latest_tells_the_validity(
    tenant: Tenant, ticket: str, clock: SettableClock
) -> None:
    clock.set(datetime(2026, 3, 1, tzinfo=UTC))
    await mutation_payload(tenant, "credentialReject", id=ticket)
    await added(tenant, ticket, issueDate="2026-03-02", expiryDate="2027-01-01")
    shown = await query_credential(tenant, ticket, POINTERS)
    assert (shown["effectiveVersion"], shown["validity"]) == (None, "NOT_YET_VALID")


async def test_the_history_shows_every_version_latest_first(tenant: Tenant, key: str) -> None:
    await added(tenant, key, expiryDate="2030-01-01")
    await added(tenant, key, expiryDate="2031-01-01")
    shown = await query_credential(tenant, key, "versions(first: 2) { nodes { number expiryDate credential { id } } }")
    assert shown["versions"]["nodes"] == [
        {"number": 3, "expiryDate": "2031-01-01", "credential": {"id": key}},
        {"number": 2, "expiryDate": "2030-01-01", "credential": {"id": key}},
    ]
    order = "orderBy: [{field: NUMBER, direction: ASC}]"
    shown = await query_credential(tenant, key, f"versions({order}) {{ nodes {{ number }} totalCount {{ count }} }}")
    assert [node["number"] for node in shown["versions"]["nodes"]] == [1, 2, 3]
    assert shown["versions"]["totalCount"] == {"count": 3}


async def test_only_the_latest_version_can_be_edited(tenant: Tenant, key: str) -> None:
    older = await latest(tenant, key)
    newer = await add_version(tenant, key, expiryDate="2030-01-01")
    refusals = await mutate_refused(tenant, "credentialVersionEdit", VERSION, id=older, expiryDate="2031-01-01")
    assert refusals == [("NOT_LATEST_VERSION", "id")]
    payload = await mutation_payload(
        tenant, "credentialVersionEdit", f"version {{ id {FACTS} }}", id=newer, expiryDate="2031-01-01"
    )
    assert (payload["version"]["id"], payload["version"]["number"]) == (newer, 2)
    assert payload["version"]["expiryDate"] == "2031-01-01"
    assert (await query_credential(tenant, key, POINTERS))["issuing"] == {"expiryDate": "2031-01-01"}


async def test_an_edited_version_that_was_decided_is_decided_again(tenant: Tenant, ticket: str) -> None:
    version = await latest(tenant, ticket)
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2028-01-01")
    [refusals] = await actions.version_rows(tenant, ticket)
    assert refusals.approval.value == "PENDING"
    assert (refusals.decided_by, refusals.decided_at, refusals.reason, refusals.notes) == (None, None, None, None)
    assert (await query_credential(tenant, ticket, POINTERS))["effectiveVersion"] is None


async def test_a_version_that_was_decided_for_good_cannot_be_edited(tenant: Tenant, ticket: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    version = await latest(tenant, ticket)
    expected = [("APPROVAL_FINAL", "id")]
    assert (
        await mutate_refused(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2028-01-01") == expected
    )
    update: dict[str, Any] = {"issuing": {"expiryDate": "2028-01-01"}}
    assert await mutate_refused(tenant, "credentialUpdate", id=ticket, **update) == expected
    newer = await add_version(tenant, ticket, expiryDate="2028-01-01")
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=newer, expiryDate="2028-02-01")


@pytest.mark.parametrize("intake", [IntakeStatus.COMPLETED, IntakeStatus.CANCELLED])
async def test_what_was_asked_for_takes_versions_only_until_it_is_completed(
    tenant: Tenant, key: str, intake: IntakeStatus
) -> None:
    await actions.update_row(tenant, Credential, key, intake=intake)
    expected = [("NOT_UPDATABLE", "id")]
    input = {"expiryDate": "2030-01-01"}
    assert await mutate_refused(tenant, "credentialVersionAdd", VERSION, id=key, **input) == expected
    edited = {"id": await latest(tenant, key), **input}
    assert await mutate_refused(tenant, "credentialVersionEdit", VERSION, **edited) == expected
    for open_intake in (IntakeStatus.REQUESTED, IntakeStatus.SUBMITTED):
        await actions.update_row(tenant, Credential, key, intake=open_intake)
        await mutation_payload(
            tenant, "credentialVersionEdit", VERSION, id=edited["id"], expiryDate=f"203{len(open_intake)}-01-01"
        )
