"""The GraphQL endpoint, as the GraphQL-over-HTTP specification has it.

GET answers a browser with the explorer and others with queries only; POST takes JSON. A request that cannot be run
is answered 400 (200 for clients that accept only `application/json`, as the specification asks); an answer with data
is 200, whatever errors it holds.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import orjson
import structlog
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.access import Actor
from app.core.errors import MASKED, Unauthenticated
from app.http import accept, authentication, graphql_request
from app.http.authentication import Authentication
from app.http.explorer import page as explorer
from app.http.graphql_request import JSON, Headers
from app.http.http_errors import Refusal
from app.http.issuer import IssuerUnreachable

log = structlog.get_logger("http")

RESPONSE = "application/graphql-response+json"
HTML = "text/html"
RETRY_SECONDS = "5"
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (RESPONSE, JSON)}


class Operation(Protocol):
    """An operation as the endpoint sees it."""

    @property
    def refusal(self) -> list[dict[str, Any]]: ...
    @property
    def is_query(self) -> bool: ...
    @property
    def is_public(self) -> bool: ...


class Graph(Protocol):
    """What runs operations."""

    def prepare(self, text: str, variables: Mapping[str, Any], name: str | None, request_id: str) -> Any: ...
    async def run(self, operation: Any, actor: Actor | None, origin: str) -> tuple[bytes, bool]: ...


class GraphQL:
    """Answers requests to `/graphql`."""

    def __init__(self, graph: Graph, authentication: Authentication, body_bytes: int) -> None:
        self._graph = graph
        self._authentication = authentication
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as an application of its own."""
        headers = graphql_request.headers_of(scope)
        reads = graphql_request.reads(scope)
        media = _media(headers.get(b"accept", ""), opened=reads and "query" not in QueryParams(scope["query_string"]))
        if media == HTML:
            await explorer.page(Request(scope, receive))(scope, receive, send)
            return
        request_id: str = scope["request_id"]
        try:
            if media is None:
                raise Refusal(406, "NOT_ACCEPTABLE", f"this endpoint answers {RESPONSE} or {JSON}")
            body, status = await self._answer(scope, headers, receive, media)
            more: dict[str, str] = {}
        except Refusal as refusal:
            body, status = _error(refusal.message, refusal.code, request_id), refusal.status
            more = refusal.headers
        except Exception:
            log.exception("request failed", request_id=request_id)
            body, status, more = _error(MASKED, "INTERNAL", request_id), 500, {}
        await _send(send, body, status, media or JSON, more, silent=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, media: str) -> tuple[bytes, int]:
        request_id: str = scope["request_id"]
        actor = await self._actor(headers.get(b"authorization"), request_id)
        what = await graphql_request.read(scope, headers, receive, self._body_bytes)
        operation = self._graph.prepare(what.query, what.variables, what.operation, request_id)
        refused = 400 if media == RESPONSE else 200
        if operation.refusal:
            return orjson.dumps({"errors": operation.refusal}), refused
        _admit(scope, operation, actor)
        scope["facts"] |= {"operation": what.operation, "actor": actor.id if actor else None}
        origin = f"{scope['scheme']}://{headers[b'host']}" if b"host" in headers else ""
        body, ran = await self._graph.run(operation, actor, origin)
        return body, 200 if ran else refused

    async def _actor(self, authorization: str | None, request_id: str) -> Actor | None:
        try:
            return await self._authentication.actor(authorization, request_id)
        except Unauthenticated as error:
            raise Refusal(401, "UNAUTHENTICATED", error.message, authentication.challenge(error)) from None
        except IssuerUnreachable:
            message = "the issuer's keys, which the token is checked with, cannot be had now"
            raise Refusal(503, "UNAVAILABLE", message, {"Retry-After": RETRY_SECONDS}) from None


def _admit(scope: Scope, operation: Operation, actor: Actor | None) -> None:
    if actor is None and not operation.is_public:
        message = "an API key or token is needed: Authorization: Bearer …"
        raise Refusal(401, "UNAUTHENTICATED", message, authentication.challenge(None))
    if graphql_request.reads(scope) and not operation.is_query:
        raise Refusal(405, "METHOD_NOT_ALLOWED", "a mutation needs POST", {"Allow": "POST"})


@lru_cache(100)
def _media(accepted: str, *, opened: bool) -> str | None:
    """What to answer in; HTML is for browsers, which open the address without a query."""
    named_html = opened and "text/" in accepted.lower()
    return accept.best(accepted, (RESPONSE, JSON, HTML) if named_html else (RESPONSE, JSON))


def _error(message: str, code: str, request_id: str) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]})


async def _send(send: Send, body: bytes, status: int, media: str, more: dict[str, str], *, silent: bool) -> None:
    headers = [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", _CONTENT_TYPES[media]),
        (b"vary", b"Accept"),
        (b"cache-control", b"no-store"),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in more.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if silent else body})
