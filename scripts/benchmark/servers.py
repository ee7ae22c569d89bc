"""The measured servers: the command that starts each, and the API it has.

All of them read the same tables through up to 20 connections, check the caller's API key against its stored hash, read
only the rows of its organization, and log one line for each request. Other differences than the server itself:

- The handler, PostGraphile and Mercurius cache a key for five seconds; plain Strawberry looks it up for each request.
- PostGraphile gets the organization from the document's variables, which is cheaper than row-level security.
- Only the service has scopes, limits on documents, signed cursors and masked errors, and it always applies them.
- Mercurius, plain Strawberry and PostGraphile have flat types with one field per column. The service groups columns,
  and the handler answers in the service's shape.
- PostGraphile has no compliance summary, because no table holds the sums. The other servers add up the counts that the
  service keeps, as the service does.
- On SQLite the service also settles the standings that an approval changes, and that is part of its figures. On
  PostgreSQL the background jobs settle them, and no jobs run here.
- A list of 1,000 is ten pages of 100, the largest page here: ten statements in every server.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark import processes
from scripts.benchmark.operations import Request, ServerApi
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
NODE = Path(sys.prefix) / "node"
START_SECONDS, STOP_SECONDS = 60, 15
SERVICE_VARIABLES = ("CREDGRAPH_", "DATABASE_URL")


class ServerFailed(Exception):
    """A server did not start, or it ended early."""


@dataclass(frozen=True)
class Locations:
    """The locations of the databases, and a folder for the output of the servers."""

    postgresql: str
    sqlite: Path
    folder: Path

    def url(self, uses_sqlite: bool) -> str:
        """Return the URL of a database."""
        return f"sqlite:///{self.sqlite}" if uses_sqlite else self.postgresql


@dataclass(frozen=True)
class Server:
    """A measured server."""

    name: str
    title: str
    api: ServerApi
    command: Callable[[int, Path], list[str]]
    """Returns the command that starts the server on a port, with its own folder."""
    uses_sqlite: bool = False
    """True if the server reads the SQLite file."""


@dataclass
class RunningServer:
    """A started server."""

    server: Server
    port: int
    process: subprocess.Popen[bytes]
    headers: dict[str, str]
    output: Path
    start_seconds: float = 0.0
    """The time from the start of the process to its first answer."""
    start_processor_seconds: float = 0.0
    """The processor time until the first answer."""

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    def send(self, request: Request) -> tuple[int, bytes]:
        """Send one request; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request(request.method, request.path, request.body or None, self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def _service(port: int, folder: Path) -> list[str]:
    return [sys.executable, "-m", "app", "serve", "--port", str(port), "--data", str(folder), "--no-demo"]


def _python(module: str) -> Callable[[int, Path], list[str]]:
    return lambda port, _folder: [sys.executable, "-m", f"scripts.benchmark.peers.{module}", str(port)]


def _node(script: str) -> Callable[[int, Path], list[str]]:
    # The script is run from its copy beside the packages, because Node searches upwards from the script's folder.
    return lambda port, _folder: [os.environ["BENCH_NODE"], str(NODE / script), str(port)]


SERVERS = (
    Server("credgraph", "Credgraph", ServerApi.SERVICE, _service),
    Server("handler", "Starlette handler, asyncpg + orjson, no GraphQL", ServerApi.ROUTES, _python("handler")),
    Server("strawberry", "plain Strawberry, ORM, DataLoader", ServerApi.FLAT, _python("plain")),
    Server("postgraphile", "PostGraphile 5", ServerApi.POSTGRAPHILE, _node("postgraphile.mjs")),
    Server("mercurius", "Mercurius + graphql-jit", ServerApi.FLAT, _node("mercurius.mjs")),
    Server("credgraph-sqlite", "Credgraph on SQLite", ServerApi.SERVICE, _service, uses_sqlite=True),
)


@contextmanager
def serving(
    server: Server, locations: Locations, token: str, first: Request, cores: set[int]
) -> Iterator[RunningServer]:
    """Run a server; yield it after its first answer."""
    folder = locations.folder / server.name
    folder.mkdir(exist_ok=True)
    port, output = free_port(), folder / "output"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(SERVICE_VARIABLES)}
    environment = inherited | {
        "DATABASE_URL": locations.url(server.uses_sqlite),
        "PYTHONPATH": str(ROOT),
        "NODE_ENV": "production",
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with output.open("wb") as stream, processes.pinned(cores):
        started = time.monotonic()
        process = subprocess.Popen(
            server.command(port, folder),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    running = RunningServer(server, port, process, headers, output)
    try:
        _wait(running, first, started)
        yield running
    finally:
        _stop(process)


def _wait(running: RunningServer, first: Request, started: float) -> None:
    while True:
        try:
            status, body = running.send(first)
        except (OSError, http.client.HTTPException):
            if running.process.poll() is None and time.monotonic() < started + START_SECONDS:
                time.sleep(0.005)
                continue
            status, body = 0, b"nothing"
        running.start_seconds = time.monotonic() - started
        if status == 200:
            running.start_processor_seconds = processes.processor_seconds(running.process.pid)
            return
        log = running.output.read_text(errors="replace")[-3_000:]
        raise ServerFailed(f"{running.server.name} answered {status} {body[:500]!r}, and its output was:\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
