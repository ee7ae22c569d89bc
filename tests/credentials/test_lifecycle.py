"""Archiving, restoring, deleting, undeleting and purging: the effects, and the operations refused afterwards."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from app.credentials.tables import Credential
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.credentials.actions import event_kinds, mutate_refused, mutation_payload, owner_input, transfer_input
from tests.service import Tenant, error_paths, ids_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = "credential { archived archivedAt archivedBy deleted deletedAt revision }"
ARCHIVED = [("ARCHIVED", "id")]
DELETED = [("DELETED", "id")]
NOT_FOUND = [("NOT_FOUND", "id")]


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    return await tenant.add_credential(worker)


async def listed(tenant: Tenant, arguments: str = "") -> list[str]:
    answer = await tenant.execute(f"{{ credentials{arguments} {{ nodes {{ id }} totalCount {{ count }} }} }}")
    nodes = answer.data["credentials"]
    assert nodes["totalCount"]["count"] == len(nodes["nodes"])
    return list(ids_of(nodes["nodes"]))


def calls(version: str, worker: str, to: str) -> dict[str, dict[str, Any]]:
    """Return an input for each mutation of a live credential, by name, without the id."""
    return {
        "credentialUpdate": {"identification": {"displayName": "Another"}},
        "credentialVersionAdd": {"expiryDate": "2034-01-01"},
        "credentialVersionEdit": {"id": version, "expiryDate": "2034-01-01"},
        "credentialApprove": {},
        "credentialReject": {},
        "credentialVerify": {},
        "credentialLink": {"to": owner_input(to)},
        "credentialUnlink": {"ownerType": "APPLICANT"},
        "credentialTransfer": transfer_input(worker, to),
        "credentialArchive": {},
        "credentialUnarchive": {},
        "credentialDelete": {},
    }


def selection(name: str) -> str:
    shown = {"credentialVersionAdd": "version", "credentialVersionEdit": "version", "credentialPurge": "purgedId"}
    member = shown.get(name, "credential")
    return member if member == "purgedId" else f"{member} {{ id }}"


async def refusal_codes(tenant: Tenant, key: str, worker: str) -> dict[str, str]:
    """Return the code of each mutation's refusal. Mutations that the state allows are not called."""
    version = (await actions.credential_row(tenant, key)).latest_version_id
    codes = {}
    for name, input in calls(version, worker, await tenant.add_worker("Somebody Else")).items():
        [(code, _)] = await mutate_refused(tenant, name, selection(name), **{"id": key, **input})
        codes[name] = code
    return codes


async def test_archiving_records_actor_and_time_and_increases_the_revision(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    clock.set(NOON)
    viewer = (await tenant.execute("{ viewer { id } }")).data["viewer"]["id"]
    payload = await mutation_payload(tenant, "credentialArchive", FACTS, id=key, expectedRevision=1)
    assert payload["credential"] == {
        "archived": True,
        "archivedAt": "2026-03-01T12:00:00Z",
        "archivedBy": viewer,
        "deleted": False,
        "deletedAt": None,
        "revision": 2,
    }
    assert (await actions.credential_row(tenant, key)).updated_at == NOON
    assert await event_kinds(tenant, key) == ["credential.added", "credential.archived"]


async def test_restoring_reverses_the_archive(tenant: Tenant, key: str) -> None:
    assert await mutate_refused(tenant, "credentialUnarchive", id=key) == [("NOT_ARCHIVED", "id")]
    await mutation_payload(tenant, "credentialArchive", id=key)
    assert await mutate_refused(tenant, "credentialArchive", id=key) == ARCHIVED
    payload = await mutation_payload(tenant, "credentialUnarchive", FACTS, id=key)
    assert payload["credential"]["archived"] is False
    assert payload["credential"]["archivedAt"] is payload["credential"]["archivedBy"] is None
    assert payload["credential"]["revision"] == 3
    assert await event_kinds(tenant, key) == ["credential.added", "credential.archived", "credential.restored"]


async def test_deleting_is_soft_and_can_be_undone(tenant: Tenant, key: str, clock: SettableClock) -> None:
    clock.set(NOON)
    assert await mutate_refused(tenant, "credentialUndelete", id=key) == [("NOT_DELETED", "id")]
    payload = await mutation_payload(tenant, "credentialDelete", FACTS, id=key)
    assert (payload["credential"]["deleted"], payload["credential"]["deletedAt"]) == (True, "2026-03-01T12:00:00Z")
    assert await mutate_refused(tenant, "credentialDelete", id=key) == DELETED
    payload = await mutation_payload(tenant, "credentialUndelete", FACTS, id=key)
    assert (payload["credential"]["deleted"], payload["credential"]["revision"]) == (False, 3)
    assert await event_kinds(tenant, key) == ["credential.added", "credential.deleted", "credential.undeleted"]


async def test_an_archived_credential_refuses_updates_versions_decisions_and_checks(
    tenant: Tenant, key: str, worker: str
) -> None:
    await mutation_payload(tenant, "credentialArchive", id=key)
    version = (await actions.credential_row(tenant, key)).latest_version_id
    for name in ("Update", "VersionAdd", "VersionEdit", "Approve", "Reject", "Verify", "Archive"):
        mutation = f"credential{name}"
        input = {"id": key, **calls(version, worker, worker)[mutation]}
        assert await mutate_refused(tenant, mutation, selection(mutation), **input) == ARCHIVED


async def test_an_archived_credential_can_be_transferred_and_deleted(tenant: Tenant, key: str, worker: str) -> None:
    await mutation_payload(tenant, "credentialArchive", id=key)
    applicant = await actions.add_applicant(tenant)
    await mutation_payload(tenant, "credentialLink", id=key, to=owner_input(applicant))
    await mutation_payload(tenant, "credentialUnlink", id=key, ownerType="APPLICANT")
    await mutation_payload(tenant, "credentialTransfer", id=key, **transfer_input(worker, applicant))
    await mutation_payload(tenant, "credentialDelete", id=key)
    assert await mutate_refused(tenant, "credentialUnarchive", id=key) == DELETED
    payload = await mutation_payload(tenant, "credentialUndelete", FACTS, id=key)
    assert (payload["credential"]["archived"], payload["credential"]["deleted"]) == (True, False)


async def test_a_deleted_credential_refuses_everything_but_undelete_and_purge(
    tenant: Tenant, key: str, worker: str
) -> None:
    await mutation_payload(tenant, "credentialDelete", id=key)
    codes = await refusal_codes(tenant, key, worker)
    assert set(codes.values()) == {"DELETED"}


async def test_a_purge_needs_the_archive_and_a_confirmation(tenant: Tenant, key: str) -> None:
    purge = ("credentialPurge", "purgedId")
    assert await mutate_refused(tenant, *purge, id=key, confirm=True) == [("NOT_ARCHIVED", "id")]
    await mutation_payload(tenant, "credentialArchive", id=key)
    assert await mutate_refused(tenant, *purge, id=key) == [("CONFIRMATION_REQUIRED", "confirm")]
    assert await mutate_refused(tenant, *purge, id=key, confirm=False) == [("CONFIRMATION_REQUIRED", "confirm")]
    assert await mutate_refused(tenant, *purge, id=key, confirm=True, expectedRevision=1) == [
        ("CONFLICT", "expectedRevision")
    ]
    payload = await mutation_payload(tenant, *purge, id=key, confirm=True, expectedRevision=2)
    assert payload["purgedId"] == key


async def test_a_deleted_credential_is_purged_without_a_detour(tenant: Tenant, key: str) -> None:
    purge = ("credentialPurge", "purgedId")
    await mutation_payload(tenant, "credentialDelete", id=key)
    assert (await actions.query_credential(tenant, key, "viewerCanPurge"))["viewerCanPurge"]
    assert await mutate_refused(tenant, *purge, id=key) == [("CONFIRMATION_REQUIRED", "confirm")]
    assert (await mutation_payload(tenant, *purge, id=key, confirm=True))["purgedId"] == key


async def test_a_purge_leaves_nothing_but_the_events(tenant: Tenant, key: str, worker: str) -> None:
    other = await tenant.add_credential(worker)
    await mutation_payload(tenant, "credentialVerify", id=key)
    version = await actions.add_version(tenant, key, issueDate="2029-04-01", expiryDate="2034-04-01")
    await mutation_payload(tenant, "credentialVersionEdit", "version { id }", id=version, expiryDate="2034-05-01")
    await mutation_payload(tenant, "credentialArchive", id=key)
    before = await tenant.rows()
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    after = await tenant.rows()
    assert [row["id"] for row in after["credentials"]] == [other]
    assert {row["credential_id"] for row in after["credential_versions"]} == {other}
    left = {row["id"] for row in after["credential_versions"]}
    assert {row["version_id"] for row in after["credential_version_changes"]} == left
    assert {row["credential_id"] for row in after["verification_attempts"]} == {other}
    assert after["events"][:-1] == before["events"]
    assert (await event_kinds(tenant, key))[-1] == "credential.purged"
    assert (await actions.events_of(tenant, key))[-1].worker_id == worker


async def test_a_purged_credential_is_not_found(tenant: Tenant, key: str, worker: str) -> None:
    version = (await actions.credential_row(tenant, key)).latest_version_id
    await mutation_payload(tenant, "credentialArchive", id=key)
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    answer = await tenant.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [key, version]})
    assert answer.data == {"nodes": [None, None]}
    for name, input in calls(version, worker, worker).items():
        assert await mutate_refused(tenant, name, selection(name), **{"id": key, **input}) == NOT_FOUND
    query = "{ activity(first: 1) { nodes { kind subjectId subject { id } } } }"
    [event] = (await tenant.execute(query)).data["activity"]["nodes"]
    assert event == {"kind": "CREDENTIAL_PURGED", "subjectId": key, "subject": None}


async def test_an_archived_and_deleted_credential_can_be_purged(tenant: Tenant, key: str) -> None:
    await mutation_payload(tenant, "credentialArchive", id=key)
    await mutation_payload(tenant, "credentialDelete", id=key)
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    assert (await tenant.rows())["credentials"] == []


async def test_lists_omit_archived_and_deleted_credentials_by_default(tenant: Tenant, worker: str) -> None:
    live, archived, deleted, archived_and_deleted = [await tenant.add_credential(worker) for _ in range(4)]
    for key in (archived, archived_and_deleted):
        await mutation_payload(tenant, "credentialArchive", id=key)
    for key in (deleted, archived_and_deleted):
        await mutation_payload(tenant, "credentialDelete", id=key)
    assert await listed(tenant) == [live]
    assert set(await listed(tenant, "(includeArchived: true)")) == {live, archived}
    assert set(await listed(tenant, "(includeDeleted: true)")) == {live, deleted}
    everything = "(includeArchived: true, includeDeleted: true)"
    assert set(await listed(tenant, everything)) == {live, archived, deleted, archived_and_deleted}
    selection = f"{{ plain: credentials {{ nodes {{ id }} }} all: credentials{everything} {{ nodes {{ id }} }} }}"
    answer = await tenant.execute(f"query ($id: ID!) {{ worker(by: {{id: $id}}) {selection} }}", {"id": worker})
    nested = answer.data["worker"]
    assert list(ids_of(nested["plain"]["nodes"])) == [live]
    assert set(ids_of(nested["all"]["nodes"])) == {live, archived, deleted, archived_and_deleted}


async def test_archived_and_deleted_credentials_are_not_rechecked(tenant: Tenant, key: str) -> None:
    for away, back in (("Archive", "Unarchive"), ("Delete", "Undelete")):
        await actions.update_row(tenant, Credential, key, next_check_at=NOON)
        await mutation_payload(tenant, f"credential{away}", id=key)
        assert (await actions.credential_row(tenant, key)).next_check_at is None
        await mutation_payload(tenant, f"credential{back}", id=key)
        assert (await actions.credential_row(tenant, key)).next_check_at is not None


@pytest.mark.parametrize("name", ["Archive", "Unarchive", "Delete", "Undelete", "Purge"])
async def test_another_tenants_credential_is_not_found(
    tenant: Tenant, other_tenant: Tenant, key: str, name: str
) -> None:
    input = {"confirm": True} if name == "Purge" else {}
    mutation = f"credential{name}"
    assert await mutate_refused(other_tenant, mutation, selection(mutation), id=key, **input) == NOT_FOUND


async def test_each_mutation_requires_its_scope(tenant: Tenant, key: str) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW)
    for name in ("Archive", "Unarchive", "Delete", "Undelete"):
        assert await actions.mutate_forbidden(tenant, f"credential{name}", limited, id=key) == "CREDENTIALS_WRITE"
    writer = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    input = {"id": key, "confirm": True}
    assert await actions.mutate_forbidden(tenant, "credentialPurge", writer, "purgedId", **input) == "CREDENTIALS_PURGE"


async def test_a_stale_revision_is_a_conflict(tenant: Tenant, key: str) -> None:
    payload = await tenant.mutate("credentialArchive", actions.CREDENTIAL, id=key, expectedRevision=7)
    assert error_paths(payload) == [("CONFLICT", "expectedRevision")]
    assert payload["errors"][0]["currentRevision"] == 1
