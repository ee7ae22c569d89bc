"""Links and redirects begin with an allowed host, whatever the Host header says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.db.database import Database
from app.http.allowed_hosts import AllowedHosts
from app.main import create_app
from app.settings import Settings
from tests import files
from tests.databases import on_sqlite
from tests.evidence import packs
from tests.service import Service, Tenant

SERVER = "credgraph.test"
EVIL = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "localhost@evil.example",
    "evil.example/localhost",
]


@asynccontextmanager
async def served(
    database: Database, settings: Settings, tenant: Tenant, host: str, **update: object
) -> AsyncIterator[Tenant]:
    """Serve the organization to a client that sends a Host header."""
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=update), database))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{SERVER}", headers={"Host": host}) as client:
        yield replace(tenant, service=Service(client, database))


async def links(tenant: Tenant) -> set[str]:
    """Return the beginnings of every kind of link that the service makes."""
    worker = await tenant.add_worker()
    credential = await tenant.add_credential(worker)
    upload = await files.create_upload(tenant, credential)
    assert (await tenant.service.client.put(upload.url, content=files.PNG)).status_code == 201
    attachment = await files.query_attachment(tenant, upload.id)
    redirect = await tenant.service.client.get("/health/")
    urls = (
        upload.url,
        attachment["download"]["url"],
        await packs.pack_url(tenant, worker),
        redirect.headers["location"],
    )
    return {url.rpartition("/")[0].removesuffix("/files").removesuffix("/evidence") for url in urls}


@pytest.mark.parametrize("host", EVIL)
async def test_no_link_follows_another_host(database: Database, settings: Settings, tenant: Tenant, host: str) -> None:
    async with served(database, settings, tenant, host) as caller:
        assert await links(caller) == {f"http://{SERVER}"}


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("localhost:8123", None),
        ("127.0.0.1:8000", None),
        ("[::1]:8000", None),
        ("credgraph.example", ("credgraph.example",)),
        ("CREDGRAPH.example:8443", ("Credgraph.Example",)),
        ("credgraph.example:8443", ("credgraph.example:8443",)),
    ],
)
async def test_links_follow_an_allowed_host(
    database: Database, settings: Settings, tenant: Tenant, host: str, hosts: tuple[str, ...] | None
) -> None:
    update = {} if hosts is None else {"allowed_hosts": hosts}
    async with served(database, settings, tenant, host, **update) as caller:
        assert await links(caller) == {f"http://{host}"}


@on_sqlite
@pytest.mark.parametrize("host", ["localhost", "credgraph.example:80", "credgraph.example.", ""])
async def test_a_list_of_hosts_replaces_the_default(
    database: Database, settings: Settings, tenant: Tenant, host: str
) -> None:
    update = {"allowed_hosts": ("credgraph.example:8443",)}
    async with served(database, settings, tenant, host, **update) as caller:
        assert await links(caller) == {f"http://{SERVER}"}


@on_sqlite
async def test_the_public_url_overrides_every_host(database: Database, settings: Settings, tenant: Tenant) -> None:
    async with served(database, settings, tenant, "evil.example", public_url="https://credgraph.example") as caller:
        url = await packs.pack_url(caller, await caller.add_worker())
    assert url.startswith("https://credgraph.example/evidence/")


@pytest.mark.parametrize(
    ("scheme", "server", "expected"),
    [
        ("http", ("127.0.0.1", 8000), "http://127.0.0.1:8000/"),
        ("http", ("10.0.0.7", 80), "http://10.0.0.7/"),
        ("https", ("10.0.0.7", 443), "https://10.0.0.7/"),
        ("https", ("fe80::1", 8443), "https://[fe80::1]:8443/"),
        ("http", None, "/"),
    ],
)
async def test_the_servers_address_takes_the_place_of_a_host(
    scheme: str, server: tuple[str, int | None] | None, expected: str
) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(str(Request(scope).url))
        await PlainTextResponse("")(scope, receive, send)

    async def send(_message: object) -> None: ...
    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    for headers in ([(b"host", b"evil.example")], [(b"host", b"localhost"), (b"host", b"evil.example")]):
        scope = {"type": "http", "scheme": scheme, "server": server, "path": "/", "headers": headers, "method": "GET"}
        await AllowedHosts(app, ["localhost"])(scope | {"query_string": b""}, receive, send)
    assert seen == [expected] * 2
