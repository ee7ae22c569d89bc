"""The GraphQL endpoint, following the GraphQL-over-HTTP specification.

GET shows the explorer in a browser and runs queries for other clients; POST takes JSON. A request that cannot be run is
answered with 400 (200 for clients that accept only `application/json`, as the specification requires). A response with
data is 200, with or without errors.
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
from app.http.http_errors import HTTPError
from app.http.issuer import IssuerUnreachable

log = structlog.get_logger("http")

RESPONSE = "application/graphql-response+json"
HTML = "text/html"
RETRY_AFTER_SECONDS = "5"
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (RESPONSE, JSON)}


class Operation(Protocol):
    """A parsed and validated operation; with errors if it cannot be run."""

    @property
    def refusal(self) -> list[dict[str, Any]]: ...
    @property
    def is_query(self) -> bool: ...
    @property
    def is_public(self) -> bool: ...


class Graph(Protocol):
    """The runner of operations."""

    def prepare(self, text: str, variables: Mapping[str, Any], name: str | None, request_id: str) -> Operation: ...
    async def run(self, operation: Any, actor: Actor | None, origin: str) -> tuple[bytes, bool]: ...


class GraphQLEndpoint:
    """Answers requests to `/graphql`."""

    def __init__(self, graph: Graph, authentication: Authentication, body_bytes: int) -> None:
        self._graph = graph
        self._authentication = authentication
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as an ASGI application."""
        headers = graphql_request.read_headers(scope)
        is_read_only = graphql_request.is_read_only(scope)
        is_page_load = is_read_only and "query" not in QueryParams(scope["query_string"])
        media = _response_type(headers.get(b"accept", ""), is_page_load=is_page_load)
        if media == HTML:
            await explorer.page(Request(scope, receive))(scope, receive, send)
            return
        request_id: str = scope["request_id"]
        try:
            if media is None:
                raise HTTPError(406, "NOT_ACCEPTABLE", f"this endpoint answers {RESPONSE} or {JSON}")
            body, status = await self._answer(scope, headers, receive, media)
            extra_headers: dict[str, str] = {}
        except HTTPError as error:
            body, status = _error_body(error.message, error.code, request_id), error.status
            extra_headers = error.headers
        except Exception:
            log.exception("request failed", request_id=request_id)
            body, status, extra_headers = _error_body(MASKED, "INTERNAL", request_id), 500, {}
        await _send(send, body, status, media or JSON, extra_headers, omit_body=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, media: str) -> tuple[bytes, int]:
        request_id: str = scope["request_id"]
        actor = await self._authenticate(headers.get(b"authorization"), request_id)
        request = await graphql_request.parse(scope, headers, receive, self._body_bytes)
        operation = self._graph.prepare(request.query, request.variables, request.operation_name, request_id)
        error_status = 400 if media == RESPONSE else 200
        if operation.refusal:
            return orjson.dumps({"errors": operation.refusal}), error_status
        _check_admitted(scope, operation, actor)
        scope["facts"] |= {"operation": request.operation_name, "actor": actor.log_id if actor else None}
        origin = f"{scope['scheme']}://{headers[b'host']}" if b"host" in headers else ""
        body, has_data = await self._graph.run(operation, actor, origin)
        return body, 200 if has_data else error_status

    async def _authenticate(self, authorization: str | None, request_id: str) -> Actor | None:
        try:
            return await self._authentication.authenticate(authorization, request_id)
        except Unauthenticated as error:
            raise HTTPError(401, "UNAUTHENTICATED", error.message, authentication.challenge(error)) from None
        except IssuerUnreachable:
            message = "the token cannot be verified, because the issuer's keys are unavailable; try again"
            raise HTTPError(503, "UNAVAILABLE", message, {"Retry-After": RETRY_AFTER_SECONDS}) from None


def _check_admitted(scope: Scope, operation: Operation, actor: Actor | None) -> None:
    if actor is None and not operation.is_public:
        message = "an API key or token is needed: Authorization: Bearer …"
        raise HTTPError(401, "UNAUTHENTICATED", message, authentication.challenge(None))
    if graphql_request.is_read_only(scope) and not operation.is_query:
        raise HTTPError(405, "METHOD_NOT_ALLOWED", "a mutation needs POST", {"Allow": "POST"})


@lru_cache(100)
def _response_type(accepted: str, *, is_page_load: bool) -> str | None:
    """Return the media type to answer with; HTML only for browsers, which open the URL without a query."""
    named_html = is_page_load and "text/" in accepted.lower()
    return accept.best_match(accepted, (RESPONSE, JSON, HTML) if named_html else (RESPONSE, JSON))


def _error_body(message: str, code: str, request_id: str) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]})


async def _send(
    send: Send, body: bytes, status: int, media: str, extra_headers: dict[str, str], *, omit_body: bool
) -> None:
    headers = [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", _CONTENT_TYPES[media]),
        (b"vary", b"Accept"),
        (b"cache-control", b"no-store"),
        *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in extra_headers.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if omit_body else body})
