"""Measured processes: their processor cores, processor time and memory."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
IDLE_SECONDS = 0.25
"""A process is idle if its processor time does not change for this long; the time is counted in ticks of 10 ms."""
IDLE_TIMEOUT_SECONDS = 20.0

PROC = Path("/proc")


def cores() -> tuple[set[int], set[int]]:
    """Return the core of the measured server, and the cores of the load and the database."""
    first, *rest = sorted(os.sched_getaffinity(0))
    return {first}, set(rest) or {first}


@contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Restrict the processes that are started in the block to some cores, with their threads and children."""
    previous = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, previous)


def tree(root: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    pids = [root]
    for pid in pids:
        pids += children.get(pid, [])
    return pids


def processor_seconds(root: int) -> float:
    """Return the processor time of a process tree so far, including its ended children."""
    total = 0
    for pid in tree(root):
        if fields := _stat(pid):
            total += sum(map(int, fields[11:15]))
    return total / TICKS_PER_SECOND


def private_megabytes(root: int) -> float:
    """Return the private memory of a process tree, without mapped files, which the system can reclaim."""
    pages = 0
    for pid in tree(root):
        try:
            _, resident, shared, *_ = map(int, (PROC / str(pid) / "statm").read_text().split())
        except OSError:
            continue
        pages += resident - shared
    return pages * PAGE_BYTES / 1e6


def wait_until_idle(*roots: int) -> None:
    """Wait until the processor times of process trees stop changing, up to `IDLE_TIMEOUT_SECONDS`."""
    deadline = time.monotonic() + IDLE_TIMEOUT_SECONDS
    before = [processor_seconds(root) for root in roots]
    while time.monotonic() < deadline:
        time.sleep(IDLE_SECONDS)
        now = [processor_seconds(root) for root in roots]
        if now == before:
            return
        before = now


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the command's name; None if the process has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
