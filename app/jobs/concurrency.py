"""Work on many organizations or rows, each of which may fail alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from app.core import ids
from app.db.database import Database
from app.db.session import Session

log = structlog.get_logger("jobs")

MAX_CONCURRENT = 8
"""The number of rows worked on at the same time."""


async def run_for_each_organization(
    database: Database,
    organization_ids: Iterable[str],
    work: Callable[[Session, str], Awaitable[object]],
    error: str,
) -> None:
    """Run `work` for each organization in a transaction of its own, one after the other.

    An exception is logged as the event `error` and does not stop the other organizations; the next run tries again.
    """
    for organization_id in organization_ids:
        try:
            async with database.writing(ids.new("req")) as session:
                await work(session, organization_id)
        except Exception:
            log.exception(error, organization=organization_id)


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
