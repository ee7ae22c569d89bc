"""The load: wrk sending an operation's requests over 16 connections, and what it found."""

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
    """The load could not be put on, or a server did not stand it."""


@dataclass(frozen=True)
class Loaded:
    """What one run of the load found."""

    requests: int
    """Those that were answered in time."""
    sent: int
    """Those and the ones under way at the end, which a server goes on with though nobody waits for them."""
    seconds: float
    bytes: int
    p50: float
    """Milliseconds that half of the requests stayed under."""
    p99: float

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def run(url: str, requests: Sequence[Request], headers: dict[str, str], seconds: int, *, once: bool = False) -> Loaded:
    """Put the load on a server. With `once`, no request is sent twice, and the load ends when all are sent.

    Raises LoadFailed when a request was not answered, or not by a status of success.
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
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS)
    if ended.returncode:
        raise LoadFailed(ended.stderr or ended.stdout)
    return parse(ended.stdout)


def parse(output: str) -> Loaded:
    """What wrk printed, by the line of JSON that our script lets it end with."""
    lines = output.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise LoadFailed(f"wrk told nothing:\n{output}")
    found = json.loads(lines[-1])
    if found["refused"] or found["broken"]:
        raise LoadFailed(f"{found['refused']} requests were refused, {found['broken']} broke off")
    return Loaded(
        requests=found["requests"],
        sent=found["sent"],
        seconds=found["microseconds"] / 1e6,
        bytes=found["bytes"],
        p50=found["p50"] / 1e3,
        p99=found["p99"] / 1e3,
    )
