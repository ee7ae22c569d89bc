"""A PostgreSQL server on a free port, with its data in a temporary or a permanent folder."""

import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_port

# Durability is off: the data of tests need not survive a crash.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
START_SECONDS = 30


class ServerUnavailable(Exception):
    """PostgreSQL is not installed, or it did not start."""


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs.

    It is the one in CREDGRAPH_POSTGRESQL, or else Debian's newest, or else the one that scripts/test installs.
    """
    configured = os.environ.get("CREDGRAPH_POSTGRESQL")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    candidates = [Path(configured)] if configured else [*newest_first, Path(sys.prefix, "postgresql", "bin")]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    searched = ", ".join(map(str, candidates))
    raise ServerUnavailable(f"no PostgreSQL in {searched}: run scripts/test, or set CREDGRAPH_POSTGRESQL to its folder")


@dataclass(frozen=True)
class Server:
    """A running server: the URL of its database `postgres`, and the id of its main process."""

    url: str
    pid: int


@contextmanager
def running_server() -> Iterator[str]:
    """Run a new, empty server; yield the URL of its database `postgres`."""
    with tempfile.TemporaryDirectory(prefix="credgraph-postgres-") as name, start_server(Path(name)) as running:
        yield running.url


@contextmanager
def start_server(home: Path, *, kept: bool = False) -> Iterator[Server]:
    """Run a server on the data in a folder, creating the data if there is none.

    Every account must be able to reach the folder. With `kept`, the data is written to disk when the server stops.
    """
    account = _unprivileged(home)
    programs = _reachable(binaries(), home, account)
    data, log, port = home / "data", home / "log", free_port()
    with log.open("wb") as output:
        options = {"cwd": home, "stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **account}
        if not data.exists() and subprocess.run(_initdb(programs, data), **options).returncode:
            raise ServerUnavailable(f"initdb failed:\n{log.read_text()}")
        process = subprocess.Popen(_postgres(programs, data, port), **options)
        try:
            _wait(process, port, log)
            yield Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", process.pid)
        finally:
            _stop(process, signal.SIGINT if kept else signal.SIGQUIT)


def _unprivileged(home: Path) -> dict[str, Any]:
    """Return the account that runs the server: PostgreSQL refuses root, so root uses `nobody`, who owns only `home`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, home: Path, account: dict[str, Any]) -> Path:
    """Return a folder of the programs that the account can run; copies them out of a private folder such as /root."""
    try:
        subprocess.run([programs / "postgres", "--version"], cwd=home, stdout=subprocess.DEVNULL, **account)
    except PermissionError:
        shutil.copytree(programs.parent, home / "postgresql", symlinks=True, dirs_exist_ok=True)
        return home / "postgresql" / "bin"
    return programs


def _initdb(programs: Path, data: Path) -> list[str | Path]:
    return [
        programs / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust",
        "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
    ]  # fmt: skip


def _postgres(programs: Path, data: Path, port: int) -> list[str | Path]:
    options = {**OPTIONS, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    command: list[str | Path] = [programs / "postgres", "-D", data]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return command


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerUnavailable(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    """Return True if the server accepts clients: it answers the first message with R, or with E while it starts."""
    startup = struct.pack("!i", 3 << 16) + b"user\0postgres\0database\0postgres\0\0"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(struct.pack("!i", len(startup) + 4) + startup)
            return client.recv(1) == b"R"
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    """Stop the server; SIGQUIT stops it at once, without a checkpoint, for data that is not needed again."""
    process.send_signal(stop_signal)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
