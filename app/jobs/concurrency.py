"""Concurrent work on many rows, each of which may fail alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

log = structlog.get_logger("jobs")

MAX_CONCURRENT = 8
"""The number of rows worked on at the same time."""


async def run_for_each(keys: Iterable[tuple[str, str]], work: Callable[[str, str], Awaitable[bool]], error: str) -> int:
    """Run `work` for each (organization id, row id), and return the number of rows for which it returned True.

    An exception is logged as the event `error` and does not stop the other rows; the next run tries the row again.
    """
    semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def run(organization_id: str, row_id: str) -> bool:
        async with semaphore:
            try:
                return await work(organization_id, row_id)
            except Exception:
                log.exception(error, organization=organization_id, row=row_id)
                return False

    # A cancelled task group waits for its tasks, so each returns its database connection.
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(*key)) for key in keys]
    return sum(task.result() for task in tasks)
