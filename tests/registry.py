"""A registry for tests: an HTTP server that answers, correctly or not, as the test tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEANINGS = {
    "CURRENT": {"eligibility": "MAY_ENGAGE", "detail": "VALID"},
    "LAPSED": {"eligibility": "MAY_NOT_ENGAGE", "detail": "EXPIRED"},
    "REVOKED": {"eligibility": "MAY_NOT_ENGAGE", "detail": "CANCELLED"},
    "HELD": {"eligibility": "REVIEW_REQUIRED", "detail": "CONDITIONS"},
}


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the registry received it."""

    method: str
    target: str
    """The path and query, undecoded."""
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """A response of the registry, down to the bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return the whole response, with its status line and headers."""
        headers = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} So", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Handler = Callable[[ReceivedRequest], Awaitable[Reply]]


def json_reply(status: Any = "CURRENT", **members: Any) -> Reply:
    """Return a well-formed answer."""
    return Reply(json.dumps({"status": status, **members}).encode(), headers={"Content-Type": "application/json"})


class FakeRegistry:
    """A registry server: the requests it received, and the replies it sends."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[ReceivedRequest] = []
        self.replies: list[Reply] = []
        """The next replies in order; the last one is repeated."""
        self.handler: Handler = self._next
        self._serving: set[asyncio.Task[Any]] = set()

    async def _next(self, _request: ReceivedRequest) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else (self.replies or [json_reply()])[0]

    def reply_with(self, *replies: Reply) -> None:
        """Send these replies from now on."""
        self.replies = list(replies)
        self.handler = self._next

    def handle_with(self, behaviour: Handler) -> None:
        """Compute each reply by a handler from now on."""
        self.handler = behaviour

    def hang(self) -> asyncio.Semaphore:
        """Answer no request from now on; the semaphore is released once for each request received."""
        received = asyncio.Semaphore(0)

        async def wait(_request: ReceivedRequest) -> Reply:
            received.release()
            await asyncio.Event().wait()
            return json_reply()

        self.handle_with(wait)
        return received

    def config(self, **members: Any) -> dict[str, Any]:
        """Return the registry's entry in the configuration file, with some members replaced."""
        return {
            "url": f"{self.url}/licences/{{referenceNumber}}",
            "status_at": "status",
            "expiry_at": "expires",
            "problems_at": "remarks",
            "meanings": MEANINGS,
            **members,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            request = await _read(reader)
            self.received.append(request)
            writer.write((await self.handler(request)).to_bytes())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client closed the connection, or the test is over
        finally:
            writer.close()
            self._serving.discard(task)

    async def close_connections(self) -> None:
        """Close the connections that wait for a reply."""
        waiting = list(self._serving)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def running_registry() -> AsyncIterator[FakeRegistry]:
    """Run a registry."""
    registry = FakeRegistry()
    server = await asyncio.start_server(registry.serve, "127.0.0.1", 0)
    registry.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield registry
    finally:
        server.close()
        await registry.close_connections()


def write_config(folder: Path, **registries: Any) -> Path:
    """Write a configuration file of registries by name; return its path."""
    file = folder / "registries.json"
    file.write_text(json.dumps(registries))
    return file


async def _read(reader: asyncio.StreamReader) -> ReceivedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return ReceivedRequest(method, target, headers, body)
