"""Bytes that nobody needs any more: removed after the commit, all of them and no others."""

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
from tests import checks as harness
from tests import files
from tests.conftest import SettableClock
from tests.credentials import audit, life
from tests.credentials.life import done, show
from tests.service import Service, Tenant

AGES = removals.UPLOAD_PERIOD + timedelta(seconds=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def own_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """A database of these tests' own, since the job works for all organizations in it."""
    async with harness.new_own_database(request.param, request, tmp_path_factory, session_clock) as found:
        yield found


@pytest.fixture
def place(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with a folder of its own for files."""
    return settings.model_copy(update={"files": str(tmp_path / "files")})


@pytest.fixture
async def tenant(own_database: Database, place: Settings) -> AsyncIterator[Tenant]:
    """An organization of such a service."""
    transport = httpx.ASGITransport(create_app(place, own_database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield await Tenant.create(Service(client, own_database), "Harbour Health")


async def turn(tenant: Tenant, place: Settings) -> int:
    """Do the job until nothing is left to do; gives how much was done."""
    total = 0
    while done := await remove_files.run(tenant.service.database, open_storage(place)):
        total += done
    return total


def kept(place: Settings) -> int:
    """How many files there are in the store."""
    return sum(path.is_file() for path in Path(place.files).rglob("*"))


async def test_a_purge_removes_the_bytes_of_all_versions_and_of_what_waits(tenant: Tenant, place: Settings) -> None:
    key = await life.requested(tenant)
    other = await tenant.add_credential(await tenant.add_worker())
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    await files.upload_file(tenant, other)
    await files.upload_file(tenant, key)
    await done(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await done(tenant, "credentialReject", id=key)
    await done(tenant, "credentialSubmit", id=key)
    await done(tenant, "credentialReject", id=key)
    await files.upload_file(tenant, key, "BACK")
    shown = await show(tenant, key, "attachments { nodes { download { url } } }")
    addresses = [node["download"]["url"] for node in shown["attachments"]["nodes"]]
    assert await turn(tenant, place) == 0
    assert (len(addresses), kept(place)) == (2, 3)
    await done(tenant, "credentialArchive", id=key)
    await done(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    # They are gone at once for those who ask for them, and soon from the store.
    assert [(await tenant.service.client.get(url)).status_code for url in addresses] == [404, 404]
    assert await turn(tenant, place) == 2
    assert kept(place) == 1
    rows = await tenant.rows()
    assert (len(rows["attachments"]), rows["file_removals"]) == (1, [])
    await audit.gone(tenant, key)
    assert any("mediaFiles" in event.changes for event in await life.ledger(tenant, key))


async def test_bytes_that_another_version_shows_too_are_kept(tenant: Tenant, place: Settings) -> None:
    key = await life.requested(tenant)
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    await files.upload_file(tenant, key)
    await done(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await done(tenant, "credentialReject", id=key)
    await done(tenant, "credentialSubmit", id=key)
    [taken_over] = (await show(tenant, key, "attachments { nodes { id } }"))["attachments"]["nodes"]
    await done(tenant, "attachmentDelete", id=taken_over["id"])
    assert await turn(tenant, place) == 0
    asked = "versions(last: 1) { nodes { attachments { nodes { download { url } } } } }"
    [version] = (await show(tenant, key, asked))["versions"]["nodes"]
    [first] = version["attachments"]["nodes"]
    assert (await tenant.service.client.get(first["download"]["url"])).content == files.PNG


async def test_a_removed_file_goes_from_the_store(tenant: Tenant, place: Settings) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    sent = await files.upload_file(tenant, key)
    await done(tenant, "attachmentDelete", id=sent)
    assert kept(place) == 1
    assert await turn(tenant, place) == 1
    assert kept(place) == 0


async def test_what_is_not_taken_leaves_nothing_behind(tenant: Tenant, place: Settings) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    announced = await files.create_upload(tenant, key)
    assert (await files.put_bytes(tenant, announced.url, b"<svg/>")).status_code == 415
    # What is written and cannot be attached any more is removed.
    await done(tenant, "credentialArchive", id=key)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).status_code == 409
    assert kept(place) == 1
    await turn(tenant, place)
    assert (kept(place), (await tenant.rows())["file_removals"]) == (0, [])


async def test_what_was_expected_and_never_came_is_expected_no_more(
    tenant: Tenant, place: Settings, clock: SettableClock
) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await turn(tenant, place)
    assert await files.query_attachment(tenant, announced.id) is not None
    clock.advance(AGES)
    await turn(tenant, place)
    assert await files.query_attachment(tenant, announced.id) is None
    assert await files.query_attachment(tenant, sent) is not None


async def test_a_store_that_fails_is_asked_again_later_and_the_others_are_not_kept_waiting(
    tenant: Tenant, place: Settings, clock: SettableClock, tmp_path: Path
) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    for _ in range(2):
        await done(tenant, "attachmentDelete", id=await files.upload_file(tenant, key))
    (tmp_path / "broken").touch()
    assert await remove_files.run(tenant.service.database, Storage(tmp_path / "broken")) == 0
    assert kept(place) == 2
    assert await turn(tenant, place) == 0
    clock.advance(removals.RETRY_INTERVAL + timedelta(seconds=1))
    assert await turn(tenant, place) == 2
    assert (kept(place), (await tenant.rows())["file_removals"]) == (0, [])


async def test_bytes_that_come_too_late_are_not_attached(tenant: Tenant, place: Settings, clock: SettableClock) -> None:
    """What was on its way for so long may be half removed."""
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
    await turn(tenant, place)
    assert kept(place) == 0
