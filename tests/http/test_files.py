"""Files over HTTP: sent to and had from addresses that need no key, and clear answers to all that does not fit."""

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
from tests.credentials.life import done
from tests.service import Service, Tenant

APP = "https://app.example"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    """A credential."""
    return await tenant.add_credential(await tenant.add_worker())


@pytest.fixture
async def small(tenant: Tenant, settings: Settings, database: Database) -> AsyncIterator[Tenant]:
    """The organization, at a service that takes small files only and is reached by an address of its own."""
    told = {"file_bytes": 100, "public_url": "https://credgraph.example/", "allowed_origins": (APP,)}
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=told), database))
    async with httpx.AsyncClient(transport=transport, base_url="https://credgraph.example") as client:
        yield replace(tenant, service=Service(client, database))


def told(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal, which names the request too."""
    body = response.json()
    assert body["error"]
    assert body["requestId"] == response.headers["x-request-id"]
    return response.status_code, body["code"]


async def download(tenant: Tenant, key: str) -> str:
    """Where a file can be had."""
    return str((await files.query_attachment(tenant, key))["download"]["url"])


async def test_a_file_is_sent_without_a_key_and_told_by_what_it_is(tenant: Tenant, key: str) -> None:
    announced = await files.create_upload(tenant, key)
    response = await files.put_bytes(tenant, announced.url, files.PNG)
    assert response.status_code == 201
    assert response.json() == {
        "id": announced.id,
        "size": len(files.PNG),
        "sha256": sha256(files.PNG).hexdigest(),
        "mediaType": "image/png",
    }


async def test_a_file_comes_back_as_it_was_to_be_saved_and_not_to_be_shown(tenant: Tenant, key: str) -> None:
    large = files.PDF + bytes(range(256)) * 4_000
    sent = await files.upload_file(tenant, key, content=large, name='né "1".pdf')
    client, url = tenant.service.client, await download(tenant, sent)
    found = await client.get(url)
    assert (found.status_code, found.content) == (200, large)
    headers = {
        "content-type": "application/pdf",
        "content-length": str(len(large)),
        "content-disposition": "attachment; filename=\"n_ _1_.pdf\"; filename*=UTF-8''n%C3%A9%20%221%22.pdf",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "private, no-store",
    }
    assert {name: found.headers[name] for name in headers} == headers
    looked = await client.head(url)
    assert (looked.status_code, looked.content) == (200, b"")
    assert {name: looked.headers[name] for name in headers} == headers


async def test_a_file_that_is_sent_again_is_the_same_and_another_is_refused(tenant: Tenant, key: str) -> None:
    announced = await files.create_upload(tenant, key)
    first = await files.put_bytes(tenant, announced.url, files.PNG)
    before = await tenant.rows()
    again = await files.put_bytes(tenant, announced.url, files.PNG)
    assert (again.status_code, again.json()) == (200, first.json())
    assert told(await files.put_bytes(tenant, announced.url, files.JPEG)) == (409, "ALREADY_UPLOADED")
    assert told(await files.put_bytes(tenant, announced.url, b"")) == (409, "ALREADY_UPLOADED")
    assert await tenant.rows() == before


@pytest.mark.parametrize("content", [b"", b"<!doctype html><script>alert(1)</script>", b"<svg/>", b"\x89PN", b"MZ\x90"])
async def test_what_is_no_image_and_no_document_is_refused(tenant: Tenant, key: str, content: bytes) -> None:
    announced = await files.create_upload(tenant, key, name="front.png")
    before = await files.query_attachment(tenant, announced.id)
    assert told(await files.put_bytes(tenant, announced.url, content)) == (415, "UNSUPPORTED_FILE")
    assert await files.query_attachment(tenant, announced.id) == before
    # Nothing came, and so the address is good still.
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).status_code == 201


async def test_a_file_that_is_too_large_is_refused_whatever_is_announced(small: Tenant, key: str) -> None:
    announced = await files.create_upload(small, key)
    large = files.PNG.ljust(101, b"x")

    async def unannounced() -> AsyncIterator[bytes]:
        yield large[:90]
        yield large[90:]

    assert told(await files.put_bytes(small, announced.url, large)) == (413, "FILE_TOO_LARGE")
    response = await small.service.client.put(announced.url, content=unannounced())
    assert told(response) == (413, "FILE_TOO_LARGE")
    assert response.headers["connection"] == "close"
    assert (await files.query_attachment(small, announced.id))["status"] == "EXPECTED"
    whole = files.PNG.ljust(100, b"x")
    assert (await files.put_bytes(small, announced.url, whole)).status_code == 201
    assert told(await files.put_bytes(small, announced.url, large)) == (413, "FILE_TOO_LARGE")


async def test_addresses_begin_as_the_installation_says(small: Tenant, key: str) -> None:
    announced = await files.create_upload(small, key)
    assert announced.url.startswith(f"https://credgraph.example/files/{announced.id}?token=")


async def test_an_address_is_good_for_its_file_and_purpose_only(tenant: Tenant, key: str) -> None:
    announced, other = await files.create_upload(tenant, key), await files.create_upload(tenant, key, "BACK")
    sent = await files.upload_file(tenant, key, "OTHER")
    client, there = tenant.service.client, await download(tenant, sent)
    upload, token = announced.url, announced.url.partition("token=")[2]
    before = await tenant.rows()
    for url in (
        upload.replace(announced.id, other.id),
        upload[:-1] + ("A" if upload[-1] != "A" else "B"),
        upload.partition("?")[0],
        f"{upload.partition('?')[0]}?token=",
        upload.replace(announced.id, "att_0000000000000000"),
        upload.replace(announced.id, "nothing"),
        there,
    ):
        assert told(await client.put(url, content=files.PNG)) == (403, "FORBIDDEN")
    assert told(await client.get(upload)) == (403, "FORBIDDEN")
    assert told(await client.get(there.partition("token=")[0] + f"token={token}")) == (403, "FORBIDDEN")
    assert await tenant.rows() == before


async def test_an_address_is_good_for_a_while(
    tenant: Tenant, key: str, settings: Settings, clock: SettableClock
) -> None:
    clock.set(clock())
    announced = await files.create_upload(tenant, key)
    there = await download(tenant, await files.upload_file(tenant, key, "OTHER"))
    clock.advance(timedelta(minutes=settings.file_minutes))
    assert told(await files.put_bytes(tenant, announced.url, files.PNG)) == (410, "EXPIRED")
    assert told(await tenant.service.client.get(there)) == (410, "EXPIRED")


async def test_a_file_that_is_gone_is_not_found(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    there = await download(tenant, sent)
    await done(tenant, "attachmentDelete", id=sent)
    assert told(await tenant.service.client.get(there)) == (404, "NOT_FOUND")


async def test_other_methods_are_not_allowed(tenant: Tenant, key: str) -> None:
    announced = await files.create_upload(tenant, key)
    for method in ("POST", "DELETE", "PATCH"):
        assert (await tenant.service.client.request(method, announced.url)).status_code == 405


async def test_a_page_of_a_named_origin_may_send_a_file(small: Tenant, key: str) -> None:
    announced = await files.create_upload(small, key)
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    client = small.service.client
    preflight = await client.options(announced.url, headers={"Origin": APP, **asked})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == APP
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    response = await client.put(announced.url, content=files.PNG, headers={"Origin": APP, "Content-Type": "image/png"})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (201, APP)
    preflight = await client.options(announced.url, headers={"Origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in preflight.headers


async def test_the_log_holds_no_address_that_is_good(tenant: Tenant, key: str, log: list[str]) -> None:
    announced = await files.create_upload(tenant, key)
    await files.put_bytes(tenant, announced.url, files.PNG)
    await tenant.service.client.get(await download(tenant, announced.id))
    methods = [line["method"] for line in map(json.loads, log) if line.get("path") == f"/files/{announced.id}"]
    assert methods == ["PUT", "GET"]
    assert not [line for line in log if "token" in line]
