"""A registry for tests: an HTTP server on a port of its own that answers as the test says, well or badly."""

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
    """A request as the registry saw it."""

    method: str
    target: str
    """The path and query, undecoded."""
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What the registry says, down to the bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The whole response."""
        headers = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} So", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Handler = Callable[[ReceivedRequest], Awaitable[Reply]]


def json_reply(status: Any = "CURRENT", **more: Any) -> Reply:
    """A well-formed answer."""
    return Reply(json.dumps({"status": status, **more}).encode(), headers={"Content-Type": "application/json"})


class FakeRegistry:
    """What the server was asked, and how it answers."""

    def __init__(self) -> None:
        self.address = ""
        self.received: list[ReceivedRequest] = []
        self.replies: list[Reply] = []
        """What it answers next, in order; the last one again and again."""
        self.handler: Handler = self._next
        self._serving: set[asyncio.Task[Any]] = set()

    async def _next(self, _asked: ReceivedRequest) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else (self.replies or [json_reply()])[0]

    def reply_with(self, *replies: Reply) -> None:
        """Answer so from now on."""
        self.replies = list(replies)
        self.handler = self._next

    def handle_with(self, behaviour: Handler) -> None:
        """Find each answer so from now on."""
        self.handler = behaviour

    def config(self, **more: Any) -> dict[str, Any]:
        """How it is described in a file of registries."""
        return {
            "url": f"{self.address}/licences/{{referenceNumber}}",
            "status_at": "status",
            "expiry_at": "expires",
            "problems_at": "remarks",
            "meanings": MEANINGS,
            **more,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            asked = await _read(reader)
            self.received.append(asked)
            writer.write((await self.handler(asked)).to_bytes())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller has hung up, or the test is over
        finally:
            writer.close()
            self._serving.discard(task)

    async def close_connections(self) -> None:
        """End the connections that wait for an answer."""
        waiting = list(self._serving)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@asynccontextmanager
async def running_registry() -> AsyncIterator[FakeRegistry]:
    """Run a registry."""
    registry = FakeRegistry()
    server = await asyncio.start_server(registry.serve, "127.0.0.1", 0)
    registry.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield registry
    finally:
        server.close()
        await registry.close_connections()


def write_config(folder: Path, **registries: Any) -> Path:
    """A file that describes registries by name."""
    file = folder / "registries.json"
    file.write_text(json.dumps(registries))
    return file


async def _read(reader: asyncio.StreamReader) -> ReceivedRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return ReceivedRequest(method, target, headers, body)
