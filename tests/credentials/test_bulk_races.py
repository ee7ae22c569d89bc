"""Concurrent bulk calls about the same credentials: no deadlock, and one winner for each credential."""

import asyncio
from typing import Any

import pytest

from app.credentials.tables import ApprovalStatus
from tests.credentials import actions, consistency
from tests.credentials.actions import count, event_kinds, transfer_input
from tests.service import Tenant

MANY = 30


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    return await tenant.add_worker("Ada")


@pytest.fixture
async def keys(tenant: Tenant, worker: str) -> list[str]:
    """Provide credentials that wait for a review."""
    return [await actions.add_ticket(tenant, worker) for _ in range(MANY)]


async def outcomes(tenant: Tenant, name: str, **input: Any) -> dict[str, str]:
    """Return each credential's status, or the code of its refusal."""
    payload = await tenant.mutate(name, "results { credentialId status errors { code } } succeeded", **input)
    assert payload["errors"] == []
    return {
        result["credentialId"]: result["errors"][0]["code"] if result["errors"] else result["status"]
        for result in payload["results"]
    }


async def test_concurrent_transfers_in_opposite_directions(tenant: Tenant, keys: list[str], worker: str) -> None:
    other = await tenant.add_worker("Ben")
    there = {"credentialIds": keys, **transfer_input(worker, other)}
    back = {"credentialIds": keys[::-1], **transfer_input(other, worker)}
    results = await asyncio.gather(
        *(outcomes(tenant, "credentialsTransfer", **input) for input in (there, back, there, back))
    )
    for key in keys:
        codes = count(result[key] for result in results)
        assert codes.keys() <= {"TRANSFERRED", "OWNER_MISMATCH"}
        assert (await event_kinds(tenant, key)).count("credential.transferred") == codes["TRANSFERRED"]
        await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_concurrent_transfers_of_all_credentials_of_two_owners(
    tenant: Tenant, keys: list[str], worker: str
) -> None:
    other = await tenant.add_worker("Ben")
    others = [await actions.add_ticket(tenant, other) for _ in range(5)]
    sides = (transfer_input(worker, other), transfer_input(other, worker))
    results = await asyncio.gather(*(outcomes(tenant, "credentialsTransfer", **input) for input in sides))
    for result in results:
        assert set(result.values()) <= {"TRANSFERRED"}
    for key, owner in (*((key, worker) for key in keys), *((key, other) for key in others)):
        await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(owner, None))


async def test_bulk_approvals_race_rejections(tenant: Tenant, keys: list[str], worker: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    calls = (("credentialsApprove", keys), ("credentialsReject", keys[::-1]), ("credentialsApprove", keys[::-1]))
    results = await asyncio.gather(*(outcomes(tenant, name, ids=ids) for name, ids in calls))
    for key in keys:
        assert count(result[key] for result in results) == {"DECIDED": 1, "APPROVAL_FINAL": 2}
        await consistency.assert_matches_events(tenant, key, first=ApprovalStatus.PENDING, owners=(worker, None))


async def test_bulk_link_races_single_transfers(tenant: Tenant, worker: str) -> None:
    applicant, other = await actions.add_applicant(tenant), await tenant.add_worker("Ben")
    keys = [await actions.add_applicant_credential(tenant, applicant) for _ in range(8)]

    async def hire(key: str) -> str:
        payload = await tenant.mutate("credentialTransfer", "status", id=key, **transfer_input(applicant, other))
        return str(payload["errors"][0]["code"] if payload["errors"] else payload["status"])

    sides = {"credentialIds": keys, **transfer_input(applicant, worker)}
    linked, hired = await asyncio.gather(
        outcomes(tenant, "credentialsLink", **sides), asyncio.gather(*map(hire, keys[::-1]))
    )
    for key, result in zip(keys, hired[::-1], strict=True):
        assert (linked[key], result) in (("LINKED", "ALREADY_LINKED"), ("ALREADY_LINKED", "TRANSFERRED"))
        await consistency.assert_matches_events(
            tenant, key, first=ApprovalStatus.NOT_REQUIRED, owners=(None, applicant)
        )
