"""The id and the log line of every request, and the short way to where most of them go."""

import re
import time

import structlog
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import ids

log = structlog.get_logger("http")

_WELL_FORMED = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Gives each request an id (the client's, if well-formed), answers with it, and logs one line."""

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

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            log.exception("request failed", request_id=request_id)
            if "status" in facts:
                raise  # half an answer is out: the server can only break the connection
            await PlainTextResponse("The service failed to answer this.", 500)(scope, receive, answer)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1_000, 1)
            log.info("request", method=scope["method"], path=scope["path"], ms=milliseconds, **facts)


class Direct:
    """Leads requests of one path straight to its endpoint, past the routes; these answer other methods."""

    def __init__(self, app: ASGIApp, path: str, endpoint: ASGIApp) -> None:
        self._app, self._path, self._endpoint = app, path, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = scope["type"] == "http" and scope["path"] == self._path and scope["method"] in ("GET", "POST")
        await (self._endpoint if direct else self._app)(scope, receive, send)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _WELL_FORMED.fullmatch(value):
            return str(value.decode())
    return ids.new("req")
