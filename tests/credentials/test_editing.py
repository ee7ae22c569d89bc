"""Updating and replacing credentials: the facts are those of the latest version, edited in place."""

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
  verification { status isVerifiable eligibility }
  latestVersion { id number referenceNumber issuingAuthority issueDate expiryDate }
  versions { nodes { number } }
}"""
FIELDS = ["credentialUpdate", "credentialReplace"]


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


@pytest.fixture
async def one(tenant: Tenant, worker: str) -> str:
    """A credential with all its parts."""
    return await tenant.add_credential(
        worker,
        issuing={"issuingAuthority": "Office", "jurisdiction": "NSW"},
        verification={"status": "ACTIVE", "eligibility": "MAY_ENGAGE"},
    )


def content() -> dict[str, Any]:
    """All that a replacement needs."""
    return {
        "identification": {
            "displayName": "WWCC NSW",
            "credentialType": "WWCC_NSW",
            "category": "SCREENING",
            "referenceNumber": "WWC1234567E",
        },
        "verification": {"status": "ACTIVE"},
    }


async def test_an_update_edits_the_latest_version_in_place(tenant: Tenant, one: str) -> None:
    before = (await run_query(tenant, "credential", "latestVersion { id }", id=one)).data["credential"]
    found = await mutate_ok(
        tenant,
        "credentialUpdate",
        STATE,
        id=one,
        identification={"referenceNumber": "WWC7654321E"},
        issuing={"issuingAuthority": None, "expiryDate": "2030-05-01"},
        verification={"status": "SUSPENDED", "eligibility": None},
    )
    assert found == {
        "revision": 2,
        "identification": {"displayName": "WWCC NSW", "referenceNumber": "WWC7654321E"},
        "issuing": {
            "issuingAuthority": None,
            "jurisdiction": "NSW",
            "issueDate": "2024-05-01",
            "expiryDate": "2030-05-01",
        },
        "verification": {"status": "SUSPENDED", "isVerifiable": True, "eligibility": None},
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
    assert (event["kind"], event["subject_id"]) == ("credential.updated", one)
    assert event["changes"] == {
        "identification.referenceNumber": {"from": "WWC1234567E", "to": "WWC7654321E"},
        "issuing.issuingAuthority": {"from": "Office", "to": None},
        "issuing.expiryDate": {"from": "2029-05-01", "to": "2030-05-01"},
        "verification.status": {"from": "ACTIVE", "to": "SUSPENDED"},
        "verification.eligibility": {"from": "MAY_ENGAGE", "to": None},
        "number": {"from": 1, "to": 1},
    }


async def test_an_update_leaves_what_is_absent_and_clears_what_is_null(tenant: Tenant, one: str) -> None:
    found = await mutate_ok(tenant, "credentialUpdate", STATE, id=one, issuing={"expiryDate": None})
    assert found["issuing"] == {
        "issuingAuthority": "Office",
        "jurisdiction": "NSW",
        "issueDate": "2024-05-01",
        "expiryDate": None,
    }
    found = await mutate_ok(tenant, "credentialUpdate", STATE, id=one, issuing=None)
    assert found["issuing"] == dict.fromkeys(found["issuing"])
    assert found["latestVersion"]["issueDate"] is None


async def test_the_validity_follows_the_edited_dates(tenant: Tenant, one: str) -> None:
    for expires, validity in (("2000-01-01", "EXPIRED"), (None, "NO_EXPIRY"), ("2150-01-01", "VALID")):
        issuing = {"issueDate": "1999-01-01", "expiryDate": expires}
        found = await mutate_ok(tenant, "credentialUpdate", "credential { validity }", id=one, issuing=issuing)
        assert found == {"validity": validity}
        listed = await run_query(tenant, "credentials", "nodes { id }", where={"validity": {"eq": validity}})
        assert listed.data["credentials"]["nodes"] == [{"id": one}]


async def test_a_replacement_clears_what_is_absent(tenant: Tenant, one: str) -> None:
    found = await mutate_ok(tenant, "credentialReplace", STATE, id=one, **content())
    assert found["issuing"] == {
        "issuingAuthority": None,
        "jurisdiction": None,
        "issueDate": None,
        "expiryDate": None,
    }
    assert found["verification"] == {"status": "ACTIVE", "isVerifiable": True, "eligibility": None}
    assert found["versions"] == {"nodes": [{"number": 1}]}


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
async def test_a_replacement_needs_what_a_creation_needs(tenant: Tenant, one: str, path: str) -> None:
    given = content()
    group, name = path.split(".")
    del given[group][name]
    (error,) = await assert_refused(tenant, "credentialReplace", ("REQUIRED", path), id=one, **given)
    assert error["message"] == f"{path} is required"


async def test_what_is_required_cannot_be_cleared(tenant: Tenant, one: str) -> None:
    for path in ("identification.displayName", "identification.referenceNumber", "verification.status"):
        group, name = path.split(".")
        cleared = {group: {name: None}}
        await assert_refused(tenant, "credentialUpdate", ("REQUIRED", path), id=one, **cleared)


async def test_a_change_that_changes_nothing_leaves_revision_and_ledger_alone(tenant: Tenant, one: str) -> None:
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
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=one)
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=one, **same)
    await mutate_ok(tenant, "credentialReplace", "credential { id }", id=one, **same)
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize("field", FIELDS)
async def test_owners_never_change_this_way(tenant: Tenant, worker: str, one: str, field: str) -> None:
    other = await tenant.add_worker("Other")
    owners: list[dict[str, Any]] = [
        {"worker": {"id": other}},
        {"worker": {"id": worker}},
        {"applicant": {"externalId": "A-1"}},
    ]
    for given in owners:
        (error,) = await assert_refused(tenant, field, ("OWNER_IMMUTABLE", "owners"), id=one, owners=given, **content())
        assert error["__typename"] == "ImmutableError"
        assert error["message"] == "owners: cannot be updated; use link, unlink or transfer"


@pytest.mark.parametrize("field", FIELDS)
async def test_an_owner_is_not_cleared_this_way_either(tenant: Tenant, one: str, field: str) -> None:
    owners = {"worker": None}
    await assert_refused(tenant, field, ("OWNER_IMMUTABLE", "owners"), id=one, owners=owners, **content())


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    ("name", "value"), [("credentialType", "WWCC_VIC"), ("category", "LICENSE"), ("credentialType", "NONE")]
)
async def test_type_and_category_never_change(tenant: Tenant, one: str, field: str, name: str, value: str) -> None:
    given = content()
    given["identification"][name] = value
    expected = ("IMMUTABLE", f"identification.{name}")
    (error,) = await assert_refused(tenant, field, expected, id=one, **given)
    assert error["__typename"] == "ImmutableError"


@pytest.mark.parametrize("field", FIELDS)
async def test_an_edit_is_checked_like_a_creation(tenant: Tenant, one: str, field: str) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("identification.referenceNumber", {"identification": {"referenceNumber": "nonsense"}}),
        ("identification.displayName", {"identification": {"displayName": "x" * 201}}),
        ("issuing.issueDate", {"issuing": {"issueDate": "1800-01-01"}}),
        ("issuing.expiryDate", {"issuing": {"issueDate": "2026-01-02", "expiryDate": "2026-01-01"}}),
    ]
    if field == "credentialUpdate":
        cases.append(("issuing.expiryDate", {"issuing": {"issueDate": "2029-05-02"}}))
    for path, wrong in cases:
        given = {group: {**content().get(group, {}), **wrong.get(group, {})} for group in {*content(), *wrong}}
        await assert_refused(tenant, field, ("INVALID", path), id=one, **given)


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete"])
async def test_a_stale_revision_is_a_conflict(tenant: Tenant, one: str, field: str) -> None:
    given = {} if field == "credentialDelete" else content()
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=one, identification={"displayName": "New"})
    for stale in (1, 3):
        (error,) = await assert_refused(
            tenant, field, ("CONFLICT", "expectedRevision"), id=one, expectedRevision=stale, **given
        )
        assert (error["__typename"], error["currentRevision"]) == ("ConflictError", 2)
    found = await mutate_ok(tenant, field, "credential { revision }", id=one, expectedRevision=2, **given)
    assert found == {"revision": 3}


async def test_of_twenty_changes_of_one_revision_one_wins(tenant: Tenant, one: str) -> None:
    payloads = await asyncio.gather(
        *(
            mutate(
                tenant,
                "credentialUpdate",
                "credential { revision }",
                id=one,
                expectedRevision=1,
                identification={"displayName": f"Name {number}"},
            )
            for number in range(20)
        )
    )
    assert sorted(len(error_paths(payload)) for payload in payloads) == [0, *[1] * 19]
    assert {path for payload in payloads for path in error_paths(payload)} == {("CONFLICT", "expectedRevision")}


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete", "credentialUndelete"])
async def test_a_strangers_credential_does_not_exist(
    tenant: Tenant, other_tenant: Tenant, one: str, field: str
) -> None:
    given = content() if field in FIELDS else {}
    before = await stored_rows(tenant)
    for theirs in (one, f"cred_{UNKNOWN_ID}"):
        await assert_refused(other_tenant, field, ("NOT_FOUND", "id"), id=theirs, **given)
    await assert_refused(other_tenant, field, ("INVALID", "id"), id=f"cver_{UNKNOWN_ID}", **given)
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize("field", [*FIELDS, "credentialDelete", "credentialUndelete"])
async def test_changing_needs_its_scope(tenant: Tenant, one: str, field: str) -> None:
    await assert_forbidden(
        tenant, field, Scope.CREDENTIALS_READ, Scope.WORKERS_WRITE, required_scope=Scope.CREDENTIALS_WRITE, id=one
    )


async def test_a_type_that_narrows_leaves_the_credentials_held_alone(tenant: Tenant, worker: str) -> None:
    kind = await mutate_ok(
        tenant,
        "credentialTypeCreate",
        "credentialType { id }",
        code="FORKLIFT",
        name="Forklift",
        category="LICENSE",
    )
    identification = {"credentialType": "FORKLIFT", "category": "LICENSE"}
    given = credential_input(worker, identification=identification)
    one = (await mutate_ok(tenant, "credentialCreate", "credential { id }", **given))["id"]
    await mutate_ok(
        tenant,
        "credentialTypeUpdate",
        "credentialType { id }",
        id=kind["id"],
        supports=["REFERENCE_NUMBER"],
        referenceNumberPattern="[0-9]+",
    )
    found = await mutate_ok(tenant, "credentialUpdate", STATE, id=one, verification={"status": "ACTIVE"})
    assert found["issuing"]["expiryDate"] == "2029-05-01"
    assert found["identification"]["referenceNumber"] == "WWC1234567E"
