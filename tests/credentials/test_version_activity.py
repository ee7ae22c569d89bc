"""The activity of a version: the changes of its dates with actor and time, beside the event log."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.credentials.actions import add_version, event_kinds, mutate_refused, mutation_payload, query_credential
from tests.service import Tenant

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2099, 3, 2, 9, 30, tzinfo=UTC)
VERSION = "version { id }"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    return await tenant.add_credential(await tenant.add_worker())


async def activity(tenant: Tenant, key: str, arguments: str = "") -> list[dict[str, Any]]:
    """Return the latest version's activity, latest first."""
    selection = "nodes { field before after changedBy changedByName changedAt }"
    shown = await query_credential(tenant, key, f"latestVersion {{ history{arguments} {{ {selection} }} }}")
    nodes: list[dict[str, Any]] = shown["latestVersion"]["history"]["nodes"]
    return nodes


async def changes(tenant: Tenant, key: str) -> list[tuple[str, str | None, str | None]]:
    return [(node["field"], node["before"], node["after"]) for node in await activity(tenant, key)]


async def latest(tenant: Tenant, key: str) -> str:
    return (await actions.credential_row(tenant, key)).latest_version_id


async def test_the_activity_starts_with_the_stated_dates(tenant: Tenant, key: str) -> None:
    first = {("ISSUE_DATE", None, "2024-05-01"), ("EXPIRY_DATE", None, "2029-05-01")}
    assert set(await changes(tenant, key)) == first
    await add_version(tenant, key, expiryDate="2030-01-01")
    taken_over = ("ISSUE_DATE", None, "2024-05-01")
    assert set(await changes(tenant, key)) == {taken_over, ("EXPIRY_DATE", None, "2030-01-01")}


async def test_an_edit_records_actor_time_and_both_values(tenant: Tenant, key: str, clock: SettableClock) -> None:
    editor = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    viewer = (await tenant.execute("{ viewer { id } }", key=editor)).data["viewer"]["id"]
    input = {"id": await latest(tenant, key), "issueDate": "2024-06-01", "expiryDate": None}
    clock.set(LATER)
    assert (await tenant.mutate("credentialVersionEdit", VERSION, key=editor, **input))["errors"] == []
    newest = (await activity(tenant, key))[:2]
    assert {(node["field"], node["before"], node["after"]) for node in newest} == {
        ("ISSUE_DATE", "2024-05-01", "2024-06-01"),
        ("EXPIRY_DATE", "2029-05-01", None),
    }
    for node in newest:
        assert (node["changedBy"], node["changedByName"]) == (viewer, "Limited")
        assert node["changedAt"] == "2099-03-02T09:30:00Z"


async def test_the_latest_change_comes_first_and_fields_can_be_filtered(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    version = await add_version(tenant, key, issueDate=None, expiryDate=None)
    clock.set(datetime(2100, 1, 1, tzinfo=UTC))
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2030-01-01")
    clock.set(datetime(2100, 1, 2, tzinfo=UTC))
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, issueDate="2029-01-01")
    clock.set(datetime(2100, 1, 3, tzinfo=UTC))
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2031-01-01")
    expiry = [("EXPIRY_DATE", "2030-01-01", "2031-01-01"), ("EXPIRY_DATE", None, "2030-01-01")]
    issue = ("ISSUE_DATE", None, "2029-01-01")
    assert await changes(tenant, key) == [expiry[0], issue, expiry[1]]
    only = await activity(tenant, key, "(where: {field: {eq: EXPIRY_DATE}})")
    assert [(node["field"], node["before"], node["after"]) for node in only] == expiry


async def test_an_edit_without_changes_records_nothing(tenant: Tenant, key: str) -> None:
    version = await latest(tenant, key)
    before = await tenant.rows()
    same = {"referenceNumber": " WWC1234567E ", "issueDate": "2024-05-01", "expiryDate": "2029-05-01"}
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, **same)
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version)
    assert await tenant.rows() == before


async def test_an_edit_without_changes_keeps_the_decision(tenant: Tenant, key: str) -> None:
    await mutation_payload(tenant, "credentialApprove", id=key)
    before = await tenant.rows()
    await mutation_payload(
        tenant, "credentialVersionEdit", VERSION, id=await latest(tenant, key), issueDate="2024-05-01"
    )
    assert await tenant.rows() == before


async def test_number_and_authority_are_in_the_event_log_but_not_in_the_activity(tenant: Tenant, key: str) -> None:
    before = await activity(tenant, key)
    input = {"referenceNumber": "WWC7654321A", "issuingAuthority": "Elsewhere"}
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=await latest(tenant, key), **input)
    assert await activity(tenant, key) == before
    event = (await actions.events_of(tenant, key))[-1]
    assert event.kind.value == "credential.updated"
    assert event.changes == {
        "referenceNumber": {"from": "WWC1234567E", "to": "WWC7654321A"},
        "issuingAuthority": {"from": "Office of the Children's Guardian", "to": "Elsewhere"},
        "number": {"from": 1, "to": 1},
    }


async def test_updating_the_credential_logs_its_dates_too(tenant: Tenant, key: str) -> None:
    newer = await add_version(tenant, key, expiryDate="2030-01-01")
    await mutation_payload(tenant, "credentialUpdate", id=key, issuing={"expiryDate": "2031-01-01"})
    expected = [("EXPIRY_DATE", "2030-01-01", "2031-01-01"), ("EXPIRY_DATE", None, "2030-01-01")]
    expected.append(("ISSUE_DATE", None, "2024-05-01"))
    assert sorted(await changes(tenant, key), key=str) == sorted(expected, key=str)
    assert (await actions.version_rows(tenant, key))[-1].id == newer
    older = (await actions.version_rows(tenant, key))[0]
    assert str(older.expiry_date) == "2029-05-01"


async def test_updating_other_fields_records_no_activity(tenant: Tenant, key: str) -> None:
    before = await activity(tenant, key)
    await mutation_payload(tenant, "credentialUpdate", id=key, identification={"displayName": "Renamed"})
    assert await activity(tenant, key) == before


async def test_a_refused_edit_logs_nothing(tenant: Tenant, key: str) -> None:
    input = {"id": await latest(tenant, key), "issueDate": "2024-06-01", "expiryDate": "2024-01-01"}
    assert await mutate_refused(tenant, "credentialVersionEdit", VERSION, **input) == [("INVALID", "expiryDate")]


async def test_each_change_of_a_version_is_one_event(tenant: Tenant, key: str) -> None:
    version = await add_version(tenant, key, expiryDate="2030-01-01")
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, expiryDate="2031-01-01")
    assert await event_kinds(tenant, key) == ["credential.added", "credential.versionAdded", "credential.updated"]
    _, added, edited = await actions.events_of(tenant, key)
    first = {"from": "2029-05-01", "to": "2030-01-01"}
    assert added.changes == {"number": {"from": 1, "to": 2}, "expiryDate": first}
    dates = {"from": "2030-01-01", "to": "2031-01-01"}
    assert edited.changes == {"number": {"from": 2, "to": 2}, "expiryDate": dates}


async def test_versions_require_the_write_scope_and_the_own_tenant(
    tenant: Tenant, other_tenant: Tenant, key: str
) -> None:
    version = await latest(tenant, key)
    reader = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW)
    for name, of in (("credentialVersionAdd", key), ("credentialVersionEdit", version)):
        input = {"id": of, "expiryDate": "2030-01-01"}
        assert await actions.mutate_forbidden(tenant, name, reader, VERSION, **input) == "CREDENTIALS_WRITE"
        assert await mutate_refused(other_tenant, name, VERSION, **input) == [("NOT_FOUND", "id")]


async def test_a_new_number_is_due_for_a_check(tenant: Tenant, key: str, clock: SettableClock) -> None:
    clock.set(NOON)
    await add_version(tenant, key, issuingAuthority="Elsewhere")
    assert (await actions.credential_row(tenant, key)).next_check_at != NOON
    version = await add_version(tenant, key, referenceNumber="WWC7654321A")
    assert (await actions.credential_row(tenant, key)).next_check_at == NOON
    clock.set(LATER)
    await mutation_payload(tenant, "credentialVersionEdit", VERSION, id=version, referenceNumber="WWC7654321B")
    assert (await actions.credential_row(tenant, key)).next_check_at == LATER
