"""Files that come at the same time, and while their credential changes."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests import files
from tests.credentials import audit, life
from tests.credentials.life import done, tally
from tests.service import Tenant

ROUNDS = 3


async def sent(answers: list[Awaitable[str]]) -> dict[str, int]:
    """How often each outcome occurs, of calls at the same time."""
    return tally(await asyncio.gather(*answers))


async def put(tenant: Tenant, url: str, content: bytes = files.PNG) -> str:
    """Send a file; gives the code of the refusal, or OK."""
    response = await files.put_bytes(tenant, url, content)
    return "OK" if response.status_code in (200, 201) else str(response.json()["code"])


async def call(tenant: Tenant, name: str, selection: str, **given: Any) -> str:
    """Do something; gives the code of the refusal, or OK."""
    payload = await tenant.mutate(name, selection, **given)
    return str(payload["errors"][0]["code"]) if payload["errors"] else "OK"


@pytest.mark.parametrize("requested", [False, True])
async def test_of_many_fronts_one_wins(tenant: Tenant, requested: bool) -> None:
    if requested:
        key = await life.requested(tenant)
    else:
        key = await tenant.add_credential(await tenant.add_worker())
    announced = [await files.create_upload(tenant, key) for _ in range(6)]
    assert await sent([put(tenant, one.url) for one in announced]) == {"OK": 1, "TAKEN": 5}
    rows = [row for row in (await tenant.rows())["attachments"] if row["uploaded_at"] is not None]
    assert len(rows) == 1
    assert len(await life.ledger(tenant, key)) == 2


async def test_of_different_files_to_one_address_one_wins_and_it_is_whole(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    announced = await files.create_upload(tenant, key)
    contents = [files.PNG + str(number).encode() for number in range(6)]
    assert await sent([put(tenant, announced.url, one) for one in contents]) == {"OK": 1, "ALREADY_UPLOADED": 5}
    shown = await files.query_attachment(tenant, announced.id)
    found = await tenant.service.client.get(shown["download"]["url"])
    assert found.content in contents
    assert len(await life.ledger(tenant, key)) == 2


async def test_a_file_against_an_approval(tenant: Tenant) -> None:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True, approvalFinality="FINAL")
    for _ in range(ROUNDS):
        key = await life.add_ticket(tenant, await tenant.add_worker())
        announced = await files.create_upload(tenant, key)
        approve = call(tenant, "credentialApprove", "credential { id }", id=key)
        found, approved = await asyncio.gather(put(tenant, announced.url), approve)
        assert approved == "OK"
        assert found in ("OK", "APPROVAL_FINAL")
        attached = (await files.query_attachment(tenant, announced.id))["status"] == "ATTACHED"
        assert attached is (found == "OK")
        # Whoever approves for good has decided about all that is there.
        assert (await life.row(tenant, key)).latest_approval.value == "APPROVED"


async def test_files_against_the_answer_they_are_for(tenant: Tenant) -> None:
    await life.choose(tenant, approvalsEnabled=True)
    for number in range(ROUNDS):
        key = await life.requested(tenant, f"TICKET_{number}")
        announced = [await files.create_upload(tenant, key, side) for side in ("FRONT", "BACK")]
        answer = call(tenant, "credentialSubmit", "credential { id }", id=key, referenceNumber="T-1")
        assert await sent([*(put(tenant, one.url) for one in announced), answer]) == {"OK": 3}
        # Handed in with it, or added to what was handed in: none of them is left behind.
        versions = {row["version_id"] for row in (await tenant.rows())["attachments"] if row["credential_id"] == key}
        assert versions == {(await life.row(tenant, key)).latest_version_id}


async def test_a_file_against_a_purge(tenant: Tenant) -> None:
    for _ in range(ROUNDS):
        key = await tenant.add_credential(await tenant.add_worker())
        announced = [await files.create_upload(tenant, key, side) for side in ("FRONT", "BACK")]

        async def put_away(key: str = key) -> str:
            await done(tenant, "credentialArchive", id=key)
            return await call(tenant, "credentialPurge", "purgedId", id=key, confirm=True)

        purged, *found = await asyncio.gather(put_away(), *(put(tenant, one.url) for one in announced))
        assert purged == "OK"
        assert set(found) <= {"OK", "ARCHIVED", "NOT_FOUND"}
        await audit.gone(tenant, key)


async def test_of_many_removals_one_wins(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    one = await files.upload_file(tenant, key)
    found = await sent([call(tenant, "attachmentDelete", "deletedId", id=one) for _ in range(5)])
    assert found == {"OK": 1, "NOT_FOUND": 4}
