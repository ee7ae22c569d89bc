"""The GraphQL endpoint, as the GraphQL-over-HTTP specification has it.

GET answers a browser with the explorer and others with queries only; POST takes JSON. A request that cannot be run
is answered 400 (200 for clients that accept only `application/json`, as the specification asks); an answer with data
is 200, whatever errors it holds.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from app.access import Actor
from app.core.errors import MASKED, Unauthenticated
from app.http import accept, asked, authentication
from app.http.asked import JSON, Refusal
from app.http.authentication import Authentication
from app.http.explorer import page as explorer
from app.http.issuer import IssuerUnreachable

log = structlog.get_logger("http")

RESPONSE = "application/graphql-response+json"
HTML = "text/html"
RETRY_SECONDS = "5"


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
    async def run(self, operation: Any, actor: Actor | None) -> tuple[bytes, bool]: ...


class GraphQL:
    """Answers requests to `/graphql`."""

    def __init__(self, graph: Graph, authentication: Authentication, body_bytes: int) -> None:
        self._graph = graph
        self._authentication = authentication
        self._body_bytes = body_bytes

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        media = _media(request)
        if media == HTML:
            return explorer.page(request)
        request_id: str = request.scope["request_id"]
        try:
            if media is None:
                raise Refusal(406, "NOT_ACCEPTABLE", f"this endpoint answers {RESPONSE} or {JSON}")
            return await self._answer(request, request_id, media)
        except Refusal as refusal:
            body = _error(refusal.message, refusal.code, request_id)
            return _response(body, refusal.status, media or JSON, refusal.headers)
        except Exception:
            log.exception("request failed", request_id=request_id)
            return _response(_error(MASKED, "INTERNAL", request_id), 500, media or JSON)

    async def _answer(self, request: Request, request_id: str, media: str) -> Response:
        actor = await self._actor(request, request_id)
        what = await asked.read(request, self._body_bytes)
        operation = self._graph.prepare(what.query, what.variables, what.operation, request_id)
        refused = 400 if media == RESPONSE else 200
        if operation.refusal:
            return _response({"errors": operation.refusal}, refused, media)
        _admit(request, operation, actor)
        request.scope["facts"] |= {"operation": what.operation, "actor": actor.id if actor else None}
        body, ran = await self._graph.run(operation, actor)
        return _response(body, 200 if ran else refused, media)

    async def _actor(self, request: Request, request_id: str) -> Actor | None:
        try:
            return await self._authentication.actor(request.headers.get("authorization"), request_id)
        except Unauthenticated as error:
            raise Refusal(401, "UNAUTHENTICATED", error.message, authentication.challenge(error)) from None
        except IssuerUnreachable:
            message = "the issuer's keys, which the token is checked with, cannot be had now"
            raise Refusal(503, "UNAVAILABLE", message, {"Retry-After": RETRY_SECONDS}) from None


def _admit(request: Request, operation: Operation, actor: Actor | None) -> None:
    if actor is None and not operation.is_public:
        message = "an API key or token is needed: Authorization: Bearer …"
        raise Refusal(401, "UNAUTHENTICATED", message, authentication.challenge(None))
    if asked.reads(request) and not operation.is_query:
        raise Refusal(405, "METHOD_NOT_ALLOWED", "a mutation needs POST", {"Allow": "POST"})


def _media(request: Request) -> str | None:
    """What to answer in; HTML is for browsers, which open the address without a query."""
    opened = asked.reads(request) and "query" not in request.query_params
    header = ",".join(request.headers.getlist("accept"))
    named_html = opened and "text/" in header.lower()
    return accept.best(header, (RESPONSE, JSON, HTML) if named_html else (RESPONSE, JSON))


def _error(message: str, code: str, request_id: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}


def _response(body: dict[str, Any] | bytes, status: int, media: str, headers: dict[str, str] | None = None) -> Response:
    return Response(
        body if isinstance(body, bytes) else orjson.dumps(body),
        status,
        {"Vary": "Accept", "Cache-Control": "no-store", **(headers or {})},
        media_type=f"{media}; charset=utf-8",
    )
