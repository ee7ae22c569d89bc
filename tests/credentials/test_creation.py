"""Creating credentials without a request: required fields, defaults of the type, and refusals."""

from typing import Any

import pytest

from app.access import Scope
from app.credential_types.tables import CredentialMetadata
from tests.calls import assert_forbidden, assert_refused, event_rows, mutate, mutate_ok, stored_rows
from tests.service import Tenant, credential_input

ALL = """credential {
  revision deleted
  identification { displayName category referenceNumber credentialType { code } }
  issuing { issuingAuthority jurisdiction issueDate expiryDate }
  verification { status verifiable eligibility authority }
  owners { worker { id } applicant { id } }
  intake { status }
  latestVersion { number referenceNumber issuingAuthority issueDate expiryDate approval { status } createdBy }
  effectiveVersion { number }
}"""
REQUIRED = [
    "identification.displayName",
    "identification.credentialType",
    "identification.category",
    "identification.referenceNumber",
    "verification.status",
]
METADATA = {member.value for member in CredentialMetadata}


@pytest.fixture(scope="module")
async def worker_id(shared_tenant: Tenant) -> str:
    return await shared_tenant.add_worker("Jo", source={"externalId": "W-1", "sourceSystem": "hr"})


async def add_type(tenant: Tenant, code: str, **content: Any) -> str:
    """Add a licence type; return its id."""
    input = {"name": code, "category": "LICENCE", **content}
    credential_type = await mutate_ok(tenant, "credentialTypeCreate", "credentialType { id }", code=code, **input)
    return str(credential_type["id"])


def licence(worker: str, code: str, **content: Any) -> dict[str, Any]:
    """Return the input of a credential of a licence type."""
    identification = {"credentialType": code, "category": "LICENCE", **content.pop("identification", {})}
    return credential_input(worker, identification=identification, **content)


def without(input: dict[str, Any], path: str, value: object = ...) -> dict[str, Any]:
    """Return an input without one of its members, or with another value for it."""
    group, name = path.split(".")
    members = {key: item for key, item in input[group].items() if key != name}
    if value is not ...:
        members[name] = value
    return {**input, group: members}


async def test_a_created_credential_is_read_back(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    input = credential_input(
        worker,
        issuing={"issuingAuthority": "Office", "jurisdiction": "NSW"},
        verification={"status": "ACTIVE", "eligibility": "MAY_ENGAGE", "verifiable": False},
    )
    credential = await mutate_ok(tenant, "credentialCreate", ALL, **input)
    created_by = credential["latestVersion"].pop("createdBy")
    assert created_by.startswith("key_")
    assert credential == {
        "revision": 1,
        "deleted": False,
        "identification": {
            "displayName": "WWCC NSW",
            "category": "SCREENING",
            "referenceNumber": "WWC1234567E",
            "credentialType": {"code": "WWCC_NSW"},
        },
        "issuing": {
            "issuingAuthority": "Office",
            "jurisdiction": "NSW",
            "issueDate": "2024-05-01",
            "expiryDate": "2029-05-01",
        },
        "verification": {
            "status": "ACTIVE",
            "verifiable": False,
            "eligibility": "MAY_ENGAGE",
            "authority": "nsw-ocg",
        },
        "owners": {"worker": {"id": worker}, "applicant": None},
        "intake": {"status": "DIRECT"},
        "latestVersion": {
            "number": 1,
            "referenceNumber": "WWC1234567E",
            "issuingAuthority": "Office",
            "issueDate": "2024-05-01",
            "expiryDate": "2029-05-01",
            "approval": {"status": "NOT_REQUIRED"},
        },
        "effectiveVersion": {"number": 1},
    }
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["worker_id"]) == ("credential.added", worker)


async def test_absent_fields_default_to_the_types(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    credential = await mutate_ok(tenant, "credentialCreate", ALL, **{**credential_input(worker), "issuing": None})
    assert credential["issuing"] == {
        "issuingAuthority": credential["latestVersion"]["issuingAuthority"],
        "jurisdiction": "NSW",
        "issueDate": None,
        "expiryDate": None,
    }
    assert credential["issuing"]["issuingAuthority"] is not None
    assert credential["verification"]["verifiable"] is True
    identification = {"credentialType": "PASSPORT", "category": "GOVERNMENT_ID", "referenceNumber": "PA123456"}
    issuing = {"issuing": {"expiryDate": "2030-01-01"}}
    credential = await mutate_ok(
        tenant, "credentialCreate", ALL, **{**credential_input(worker, identification=identification), **issuing}
    )
    assert credential["verification"]["verifiable"] is False


@pytest.mark.parametrize("path", REQUIRED)
@pytest.mark.parametrize("value", [..., None, "", "   "])
async def test_missing_fields_are_refused_with_their_path(
    shared_tenant: Tenant, worker_id: str, path: str, value: object
) -> None:
    if path in ("identification.category", "verification.status") and isinstance(value, str):
        value = None
    errors = await assert_refused(
        shared_tenant, "credentialCreate", ("REQUIRED", path), **without(credential_input(worker_id), path, value)
    )
    assert errors == [
        {
            "__typename": "InvalidError",
            "message": f"{path} is required",
            "code": "REQUIRED",
            "path": path.split("."),
        }
    ]


@pytest.mark.parametrize("nothing", [{}, {"identification": None, "verification": None, "owners": None}])
async def test_all_missing_fields_are_refused_at_once(shared_tenant: Tenant, nothing: dict[str, Any]) -> None:
    payload = await mutate(shared_tenant, "credentialCreate", **nothing)
    refusals = {(error["code"], error["message"]) for error in payload["errors"]}
    required = {("REQUIRED", f"{path} is required") for path in REQUIRED}
    assert refusals == required | {("OWNER_REQUIRED", "owners: at least one of worker and applicant is required")}
    assert len(payload["errors"]) == len(refusals)


async def test_an_unknown_type_is_not_found(shared_tenant: Tenant, worker_id: str) -> None:
    path = "identification.credentialType"
    for code in ("NO_SUCH_TYPE", "wwcc_nsw", "WWCC_NSW'"):
        await assert_refused(
            shared_tenant, "credentialCreate", ("NOT_FOUND", path), **without(credential_input(worker_id), path, code)
        )


async def test_another_tenants_type_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    await add_type(other_tenant, "FORKLIFT_B")
    worker = await tenant.add_worker()
    path = ("NOT_FOUND", "identification.credentialType")
    await assert_refused(tenant, "credentialCreate", path, **licence(worker, "FORKLIFT_B"))


async def test_the_category_must_match_the_type(shared_tenant: Tenant, worker_id: str) -> None:
    path = "identification.category"
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", path), **without(credential_input(worker_id), path, "LICENCE")
    )
    assert error["message"] == "identification.category: WWCC_NSW has the category SCREENING"


@pytest.mark.parametrize("number", ["1234567", "WWC12345", "XWWC1234567E", "WWC1234567E1", "WWC 1234567"])
async def test_the_reference_number_must_match_the_types_pattern(
    shared_tenant: Tenant, worker_id: str, number: str
) -> None:
    path = "identification.referenceNumber"
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", path), **without(credential_input(worker_id), path, number)
    )
    assert error["message"] == "identification.referenceNumber: does not match the number pattern of WWCC_NSW"


async def test_a_number_is_trimmed_and_its_case_does_not_matter(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    input = without(credential_input(worker), "identification.referenceNumber", "  wwc1234567e ")
    credential = await mutate_ok(tenant, "credentialCreate", ALL, **input)
    assert credential["identification"]["referenceNumber"] == "wwc1234567e"


async def test_expiry_is_not_before_issue(shared_tenant: Tenant, worker_id: str) -> None:
    issuing = {"issueDate": "2026-01-02", "expiryDate": "2026-01-01"}
    (error,) = await assert_refused(
        shared_tenant,
        "credentialCreate",
        ("INVALID", "issuing.expiryDate"),
        **credential_input(worker_id, issuing=issuing),
    )
    assert error["message"] == "issuing.expiryDate: must not be before issuing.issueDate"


async def test_expiry_on_the_day_of_issue_is_fine(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await tenant.add_credential(worker, issuing={"issueDate": "2026-01-01", "expiryDate": "2026-01-01"})


async def test_only_types_with_a_registry_are_verifiable(shared_tenant: Tenant, worker_id: str) -> None:
    identification = {"credentialType": "PASSPORT", "category": "GOVERNMENT_ID", "referenceNumber": "PA123456"}
    input = credential_input(worker_id, identification=identification, verification={"verifiable": True})
    await assert_refused(shared_tenant, "credentialCreate", ("INVALID", "verification.verifiable"), **input)


async def test_an_archived_type_refuses_creation(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    type_id = await add_type(tenant, "OLD_LICENCE")
    await mutate_ok(tenant, "credentialTypeArchive", "credentialType { id }", id=type_id)
    (error,) = await assert_refused(
        tenant,
        "credentialCreate",
        ("TYPE_ARCHIVED", "identification.credentialType"),
        **licence(worker, "OLD_LICENCE"),
    )
    assert error["__typename"] == "StateError"
    await mutate_ok(tenant, "credentialTypeUnarchive", "credentialType { id }", id=type_id)
    await mutate_ok(tenant, "credentialCreate", "credential { id }", **licence(worker, "OLD_LICENCE"))


async def test_a_type_that_is_request_only_refuses_creation(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "ON_REQUEST", creationPolicy="REQUEST_ONLY")
    (error,) = await assert_refused(
        tenant,
        "credentialCreate",
        ("CREATION_NOT_ALLOWED", "identification.credentialType"),
        **licence(worker, "ON_REQUEST"),
    )
    assert error["message"] == "credentials of type ON_REQUEST come from requests only"


@pytest.mark.parametrize(
    ("unsupported", "path"),
    [
        ("REFERENCE_NUMBER", "identification.referenceNumber"),
        ("ISSUE_DATE", "issuing.issueDate"),
        ("EXPIRY_DATE", "issuing.expiryDate"),
    ],
)
async def test_unsupported_facts_are_refused(tenant: Tenant, unsupported: str, path: str) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "NARROW", supports=sorted(METADATA - {unsupported}))
    input = licence(worker, "NARROW")
    (error,) = await assert_refused(tenant, "credentialCreate", ("UNSUPPORTED_METADATA", path), **input)
    assert (error["__typename"], error["message"]) == (
        "InvalidError",
        f"{path}: NARROW does not support it",
    )
    credential = await mutate_ok(tenant, "credentialCreate", "credential { id }", **without(input, path))
    group, name = path.split(".")
    addition = {group: {name: input[group][name]}}
    await assert_refused(tenant, "credentialUpdate", ("UNSUPPORTED_METADATA", path), id=credential["id"], **addition)


@pytest.mark.parametrize(
    ("needed", "path"), [("ISSUE_DATE", "issuing.issueDate"), ("EXPIRY_DATE", "issuing.expiryDate")]
)
async def test_facts_required_by_the_type_are_required(tenant: Tenant, needed: str, path: str) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "STRICT", requires=[needed])
    (error,) = await assert_refused(
        tenant, "credentialCreate", ("REQUIRED", path), **without(licence(worker, "STRICT"), path)
    )
    assert error["message"] == f"{path} is required"


@pytest.mark.parametrize(
    ("issued", "months", "expires"),
    [
        ("2024-05-01", 60, "2029-05-01"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-01-30", 600, "2076-01-30"),
    ],
)
async def test_the_expiry_date_follows_from_the_types_usual_validity(
    shared_tenant: Tenant, worker_id: str, issued: str, months: int, expires: str
) -> None:
    code = f"MONTHS_{months}_{issued.replace('-', '')}"
    await add_type(shared_tenant, code, defaultValidityMonths=months)
    input = {**licence(worker_id, code), "issuing": {"issueDate": issued}}
    credential = await mutate_ok(shared_tenant, "credentialCreate", ALL, **input)
    assert credential["issuing"]["expiryDate"] == credential["latestVersion"]["expiryDate"] == expires


async def test_the_expiry_date_is_not_derived_when_stated_or_unsupported(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "YEARLY", defaultValidityMonths=12)
    await add_type(tenant, "ENDLESS", defaultValidityMonths=12, supports=["REFERENCE_NUMBER", "ISSUE_DATE"])
    for code, issuing, expires in (
        ("YEARLY", {"issueDate": "2026-01-01", "expiryDate": None}, None),
        ("YEARLY", {"issueDate": "2026-01-01", "expiryDate": "2026-02-01"}, "2026-02-01"),
        ("YEARLY", {}, None),
        ("ENDLESS", {"issueDate": "2026-01-01"}, None),
    ):
        input = {**licence(worker, code), "issuing": issuing}
        credential = await mutate_ok(tenant, "credentialCreate", ALL, **input)
        assert credential["issuing"]["expiryDate"] == expires


async def test_another_tenants_worker_cannot_be_an_owner(
    shared_tenant: Tenant, worker_id: str, other_tenant: Tenant
) -> None:
    before = await stored_rows(shared_tenant)
    await assert_refused(
        other_tenant, "credentialCreate", ("NOT_FOUND", "owners.worker.id"), **credential_input(worker_id)
    )
    assert await stored_rows(shared_tenant) == before


async def test_creating_requires_its_scope(shared_tenant: Tenant, worker_id: str) -> None:
    await assert_forbidden(
        shared_tenant,
        "credentialCreate",
        Scope.WORKERS_WRITE,
        Scope.CREDENTIALS_READ,
        required_scope=Scope.CREDENTIALS_WRITE,
        **credential_input(worker_id),
    )
