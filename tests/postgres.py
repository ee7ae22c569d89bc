"""A PostgreSQL server of our own, on a free port, with its data in a temporary folder or in one that is kept."""

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

# What is thrown away need not survive a crash.
OPTIONS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
START_SECONDS = 30


class ServerUnavailable(Exception):
    """There is no PostgreSQL to test with, or it did not start."""


def binaries() -> Path:
    """The folder of PostgreSQL's programs: the one chosen, else Debian's newest, else scripts/test's own."""
    chosen = os.environ.get("CREDGRAPH_POSTGRESQL")
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    candidates = [Path(chosen)] if chosen else [*newest_first, Path(sys.prefix, "postgresql", "bin")]
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    looked = ", ".join(map(str, candidates))
    raise ServerUnavailable(f"no PostgreSQL in {looked}: run scripts/test, or name its folder in CREDGRAPH_POSTGRESQL")


@dataclass(frozen=True)
class Server:
    """A running server: the address of its database `postgres`, and its first process."""

    url: str
    pid: int


@contextmanager
def running_server() -> Iterator[str]:
    """A new, empty server; the value is the URL of its database `postgres`."""
    with tempfile.TemporaryDirectory(prefix="credgraph-postgres-") as name, start_server(Path(name)) as running:
        yield running.url


@contextmanager
def start_server(home: Path, *, kept: bool = False) -> Iterator[Server]:
    """A server over the data in a folder, which is made where there is none.

    The folder must be reachable for everybody. What is kept is written out when the server stops.
    """
    account = _unprivileged(home)
    programs = _reachable(binaries(), home, account)
    data, log, port = home / "data", home / "log", _free_port()
    with log.open("wb") as output:
        how = {"cwd": home, "stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, **account}
        if not data.exists() and subprocess.run(_initdb(programs, data), **how).returncode:
            raise ServerUnavailable(f"initdb failed:\n{log.read_text()}")
        process = subprocess.Popen(_postgres(programs, data, port), **how)
        try:
            _wait(process, port, log)
            yield Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", process.pid)
        finally:
            _stop(process, signal.SIGINT if kept else signal.SIGQUIT)


def _unprivileged(home: Path) -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses root, so then it is somebody who owns nothing but `home`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, home: Path, account: dict[str, Any]) -> Path:
    """The programs where the account may run them: out of a private home, like root's, they are copied."""
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerUnavailable(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    """Whether a client is let in: the first message is answered R, while a starting server says E."""
    startup = struct.pack("!i", 3 << 16) + b"user\0postgres\0database\0postgres\0\0"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(struct.pack("!i", len(startup) + 4) + startup)
            return client.recv(1) == b"R"
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """SIGQUIT stops at once and without a checkpoint, for data that nobody will read again."""
    process.send_signal(how)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
