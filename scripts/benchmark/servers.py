"""The servers that are measured: how each is started, and how it is asked.

All of them read the same tables through 20 connections at most, check the caller's API key against its stored hash,
read no other organization's rows, and write one line about each request. What differs besides the server itself:

- The handler, PostGraphile and Mercurius remember a key for five seconds; plain Strawberry looks it up each time.
- PostGraphile is told the organization by the document's variables, which costs it less than row-level security would.
- No peer has scopes, limits on what a document may ask, signed cursors or masked errors, which the service always has.
- Mercurius and plain Strawberry have flat types, one column a field; so has PostGraphile. The service groups columns,
  and the handler answers in the service's shape.
- PostGraphile has no compliance summary: what adds kept counts up is no table. The others read the counts that the
  service keeps, as it does itself.
- On SQLite the service settles by itself whose standing an approval may change, and pays for that within its figure;
  elsewhere that is left to the jobs, which do not run here.
- A list of 1,000 is ten pages of a hundred, for that is the largest page here: ten statements in every server.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark import processes
from scripts.benchmark.operations import Dialect, Request

ROOT = Path(__file__).parent.parent.parent
NODE = Path(sys.prefix) / "node"
START_SECONDS, STOP_SECONDS = 60, 15
OURS = ("CREDGRAPH_", "DATABASE_URL")


class NotServing(Exception):
    """A server did not start, or ended."""


@dataclass(frozen=True)
class Place:
    """Where everything lies: the databases, and a folder to write into."""

    postgresql: str
    sqlite: Path
    folder: Path

    def url(self, embedded: bool) -> str:
        """The address of a database."""
        return f"sqlite:///{self.sqlite}" if embedded else self.postgresql


@dataclass(frozen=True)
class Server:
    """A server to measure."""

    name: str
    title: str
    dialect: Dialect
    command: Callable[[int, Path], list[str]]
    """Its command, for a port and a folder of its own."""
    embedded: bool = False
    """Whether its data is the SQLite file."""


@dataclass
class Running:
    """A started server."""

    server: Server
    port: int
    process: subprocess.Popen[bytes]
    headers: dict[str, str]
    output: Path
    started_seconds: float = 0.0
    """From the start of the process to its first answer."""
    started_processor: float = 0.0
    """Processor seconds of that."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, request: Request) -> tuple[int, bytes]:
        """Send one request; gives the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request(request.method, request.path, request.body or None, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _service(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "app", "serve", "--port", str(port), "--data", str(folder), "--no-demo"]


def _python(module: str) -> Callable[[int, Path], list[str]]:
    return lambda port, _folder: [sys.executable, "-m", f"scripts.benchmark.peers.{module}", str(port)]


def _node(script: str) -> Callable[[int, Path], list[str]]:
    # Run from beside its packages: Node looks for them upwards from the script's own folder.
    return lambda port, _folder: [os.environ["BENCH_NODE"], str(NODE / script), str(port)]


SERVERS = (
    Server("credgraph", "Credgraph", Dialect.SERVICE, _service),
    Server("handler", "Starlette handler, asyncpg + orjson, no GraphQL", Dialect.ROUTES, _python("handler")),
    Server("strawberry", "plain Strawberry, ORM, DataLoader", Dialect.FLAT, _python("plain")),
    Server("postgraphile", "PostGraphile 5", Dialect.POSTGRAPHILE, _node("postgraphile.mjs")),
    Server("mercurius", "Mercurius + graphql-jit", Dialect.FLAT, _node("mercurius.mjs")),
    Server("credgraph-sqlite", "Credgraph on SQLite", Dialect.SERVICE, _service, embedded=True),
)


@contextmanager
def serving(server: Server, place: Place, token: str, first: Request, cores: set[int]) -> Iterator[Running]:
    """A server, started and asked until it gives its first answer."""
    folder = place.folder / server.name
    folder.mkdir(exist_ok=True)
    port, output = _free_port(), folder / "output"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = kept | {"DATABASE_URL": place.url(server.embedded), "PYTHONPATH": str(ROOT), "NODE_ENV": "production"}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with output.open("wb") as stream, processes.pinned(cores):
        begun = time.monotonic()
        process = subprocess.Popen(
            server.command(port, folder),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    running = Running(server, port, process, headers, output)
    try:
        _wait(running, first, begun)
        yield running
    finally:
        _stop(process)


def _wait(running: Running, first: Request, begun: float) -> None:
    while True:
        try:
            status, body = running.ask(first)
        except (OSError, http.client.HTTPException):
            if running.process.poll() is None and time.monotonic() < begun + START_SECONDS:
                time.sleep(0.005)
                continue
            status, body = 0, b"nothing"
        running.started_seconds = time.monotonic() - begun
        if status == 200:
            running.started_processor = processes.processor_seconds(running.process.pid)
            return
        said = running.output.read_text(errors="replace")[-3_000:]
        raise NotServing(f"{running.server.name} answered {status} {body[:500]!r}, and said:\n{said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
