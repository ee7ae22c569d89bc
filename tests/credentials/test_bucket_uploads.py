"""Files that clients send directly to a bucket: checked, copied and attached once the client reports them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from app.access import ALL_SCOPES, Scope
from app.credentials.files import removals
from app.db.database import Database
from app.jobs import remove_files
from app.main import create_app, open_storage
from app.settings import Settings
from tests import calls, files, s3
from tests.calls import assert_refused
from tests.conftest import SettableClock
from tests.credentials import actions, consistency
from tests.credentials.actions import mutation_payload, query_credential
from tests.service import Service, Tenant, random_name

COMPLETE = "attachmentUploadComplete"
AGES = removals.UPLOAD_PERIOD + timedelta(seconds=1)


@dataclass(frozen=True)
class Bucket:
    """A service that stores files in a bucket, and one of its organizations."""

    tenant: Tenant
    settings: Settings
    outside: httpx.AsyncClient
    """A client without the service in between, for requests to the store."""

    def stored_keys(self) -> list[str]:
        """Return the keys of all stored files."""
        return s3.stored_keys(self.settings.s3_endpoint, self.settings.files)

    async def run_job(self) -> None:
        """Run the job that removes due files."""
        while await remove_files.run(self.tenant.service.database, open_storage(self.settings)):
            pass

    async def send(self, credential: str, side: str = "FRONT", content: bytes = files.PNG, name: str = "a.png") -> str:
        """Announce a file and send it to the store; return the attachment's id."""
        announced = await files.create_upload(self.tenant, credential, side, name)
        assert (await self.outside.put(announced.url, content=content)).status_code == 200
        return announced.id

    async def attach(self, credential: str, side: str = "FRONT", content: bytes = files.PNG) -> str:
        """Send a file and report it; return the attachment's id."""
        sent = await self.send(credential, side, content)
        await mutation_payload(self.tenant, COMPLETE, "attachment { id }", id=sent)
        return sent


@pytest.fixture
async def bucket(own_database: Database, settings: Settings, s3_server: str) -> AsyncIterator[Bucket]:
    """Provide an unused prefix of a bucket."""
    bucket_settings = s3.s3_settings(settings, s3_server, f"s3://evidence/{random_name()}").model_copy(
        update={"file_bytes": 200}
    )
    transport = httpx.ASGITransport(create_app(bucket_settings, own_database))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client,
        httpx.AsyncClient() as outside,
    ):
        tenant = await Tenant.create(Service(client, own_database), "Harbour Health")
        yield Bucket(tenant, bucket_settings, outside)


@pytest.fixture
async def key(bucket: Bucket) -> str:
    """Provide a credential."""
    return await bucket.tenant.add_credential(await bucket.tenant.add_worker())


async def test_a_file_is_attached_when_its_sender_reports_it(bucket: Bucket, key: str) -> None:
    tenant = bucket.tenant
    announced = await files.create_upload(tenant, key)
    assert announced.url.startswith(bucket.settings.s3_endpoint)
    await assert_refused(tenant, COMPLETE, ("NOT_UPLOADED", "id"), id=announced.id)
    assert (await bucket.outside.put(announced.url, content=files.PNG)).status_code == 200
    assert (await files.query_attachment(tenant, announced.id))["status"] == "EXPECTED"
    payload = await mutation_payload(tenant, COMPLETE, f"attachment {{ {files.ATTACHMENT_FIELDS} }}", id=announced.id)
    shown = payload["attachment"]
    assert (shown["status"], shown["mediaType"], shown["size"]) == ("ATTACHED", "image/png", len(files.PNG))
    assert shown["sha256"] == sha256(files.PNG).hexdigest()
    assert [event.kind.value for event in await actions.events_of(tenant, key)][1:] == ["credential.updated"]
    before = await tenant.rows()
    await mutation_payload(tenant, COMPLETE, "attachment { id }", id=announced.id)
    assert await tenant.rows() == before


async def test_a_download_redirects_to_the_bucket(bucket: Bucket, key: str) -> None:
    sent = await bucket.attach(key)
    url = (await files.query_attachment(bucket.tenant, sent))["download"]["url"]
    leads = await bucket.tenant.service.client.get(url)
    assert leads.status_code == 307
    response = await bucket.outside.get(leads.headers["location"])
    assert (response.status_code, response.content) == (200, files.PNG)
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"] == "attachment; filename=\"a.png\"; filename*=UTF-8''a.png"
    tampered = leads.headers["location"].replace(sent, "att_0000000000000000")
    assert (await bucket.outside.get(tampered)).status_code == 403


async def test_checked_bytes_do_not_change_when_the_url_is_reused(bucket: Bucket, key: str) -> None:
    announced = await files.create_upload(bucket.tenant, key)
    for content in (files.PNG, b"<script>"):
        assert (await bucket.outside.put(announced.url, content=content)).status_code == 200
        if content is files.PNG:
            await mutation_payload(bucket.tenant, COMPLETE, "attachment { id }", id=announced.id)
    leads = await bucket.tenant.service.client.get(
        (await files.query_attachment(bucket.tenant, announced.id))["download"]["url"]
    )
    assert (await bucket.outside.get(leads.headers["location"])).content == files.PNG


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<svg/>", "UNSUPPORTED_FILE"), (b"", "UNSUPPORTED_FILE"), (files.PNG.ljust(201, b"x"), "FILE_TOO_LARGE")],
)
async def test_refused_files_are_not_attached(
    bucket: Bucket, key: str, content: bytes, code: str, clock: SettableClock
) -> None:
    tenant = bucket.tenant
    sent = await bucket.send(key, content=content)
    payload = await tenant.mutate(COMPLETE, "attachment { id }", id=sent)
    assert (payload["attachment"], [error["code"] for error in payload["errors"]]) == (None, [code])
    assert (await files.query_attachment(tenant, sent))["status"] == "EXPECTED"
    assert len(await actions.events_of(tenant, key)) == 1
    clock.advance(AGES)
    await bucket.run_job()
    assert bucket.stored_keys() == []


async def test_two_concurrent_reports_attach_the_file_once(bucket: Bucket, key: str) -> None:
    tenant = bucket.tenant
    sent = await bucket.send(key)
    answers = await asyncio.gather(*(tenant.mutate(COMPLETE, "attachment { id }", id=sent) for _ in range(4)))
    assert answers == [{"attachment": {"id": sent}, "errors": []}] * 4
    assert len(await actions.events_of(tenant, key)) == 2
    await bucket.run_job()
    assert sum("incoming" not in key_in_store for key_in_store in bucket.stored_keys()) == 1


async def test_reporting_an_upload_requires_the_write_scope(bucket: Bucket, key: str) -> None:
    sent = await bucket.send(key)
    held = ALL_SCOPES - {Scope.CREDENTIALS_WRITE}
    await calls.assert_forbidden(bucket.tenant, COMPLETE, *held, required_scope=Scope.CREDENTIALS_WRITE, id=sent)
    stranger = await Tenant.create(bucket.tenant.service, "Somebody Else")
    await assert_refused(stranger, COMPLETE, ("NOT_FOUND", "id"), id=sent)
    assert (await files.query_attachment(bucket.tenant, sent))["status"] == "EXPECTED"


async def test_a_submission_with_files_and_its_purge(bucket: Bucket, clock: SettableClock) -> None:
    tenant = bucket.tenant
    key = await actions.add_requested(tenant, requires=["FRONT_ATTACHMENT"])
    await bucket.attach(key)
    await bucket.attach(key, "BACK", files.PDF)
    await mutation_payload(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    shown = await query_credential(tenant, key, "attachments { nodes { side status download { url } } }")
    nodes = shown["attachments"]["nodes"]
    assert [(node["side"], node["status"]) for node in nodes] == [("FRONT", "ATTACHED"), ("BACK", "ATTACHED")]
    await mutation_payload(tenant, "credentialArchive", id=key)
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)
    assert (await tenant.service.client.get(nodes[0]["download"]["url"])).status_code == 404
    clock.advance(AGES)
    await bucket.run_job()
    assert bucket.stored_keys() == []
    await consistency.assert_purged(tenant, key)


async def test_an_unreachable_store_is_reported(own_database: Database, settings: Settings) -> None:
    bucket_settings = s3.s3_settings(settings, "http://127.0.0.1:9", "s3://evidence")
    transport = httpx.ASGITransport(create_app(bucket_settings, own_database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        tenant = await Tenant.create(Service(client, own_database), "Harbour Health")
        key = await tenant.add_credential(await tenant.add_worker())
        announced = await files.create_upload(tenant, key)
        answer = await calls.send_mutation(tenant, COMPLETE, input={"id": announced.id})
        assert answer.codes == ["INTERNAL"]
        assert (await files.query_attachment(tenant, announced.id))["status"] == "EXPECTED"
