"""Creating credentials directly: what is needed, what follows from the type, and what is refused."""

from typing import Any

import pytest

from app.access import Scope
from app.credential_types.tables import Metadata
from tests.calls import assert_forbidden, assert_refused, event_rows, mutate, mutate_ok, stored_rows
from tests.service import Tenant, credential_input

ALL = """credential {
  revision deleted
  identification { displayName category referenceNumber credentialType { code } }
  issuing { issuingAuthority jurisdiction issueDate expiryDate }
  verification { status isVerifiable eligibility authority }
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
METADATA = {member.value for member in Metadata}


@pytest.fixture(scope="module")
async def jo(shared_tenant: Tenant) -> str:
    return await shared_tenant.add_worker("Jo", source={"externalId": "W-1", "sourceSystem": "hr"})


async def add_type(tenant: Tenant, code: str, **content: Any) -> str:
    """Add a licence type; gives its id."""
    given = {"name": code, "category": "LICENSE", **content}
    kind = await mutate_ok(tenant, "credentialTypeCreate", "credentialType { id }", code=code, **given)
    return str(kind["id"])


def licence(worker: str, code: str, **content: Any) -> dict[str, Any]:
    """The input of a credential of a licence type."""
    identification = {"credentialType": code, "category": "LICENSE", **content.pop("identification", {})}
    return credential_input(worker, identification=identification, **content)


def lacking(given: dict[str, Any], path: str, value: object = ...) -> dict[str, Any]:
    """An input without one of its members, or with another value for it."""
    group, name = path.split(".")
    members = {key: item for key, item in given[group].items() if key != name}
    if value is not ...:
        members[name] = value
    return {**given, group: members}


async def test_what_is_created_is_read_back(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    given = credential_input(
        worker,
        issuing={"issuingAuthority": "Office", "jurisdiction": "ACT"},
        verification={"status": "ACTIVE", "eligibility": "MAY_ENGAGE", "isVerifiable": False},
    )
    found = await mutate_ok(tenant, "credentialCreate", ALL, **given)
    created_by = found["latestVersion"].pop("createdBy")
    assert created_by.startswith("key_")
    assert found == {
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
            "jurisdiction": "ACT",
            "issueDate": "2024-05-01",
            "expiryDate": "2029-05-01",
        },
        "verification": {
            "status": "ACTIVE",
            "isVerifiable": False,
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


async def test_what_is_not_said_follows_from_the_type(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    found = await mutate_ok(tenant, "credentialCreate", ALL, **{**credential_input(worker), "issuing": None})
    assert found["issuing"] == {
        "issuingAuthority": found["latestVersion"]["issuingAuthority"],
        "jurisdiction": "NSW",
        "issueDate": None,
        "expiryDate": None,
    }
    assert found["issuing"]["issuingAuthority"] is not None
    assert found["verification"]["isVerifiable"] is True
    kept = {"credentialType": "PASSPORT", "category": "GOVERNMENT_ID", "referenceNumber": "PA123456"}
    issuing = {"issuing": {"expiryDate": "2030-01-01"}}
    found = await mutate_ok(
        tenant, "credentialCreate", ALL, **{**credential_input(worker, identification=kept), **issuing}
    )
    assert found["verification"]["isVerifiable"] is False


@pytest.mark.parametrize("path", REQUIRED)
@pytest.mark.parametrize("value", [..., None, "", "   "])
async def test_what_is_missing_is_named_by_its_path(shared_tenant: Tenant, jo: str, path: str, value: object) -> None:
    if path in ("identification.category", "verification.status") and isinstance(value, str):
        value = None
    errors = await assert_refused(
        shared_tenant, "credentialCreate", ("REQUIRED", path), **lacking(credential_input(jo), path, value)
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
async def test_all_that_is_missing_is_told_at_once(shared_tenant: Tenant, nothing: dict[str, Any]) -> None:
    payload = await mutate(shared_tenant, "credentialCreate", **nothing)
    told = {(error["code"], error["message"]) for error in payload["errors"]}
    required = {("REQUIRED", f"{path} is required") for path in REQUIRED}
    assert told == required | {("OWNER_REQUIRED", "owners: at least one of worker and applicant is required")}
    assert len(payload["errors"]) == len(told)


async def test_an_unknown_type_is_not_found(shared_tenant: Tenant, jo: str) -> None:
    path = "identification.credentialType"
    for code in ("NO_SUCH_TYPE", "wwcc_nsw", "WWCC_NSW'"):
        await assert_refused(
            shared_tenant, "credentialCreate", ("NOT_FOUND", path), **lacking(credential_input(jo), path, code)
        )


async def test_a_strangers_type_is_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    await add_type(other_tenant, "FORKLIFT_B")
    worker = await tenant.add_worker()
    path = ("NOT_FOUND", "identification.credentialType")
    await assert_refused(tenant, "credentialCreate", path, **licence(worker, "FORKLIFT_B"))


async def test_the_category_is_the_types(shared_tenant: Tenant, jo: str) -> None:
    path = "identification.category"
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", path), **lacking(credential_input(jo), path, "LICENSE")
    )
    assert error["message"] == "identification.category: WWCC_NSW has the category SCREENING"


@pytest.mark.parametrize("number", ["1234567", "WWC12345", "XWWC1234567E", "WWC1234567E1", "WWC 1234567"])
async def test_a_number_looks_as_the_type_says(shared_tenant: Tenant, jo: str, number: str) -> None:
    path = "identification.referenceNumber"
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", path), **lacking(credential_input(jo), path, number)
    )
    assert error["message"] == "identification.referenceNumber: does not match the number pattern of WWCC_NSW"


async def test_a_number_is_trimmed_and_its_case_does_not_matter(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    given = lacking(credential_input(worker), "identification.referenceNumber", "  wwc1234567e ")
    found = await mutate_ok(tenant, "credentialCreate", ALL, **given)
    assert found["identification"]["referenceNumber"] == "wwc1234567e"


async def test_expiry_is_not_before_issue(shared_tenant: Tenant, jo: str) -> None:
    issuing = {"issueDate": "2026-01-02", "expiryDate": "2026-01-01"}
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", "issuing.expiryDate"), **credential_input(jo, issuing=issuing)
    )
    assert error["message"] == "issuing.expiryDate: must not be before issuing.issueDate"


async def test_expiry_on_the_day_of_issue_is_fine(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await tenant.add_credential(worker, issuing={"issueDate": "2026-01-01", "expiryDate": "2026-01-01"})


async def test_only_types_that_a_registry_verifies_are_verifiable(shared_tenant: Tenant, jo: str) -> None:
    kept = {"credentialType": "PASSPORT", "category": "GOVERNMENT_ID", "referenceNumber": "PA123456"}
    given = credential_input(jo, identification=kept, verification={"isVerifiable": True})
    await assert_refused(shared_tenant, "credentialCreate", ("INVALID", "verification.isVerifiable"), **given)


async def test_an_archived_type_takes_no_credentials(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    kind = await add_type(tenant, "OLD_LICENCE")
    await mutate_ok(tenant, "credentialTypeArchive", "credentialType { id }", id=kind)
    (error,) = await assert_refused(
        tenant,
        "credentialCreate",
        ("TYPE_ARCHIVED", "identification.credentialType"),
        **licence(worker, "OLD_LICENCE"),
    )
    assert error["__typename"] == "StateError"
    await mutate_ok(tenant, "credentialTypeRestore", "credentialType { id }", id=kind)
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
async def test_what_the_type_does_not_support_is_refused(tenant: Tenant, unsupported: str, path: str) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "NARROW", supports=sorted(METADATA - {unsupported}))
    given = licence(worker, "NARROW")
    (error,) = await assert_refused(tenant, "credentialCreate", ("UNSUPPORTED_METADATA", path), **given)
    assert (error["__typename"], error["message"]) == (
        "InvalidError",
        f"{path}: NARROW does not support it",
    )
    one = await mutate_ok(tenant, "credentialCreate", "credential { id }", **lacking(given, path))
    group, name = path.split(".")
    addition = {group: {name: given[group][name]}}
    await assert_refused(tenant, "credentialUpdate", ("UNSUPPORTED_METADATA", path), id=one["id"], **addition)


@pytest.mark.parametrize(
    ("needed", "path"), [("ISSUE_DATE", "issuing.issueDate"), ("EXPIRY_DATE", "issuing.expiryDate")]
)
async def test_what_the_type_requires_is_required(tenant: Tenant, needed: str, path: str) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "STRICT", requires=[needed])
    (error,) = await assert_refused(
        tenant, "credentialCreate", ("REQUIRED", path), **lacking(licence(worker, "STRICT"), path)
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
    shared_tenant: Tenant, jo: str, issued: str, months: int, expires: str
) -> None:
    code = f"MONTHS_{months}_{issued.replace('-', '')}"
    await add_type(shared_tenant, code, defaultValidityMonths=months)
    given = {**licence(jo, code), "issuing": {"issueDate": issued}}
    found = await mutate_ok(shared_tenant, "credentialCreate", ALL, **given)
    assert found["issuing"]["expiryDate"] == found["latestVersion"]["expiryDate"] == expires


async def test_an_expiry_date_is_not_made_up_where_it_is_said_or_cannot_be(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_type(tenant, "YEARLY", defaultValidityMonths=12)
    await add_type(tenant, "ENDLESS", defaultValidityMonths=12, supports=["REFERENCE_NUMBER", "ISSUE_DATE"])
    for code, issuing, expires in (
        ("YEARLY", {"issueDate": "2026-01-01", "expiryDate": None}, None),
        ("YEARLY", {"issueDate": "2026-01-01", "expiryDate": "2026-02-01"}, "2026-02-01"),
        ("YEARLY", {}, None),
        ("ENDLESS", {"issueDate": "2026-01-01"}, None),
    ):
        given = {**licence(worker, code), "issuing": issuing}
        found = await mutate_ok(tenant, "credentialCreate", ALL, **given)
        assert found["issuing"]["expiryDate"] == expires


async def test_a_strangers_worker_owns_nothing_here(shared_tenant: Tenant, jo: str, other_tenant: Tenant) -> None:
    before = await stored_rows(shared_tenant)
    await assert_refused(other_tenant, "credentialCreate", ("NOT_FOUND", "owners.worker.id"), **credential_input(jo))
    assert await stored_rows(shared_tenant) == before


async def test_creating_needs_its_scope(shared_tenant: Tenant, jo: str) -> None:
    await assert_forbidden(
        shared_tenant,
        "credentialCreate",
        Scope.WORKERS_WRITE,
        Scope.CREDENTIALS_READ,
        required_scope=Scope.CREDENTIALS_WRITE,
        **credential_input(jo),
    )
