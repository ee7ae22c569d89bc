"""The removal of unneeded bytes after the commit: all of them and no others."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.attachments.storage import Storage
from app.credentials.files import removals
from app.db.database import Database
from app.jobs import remove_files
from app.main import create_app, open_storage
from app.settings import Settings
from tests import files
from tests.conftest import SettableClock
from tests.credentials import actions, consistency
from tests.credentials.actions import mutation_payload, query_credential
from tests.service import Service, Tenant

AGES = removals.UPLOAD_PERIOD + timedelta(seconds=1)


@pytest.fixture
def file_settings(settings: Settings, tmp_path: Path) -> Settings:
    """Provide the settings of a service with its own folder for files."""
    return settings.model_copy(update={"files": str(tmp_path / "files")})


@pytest.fixture
async def tenant(own_database: Database, file_settings: Settings) -> AsyncIterator[Tenant]:
    """Provide an organization of a service with these settings."""
    transport = httpx.ASGITransport(create_app(file_settings, own_database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield await Tenant.create(Service(client, own_database), "Harbour Health")


async def run_job(tenant: Tenant, file_settings: Settings) -> int:
    """Run the job until nothing is left; return the number of removals."""
    total = 0
    while done := await remove_files.run(tenant.service.database, open_storage(file_settings)):
        total += done
    return total


def stored_files(file_settings: Settings) -> int:
    """Return the number of files in the store."""
    return sum(path.is_file() for path in Path(file_settings.files).rglob("*"))


async def test_a_purge_removes_the_bytes_of_all_versions_and_waiting_files(
    tenant: Tenant, file_settings: Settings
) -> None:
    key = await actions.add_requested(tenant)
    other = await tenant.add_credential(await tenant.add_worker())
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    await files.upload_file(tenant, other)
    await files.upload_file(tenant, key)
    await mutation_payload(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await mutation_payload(tenant, "credentialReject", id=key)
    await mutation_payload(tenant, "credentialSubmit", id=key)
    await mutation_payload(tenant, "credentialReject", id=key)
    await files.upload_file(tenant, key, "BACK")
    shown = await query_credential(tenant, key, "attachments { nodes { download { url } } }")
    addresses = [node["download"]["url"] for node in shown["attachments"]["nodes"]]
    assert await run_job(tenant, file_settings) == 0
    assert (len(addresses), stored_files(file_settings)) == (2, 3)
    await mutation_payload(tenant, "credentialArchive", id=key)
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    # The files are gone at once for callers, and from the store once the job ran.
    assert [(await tenant.service.client.get(url)).status_code for url in addresses] == [404, 404]
    assert await run_job(tenant, file_settings) == 2
    assert stored_files(file_settings) == 1
    rows = await tenant.rows()
    assert (len(rows["attachments"]), rows["file_removals"]) == (1, [])
    await consistency.assert_purged(tenant, key)
    assert any("mediaFiles" in event.changes for event in await actions.events_of(tenant, key))


async def test_bytes_shared_with_another_version_are_kept(tenant: Tenant, file_settings: Settings) -> None:
    key = await actions.add_requested(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    await files.upload_file(tenant, key)
    await mutation_payload(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await mutation_payload(tenant, "credentialReject", id=key)
    await mutation_payload(tenant, "credentialSubmit", id=key)
    [taken_over] = (await query_credential(tenant, key, "attachments { nodes { id } }"))["attachments"]["nodes"]
    await mutation_payload(tenant, "attachmentDelete", id=taken_over["id"])
    assert await run_job(tenant, file_settings) == 0
    selection = "versions(last: 1) { nodes { attachments { nodes { download { url } } } } }"
    [version] = (await query_credential(tenant, key, selection))["versions"]["nodes"]
    [first] = version["attachments"]["nodes"]
    assert (await tenant.service.client.get(first["download"]["url"])).content == files.PNG


async def test_the_bytes_of_a_removed_file_are_removed(tenant: Tenant, file_settings: Settings) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    sent = await files.upload_file(tenant, key)
    await mutation_payload(tenant, "attachmentDelete", id=sent)
    assert stored_files(file_settings) == 1
    assert await run_job(tenant, file_settings) == 1
    assert stored_files(file_settings) == 0


async def test_refused_uploads_leave_no_bytes(tenant: Tenant, file_settings: Settings) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    announced = await files.create_upload(tenant, key)
    assert (await files.put_bytes(tenant, announced.url, b"<svg/>")).status_code == 415
    # Bytes that were written but cannot be attached are removed.
    await mutation_payload(tenant, "credentialArchive", id=key)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).status_code == 409
    assert stored_files(file_settings) == 1
    await run_job(tenant, file_settings)
    assert (stored_files(file_settings), (await tenant.rows())["file_removals"]) == (0, [])


async def test_expected_files_that_never_came_are_deleted(
    tenant: Tenant, file_settings: Settings, clock: SettableClock
) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await run_job(tenant, file_settings)
    assert await files.query_attachment(tenant, announced.id) is not None
    clock.advance(AGES)
    await run_job(tenant, file_settings)
    assert await files.query_attachment(tenant, announced.id) is None
    assert await files.query_attachment(tenant, sent) is not None


async def test_a_failed_removal_is_retried_later_without_delaying_others(
    tenant: Tenant, file_settings: Settings, clock: SettableClock, tmp_path: Path
) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    for _ in range(2):
        await mutation_payload(tenant, "attachmentDelete", id=await files.upload_file(tenant, key))
    (tmp_path / "broken").touch()
    assert await remove_files.run(tenant.service.database, Storage(tmp_path / "broken")) == 0
    assert stored_files(file_settings) == 2
    assert await run_job(tenant, file_settings) == 0
    clock.advance(removals.RETRY_INTERVAL + timedelta(seconds=1))
    assert await run_job(tenant, file_settings) == 2
    assert (stored_files(file_settings), (await tenant.rows())["file_removals"]) == (0, [])


async def test_bytes_that_arrive_too_late_are_not_attached(
    tenant: Tenant, file_settings: Settings, clock: SettableClock
) -> None:
    """The removal of an upload that took too long may already have started."""
    key = await tenant.add_credential(await tenant.add_worker())
    announced = await files.create_upload(tenant, key)

    async def slowly() -> AsyncIterator[bytes]:
        yield files.PNG.ljust(1_000, b"x")
        clock.advance(AGES)
        async with tenant.service.database.writing("test") as session:
            for removal in await removals.due_in_all_organizations(session):
                await removals.claim(session, *removal)
        yield b"the end"

    response = await tenant.service.client.put(announced.url, content=slowly())
    assert (response.status_code, response.json()["code"]) == (409, "NOT_UPLOADED")
    assert (await files.query_attachment(tenant, announced.id))["status"] == "EXPECTED"
    clock.advance(removals.RETRY_INTERVAL + timedelta(seconds=1))
    await run_job(tenant, file_settings)
    assert stored_files(file_settings) == 0
