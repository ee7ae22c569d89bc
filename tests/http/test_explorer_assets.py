"""The explorer's page and assets: their content and headers, and the checksums of vendored files."""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from app.http.explorer import page as explorer

FOLDER = Path(explorer.__file__).parent
VENDOR = FOLDER / "vendor"


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/graphql", explorer.page), explorer.assets])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://explorer.test") as client:
        yield client


async def test_the_manifest_describes_every_vendored_file() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    described = {entry["file"]: entry["sha256"] for entry in manifest}
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDOR.iterdir()
        if file.name != "manifest.json"
    }
    assert found == described
    assert all(entry["name"] and entry["licence"] for entry in manifest)


async def test_the_licences_cover_every_vendored_package() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    covered = set(re.findall(r"^(\S+) \(\S+\)$", (VENDOR / "licences.txt").read_text("utf-8"), re.MULTILINE))
    assert {entry["name"] for entry in manifest} - {"licences"} <= covered


async def test_page_headers(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/graphql")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["vary"] == "Accept"


async def test_every_address_of_the_page_is_a_file_of_ours(browser: httpx.AsyncClient) -> None:
    html = (await browser.get("/graphql")).text
    addresses = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']+)""", html)
    assert len(addresses) >= 10
    for address in addresses:
        assert address.startswith("explorer/")
        assert (await browser.get(f"/{address}")).status_code == 200


async def test_no_own_or_style_file_names_another_origin() -> None:
    for file in [*FOLDER.glob("explorer.*"), *VENDOR.glob("*.css")]:
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", file.read_text("utf-8")), file.name


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("explorer.js", "text/javascript; charset=utf-8"),
        ("explorer.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("operations.json", "application/json"),
        ("vendor/graphiql.js", "text/javascript; charset=utf-8"),
        ("vendor/graphiql.css", "text/css; charset=utf-8"),
        ("vendor/licences.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_content_types(browser: httpx.AsyncClient, name: str, content_type: str) -> None:
    answer = await browser.get(f"/explorer/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", ["/graphql", "/explorer/explorer.js"])
async def test_what_the_browser_has_is_not_sent_again(browser: httpx.AsyncClient, address: str) -> None:
    first = await browser.get(address)
    etag = first.headers["etag"]
    assert etag == f'"{hashlib.sha256(first.content).hexdigest()}"'
    assert first.headers["cache-control"] == "no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await browser.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    changed = await browser.get(address, headers={"If-None-Match": '"other"'})
    assert (changed.status_code, changed.content) == (200, first.content)


@pytest.mark.parametrize(
    "name",
    [
        "page.py",
        "explorer.html",
        "../page.py",
        "..%2fpage.py",
        "vendor/../page.py",
        "vendor/..%2f..%2fpage.py",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "vendor/",
        "vendor",
        "",
        "explorer.js%00",
    ],
)
async def test_nothing_else_is_served(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/explorer/{name}")
    assert answer.status_code == 404


async def test_only_reading(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/explorer/explorer.js")).status_code == 405
    head = await browser.head("/explorer/explorer.js")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == (FOLDER / "explorer.js").stat().st_size


async def test_tabs_are_the_operation_files_in_order(browser: httpx.AsyncClient) -> None:
    tabs = (await browser.get("/explorer/operations.json")).json()
    files = sorted((FOLDER / "operations").glob("*.graphql"))
    assert [tab["query"] for tab in tabs] == [file.read_text("utf-8") for file in files]
    for file, tab in zip(files, tabs, strict=True):
        assert tab["query"].startswith("# "), f"{file.name} explains itself in its first line"
        # The operation's name is the tab's title.
        assert re.search(r"^(query|mutation|subscription) [A-Z]\w+", tab["query"], re.MULTILINE), file.name
        variables = file.with_suffix(".json")
        assert (tab["variables"] is not None) == variables.exists()
        if tab["variables"] is not None:
            assert isinstance(json.loads(tab["variables"]), dict)
    strays = {file.stem for file in (FOLDER / "operations").glob("*.json")} - {file.stem for file in files}
    assert not strays
