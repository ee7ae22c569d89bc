"""Moving more of an owner's credentials than one call may carry: in several calls, each of which gets on."""

from typing import Any

import pytest
from sqlalchemy import insert

from app.core import ids
from app.credentials.tables import Credential, CredentialVersion
from tests.credentials import life
from tests.credentials.life import done, move, owner
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
    return await life.add_applicant(tenant)


def totals(payload: dict[str, Any]) -> tuple[int, int, int, bool]:
    return payload["total"], payload["succeeded"], payload["failed"], payload["hasMore"]


async def multiply(tenant: Tenant, key: str, times: int) -> list[str]:
    """Copies of a credential, written at once; gives all their ids with its own, sorted."""
    credential = (await life.row(tenant, key)).model_dump()
    version = (await life.history(tenant, key))[0].model_dump()
    copies, versions = [], []
    for _ in range(times):
        own, first = ids.new(Credential.prefix), ids.new(CredentialVersion.prefix)
        copies.append({**credential, "id": own, "latest_version_id": first, "effective_version_id": first})
        versions.append({**version, "id": first, "credential_id": own})
    async with tenant.service.database.writing("test") as session:
        await session.execute(insert(Credential), copies)
        await session.execute(insert(CredentialVersion), versions)
    return sorted([key, *(copy["id"] for copy in copies)])


async def test_more_than_one_call_may_carry_are_moved_in_several(tenant: Tenant, worker: str, colleague: str) -> None:
    keys = await multiply(tenant, await tenant.add_credential(worker), 502)
    payload = await done(tenant, "credentialsTransfer", BRIEF, **move(worker, colleague))
    assert totals(payload) == (500, 500, 0, True)
    assert [result["credentialId"] for result in payload["results"]] == keys[:500]
    payload = await done(tenant, "credentialsTransfer", BRIEF, **move(worker, colleague))
    assert totals(payload) == (3, 3, 0, False)
    assert {row["worker_id"] for row in (await tenant.rows())["credentials"]} == {colleague}


async def test_exactly_as_many_as_one_call_may_carry_leave_no_more(tenant: Tenant, worker: str, applicant: str) -> None:
    keys = await multiply(tenant, await tenant.add_credential(worker), 500)
    payload = await done(tenant, "credentialsLink", BRIEF, **move(worker, applicant))
    assert totals(payload) == (500, 500, 0, True)
    payload = await done(tenant, "credentialsLink", BRIEF, **move(worker, applicant))
    assert totals(payload) == (1, 1, 0, False)
    payload = await done(tenant, "credentialsTransfer", BRIEF, credentialIds=keys[:500], **move(worker, applicant))
    assert totals(payload) == (500, 500, 0, False)


async def test_those_that_cannot_follow_do_not_hold_up_those_that_can(
    tenant: Tenant, worker: str, colleague: str, applicant: str
) -> None:
    blocked = await life.add_theirs(tenant, applicant)
    await done(tenant, "credentialLink", id=blocked, to=owner(colleague))
    await multiply(tenant, blocked, 500)
    free = await life.add_theirs(tenant, applicant)
    payload = await done(tenant, "credentialsTransfer", BRIEF, **move(applicant, worker))
    assert totals(payload) == (500, 1, 499, True)
    assert (await life.row(tenant, free)).worker_id == worker
    assert (await life.row(tenant, blocked)).worker_id == colleague
