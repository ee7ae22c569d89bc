"""Archive, restore, delete, undelete and purge: what each does, and what the state after it forbids."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import Scope
from app.credentials.tables import Credential
from tests.conftest import SettableClock
from tests.credentials import life
from tests.credentials.life import done, facts, move, owner, refused
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
    found = answer.data["credentials"]
    assert found["totalCount"]["count"] == len(found["nodes"])
    return list(ids_of(found["nodes"]))


def calls(version: str, worker: str, to: str) -> dict[str, dict[str, Any]]:
    """A call of each mutation of a live credential, by name, without the id."""
    return {
        "credentialUpdate": {"identification": {"displayName": "Another"}},
        "credentialVersionAdd": {"expiryDate": "2034-01-01"},
        "credentialVersionEdit": {"id": version, "expiryDate": "2034-01-01"},
        "credentialApprove": {},
        "credentialReject": {},
        "credentialVerify": {},
        "credentialLink": {"to": owner(to)},
        "credentialUnlink": {"ownerType": "APPLICANT"},
        "credentialTransfer": move(worker, to),
        "credentialArchive": {},
        "credentialRestore": {},
        "credentialDelete": {},
        "credentialPurge": {"confirm": True},
    }


def selection(name: str) -> str:
    shown = {"credentialVersionAdd": "version", "credentialVersionEdit": "version", "credentialPurge": "purgedId"}
    member = shown.get(name, "credential")
    return member if member == "purgedId" else f"{member} {{ id }}"


async def codes_of(tenant: Tenant, key: str, worker: str) -> dict[str, str]:
    """The code with which each mutation is refused; those that are not refused are not called."""
    version = (await life.row(tenant, key)).latest_version_id
    found = {}
    for name, given in calls(version, worker, await tenant.add_worker("Somebody Else")).items():
        [(code, _)] = await refused(tenant, name, selection(name), **{"id": key, **given})
        found[name] = code
    return found


async def test_archiving_says_who_and_when_and_grows_the_revision(
    tenant: Tenant, key: str, clock: SettableClock
) -> None:
    clock.set(NOON)
    viewer = (await tenant.execute("{ viewer { id } }")).data["viewer"]["id"]
    payload = await done(tenant, "credentialArchive", FACTS, id=key, expectedRevision=1)
    assert payload["credential"] == {
        "archived": True,
        "archivedAt": "2026-03-01T12:00:00Z",
        "archivedBy": viewer,
        "deleted": False,
        "deletedAt": None,
        "revision": 2,
    }
    assert (await life.row(tenant, key)).last_updated == NOON
    assert await facts(tenant, key) == ["credential.added", "credential.archived"]


async def test_restoring_brings_it_back(tenant: Tenant, key: str) -> None:
    assert await refused(tenant, "credentialRestore", id=key) == [("NOT_ARCHIVED", "id")]
    await done(tenant, "credentialArchive", id=key)
    assert await refused(tenant, "credentialArchive", id=key) == ARCHIVED
    payload = await done(tenant, "credentialRestore", FACTS, id=key)
    assert payload["credential"]["archived"] is False
    assert payload["credential"]["archivedAt"] is payload["credential"]["archivedBy"] is None
    assert payload["credential"]["revision"] == 3
    assert await facts(tenant, key) == ["credential.added", "credential.archived", "credential.restored"]


async def test_deleting_is_soft_and_can_be_undone(tenant: Tenant, key: str, clock: SettableClock) -> None:
    clock.set(NOON)
    assert await refused(tenant, "credentialUndelete", id=key) == [("NOT_DELETED", "id")]
    payload = await done(tenant, "credentialDelete", FACTS, id=key)
    assert (payload["credential"]["deleted"], payload["credential"]["deletedAt"]) == (True, "2026-03-01T12:00:00Z")
    assert await refused(tenant, "credentialDelete", id=key) == DELETED
    payload = await done(tenant, "credentialUndelete", FACTS, id=key)
    assert (payload["credential"]["deleted"], payload["credential"]["revision"]) == (False, 3)
    assert await facts(tenant, key) == ["credential.added", "credential.deleted", "credential.undeleted"]


async def test_an_archived_credential_takes_no_update_version_decision_or_check(
    tenant: Tenant, key: str, worker: str
) -> None:
    await done(tenant, "credentialArchive", id=key)
    version = (await life.row(tenant, key)).latest_version_id
    for name in ("Update", "VersionAdd", "VersionEdit", "Approve", "Reject", "Verify", "Archive"):
        mutation = f"credential{name}"
        given = {"id": key, **calls(version, worker, worker)[mutation]}
        assert await refused(tenant, mutation, selection(mutation), **given) == ARCHIVED


async def test_an_archived_credential_can_change_hands_and_be_deleted(tenant: Tenant, key: str, worker: str) -> None:
    await done(tenant, "credentialArchive", id=key)
    applicant = await life.add_applicant(tenant)
    await done(tenant, "credentialLink", id=key, to=owner(applicant))
    await done(tenant, "credentialUnlink", id=key, ownerType="APPLICANT")
    await done(tenant, "credentialTransfer", id=key, **move(worker, applicant))
    await done(tenant, "credentialDelete", id=key)
    assert await refused(tenant, "credentialRestore", id=key) == DELETED
    payload = await done(tenant, "credentialUndelete", FACTS, id=key)
    assert (payload["credential"]["archived"], payload["credential"]["deleted"]) == (True, False)


async def test_a_deleted_credential_takes_nothing_but_undelete(tenant: Tenant, key: str, worker: str) -> None:
    await done(tenant, "credentialDelete", id=key)
    found = await codes_of(tenant, key, worker)
    assert found.pop("credentialPurge") == "NOT_ARCHIVED"
    assert set(found.values()) == {"DELETED"}


async def test_a_purge_needs_the_archive_and_a_confirmation(tenant: Tenant, key: str) -> None:
    purge = ("credentialPurge", "purgedId")
    assert await refused(tenant, *purge, id=key, confirm=True) == [("NOT_ARCHIVED", "id")]
    await done(tenant, "credentialArchive", id=key)
    assert await refused(tenant, *purge, id=key) == [("CONFIRMATION_REQUIRED", "confirm")]
    assert await refused(tenant, *purge, id=key, confirm=False) == [("CONFIRMATION_REQUIRED", "confirm")]
    assert await refused(tenant, *purge, id=key, confirm=True, expectedRevision=1) == [("CONFLICT", "expectedRevision")]
    payload = await done(tenant, *purge, id=key, confirm=True, expectedRevision=2)
    assert payload["purgedId"] == key


async def test_a_purge_leaves_nothing_but_the_events(tenant: Tenant, key: str, worker: str) -> None:
    other = await tenant.add_credential(worker)
    await done(tenant, "credentialVerify", id=key)
    version = await life.add_version(tenant, key, issueDate="2029-04-01", expiryDate="2034-04-01")
    await done(tenant, "credentialVersionEdit", "version { id }", id=version, expiryDate="2034-05-01")
    await done(tenant, "credentialArchive", id=key)
    before = await tenant.rows()
    await done(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    after = await tenant.rows()
    assert [row["id"] for row in after["credentials"]] == [other]
    assert {row["credential_id"] for row in after["credential_versions"]} == {other}
    left = {row["id"] for row in after["credential_versions"]}
    assert {row["version_id"] for row in after["credential_version_changes"]} == left
    assert {row["credential_id"] for row in after["verification_attempts"]} == {other}
    assert after["events"][:-1] == before["events"]
    assert (await facts(tenant, key))[-1] == "credential.purged"
    assert (await life.ledger(tenant, key))[-1].worker_id == worker


async def test_what_is_purged_is_not_found_any_more(tenant: Tenant, key: str, worker: str) -> None:
    version = (await life.row(tenant, key)).latest_version_id
    await done(tenant, "credentialArchive", id=key)
    await done(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    answer = await tenant.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [key, version]})
    assert answer.data == {"nodes": [None, None]}
    for name, given in calls(version, worker, worker).items():
        assert await refused(tenant, name, selection(name), **{"id": key, **given}) == NOT_FOUND
    query = "{ activity(first: 1) { nodes { kind subjectId subject { id } } } }"
    [event] = (await tenant.execute(query)).data["activity"]["nodes"]
    assert event == {"kind": "CREDENTIAL_PURGED", "subjectId": key, "subject": None}


async def test_what_is_archived_can_be_purged_though_deleted(tenant: Tenant, key: str) -> None:
    await done(tenant, "credentialArchive", id=key)
    await done(tenant, "credentialDelete", id=key)
    await done(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    assert (await tenant.rows())["credentials"] == []


async def test_lists_leave_out_what_is_archived_or_deleted_unless_asked(tenant: Tenant, worker: str) -> None:
    live, archived, deleted, both = [await tenant.add_credential(worker) for _ in range(4)]
    for key in (archived, both):
        await done(tenant, "credentialArchive", id=key)
    for key in (deleted, both):
        await done(tenant, "credentialDelete", id=key)
    assert await listed(tenant) == [live]
    assert set(await listed(tenant, "(includeArchived: true)")) == {live, archived}
    assert set(await listed(tenant, "(includeDeleted: true)")) == {live, deleted}
    everything = "(includeArchived: true, includeDeleted: true)"
    assert set(await listed(tenant, everything)) == {live, archived, deleted, both}
    theirs = f"{{ plain: credentials {{ nodes {{ id }} }} all: credentials{everything} {{ nodes {{ id }} }} }}"
    answer = await tenant.execute(f"query ($id: ID!) {{ worker(by: {{id: $id}}) {theirs} }}", {"id": worker})
    found = answer.data["worker"]
    assert list(ids_of(found["plain"]["nodes"])) == [live]
    assert set(ids_of(found["all"]["nodes"])) == {live, archived, deleted, both}


async def test_what_is_put_away_is_not_checked_by_the_calendar(tenant: Tenant, key: str) -> None:
    for away, back in (("Archive", "Restore"), ("Delete", "Undelete")):
        await life.write(tenant, Credential, key, next_check_at=NOON)
        await done(tenant, f"credential{away}", id=key)
        assert (await life.row(tenant, key)).next_check_at is None
        await done(tenant, f"credential{back}", id=key)
        assert (await life.row(tenant, key)).next_check_at is not None


@pytest.mark.parametrize("name", ["Archive", "Restore", "Delete", "Undelete", "Purge"])
async def test_another_tenants_credential_is_not_found(
    tenant: Tenant, other_tenant: Tenant, key: str, name: str
) -> None:
    given = {"confirm": True} if name == "Purge" else {}
    mutation = f"credential{name}"
    assert await refused(other_tenant, mutation, selection(mutation), id=key, **given) == NOT_FOUND


async def test_each_needs_its_scope(tenant: Tenant, key: str) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW)
    for name in ("Archive", "Restore", "Delete", "Undelete"):
        assert await life.forbidden(tenant, f"credential{name}", limited, id=key) == "credentials:write"
    writer = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    given = {"id": key, "confirm": True}
    assert await life.forbidden(tenant, "credentialPurge", writer, "purgedId", **given) == "credentials:purge"


async def test_a_stale_revision_is_a_conflict(tenant: Tenant, key: str) -> None:
    payload = await tenant.mutate("credentialArchive", life.CREDENTIAL, id=key, expectedRevision=7)
    assert error_paths(payload) == [("CONFLICT", "expectedRevision")]
    assert payload["errors"][0]["currentRevision"] == 1
