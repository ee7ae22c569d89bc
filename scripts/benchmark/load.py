"""The load generator: wrk sends an operation's requests over 16 connections and reports the results."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmark.operations import Request

CONNECTIONS = 16
SCRIPT = Path(__file__).with_name("load.lua")
GRACE_SECONDS = 60


class LoadFailed(Exception):
    """The load could not be generated, or a server did not answer all requests."""


@dataclass(frozen=True)
class LoadResult:
    """The results of one run of the load."""

    requests: int
    """The number of requests answered in time."""
    sent: int
    """The number of requests sent, including those in flight at the end, which a server still processes."""
    seconds: float
    bytes: int
    p50: float
    """The median latency in milliseconds."""
    p99: float

    @property
    def per_second(self) -> float:
        """Requests answered per second."""
        return self.requests / self.seconds


def run(
    url: str, requests: Sequence[Request], headers: dict[str, str], seconds: int, *, once: bool = False
) -> LoadResult:
    """Generate the load on a server. With `once`, no request is repeated, and the load ends when all are sent.

    Raises LoadFailed if a request was not answered with a success status.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.writelines(f"{request.method}\t{request.path}\t{request.body}\n" for request in requests)
        file.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}s",
            "--timeout",
            f"{GRACE_SECONDS}s",
            "-s",
            str(SCRIPT),
        ]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        command += [url, "--", file.name, "once" if once else "again"]
        completed = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS)
    if completed.returncode:
        raise LoadFailed(completed.stderr or completed.stdout)
    return parse_output(completed.stdout)


def parse_output(output: str) -> LoadResult:
    """Return the results in wrk's output, which ends with the line of JSON that `load.lua` prints."""
    lines = output.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise LoadFailed(f"wrk printed no results:\n{output}")
    values = json.loads(lines[-1])
    if values["refused"] or values["broken"]:
        raise LoadFailed(f"{values['refused']} requests were refused and {values['broken']} had no answer")
    return LoadResult(
        requests=values["requests"],
        sent=values["sent"],
        seconds=values["microseconds"] / 1e6,
        bytes=values["bytes"],
        p50=values["p50"] / 1e3,
        p99=values["p99"] / 1e3,
    )
