"""The explorer's page and assets, read once at import and served from memory."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

FOLDER = Path(__file__).parent

# Styles need 'unsafe-inline' because the editor sets them on its elements; its fonts are data: URLs.
# 'self' in connect-src also covers a WebSocket to the same host and port.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

# With no-cache the browser revalidates each file, at the cost of a 304, so that a page never runs with the scripts of
# another release.
ASSET_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}

PAGE_HEADERS = ASSET_HEADERS | {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    # The same URL answers GraphQL requests of clients that do not accept HTML.
    "Vary": "Accept",
}

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """A served file, with its content type and its ETag."""

    body: bytes
    content_type: str
    etag: str


def _asset(body: bytes, suffix: str) -> Asset:
    return Asset(body, CONTENT_TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()}"')


def _operations() -> bytes:
    """Return the example tabs as GraphiQL's `defaultTabs` in JSON, in the order of their file names."""
    tabs = []
    for file in sorted((FOLDER / "operations").glob("*.graphql")):
        variables = file.with_suffix(".json")
        tabs.append(
            {
                "query": file.read_text("utf-8"),
                "variables": variables.read_text("utf-8") if variables.exists() else None,
            }
        )
    return json.dumps(tabs).encode()


def _read_assets() -> dict[str, Asset]:
    files = [*FOLDER.glob("explorer.*"), FOLDER / "icon.svg", *(FOLDER / "vendor").iterdir()]
    assets = {file.relative_to(FOLDER).as_posix(): _asset(file.read_bytes(), file.suffix) for file in files}
    return assets | {"operations.json": _asset(_operations(), ".json")}


ASSETS = _read_assets()
PAGE = ASSETS.pop("explorer.html")


def _answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    headers = headers | {"ETag": asset.etag}
    known_tags = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if asset.etag in known_tags or "*" in known_tags:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers | {"Content-Type": asset.content_type})


def page(request: Request) -> Response:
    """Return the explorer's page."""
    return _answer(request, PAGE, PAGE_HEADERS)


# This function is async, although it awaits nothing, because Starlette runs plain functions in a thread.
async def _serve(request: Request) -> Response:
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        return Response("There is no such file.", 404, headers=ASSET_HEADERS, media_type="text/plain")
    return _answer(request, asset, ASSET_HEADERS)


assets = Mount("/explorer", routes=[Route("/{name:path}", _serve)])
