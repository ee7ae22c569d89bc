"""Calls about one credential at the same time: one wins, the others meet the state that it left."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from app.credentials.tables import Approval
from tests.credentials import audit, life
from tests.credentials.life import done, facts, move, owner, tally
from tests.service import Tenant

CROWD = 20
Call = tuple[str, dict[str, Any]]


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True)
    return await tenant.add_worker("Ada")


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    """A credential that waits for a decision."""
    return await life.add_ticket(tenant, worker)


async def race(tenant: Tenant, *calls: Call) -> list[str]:
    """Make calls at the same time; gives each one's code, or OK, or its status where it has one."""

    async def call(name: str, given: dict[str, Any]) -> str:
        if "Version" in name:
            selection = "version { id }"
        elif name in ("credentialLink", "credentialUnlink", "credentialTransfer"):
            selection = "status"
        else:
            selection = "purgedId" if name == "credentialPurge" else "credential { id }"
        payload = await tenant.mutate(name, selection, **given)
        codes = [error["code"] for error in payload["errors"]]
        return str(codes[0] if codes else payload.get("status", "OK"))

    return list(await asyncio.gather(*(call(name, given) for name, given in calls)))


def on(key: str, *verbs: str, **given: Any) -> list[Call]:
    """Calls of a credential's mutations, by the ends of their names."""
    return [(f"credential{verb}", {"id": key, **given}) for verb in verbs]


async def test_of_twenty_approvals_one_wins(tenant: Tenant, key: str, worker: str) -> None:
    found = await race(tenant, *on(key, *["Approve"] * CROWD))
    assert tally(found) == {"OK": 1, "ALREADY_APPROVED": CROWD - 1}
    assert await facts(tenant, key) == ["credential.added", "credential.approved"]
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_one_key_for_twenty_approvals_decides_once_and_answers_all_alike(tenant: Tenant, key: str) -> None:
    found = await race(tenant, *on(key, *["Approve"] * CROWD, idempotencyKey="once"))
    assert tally(found) == {"OK": CROWD}
    assert await facts(tenant, key) == ["credential.added", "credential.approved"]


async def test_approve_against_reject_where_decisions_are_final(tenant: Tenant, key: str, worker: str) -> None:
    await life.choose(tenant, approvalFinality="FINAL")
    found = await race(tenant, *on(key, *["Approve", "Reject"] * 5))
    assert tally(found) == {"OK": 1, "APPROVAL_FINAL": 9}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))
    row = await life.row(tenant, key)
    by_winner = {Approval.APPROVED: "ACTIVE", Approval.REJECTED: "REVOKED"}
    assert row.status.value == by_winner[row.latest_approval]


async def test_approve_against_reject_where_decisions_replace_each_other(tenant: Tenant, key: str, worker: str) -> None:
    found = tally(await race(tenant, *on(key, *["Approve", "Reject"] * 5)))
    assert found.keys() <= {"OK", "ALREADY_APPROVED", "ALREADY_REJECTED"}
    decisions = (await facts(tenant, key))[1:]
    assert len(decisions) == found["OK"]
    assert all(one != after for one, after in pairwise(decisions))
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_an_approval_against_edits_of_the_version(tenant: Tenant, key: str, worker: str) -> None:
    version = (await life.row(tenant, key)).latest_version_id
    edits: list[Call] = [
        ("credentialVersionEdit", {"id": version, "expiryDate": f"2030-01-{day:02}"}) for day in range(1, 7)
    ]
    calls = [call for edit in edits for call in (*on(key, "Approve"), edit)]
    found = tally(await race(tenant, *calls))
    assert found.keys() <= {"OK", "ALREADY_APPROVED"}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_every_one_of_many_edits_logs_what_it_changed(tenant: Tenant, key: str, worker: str) -> None:
    version = (await life.row(tenant, key)).latest_version_id
    edits: list[Call] = [
        ("credentialVersionEdit", {"id": version, "expiryDate": f"2030-01-{day:02}"}) for day in range(1, 9)
    ]
    assert tally(await race(tenant, *edits)) == {"OK": 8}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))
    rows = [row for row in (await tenant.rows())["credential_version_changes"] if row["field"].value == "EXPIRY_DATE"]
    assert [row["before"] for row in rows[1:]] == [row["after"] for row in rows[:-1]]


async def test_an_update_against_an_approval(tenant: Tenant, key: str, worker: str) -> None:
    updates = [call for day in range(1, 6) for call in on(key, "Update", issuing={"expiryDate": f"2030-01-{day:02}"})]
    calls = [call for update in updates for call in (update, *on(key, "Approve"))]
    assert tally(await race(tenant, *calls)).keys() <= {"OK", "ALREADY_APPROVED"}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_of_transfers_to_different_workers_one_wins(tenant: Tenant, key: str, worker: str) -> None:
    others = [await tenant.add_worker(f"Worker {number}") for number in range(5)]
    calls = [call for other in others for call in on(key, "Transfer", **move(worker, other))]
    assert tally(await race(tenant, *calls)) == {"TRANSFERRED": 1, "OWNER_MISMATCH": 4}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_a_link_against_a_transfer_into_the_same_slot(tenant: Tenant, worker: str) -> None:
    applicant, other = await life.add_applicant(tenant), await tenant.add_worker("Ben")
    for _ in range(4):
        key = await life.add_theirs(tenant, applicant)
        calls = [*on(key, "Link", to=owner(other)), *on(key, "Transfer", **move(applicant, worker))]
        found = await race(tenant, *calls)
        assert found in (["LINKED", "ALREADY_LINKED"], ["ALREADY_LINKED", "TRANSFERRED"])
        await audit.agree(tenant, key, first=Approval.NOT_REQUIRED, owners=(None, applicant))


async def test_two_unlinks_leave_one_owner(tenant: Tenant, key: str, worker: str) -> None:
    applicant = await life.add_applicant(tenant)
    await done(tenant, "credentialLink", id=key, to=owner(applicant))
    calls = [*on(key, "Unlink", ownerType="WORKER"), *on(key, "Unlink", ownerType="APPLICANT")]
    assert tally(await race(tenant, *calls)) == {"UNLINKED": 1, "LAST_OWNER": 1}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_an_archive_against_new_versions(tenant: Tenant, key: str, worker: str) -> None:
    adds = on(key, *["VersionAdd"] * 4, expiryDate="2030-01-01")
    found = await race(tenant, *adds, *on(key, "Archive"), *adds)
    assert found[4] == "OK"
    assert set(found) <= {"OK", "ARCHIVED"}
    assert (await facts(tenant, key))[-1] == "credential.archived"
    assert len(await life.history(tenant, key)) == found.count("OK")
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_of_new_versions_in_view_of_one_revision_one_wins(tenant: Tenant, key: str, worker: str) -> None:
    found = await race(tenant, *on(key, *["VersionAdd"] * 6, expiryDate="2030-01-01", expectedRevision=1))
    assert tally(found) == {"OK": 1, "CONFLICT": 5}
    assert len(await life.history(tenant, key)) == 2
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_new_versions_are_numbered_one_after_the_other(tenant: Tenant, key: str, worker: str) -> None:
    assert tally(await race(tenant, *on(key, *["VersionAdd"] * 8, expiryDate="2030-01-01"))) == {"OK": 8}
    assert len(await life.history(tenant, key)) == 9
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_deletions_against_undeletions(tenant: Tenant, key: str, worker: str) -> None:
    found = tally(await race(tenant, *on(key, *["Delete", "Undelete"] * 6)))
    assert found.keys() <= {"OK", "DELETED", "NOT_DELETED"}
    assert len(await facts(tenant, key)) == 1 + found["OK"]
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_archives_against_decisions(tenant: Tenant, key: str, worker: str) -> None:
    found = await race(tenant, *on(key, "Approve", "Archive", "Reject", "Restore", "Approve", "Archive"))
    assert set(found) <= {"OK", "ARCHIVED", "NOT_ARCHIVED", "ALREADY_APPROVED"}
    await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))
