"""Creating, updating, archiving and restoring credential types, and the refusals."""

from typing import Any

import pytest

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate_ok,
    query_nodes,
    run_query,
    stored_rows,
)
from tests.service import Tenant

WHOLE: dict[str, Any] = {
    "code": "FORKLIFT_SITE_B",
    "name": "Forklift at site B",
    "category": "LICENCE",
    "jurisdiction": "NSW",
    "issuingAuthority": "Site B",
    "instructions": "Bring it\nto the office",
    "verificationSource": "site-b",
    "supports": ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE"],
    "requires": ["REFERENCE_NUMBER", "EXPIRY_DATE"],
    "referenceNumberPattern": "FL[0-9]{4}",
    "defaultValidityMonths": 24,
    "expiringSoonDays": 14,
    "verificationIntervalDays": 30,
    "approvalRequired": True,
    "creationPolicy": "REQUEST_ONLY",
}
LEAST = {name: WHOLE[name] for name in ("code", "name", "category")}
ALL = f"credentialType {{ revision archived {' '.join(WHOLE)} }}"
EVERYTHING = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT", "BACK_ATTACHMENT"]


async def add(tenant: Tenant, **content: Any) -> str:
    credential_type = await mutate_ok(tenant, "credentialTypeCreate", "credentialType { id }", **{**LEAST, **content})
    assert credential_type["id"].startswith("ctyp_")
    return str(credential_type["id"])


async def test_a_created_type_is_read_back(tenant: Tenant) -> None:
    result = await mutate_ok(tenant, "credentialTypeCreate", ALL, **WHOLE)
    assert result == {"revision": 1, "archived": False, **WHOLE}


async def test_absent_fields_have_defaults(tenant: Tenant) -> None:
    result = await mutate_ok(tenant, "credentialTypeCreate", ALL, **LEAST)
    assert result == {
        **dict.fromkeys(WHOLE),
        **LEAST,
        "revision": 1,
        "archived": False,
        "supports": EVERYTHING,
        "requires": [],
        "approvalRequired": False,
        "creationPolicy": "OPEN",
    }


async def test_sets_have_no_duplicates_and_a_fixed_order(tenant: Tenant) -> None:
    sets = {"supports": ["EXPIRY_DATE", "REFERENCE_NUMBER", "EXPIRY_DATE"], "requires": []}
    result = await mutate_ok(tenant, "credentialTypeCreate", ALL, **LEAST, **sets)
    assert (result["supports"], result["requires"]) == (["REFERENCE_NUMBER", "EXPIRY_DATE"], [])


@pytest.mark.parametrize("name", ["code", "name", "category"])
async def test_missing_fields_are_refused_with_their_path(tenant: Tenant, name: str) -> None:
    for value in (..., None, *([] if name == "category" else ["", "  "])):
        input = {key: item for key, item in WHOLE.items() if key != name}
        if value is not ...:
            input[name] = value
        (error,) = await assert_refused(tenant, "credentialTypeCreate", ("REQUIRED", name), **input)
        assert error["message"] == f"{name} is required"


async def test_a_code_is_capitals_digits_and_underscores(tenant: Tenant) -> None:
    for code in ("forklift", "F", "1FORKLIFT", "_FORKLIFT", "FORK-LIFT", "FORK LIFT", "F" * 65, "ÉCOLE", "FORK\n"):
        (error,) = await assert_refused(tenant, "credentialTypeCreate", ("INVALID", "code"), **{**LEAST, "code": code})
        assert error["message"].startswith("code is not 2 to 64 capital letters, digits and underscores")
    for code in ("FL", "F1", "F_", "F" * 64):
        await add(tenant, code=code)


async def test_a_code_is_unique_including_archived_types(tenant: Tenant, other_tenant: Tenant) -> None:
    key = await add(tenant)
    (error,) = await assert_refused(tenant, "credentialTypeCreate", ("TAKEN", "code"), **LEAST)
    assert (error["__typename"], error["message"]) == (
        "TakenError",
        "code: already used by another credential type",
    )
    await mutate_ok(tenant, "credentialTypeArchive", "credentialType { id }", id=key)
    await assert_refused(tenant, "credentialTypeCreate", ("TAKEN", "code"), **LEAST)
    await add(other_tenant)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("referenceNumberPattern", "(", "is not a regular expression in RE2 syntax"),
        ("referenceNumberPattern", r"(a)\1", "is not a regular expression in RE2 syntax"),
        ("referenceNumberPattern", "(?=a)a", "is not a regular expression in RE2 syntax"),
        ("referenceNumberPattern", "(?<!a)b", "is not a regular expression in RE2 syntax"),
        ("referenceNumberPattern", "((a{100}){100}){100}", "is not a regular expression in RE2 syntax"),
        ("referenceNumberPattern", "a" * 201, "is longer than 200 characters"),
        ("name", "x" * 201, "is longer than 200 characters"),
        ("jurisdiction", "x" * 51, "is longer than 50 characters"),
        ("instructions", "x" * 2_001, "is longer than 2000 characters"),
        ("defaultValidityMonths", 0, "is not between 1 and 600"),
        ("defaultValidityMonths", 601, "is not between 1 and 600"),
        ("expiringSoonDays", -1, "is not between 0 and 365"),
        ("expiringSoonDays", 366, "is not between 0 and 365"),
        ("verificationIntervalDays", 0, "is not between 1 and 365"),
        ("verificationIntervalDays", 366, "is not between 1 and 365"),
    ],
)
async def test_an_invalid_value_is_refused_with_its_path(tenant: Tenant, name: str, value: object, says: str) -> None:
    (error,) = await assert_refused(tenant, "credentialTypeCreate", ("INVALID", name), **{**LEAST, name: value})
    assert error["message"] == f"{name} {says}"
    key = await add(tenant)
    await assert_refused(tenant, "credentialTypeUpdate", ("INVALID", name), id=key, **{name: value})


async def test_a_type_requires_only_what_it_supports(tenant: Tenant) -> None:
    sets = {"supports": ["REFERENCE_NUMBER"], "requires": ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE"]}
    (error,) = await assert_refused(tenant, "credentialTypeCreate", ("INVALID", "requires"), **LEAST, **sets)
    assert error["message"] == "requires: not in supports: ISSUE_DATE, EXPIRY_DATE"
    key = await add(tenant, supports=["REFERENCE_NUMBER", "ISSUE_DATE"], requires=["ISSUE_DATE"])
    for wrong in ({"supports": ["REFERENCE_NUMBER"]}, {"requires": ["EXPIRY_DATE"]}):
        await assert_refused(tenant, "credentialTypeUpdate", ("INVALID", "requires"), id=key, **wrong)
    both = {"supports": ["EXPIRY_DATE"], "requires": ["EXPIRY_DATE"]}
    await mutate_ok(tenant, "credentialTypeUpdate", "credentialType { id }", id=key, **both)


async def test_an_update_changes_only_stated_fields(tenant: Tenant) -> None:
    key = await add(tenant, **WHOLE)
    now = await mutate_ok(
        tenant, "credentialTypeUpdate", ALL, id=key, name="Renamed", jurisdiction=None, expiringSoonDays=None
    )
    changed = {"name": "Renamed", "jurisdiction": None, "expiringSoonDays": None}
    assert now == {"revision": 2, "archived": False, **WHOLE, **changed}
    assert (await event_rows(tenant))[-1]["changes"] == {
        "name": {"from": "Forklift at site B", "to": "Renamed"},
        "jurisdiction": {"from": "NSW", "to": None},
        "expiringSoonDays": {"from": 14, "to": None},
    }
    listed = await query_nodes(tenant, "credentialTypes", "code", search="renamed")
    assert listed == [{"code": "FORKLIFT_SITE_B"}]
    before = await stored_rows(tenant)
    await mutate_ok(tenant, "credentialTypeUpdate", ALL, id=key, name="Renamed", supports=WHOLE["supports"])
    assert await stored_rows(tenant) == before


async def test_a_name_and_a_category_cannot_be_cleared(tenant: Tenant) -> None:
    key = await add(tenant)
    for name in ("name", "category"):
        await assert_refused(tenant, "credentialTypeUpdate", ("REQUIRED", name), id=key, **{name: None})


async def test_the_code_cannot_be_updated(tenant: Tenant) -> None:
    key = await add(tenant)
    text = 'mutation ($id: ID!) { credentialTypeUpdate(input: {id: $id, code: "NEW"}) { errors { code } } }'
    answer = await tenant.execute(text, {"id": key})
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])


async def test_an_archived_type_is_hidden_until_restored(tenant: Tenant) -> None:
    key, state = await add(tenant), "credentialType { revision archived archivedAt }"
    await assert_refused(tenant, "credentialTypeUnarchive", ("NOT_ARCHIVED", "id"), id=key)
    archived = await mutate_ok(tenant, "credentialTypeArchive", state, id=key)
    assert archived.pop("archivedAt") is not None
    assert archived == {"revision": 2, "archived": True}
    await assert_refused(tenant, "credentialTypeArchive", ("TYPE_ARCHIVED", "id"), id=key)
    await assert_refused(tenant, "credentialTypeUpdate", ("TYPE_ARCHIVED", "id"), id=key, name="New")
    assert await query_nodes(tenant, "credentialTypes", "code") == []
    assert await query_nodes(tenant, "credentialTypes", "id", includeArchived=True) == [{"id": key}]
    assert (await run_query(tenant, "credentialType", "archived", by={"id": key})).data["credentialType"] == {
        "archived": True
    }
    assert await mutate_ok(tenant, "credentialTypeUnarchive", state, id=key) == {
        "revision": 3,
        "archived": False,
        "archivedAt": None,
    }
    assert await query_nodes(tenant, "credentialTypes", "id") == [{"id": key}]
    assert [event["kind"] for event in await event_rows(tenant)][-3:] == [
        "credentialType.created",
        "credentialType.archived",
        "credentialType.restored",
    ]


async def test_a_stale_revision_is_a_conflict(tenant: Tenant) -> None:
    key = await add(tenant)
    for field in ("credentialTypeUpdate", "credentialTypeArchive"):
        (error,) = await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=2)
        assert error["currentRevision"] == 1


async def test_another_tenants_type_cannot_be_changed(tenant: Tenant, other_tenant: Tenant) -> None:
    key = await add(tenant)
    before = await stored_rows(tenant)
    for field in ("credentialTypeUpdate", "credentialTypeArchive", "credentialTypeUnarchive"):
        for unknown in (key, f"ctyp_{UNKNOWN_ID}"):
            await assert_refused(other_tenant, field, ("NOT_FOUND", "id"), id=unknown)
        await assert_refused(other_tenant, field, ("INVALID", "id"), id=f"wkr_{UNKNOWN_ID}")
    assert await stored_rows(tenant) == before
    for by in ({"id": key}, {"code": "FORKLIFT_SITE_B"}):
        assert (await run_query(other_tenant, "credentialType", "id", by=by)).data["credentialType"] is None
        assert (await run_query(tenant, "credentialType", "id", by=by)).data["credentialType"] == {"id": key}


async def test_changing_requires_its_scope(tenant: Tenant) -> None:
    key = await add(tenant)
    for field in ("credentialTypeUpdate", "credentialTypeArchive", "credentialTypeUnarchive"):
        await assert_forbidden(tenant, field, Scope.CREDENTIALS_WRITE, required_scope=Scope.TYPES_WRITE, id=key)
    await assert_forbidden(
        tenant, "credentialTypeCreate", Scope.CREDENTIALS_WRITE, required_scope=Scope.TYPES_WRITE, **LEAST
    )


async def test_the_list_is_filtered_searched_and_sorted(tenant: Tenant) -> None:
    await add(tenant, **WHOLE)
    await add(tenant, code="CPR_B", name="cpr", category="CERTIFICATION", issuingAuthority="100% Trainers")
    await add(tenant, code="APASS", name="Passport", category="GOVERNMENT_ID", jurisdiction="AU")
    fork, cpr, passport = "FORKLIFT_SITE_B", "CPR_B", "APASS"
    cases: list[tuple[list[str], dict[str, Any]]] = [
        ([cpr, fork, passport], {}),
        ([passport, fork, cpr], {"orderBy": [{"field": "NAME", "direction": "DESC"}]}),
        ([passport, cpr, fork], {"orderBy": [{"field": "CODE"}]}),
        ([fork, cpr, passport], {"orderBy": [{"field": "CREATED_AT"}]}),
        ([passport, cpr, fork], {"orderBy": [{"field": "UPDATED_AT", "direction": "DESC"}]}),
        ([cpr], {"search": "TRAINERS 100%"}),
        ([fork], {"search": "site_b"}),
        ([passport], {"where": {"code": {"eq": "APASS"}}}),
        ([cpr, fork], {"where": {"code": {"notIn": ["APASS"]}}}),
        ([cpr, fork], {"where": {"category": {"in": ["LICENCE", "CERTIFICATION"]}}}),
        ([fork], {"where": {"jurisdiction": {"eq": "NSW"}}}),
        ([fork], {"where": {"verificationSource": {"eq": "site-b"}}}),
        ([fork], {"where": {"verifiable": True}}),
        ([cpr, passport], {"where": {"verifiable": False}}),
        ([fork], {"where": {"approvalRequired": True}}),
        ([cpr, passport], {"where": {"approvalRequired": False}}),
        ([cpr, passport], {"where": {"NOT": {"verifiable": True}}}),
        ([cpr, passport], {"where": {"OR": [{"code": {"eq": "CPR_B"}}, {"jurisdiction": {"eq": "AU"}}]}}),
    ]
    for result, arguments in cases:
        assert [
            credential_type["code"]
            for credential_type in await query_nodes(tenant, "credentialTypes", "code", **arguments)
        ] == result
