"""Concurrent calls about one credential: one wins, the others find its result."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from app.credentials.tables import ApprovalStatus
from tests.credentials import actions, consistency
from tests.credentials.actions import count, event_kinds, mutation_payload, owner_input, transfer_input
from tests.service import Tenant

CROWD = 20
Call = tuple[str, dict[str, Any]]


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    return await tenant.add_worker("Ada")


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    """Provide a credential that waits for a review."""
    return await actions.add_ticket(tenant, worker)


async def race(tenant: Tenant, *calls: Call) -> list[str]:
    """Run calls at the same time; return each call's error code, else its status if it has one, else OK."""

    async def call(name: str, input: dict[str, Any]) -> str:
        if "Version" in name:
            selection = "version { id }"
        elif name in ("credentialLink", "credentialUnlink", "credentialTransfer"):
            selection = "status"
        else:
            selection = "purgedId" if name == "credentialPurge" else "credential { id }"
        payload = await tenant.mutate(name, selection, **input)
        codes = [error["code"] for error in payload["errors"]]
        return str(codes[0] if codes else payload.get("status", "OK"))

    return list(await asyncio.gather(*(call(name, input) for name, input in calls)))


def on(key: str, *verbs: str, **input: Any) -> list[Call]:
    """Return calls of a credential's mutations, named by their endings."""
    return [(f"credential{verb}", {"id": key, **input}) for verb in verbs]


async def test_one_of_twenty_concurrent_approvals_wins(tenant: Tenant, key: str, worker: str) -> None:
    codes = await race(tenant, *on(key, *["Approve"] * CROWD))
    assert count(codes) == {"OK": 1, "ALREADY_APPROVED": CROWD - 1}
    assert await event_kinds(tenant, key) == ["credential.added", "credential.approved"]
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_twenty_approvals_with_one_idempotency_key_decide_once(tenant: Tenant, key: str) -> None:
    codes = await race(tenant, *on(key, *["Approve"] * CROWD, idempotencyKey="once"))
    assert count(codes) == {"OK": CROWD}
    assert await event_kinds(tenant, key) == ["credential.added", "credential.approved"]


async def test_approve_races_reject_with_final_decisions(tenant: Tenant, key: str, worker: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    codes = await race(tenant, *on(key, *["Approve", "Reject"] * 5))
    assert count(codes) == {"OK": 1, "APPROVAL_FINAL": 9}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))
    row = await actions.credential_row(tenant, key)
    by_winner = {ApprovalStatus.APPROVED: "ACTIVE", ApprovalStatus.REJECTED: "REVOKED"}
    assert row.status.value == by_winner[row.latest_approval]


async def test_approve_races_reject_with_reversible_decisions(tenant: Tenant, key: str, worker: str) -> None:
    codes = count(await race(tenant, *on(key, *["Approve", "Reject"] * 5)))
    assert codes.keys() <= {"OK", "ALREADY_APPROVED", "ALREADY_REJECTED"}
    decisions = (await event_kinds(tenant, key))[1:]
    assert len(decisions) == codes["OK"]
    assert all(one != after for one, after in pairwise(decisions))
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_approval_races_edits_of_the_version(tenant: Tenant, key: str, worker: str) -> None:
    version = (await actions.credential_row(tenant, key)).latest_version_id
    edits: list[Call] = [
        ("credentialVersionEdit", {"id": version, "expiryDate": f"2030-01-{day:02}"}) for day in range(1, 7)
    ]
    calls = [call for edit in edits for call in (*on(key, "Approve"), edit)]
    codes = count(await race(tenant, *calls))
    assert codes.keys() <= {"OK", "ALREADY_APPROVED"}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_each_of_many_concurrent_edits_records_its_change(tenant: Tenant, key: str, worker: str) -> None:
    version = (await actions.credential_row(tenant, key)).latest_version_id
    edits: list[Call] = [
        ("credentialVersionEdit", {"id": version, "expiryDate": f"2030-01-{day:02}"}) for day in range(1, 9)
    ]
    assert count(await race(tenant, *edits)) == {"OK": 8}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))
    rows = [row for row in (await tenant.rows())["credential_version_changes"] if row["field"].value == "EXPIRY_DATE"]
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]


async def test_update_races_approval(tenant: Tenant, key: str, worker: str) -> None:
    updates = [call for day in range(1, 6) for call in on(key, "Update", issuing={"expiryDate": f"2030-01-{day:02}"})]
    calls = [call for update in updates for call in (update, *on(key, "Approve"))]
    assert count(await race(tenant, *calls)).keys() <= {"OK", "ALREADY_APPROVED"}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_one_of_many_transfers_to_different_workers_wins(tenant: Tenant, key: str, worker: str) -> None:
    others = [await tenant.add_worker(f"Worker {number}") for number in range(5)]
    calls = [call for other in others for call in on(key, "Transfer", **transfer_input(worker, other))]
    assert count(await race(tenant, *calls)) == {"TRANSFERRED": 1, "OWNER_MISMATCH": 4}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_link_races_transfer_into_the_same_slot(tenant: Tenant, worker: str) -> None:
    applicant, other = await actions.add_applicant(tenant), await tenant.add_worker("Ben")
    for _ in range(4):
        key = await actions.add_applicant_credential(tenant, applicant)
        calls = [*on(key, "Link", to=owner_input(other)), *on(key, "Transfer", **transfer_input(applicant, worker))]
        codes = await race(tenant, *calls)
        assert codes in (["LINKED", "ALREADY_LINKED"], ["ALREADY_LINKED", "TRANSFERRED"])
        await consistency.assert_matches_events(
            tenant, key, first=ApprovalStatus.NOT_REQUIRED, owners=(None, applicant)
        )


async def test_two_concurrent_unlinks_leave_one_owner(tenant: Tenant, key: str, worker: str) -> None:
    applicant = await actions.add_applicant(tenant)
    await mutation_payload(tenant, "credentialLink", id=key, to=owner_input(applicant))
    calls = [*on(key, "Unlink", ownerType="WORKER"), *on(key, "Unlink", ownerType="APPLICANT")]
    assert count(await race(tenant, *calls)) == {"UNLINKED": 1, "LAST_OWNER": 1}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_archive_races_new_versions(tenant: Tenant, key: str, worker: str) -> None:
    adds = on(key, *["VersionAdd"] * 4, expiryDate="2030-01-01")
    codes = await race(tenant, *adds, *on(key, "Archive"), *adds)
    assert codes[4] == "OK"
    assert set(codes) <= {"OK", "ARCHIVED"}
    assert (await event_kinds(tenant, key))[-1] == "credential.archived"
    assert len(await actions.version_rows(tenant, key)) == codes.count("OK")
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_one_of_many_new_versions_for_one_revision_wins(tenant: Tenant, key: str, worker: str) -> None:
    codes = await race(tenant, *on(key, *["VersionAdd"] * 6, expiryDate="2030-01-01", expectedRevision=1))
    assert count(codes) == {"OK": 1, "CONFLICT": 5}
    assert len(await actions.version_rows(tenant, key)) == 2
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_new_versions_are_numbered_one_after_the_other(tenant: Tenant, key: str, worker: str) -> None:
    assert count(await race(tenant, *on(key, *["VersionAdd"] * 8, expiryDate="2030-01-01"))) == {"OK": 8}
    assert len(await actions.version_rows(tenant, key)) == 9
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_deletions_race_undeletions(tenant: Tenant, key: str, worker: str) -> None:
    codes = count(await race(tenant, *on(key, *["Delete", "Undelete"] * 6)))
    assert codes.keys() <= {"OK", "DELETED", "NOT_DELETED"}
    assert len(await event_kinds(tenant, key)) == 1 + codes["OK"]
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_archives_race_decisions(tenant: Tenant, key: str, worker: str) -> None:
    codes = await race(tenant, *on(key, "Approve", "Archive", "Reject", "Unarchive", "Approve", "Archive"))
    assert set(codes) <= {"OK", "ARCHIVED", "NOT_ARCHIVED", "ALREADY_APPROVED"}
    await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))
