"""Races of uploads with each other and with changes of their credential."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests import files
from tests.credentials import actions, consistency
from tests.credentials.actions import count, mutation_payload
from tests.service import Tenant

ROUNDS = 3


async def count_outcomes(answers: list[Awaitable[str]]) -> dict[str, int]:
    """Run calls at the same time and count each outcome."""
    return count(await asyncio.gather(*answers))


async def send_file(tenant: Tenant, url: str, content: bytes = files.PNG) -> str:
    """Send a file; return the code of the refusal, or OK."""
    response = await files.put_bytes(tenant, url, content)
    return "OK" if response.status_code in (200, 201) else str(response.json()["code"])


async def call(tenant: Tenant, name: str, selection: str, **input: Any) -> str:
    """Run a mutation; return the code of the refusal, or OK."""
    payload = await tenant.mutate(name, selection, **input)
    return str(payload["errors"][0]["code"]) if payload["errors"] else "OK"


@pytest.mark.parametrize("requested", [False, True])
async def test_one_of_many_concurrent_fronts_wins(tenant: Tenant, requested: bool) -> None:
    if requested:
        key = await actions.add_requested(tenant)
    else:
        key = await tenant.add_credential(await tenant.add_worker())
    announced = [await files.create_upload(tenant, key) for _ in range(6)]
    assert await count_outcomes([send_file(tenant, upload.url) for upload in announced]) == {"OK": 1, "TAKEN": 5}
    rows = [row for row in (await tenant.rows())["attachments"] if row["uploaded_at"] is not None]
    assert len(rows) == 1
    assert len(await actions.events_of(tenant, key)) == 2


async def test_one_of_many_uploads_to_one_url_wins_and_is_complete(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    announced = await files.create_upload(tenant, key)
    contents = [files.PNG + str(number).encode() for number in range(6)]
    assert await count_outcomes([send_file(tenant, announced.url, content) for content in contents]) == {
        "OK": 1,
        "ALREADY_UPLOADED": 5,
    }
    shown = await files.query_attachment(tenant, announced.id)
    response = await tenant.service.client.get(shown["download"]["url"])
    assert response.content in contents
    assert len(await actions.events_of(tenant, key)) == 2


async def test_upload_races_approval(tenant: Tenant) -> None:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True, approvalFinality="FINAL")
    for _ in range(ROUNDS):
        key = await actions.add_ticket(tenant, await tenant.add_worker())
        announced = await files.create_upload(tenant, key)
        approve = call(tenant, "credentialApprove", "credential { id }", id=key)
        code, approved = await asyncio.gather(send_file(tenant, announced.url), approve)
        assert approved == "OK"
        assert code in ("OK", "APPROVAL_FINAL")
        attached = (await files.query_attachment(tenant, announced.id))["status"] == "ATTACHED"
        assert attached is (code == "OK")
        # A final approval covers all files that are attached.
        assert (await actions.credential_row(tenant, key)).latest_approval.value == "APPROVED"


async def test_uploads_race_the_submission(tenant: Tenant) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True)
    for number in range(ROUNDS):
        key = await actions.add_requested(tenant, f"TICKET_{number}")
        announced = [await files.create_upload(tenant, key, side) for side in ("FRONT", "BACK")]
        answer = call(tenant, "credentialSubmit", "credential { id }", id=key, referenceNumber="T-1")
        assert await count_outcomes([*(send_file(tenant, upload.url) for upload in announced), answer]) == {"OK": 3}
        # Each file is part of the submission or added to it later; none is left waiting.
        versions = {row["version_id"] for row in (await tenant.rows())["attachments"] if row["credential_id"] == key}
        assert versions == {(await actions.credential_row(tenant, key)).latest_version_id}


async def test_upload_races_purge(tenant: Tenant) -> None:
    for _ in range(ROUNDS):
        key = await tenant.add_credential(await tenant.add_worker())
        announced = [await files.create_upload(tenant, key, side) for side in ("FRONT", "BACK")]

        async def put_away(key: str = key) -> str:
            await mutation_payload(tenant, "credentialArchive", id=key)
            return await call(tenant, "credentialPurge", "purgedId", id=key, confirm=True)

        purged, *codes = await asyncio.gather(put_away(), *(send_file(tenant, upload.url) for upload in announced))
        assert purged == "OK"
        assert set(codes) <= {"OK", "ARCHIVED", "NOT_FOUND"}
        await consistency.assert_purged(tenant, key)


async def test_one_of_many_concurrent_removals_wins(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    key_of_file = await files.upload_file(tenant, key)
    codes = await count_outcomes([call(tenant, "attachmentDelete", "deletedId", id=key_of_file) for _ in range(5)])
    assert codes == {"OK": 1, "NOT_FOUND": 4}
