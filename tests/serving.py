"""The service in its own process, started by its command line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.access import ROLES, Role
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
START_SECONDS, STOP_SECONDS = 300, 60
"""Longer than the slowest machine takes, so that only a service that hangs reaches them."""
SETTING_PREFIXES = ("CREDGRAPH_", "DATABASE_URL")


@dataclass(frozen=True)
class Running:
    """A running service and its data folder."""

    url: str
    data: Path
    output: Path
    """The file with everything that the process has written to stdout and stderr."""

    @property
    def keys(self) -> dict[str, str]:
        """The demo organization's keys by role."""
        keys: dict[str, str] = json.loads((self.data / "demo-keys.json").read_text())
        return keys


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Running]:
    """Serve a folder on a free port; stop the service by Ctrl-C at the end and assert that it exits cleanly."""
    port = free_port()
    output = data / "output"
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--data", str(data), *options]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=data, env=_environment(), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
        try:
            running = Running(f"http://127.0.0.1:{port}", data, output)
            _wait(process, running)
            yield running
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
    log = output.read_text()
    assert process.returncode in (0, -signal.SIGINT), log
    assert "Traceback" not in log, log


def _environment() -> dict[str, str]:
    """Return the environment without settings of the service, so that only the folder decides."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(SETTING_PREFIXES)}
    return environment | {"PYTHONPATH": str(ROOT)}


def _wait(process: subprocess.Popen[bytes], running: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    # One client for all attempts: creating one reads the certificates of the machine, which is slower than a request.
    with httpx.Client() as client:
        while not _answers(client, running):
            has_failed = process.poll() is not None or time.monotonic() > deadline
            assert not has_failed, f"the service did not start:\n{running.output.read_text()}"
            time.sleep(0.05)


def _answers(client: httpx.Client, running: Running) -> bool:
    try:
        return client.get(f"{running.url}/health").status_code == 200
    except httpx.TransportError:
        return False


SCOPES = "{ viewer { scopes organization { name } } workers(first: 1) { totalCount { count } } }"


def execute(url: str, key: str, query: str) -> httpx.Response:
    """Run one operation."""
    return httpx.post(f"{url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {key}"})


def assert_first_start(running: Running) -> None:
    """Assert that the demo organization is there, and that its keys are printed and work."""
    assert list(running.keys) == ["owner", "reviewer", "auditor"]
    log = running.output.read_text()
    assert f"{running.url}/graphql" in log
    for role, key in running.keys.items():
        assert key in log
        data = execute(running.url, key, SCOPES).json()["data"]
        assert data["viewer"]["organization"] == {"name": "Harbour Health"}
        expected = {scope.name for scope in ROLES[Role[role.upper()]]}
        assert set(data["viewer"]["scopes"]) == expected
        assert data["workers"]["totalCount"] == {"count": 197}
