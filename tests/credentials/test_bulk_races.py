"""Bulk calls about the same credentials at the same time: no circle of waiting, one winner for each item."""

import asyncio
from typing import Any

import pytest

from app.credentials.tables import Approval
from tests.credentials import audit, life
from tests.credentials.life import facts, move, tally
from tests.service import Tenant

MANY = 30


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True)
    return await tenant.add_worker("Ada")


@pytest.fixture
async def keys(tenant: Tenant, worker: str) -> list[str]:
    """Credentials that wait for a decision."""
    return [await life.add_ticket(tenant, worker) for _ in range(MANY)]


async def outcomes(tenant: Tenant, name: str, **given: Any) -> dict[str, str]:
    """Each credential's status, or the code of its refusal."""
    payload = await tenant.mutate(name, "results { credentialId status errors { code } } succeeded", **given)
    assert payload["errors"] == []
    return {
        result["credentialId"]: result["errors"][0]["code"] if result["errors"] else result["status"]
        for result in payload["results"]
    }


async def test_transfers_in_opposite_directions(tenant: Tenant, keys: list[str], worker: str) -> None:
    other = await tenant.add_worker("Ben")
    there = {"credentialIds": keys, **move(worker, other)}
    back = {"credentialIds": keys[::-1], **move(other, worker)}
    found = await asyncio.gather(
        *(outcomes(tenant, "credentialsTransfer", **given) for given in (there, back, there, back))
    )
    for key in keys:
        codes = tally(one[key] for one in found)
        assert codes.keys() <= {"TRANSFERRED", "OWNER_MISMATCH"}
        assert (await facts(tenant, key)).count("credential.transferred") == codes["TRANSFERRED"]
        await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_everything_of_two_owners_changes_sides(tenant: Tenant, keys: list[str], worker: str) -> None:
    other = await tenant.add_worker("Ben")
    theirs = [await life.add_ticket(tenant, other) for _ in range(5)]
    sides = (move(worker, other), move(other, worker))
    found = await asyncio.gather(*(outcomes(tenant, "credentialsTransfer", **given) for given in sides))
    for one in found:
        assert set(one.values()) <= {"TRANSFERRED"}
    for key, owner in (*((key, worker) for key in keys), *((key, other) for key in theirs)):
        await audit.agree(tenant, key, first=Approval.PENDING, owners=(owner, None))


async def test_approvals_against_rejections(tenant: Tenant, keys: list[str], worker: str) -> None:
    await life.choose(tenant, approvalFinality="FINAL")
    calls = (("credentialsApprove", keys), ("credentialsReject", keys[::-1]), ("credentialsApprove", keys[::-1]))
    found = await asyncio.gather(*(outcomes(tenant, name, ids=ids) for name, ids in calls))
    for key in keys:
        assert tally(one[key] for one in found) == {"DECIDED": 1, "APPROVAL_FINAL": 2}
        await audit.agree(tenant, key, first=Approval.PENDING, owners=(worker, None))


async def test_a_bulk_link_against_single_transfers(tenant: Tenant, worker: str) -> None:
    applicant, other = await life.add_applicant(tenant), await tenant.add_worker("Ben")
    keys = [await life.add_theirs(tenant, applicant) for _ in range(8)]

    async def hire(key: str) -> str:
        payload = await tenant.mutate("credentialTransfer", "status", id=key, **move(applicant, other))
        return str(payload["errors"][0]["code"] if payload["errors"] else payload["status"])

    sides = {"credentialIds": keys, **move(applicant, worker)}
    linked, hired = await asyncio.gather(
        outcomes(tenant, "credentialsLink", **sides), asyncio.gather(*map(hire, keys[::-1]))
    )
    for key, one in zip(keys, hired[::-1], strict=True):
        assert (linked[key], one) in (("LINKED", "ALREADY_LINKED"), ("ALREADY_LINKED", "TRANSFERRED"))
        await audit.agree(tenant, key, first=Approval.NOT_REQUIRED, owners=(None, applicant))
