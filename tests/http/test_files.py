"""Uploads and downloads of files by signed URL, and the errors for invalid requests."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from app.db.database import Database
from app.main import create_app
from app.settings import Settings
from tests import files
from tests.conftest import SettableClock
from tests.credentials.actions import mutation_payload
from tests.service import Service, Tenant

APP = "https://app.example"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    """The id of a credential."""
    return await tenant.add_credential(await tenant.add_worker())


@pytest.fixture
async def small(tenant: Tenant, settings: Settings, database: Database) -> AsyncIterator[Tenant]:
    """The organization, at a service with a public URL of its own that accepts only small files."""
    updated = {"file_bytes": 100, "public_url": "https://credgraph.example/", "allowed_origins": (APP,)}
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=updated), database))
    async with httpx.AsyncClient(transport=transport, base_url="https://credgraph.example") as client:
        yield replace(tenant, service=Service(client, database))


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Return the status and code of an error response, after checking its message and request id."""
    body = response.json()
    assert body["error"]
    assert body["requestId"] == response.headers["x-request-id"]
    return response.status_code, body["code"]


async def download(tenant: Tenant, key: str) -> str:
    """Return the download URL of a file."""
    return str((await files.query_attachment(tenant, key))["download"]["url"])


async def test_a_file_is_sent_without_a_key_and_identified_by_its_content(tenant: Tenant, key: str) -> None:
    upload = await files.create_upload(tenant, key)
    response = await files.put_bytes(tenant, upload.url, files.PNG)
    assert response.status_code == 201
    assert response.json() == {
        "id": upload.id,
        "size": len(files.PNG),
        "sha256": sha256(files.PNG).hexdigest(),
        "mediaType": "image/png",
    }


async def test_a_file_comes_back_as_it_was_to_be_saved_and_not_to_be_shown(tenant: Tenant, key: str) -> None:
    large = files.PDF + bytes(range(256)) * 4_000
    sent = await files.upload_file(tenant, key, content=large, name='né "1".pdf')
    client, url = tenant.service.client, await download(tenant, sent)
    response = await client.get(url)
    assert (response.status_code, response.content) == (200, large)
    headers = {
        "content-type": "application/pdf",
        "content-length": str(len(large)),
        "content-disposition": "attachment; filename=\"n_ _1_.pdf\"; filename*=UTF-8''n%C3%A9%20%221%22.pdf",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, no-store",
    }
    assert {name: response.headers[name] for name in headers} == headers
    looked = await client.head(url)
    assert (looked.status_code, looked.content) == (200, b"")
    assert {name: looked.headers[name] for name in headers} == headers


async def test_a_file_that_is_sent_again_is_the_same_and_another_is_refused(tenant: Tenant, key: str) -> None:
    upload = await files.create_upload(tenant, key)
    first = await files.put_bytes(tenant, upload.url, files.PNG)
    before = await tenant.rows()
    again = await files.put_bytes(tenant, upload.url, files.PNG)
    assert (again.status_code, again.json()) == (200, first.json())
    assert error_of(await files.put_bytes(tenant, upload.url, files.JPEG)) == (409, "ALREADY_UPLOADED")
    assert error_of(await files.put_bytes(tenant, upload.url, b"")) == (409, "ALREADY_UPLOADED")
    assert await tenant.rows() == before


@pytest.mark.parametrize("content", [b"", b"<!doctype html><script>alert(1)</script>", b"<svg/>", b"\x89PN", b"MZ\x90"])
async def test_what_is_no_image_and_no_document_is_refused(tenant: Tenant, key: str, content: bytes) -> None:
    upload = await files.create_upload(tenant, key, name="front.png")
    before = await files.query_attachment(tenant, upload.id)
    assert error_of(await files.put_bytes(tenant, upload.url, content)) == (415, "UNSUPPORTED_FILE")
    assert await files.query_attachment(tenant, upload.id) == before
    # Nothing was uploaded, so the URL still accepts a file.
    assert (await files.put_bytes(tenant, upload.url, files.PNG)).status_code == 201


async def test_a_file_that_is_too_large_is_refused_whatever_is_announced(small: Tenant, key: str) -> None:
    upload = await files.create_upload(small, key)
    large = files.PNG.ljust(101, b"x")

    async def unannounced() -> AsyncIterator[bytes]:
        yield large[:90]
        yield large[90:]

    assert error_of(await files.put_bytes(small, upload.url, large)) == (413, "FILE_TOO_LARGE")
    response = await small.service.client.put(upload.url, content=unannounced())
    assert error_of(response) == (413, "FILE_TOO_LARGE")
    assert response.headers["connection"] == "close"
    assert (await files.query_attachment(small, upload.id))["status"] == "EXPECTED"
    whole = files.PNG.ljust(100, b"x")
    assert (await files.put_bytes(small, upload.url, whole)).status_code == 201
    assert error_of(await files.put_bytes(small, upload.url, large)) == (413, "FILE_TOO_LARGE")


async def test_addresses_begin_as_the_installation_says(small: Tenant, key: str) -> None:
    upload = await files.create_upload(small, key)
    assert upload.url.startswith(f"https://credgraph.example/files/{upload.id}?token=")


async def test_an_address_is_good_for_its_file_and_purpose_only(tenant: Tenant, key: str) -> None:
    upload, other = await files.create_upload(tenant, key), await files.create_upload(tenant, key, "BACK")
    sent = await files.upload_file(tenant, key, "OTHER")
    client, download_url = tenant.service.client, await download(tenant, sent)
    url, token = upload.url, upload.url.partition("token=")[2]
    before = await tenant.rows()
    for wrong_url in (
        url.replace(upload.id, other.id),
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        url.partition("?")[0],
        f"{url.partition('?')[0]}?token=",
        url.replace(upload.id, "att_0000000000000000"),
        url.replace(upload.id, "nothing"),
        download_url,
    ):
        assert error_of(await client.put(wrong_url, content=files.PNG)) == (403, "FORBIDDEN")
    assert error_of(await client.get(url)) == (403, "FORBIDDEN")
    assert error_of(await client.get(download_url.partition("token=")[0] + f"token={token}")) == (403, "FORBIDDEN")
    assert await tenant.rows() == before


async def test_an_address_is_good_for_a_while(
    tenant: Tenant, key: str, settings: Settings, clock: SettableClock
) -> None:
    clock.set(clock())
    upload = await files.create_upload(tenant, key)
    download_url = await download(tenant, await files.upload_file(tenant, key, "OTHER"))
    clock.advance(timedelta(minutes=settings.file_minutes))
    assert error_of(await files.put_bytes(tenant, upload.url, files.PNG)) == (410, "EXPIRED")
    assert error_of(await tenant.service.client.get(download_url)) == (410, "EXPIRED")


async def test_a_file_that_is_gone_is_not_found(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    download_url = await download(tenant, sent)
    await mutation_payload(tenant, "attachmentDelete", id=sent)
    assert error_of(await tenant.service.client.get(download_url)) == (404, "NOT_FOUND")


async def test_other_methods_are_not_allowed(tenant: Tenant, key: str) -> None:
    upload = await files.create_upload(tenant, key)
    for method in ("POST", "DELETE", "PATCH"):
        assert (await tenant.service.client.request(method, upload.url)).status_code == 405


async def test_a_page_of_a_named_origin_may_send_a_file(small: Tenant, key: str) -> None:
    upload = await files.create_upload(small, key)
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    client = small.service.client
    preflight = await client.options(upload.url, headers={"Origin": APP, **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == APP
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    response = await client.put(upload.url, content=files.PNG, headers={"Origin": APP, "Content-Type": "image/png"})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (201, APP)
    preflight = await client.options(upload.url, headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in preflight.headers


async def test_the_log_holds_no_address_that_is_good(tenant: Tenant, key: str, log: list[str]) -> None:
    upload = await files.create_upload(tenant, key)
    await files.put_bytes(tenant, upload.url, files.PNG)
    await tenant.service.client.get(await download(tenant, upload.id))
    methods = [line["method"] for line in map(json.loads, log) if line.get("path") == f"/files/{upload.id}"]
    assert methods == ["PUT", "GET"]
    assert not [line for line in log if "token" in line]
