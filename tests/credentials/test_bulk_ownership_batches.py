"""Moving more credentials of an owner than one call may change: several calls, each of which makes progress."""

from typing import Any

import pytest
from sqlalchemy import insert

from app.core import ids
from app.credentials.tables import Credential, CredentialVersion
from tests.credentials import actions
from tests.credentials.actions import mutation_payload, owner_input, transfer_input
from tests.service import Tenant

BRIEF = "results { credentialId status } total succeeded failed hasMore"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker("Ada")


@pytest.fixture
async def colleague(tenant: Tenant) -> str:
    return await tenant.add_worker("Ben")


@pytest.fixture
async def applicant(tenant: Tenant) -> str:
    return await actions.add_applicant(tenant)


def totals(payload: dict[str, Any]) -> tuple[int, int, int, bool]:
    return payload["total"], payload["succeeded"], payload["failed"], payload["hasMore"]


async def multiply(tenant: Tenant, key: str, times: int) -> list[str]:
    """Write copies of a credential at once; return all ids, sorted."""
    credential = (await actions.credential_row(tenant, key)).model_dump()
    version = (await actions.version_rows(tenant, key))[0].model_dump()
    copies, versions = [], []
    for _ in range(times):
        own, first = ids.new(Credential.prefix), ids.new(CredentialVersion.prefix)
        copies.append({**credential, "id": own, "latest_version_id": first, "effective_version_id": first})
        versions.append({**version, "id": first, "credential_id": own})
    async with tenant.service.database.writing("test") as session:
        await session.execute(insert(Credential), copies)
        await session.execute(insert(CredentialVersion), versions)
    return sorted([key, *(copy["id"] for copy in copies)])


async def test_more_credentials_than_one_call_may_move_need_several_calls(
    tenant: Tenant, worker: str, colleague: str
) -> None:
    keys = await multiply(tenant, await tenant.add_credential(worker), 502)
    payload = await mutation_payload(tenant, "credentialsTransfer", BRIEF, **transfer_input(worker, colleague))
    assert totals(payload) == (500, 500, 0, True)
    assert [result["credentialId"] for result in payload["results"]] == keys[:500]
    payload = await mutation_payload(tenant, "credentialsTransfer", BRIEF, **transfer_input(worker, colleague))
    assert totals(payload) == (3, 3, 0, False)
    assert {row["worker_id"] for row in (await tenant.rows())["credentials"]} == {colleague}


async def test_exactly_the_limit_leaves_no_more(tenant: Tenant, worker: str, applicant: str) -> None:
    keys = await multiply(tenant, await tenant.add_credential(worker), 500)
    payload = await mutation_payload(tenant, "credentialsLink", BRIEF, **transfer_input(worker, applicant))
    assert totals(payload) == (500, 500, 0, True)
    payload = await mutation_payload(tenant, "credentialsLink", BRIEF, **transfer_input(worker, applicant))
    assert totals(payload) == (1, 1, 0, False)
    payload = await mutation_payload(
        tenant, "credentialsTransfer", BRIEF, credentialIds=keys[:500], **transfer_input(worker, applicant)
    )
    assert totals(payload) == (500, 500, 0, False)


async def test_skipped_credentials_do_not_block_the_others(
    tenant: Tenant, worker: str, colleague: str, applicant: str
) -> None:
    blocked = await actions.add_applicant_credential(tenant, applicant)
    await mutation_payload(tenant, "credentialLink", id=blocked, to=owner_input(colleague))
    await multiply(tenant, blocked, 500)
    free = await actions.add_applicant_credential(tenant, applicant)
    payload = await mutation_payload(tenant, "credentialsTransfer", BRIEF, **transfer_input(applicant, worker))
    assert totals(payload) == (500, 1, 499, True)
    assert (await actions.credential_row(tenant, free)).worker_id == worker
    assert (await actions.credential_row(tenant, blocked)).worker_id == colleague


@pytest.mark.parametrize("mutation", ["credentialsLink", "credentialsTransfer"])
async def test_what_was_only_requested_stays(tenant: Tenant, worker: str, applicant: str, mutation: str) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    requested, cancelled, returned = [
        await actions.add_requested(tenant, f"TICKET_{number}", worker) for number in range(3)
    ]
    request = (await actions.credential_row(tenant, cancelled)).request_id
    await mutation_payload(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request)
    await mutation_payload(tenant, "credentialSubmit", id=returned, referenceNumber="T-1")
    await mutation_payload(tenant, "credentialReject", id=returned)
    assert (await actions.credential_row(tenant, returned)).intake == "REQUESTED"
    held = await tenant.add_credential(worker)
    payload = await mutation_payload(tenant, mutation, "results { credentialId }", **transfer_input(worker, applicant))
    assert {row["credentialId"] for row in payload["results"]} == {returned, held}
    assert {(await actions.credential_row(tenant, key)).applicant_id for key in (requested, cancelled)} == {None}
