"""Request ids, and one log line for each request."""

import re
import time

import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import ids

log = structlog.get_logger("http")

_VALID_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Middleware that assigns each request an id, returns it as `X-Request-Id`, and logs one line.

    The id is the client's `X-Request-Id` if valid, or else a new one. Endpoints find it as `scope["request_id"]`, and
    add fields to the log line through `scope["facts"]`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        facts: dict[str, object] = {"request_id": request_id}
        scope["request_id"], scope["facts"] = request_id, facts

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("request failed", request_id=request_id)
            if "status" in facts:
                raise  # The response has begun: only breaking the connection shows the client that it is incomplete.
            await PlainTextResponse("The service failed to answer this.", 500)(scope, receive, send_with_id)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1_000, 1)
            log.info("request", method=scope["method"], path=scope["path"], ms=milliseconds, **facts)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _VALID_REQUEST_ID.fullmatch(value):
            return str(value.decode())
    return ids.new("req")
