"""The explorer's page and its files, all read once at import and answered from that fixed table."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

HERE = Path(__file__).parent

# Styles need 'unsafe-inline' because the editor sets them on its elements; its fonts are data: addresses.
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

# no-cache means "ask first": a page and scripts of two different releases never meet, and asking costs a 304.
ASSET_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}

PAGE_HEADERS = ASSET_HEADERS | {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    # The same address answers GraphQL to those who do not ask for HTML.
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
    body: bytes
    content_type: str
    etag: str


def _asset(body: bytes, suffix: str) -> Asset:
    return Asset(body, CONTENT_TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()}"')


def _operations() -> bytes:
    """The example tabs in the order of their file names, as GraphiQL takes them."""
    tabs = []
    for file in sorted((HERE / "operations").glob("*.graphql")):
        variables = file.with_suffix(".json")
        tabs.append(
            {
                "query": file.read_text("utf-8"),
                "variables": variables.read_text("utf-8") if variables.exists() else None,
            }
        )
    return json.dumps(tabs).encode()


def _table() -> dict[str, Asset]:
    files = [*HERE.glob("explorer.*"), HERE / "icon.svg", *(HERE / "vendor").iterdir()]
    table = {file.relative_to(HERE).as_posix(): _asset(file.read_bytes(), file.suffix) for file in files}
    return table | {"operations.json": _asset(_operations(), ".json")}


ASSETS = _table()
PAGE = ASSETS.pop("explorer.html")


def _answer(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    headers = headers | {"ETag": asset.etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if asset.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(asset.body, headers=headers | {"Content-Type": asset.content_type})


def page(request: Request) -> Response:
    return _answer(request, PAGE, PAGE_HEADERS)


# async, though it awaits nothing: starlette would give a plain function a thread of its own.
async def _serve(request: Request) -> Response:
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        return Response("There is no such file.", 404, headers=ASSET_HEADERS, media_type="text/plain")
    return _answer(request, asset, ASSET_HEADERS)


assets = Mount("/explorer", routes=[Route("/{name:path}", _serve)])
