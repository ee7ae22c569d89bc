"""Doing one thing to many rows at a time, each of which may fail alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

log = structlog.get_logger("jobs")

AT_ONCE = 8
"""How many are done at the same time."""


async def each(keys: Iterable[tuple[str, str]], do: Callable[[str, str], Awaitable[bool]], failed: str) -> int:
    """Do it to each row, by its organization and its id; gives to how many it was done.

    What fails is logged as `failed`: another turn tries it again, and the others must not wait for it.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(organization_id: str, row_id: str) -> bool:
        async with gate:
            try:
                return await do(organization_id, row_id)
            except Exception:
                log.exception(failed, organization=organization_id, row=row_id)
                return False

    # A group, when it is cancelled, waits until each has given back what it took.
    async with asyncio.TaskGroup() as group:
        made = [group.create_task(one(*key)) for key in keys]
    return sum(task.result() for task in made)
