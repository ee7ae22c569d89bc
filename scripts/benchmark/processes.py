"""Processes under measurement: where they run, the processor time that they took, and their memory."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
QUIET_SECONDS = 0.25
"""A process is idle when its clock has stood still for so long; the clock ticks every 10 ms."""
PATIENCE_SECONDS = 20.0

PROC = Path("/proc")


def cores() -> tuple[set[int], set[int]]:
    """The core for the server that is measured, and those for the load and the database."""
    first, *rest = sorted(os.sched_getaffinity(0))
    return {first}, set(rest) or {first}


@contextmanager
def pinned(to: set[int]) -> Iterator[None]:
    """Let what is started inside run on some cores only, with all its threads and children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def processor_seconds(root: int) -> float:
    """The processor time that a process tree has taken so far, ended children included."""
    total = 0
    for pid in tree(root):
        if fields := _stat(pid):
            total += sum(map(int, fields[11:15]))
    return total / TICKS


def own_megabytes(root: int) -> float:
    """The memory that a process tree has for itself: without what it maps of files, which the system may take back."""
    pages = 0
    for pid in tree(root):
        try:
            _, resident, shared, *_ = map(int, (PROC / str(pid) / "statm").read_text().split())
        except OSError:
            continue
        pages += resident - shared
    return pages * PAGE / 1e6


def wait_until_idle(*roots: int) -> None:
    """Return once the clocks of some process trees stand still; whoever never rests is not waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    before = [processor_seconds(root) for root in roots]
    while time.monotonic() < deadline:
        time.sleep(QUIET_SECONDS)
        now = [processor_seconds(root) for root in roots]
        if now == before:
            return
        before = now


def _stat(pid: int) -> list[str] | None:
    """The fields after the command's name, from the state on; None when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
