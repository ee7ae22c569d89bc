"""Updating and replacing credentials: edits of the latest version's facts in place."""

import asyncio
from typing import Any

import pytest

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate,
    mutate_ok,
    run_query,
    stored_rows,
)
from tests.service import Tenant, credential_input, error_paths

STATE = """credential {
  revision
  identification { displayName referenceNumber }
  issuing { issuingAuthority jurisdiction issueDate expiryDate }
  verification { status verifiable eligibility }
  latestVersion { id number referenceNumber issuingAuthority issueDate expiryDate }
  versions { nodes { number } }
}"""
FIELDS = ["credentialUpdate", "credentialReplace"]


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    """Provide a credential with every field set."""
    return await tenant.add_credential(
        worker,
        issuing={"issuingAuthority": "Office", "jurisdiction": "NSW"},
        verification={"status": "ACTIVE", "eligibility": "MAY_ENGAGE"},
    )


def content() -> dict[str, Any]:
    """Return the required fields of a replacement."""
    return {
        "identification": {
            "displayName": "WWCC NSW",
            "credentialType": "WWCC_NSW",
            "category": "SCREENING",
            "referenceNumber": "WWC1234567E",
        },
        "verification": {"status": "ACTIVE"},
    }


async def test_an_update_edits_the_latest_version_in_place(tenant: Tenant, key: str) -> None:
    before = (await run_query(tenant, "credential", "latestVersion { id }", by={"id": key})).data["credential"]
    result = await mutate_ok(
        tenant,
        "credentialUpdate",
        STATE,
        id=key,
        identification={"referenceNumber": "WWC7654321E"},
        issuing={"issuingAuthority": None, "expiryDate": "2030-05-01"},
        verification={"status": "SUSPENDED", "eligibility": None},
    )
    assert result == {
        "revision": 2,
        "identification": {"displayName": "WWCC NSW", "referenceNumber": "WWC7654321E"},
        "issuing": {
            "issuingAuthority": None,
            "jurisdiction": "NSW",
            "issueDate": "2024-05-01",
            "expiryDate": "2030-05-01",
        },
        "verification": {"status": "SUSPENDED", "verifiable": True, "eligibility": None},
        "latestVersion": {
            "id": before["latestVersion"]["id"],
            "number": 1,
            "referenceNumber": "WWC7654321E",
            "issuingAuthority": None,
            "issueDate": "2024-05-01",
            "expiryDate": "2030-05-01",
        },
        "versions": {"nodes": [{"number": 1}]},
    }
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["subject_id"]) == ("credential.updated", key)
    assert event["changes"] == {
        "identification.referenceNumber": {"from": "WWC1234567E", "to": "WWC7654321E"},
        "issuing.issuingAuthority": {"from": "Office", "to": None},
        "issuing.expiryDate": {"from": "2029-05-01", "to": "2030-05-01"},
        "verification.status": {"from": "ACTIVE", "to": "SUSPENDED"},
        "verification.eligibility": {"from": "MAY_ENGAGE", "to": None},
        "number": {"from": 1, "to": 1},
    }


async def test_an_update_leaves_what_is_absent_and_clears_what_is_null(tenant: Tenant, key: str) -> None:
    result = await mutate_ok(tenant, "credentialUpdate", STATE, id=key, issuing={"expiryDate": None})
    assert result["issuing"] == {
        "issuingAuthority": "Office",
        "jurisdiction": "NSW",
        "issueDate": "2024-05-01",
        "expiryDate": None,
    }
    result = await mutate_ok(tenant, "credentialUpdate", STATE, id=key, issuing=None)
    assert result["issuing"] == dict.fromkeys(result["issuing"])
    assert result["latestVersion"]["issueDate"] is None


async def test_the_validity_follows_the_edited_dates(tenant: Tenant, key: str) -> None:
    for expires, validity in (("2000-01-01", "EXPIRED"), (None, "NO_EXPIRY"), ("2150-01-01", "VALID")):
        issuing = {"issueDate": "1999-01-01", "expiryDate": expires}
        result = await mutate_ok(tenant, "credentialUpdate", "credential { validity }", id=key, issuing=issuing)
        assert result == {"validity": validity}
        listed = await run_query(tenant, "credentials", "nodes { id }", where={"validity": {"eq": validity}})
        assert listed.data["credentials"]["nodes"] == [{"id": key}]


async def test_a_replacement_clears_what_is_absent(tenant: Tenant, key: str) -> None:
    result = await mutate_ok(tenant, "credentialReplace", STATE, id=key, **content())
    assert result["issuing"] == {
        "issuingAuthority": None,
        "jurisdiction": None,
        "issueDate": None,
        "expiryDate": None,
    }
    assert result["verification"] == {"status": "ACTIVE", "verifiable": True, "eligibility": None}
    assert result["versions"] == {"nodes": [{"number": 1}]}


@pytest.mark.parametrize(
    "path",
    [
        "identification.displayName",
        "identification.credentialType",
        "identification.category",
        "identification.referenceNumber",
        "verification.status",
    ],
)
async def test_a_replacement_needs_what_a_creation_needs(tenant: Tenant, key: str, path: str) -> None:
    input = content()
    group, name = path.split(".")
    del input[group][name]
    (error,) = await assert_refused(tenant, "credentialReplace", ("REQUIRED", path), id=key, **input)
    assert error["message"] == f"{path} is required"


async def test_required_fields_cannot_be_cleared(tenant: Tenant, key: str) -> None:
    for path in ("identification.displayName", "identification.referenceNumber", "verification.status"):
        group, name = path.split(".")
        cleared = {group: {name: None}}
        await assert_refused(tenant, "credentialUpdate", ("REQUIRED", path), id=key, **cleared)


async def test_an_update_without_changes_keeps_the_revision_and_records_no_event(tenant: Tenant, key: str) -> None:
    before = await stored_rows(tenant)
    same = {
        **content(),
        "issuing": {
            "issuingAuthority": "Office",
            "jurisdiction": "NSW",
            "issueDate": "2024-05-01",
            "expiryDate": "2029-05-01",
        },
        "verification": {"status": "ACTIVE", "eligibility": "MAY_ENGAGE"},
    }
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=key)
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=key, **same)
    await mutate_ok(tenant, "credentialReplace", "credential { id }", id=key, **same)
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize("field", FIELDS)
async def test_an_update_cannot_change_owners(tenant: Tenant, worker: str, key: str, field: str) -> None:
    other = await tenant.add_worker("Other")
    owners: list[dict[str, Any]] = [
        {"worker": {"id": other}},
        {"worker": {"id": worker}},
        {"applicant": {"externalId": "A-1"}},
    ]
    for input in owners:
        (error,) = await assert_refused(tenant, field, ("OWNER_IMMUTABLE", "owners"), id=key, owners=input, **content())
        assert error["__typename"] == "ImmutableError"
        assert error["message"] == "owners: cannot be updated; use link, unlink or transfer"


@pytest.mark.parametrize("field", FIELDS)
async def test_an_update_cannot_clear_owners(tenant: Tenant, key: str, field: str) -> None:
    owners = {"worker": None}
    await assert_refused(tenant, field, ("OWNER_IMMUTABLE", "owners"), id=key, owners=owners, **content())


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("name", "value"), [("credentialType", "WWCC_VIC"), ("category", "LICENCE"), ("credentialType", "NONE")]
)
async def test_type_and_category_never_change(tenant: Tenant, key: str, field: str, name: str, value: str) -> None:
    input = content()
    input["identification"][name] = value
    expected = ("IMMUTABLE", f"identification.{name}")
    (error,) = await assert_refused(tenant, field, expected, id=key, **input)
    assert error["__typename"] == "ImmutableError"


@pytest.mark.parametrize("field", FIELDS)
async def test_an_edit_is_checked_like_a_creation(tenant: Tenant, key: str, field: str) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("identification.referenceNumber", {"identification": {"referenceNumber": "nonsense"}}),
        ("identification.displayName", {"identification": {"displayName": "x" * 201}}),
        ("issuing.issueDate", {"issuing": {"issueDate": "1800-01-01"}}),
        ("issuing.expiryDate", {"issuing": {"issueDate": "2026-01-02", "expiryDate": "2026-01-01"}}),
    ]
    if field == "credentialUpdate":
        cases.append(("issuing.expiryDate", {"issuing": {"issueDate": "2029-05-02"}}))
    for path, wrong in cases:
        input = {group: {**content().get(group, {}), **wrong.get(group, {})} for group in {*content(), *wrong}}
        await assert_refused(tenant, field, ("INVALID", path), id=key, **input)


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete"])
async def test_a_stale_revision_is_a_conflict(tenant: Tenant, key: str, field: str) -> None:
    input = {} if field == "credentialDelete" else content()
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=key, identification={"displayName": "New"})
    for stale in (1, 3):
        (error,) = await assert_refused(
            tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=stale, **input
        )
        assert (error["__typename"], error["currentRevision"]) == ("ConflictError", 2)
    result = await mutate_ok(tenant, field, "credential { revision }", id=key, expectedRevision=2, **input)
    assert result == {"revision": 3}


async def test_one_of_twenty_updates_of_one_revision_wins(tenant: Tenant, key: str) -> None:
    payloads = await asyncio.gather(
        *(
            mutate(
                tenant,
                "credentialUpdate",
                "credential { revision }",
                id=key,
                expectedRevision=1,
                identification={"displayName": f"Name {number}"},
            )
            for number in range(20)
        )
    )
    assert sorted(len(error_paths(payload)) for payload in payloads) == [0, *[1] * 19]
    assert {path for payload in payloads for path in error_paths(payload)} == {("CONFLICT", "expectedRevision")}


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete", "credentialUndelete"])
async def test_another_tenants_credential_is_not_found_for_updates(
    tenant: Tenant, other_tenant: Tenant, key: str, field: str
) -> None:
    input = content() if field in FIELDS else {}
    before = await stored_rows(tenant)
    for unknown in (key, f"cred_{UNKNOWN_ID}"):
        await assert_refused(other_tenant, field, ("NOT_FOUND", "id"), id=unknown, **input)
    await assert_refused(other_tenant, field, ("INVALID", "id"), id=f"cver_{UNKNOWN_ID}", **input)
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete", "credentialUndelete"])
async def test_changing_requires_its_scope(tenant: Tenant, key: str, field: str) -> None:
    await assert_forbidden(
        tenant, field, Scope.CREDENTIALS_READ, Scope.WORKERS_WRITE, required_scope=Scope.CREDENTIALS_WRITE, id=key
    )


async def test_narrowing_a_type_does_not_change_its_credentials(tenant: Tenant, worker: str) -> None:
    credential_type = await mutate_ok(
        tenant,
        "credentialTypeCreate",
        "credentialType { id }",
        code="FORKLIFT",
        name="Forklift",
        category="LICENCE",
    )
    identification = {"credentialType": "FORKLIFT", "category": "LICENCE"}
    input = credential_input(worker, identification=identification)
    key = (await mutate_ok(tenant, "credentialCreate", "credential { id }", **input))["id"]
    await mutate_ok(
        tenant,
        "credentialTypeUpdate",
        "credentialType { id }",
        id=credential_type["id"],
        supports=["REFERENCE_NUMBER"],
        referenceNumberPattern="[0-9]+",
    )
    result = await mutate_ok(tenant, "credentialUpdate", STATE, id=key, verification={"status": "ACTIVE"})
    assert result["issuing"]["expiryDate"] == "2029-05-01"
    assert result["identification"]["referenceNumber"] == "WWC1234567E"
