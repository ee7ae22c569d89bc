"""The peer without GraphQL: one route for each operation, hand-written SQL by asyncpg, JSON by orjson.

It answers in the service's own shape, byte for byte what a client of the service would get as `data`.
"""

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import ids
from scripts.benchmark.peers import answers, approval
from scripts.benchmark.peers.keys import Keys


class Log:
    """Middleware that gives each request an id and logs one line about it, as a service in production does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = scope["request_id"] = ids.new("req")
        line: dict[str, Any] = {"request_id": request_id, "method": scope["method"], "path": scope["path"]}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                line["status"] = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        await self._app(scope, receive, answer)
        line["ms"] = round((time.perf_counter() - started) * 1_000, 1)
        sys.stderr.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode())


def create_app(url: str) -> Starlette:
    """Return the handler as an ASGI application."""
    opened: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # No connection state is ever changed, so asyncpg need not send the statement that resets it.
        async with asyncpg.create_pool(url, min_size=20, max_size=20, reset=_keep) as pool:
            opened["pool"], opened["keys"] = pool, Keys()
            yield

    def route(path: str, answer: Any, method: str) -> Route:
        async def respond(request: Request) -> Response:
            async with opened["pool"].acquire() as connection:
                caller = await opened["keys"].caller(connection, request.headers.get("authorization", ""))
                if caller is None:
                    return Response(b'{"errors": [{"message": "unauthenticated"}]}', 401)
                asked = request.query_params if method == "GET" else orjson.loads(await request.body())
                data = await answer(connection, caller, asked)
            body = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)
            return Response(body, media_type="application/json")

        return Route(path, respond, methods=[method])

    service = Starlette(
        routes=[
            *(route(f"/{read.__name__}", read, "GET") for read in answers.READS),
            route("/approve", approval.approve, "POST"),
        ],
        lifespan=lifespan,
    )
    service.add_middleware(Log)
    return service


async def _keep(_connection: Any) -> None:
    pass


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["DATABASE_URL"]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        server_header=False,
    )
