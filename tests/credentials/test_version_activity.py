"""A version's activity: who changed its dates, from what to what, and when; and what the ledger keeps beside it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from tests.conftest import SettableClock
from tests.credentials import life
from tests.credentials.life import add_version, done, facts, refused, show
from tests.service import Tenant

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2099, 3, 2, 9, 30, tzinfo=UTC)
VERSION = "version { id }"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    return await tenant.add_credential(await tenant.add_worker())


async def activity(tenant: Tenant, key: str, arguments: str = "") -> list[dict[str, Any]]:
    """What the latest version's activity tells, latest first."""
    asked = "nodes { field before after changedBy changedByName changedAt }"
    shown = await show(tenant, key, f"latestVersion {{ activity{arguments} {{ {asked} }} }}")
    nodes: list[dict[str, Any]] = shown["latestVersion"]["activity"]["nodes"]
    return nodes


async def changes(tenant: Tenant, key: str) -> list[tuple[str, str | None, str | None]]:
    return [(node["field"], node["before"], node["after"]) for node in await activity(tenant, key)]


async def latest(tenant: Tenant, key: str) -> str:
    return (await life.row(tenant, key)).latest_version_id


async def test_it_begins_with_the_dates_that_were_given(tenant: Tenant, key: str) -> None:
    first = {("ISSUE_DATE", None, "2024-05-01"), ("EXPIRY_DATE", None, "2029-05-01")}
    assert set(await changes(tenant, key)) == first
    await add_version(tenant, key, expiryDate="2030-01-01")
    taken_over = ("ISSUE_DATE", None, "2024-05-01")
    assert set(await changes(tenant, key)) == {taken_over, ("EXPIRY_DATE", None, "2030-01-01")}


async def test_an_edit_tells_who_changed_what_from_what_to_what_and_when(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    editor = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    viewer = (await tenant.execute("{ viewer { id } }", key=editor)).data["viewer"]["id"]
    given = {"id": await latest(tenant, key), "issueDate": "2024-06-01", "expiryDate": None}
    clock.set(LATER)
    assert (await tenant.mutate("credentialVersionEdit", VERSION, key=editor, **given))["errors"] == []
    newest = (await activity(tenant, key))[:2]
    assert {(node["field"], node["before"], node["after"]) for node in newest} == {
        ("ISSUE_DATE", "2024-05-01", "2024-06-01"),
        ("EXPIRY_DATE", "2029-05-01", None),
    }
    for node in newest:
        assert (node["changedBy"], node["changedByName"]) == (viewer, "Limited")
        assert node["changedAt"] == "2099-03-02T09:30:00Z"


async def test_the_latest_change_comes_first_and_one_field_can_be_asked_for(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    version = await add_version(tenant, key, issueDate=None, expiryDate=None)
    clock.set(datetime(2100, 1, 1, tzinfo=UTC))
    await done(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2030-01-01")
    clock.set(datetime(2100, 1, 2, tzinfo=UTC))
    await done(tenant, "credentialVersionEdit", VERSION, id=version, issueDate="2029-01-01")
    clock.set(datetime(2100, 1, 3, tzinfo=UTC))
    await done(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2031-01-01")
    expiry = [("EXPIRY_DATE", "2030-01-01", "2031-01-01"), ("EXPIRY_DATE", None, "2030-01-01")]
    issue = ("ISSUE_DATE", None, "2029-01-01")
    assert await changes(tenant, key) == [expiry[0], issue, expiry[1]]
    only = await activity(tenant, key, "(where: {field: {eq: EXPIRY_DATE}})")
    assert [(node["field"], node["before"], node["after"]) for node in only] == expiry


async def test_an_edit_that_changes_nothing_leaves_no_trace(tenant: Tenant, key: str) -> None:
    version = await latest(tenant, key)
    before = await tenant.rows()
    same = {"referenceNumber": " WWC1234567E ", "issueDate": "2024-05-01", "expiryDate": "2029-05-01"}
    await done(tenant, "credentialVersionEdit", VERSION, id=version, **same)
    await done(tenant, "credentialVersionEdit", VERSION, id=version)
    assert await tenant.rows() == before


async def test_an_edit_that_changes_nothing_leaves_a_decision_standing(tenant: Tenant, key: str) -> None:
    await done(tenant, "credentialApprove", id=key)
    before = await tenant.rows()
    await done(tenant, "credentialVersionEdit", VERSION, id=await latest(tenant, key), issueDate="2024-05-01")
    assert await tenant.rows() == before


async def test_the_number_and_the_authority_are_in_the_ledger_but_not_in_the_activity(tenant: Tenant, key: str) -> None:
    before = await activity(tenant, key)
    given = {"referenceNumber": "WWC7654321A", "issuingAuthority": "Elsewhere"}
    await done(tenant, "credentialVersionEdit", VERSION, id=await latest(tenant, key), **given)
    assert await activity(tenant, key) == before
    event = (await life.ledger(tenant, key))[-1]
    assert event.kind.value == "credential.updated"
    assert event.changes == {
        "referenceNumber": {"from": "WWC1234567E", "to": "WWC7654321A"},
        "issuingAuthority": {"from": "Office of the Children's Guardian", "to": "Elsewhere"},
        "number": {"from": 1, "to": 1},
    }


async def test_updating_the_credential_logs_its_dates_too(tenant: Tenant, key: str) -> None:
    newer = await add_version(tenant, key, expiryDate="2030-01-01")
    await done(tenant, "credentialUpdate", id=key, issuing={"expiryDate": "2031-01-01"})
    expected = [("EXPIRY_DATE", "2030-01-01", "2031-01-01"), ("EXPIRY_DATE", None, "2030-01-01")]
    expected.append(("ISSUE_DATE", None, "2024-05-01"))
    assert sorted(await changes(tenant, key), key=str) == sorted(expected, key=str)
    assert (await life.history(tenant, key))[-1].id == newer
    older = (await life.history(tenant, key))[0]
    assert str(older.expiry_date) == "2029-05-01"


async def test_updating_what_is_no_date_logs_nothing(tenant: Tenant, key: str) -> None:
    before = await activity(tenant, key)
    await done(tenant, "credentialUpdate", id=key, identification={"displayName": "Renamed"})
    assert await activity(tenant, key) == before


async def test_a_refused_edit_logs_nothing(tenant: Tenant, key: str) -> None:
    given = {"id": await latest(tenant, key), "issueDate": "2024-06-01", "expiryDate": "2024-01-01"}
    assert await refused(tenant, "credentialVersionEdit", VERSION, **given) == [("INVALID", "expiryDate")]


async def test_each_change_of_a_version_is_one_event(tenant: Tenant, key: str) -> None:
    version = await add_version(tenant, key, expiryDate="2030-01-01")
    await done(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2031-01-01")
    assert await facts(tenant, key) == ["credential.added", "credential.versionAdded", "credential.updated"]
    _, added, edited = await life.ledger(tenant, key)
    first = {"from": "2029-05-01", "to": "2030-01-01"}
    assert added.changes == {"number": {"from": 1, "to": 2}, "expiryDate": first}
    dates = {"from": "2030-01-01", "to": "2031-01-01"}
    assert edited.changes == {"number": {"from": 2, "to": 2}, "expiryDate": dates}


async def test_versions_need_the_scope_of_writing_and_the_own_tenant(
    tenant: Tenant, other_tenant: Tenant, key: str
) -> None:
    version = await latest(tenant, key)
    reader = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW)
    for name, of in (("credentialVersionAdd", key), ("credentialVersionEdit", version)):
        given = {"id": of, "expiryDate": "2030-01-01"}
        assert await life.forbidden(tenant, name, reader, VERSION, **given) == "credentials:write"
        assert await refused(other_tenant, name, VERSION, **given) == [("NOT_FOUND", "id")]


async def test_a_new_number_is_checked_soon(tenant: Tenant, key: str, clock: SettableClock) -> None:
    clock.set(NOON)
    await add_version(tenant, key, issuingAuthority="Elsewhere")
    assert (await life.row(tenant, key)).next_check_at != NOON
    version = await add_version(tenant, key, referenceNumber="WWC7654321A")
    assert (await life.row(tenant, key)).next_check_at == NOON
    clock.set(LATER)
    await done(tenant, "credentialVersionEdit", VERSION, id=version, referenceNumber="WWC7654321B")
    assert (await life.row(tenant, key)).next_check_at == LATER
