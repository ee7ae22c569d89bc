"""Checks that wait to be made, and checks that are due."""

import asyncio

import structlog

from app.core import ids
from app.core.database import Database
from app.credentials import pending, verification
from app.registries.sources import Sources

log = structlog.get_logger("jobs")

AT_ONCE = 8
"""Registries asked at the same time."""


async def run(database: Database, sources: Sources) -> int:
    """Open the checks that are due and make those that wait; gives how many were made."""
    async with database.reading() as session:
        due = await pending.organizations_with_due_checks(session)
    for organization_id in due:
        try:
            async with database.writing(ids.new("req")) as session:
                await pending.open_due_checks(session, organization_id)
        except Exception:
            log.exception("opening due checks failed", organization=organization_id)
    async with database.reading() as session:
        waiting = await pending.waiting_in_all_organizations(session)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(organization_id: str, attempt_id: str) -> bool:
        async with gate:
            try:
                return await verification.complete(database, sources, organization_id, attempt_id)
            except Exception:
                # Its lease runs out, and another turn tries again; the others must not wait for it.
                log.exception("check failed", organization=organization_id, attempt=attempt_id)
                return False

    # A group, when it is cancelled, waits until each has given its check back.
    async with asyncio.TaskGroup() as group:
        made = [group.create_task(one(*key)) for key in waiting]
    return sum(task.result() for task in made)
