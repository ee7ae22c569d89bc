"""Checks that wait to be made, and checks that are due."""

from functools import partial

import structlog

from app.core import ids
from app.credentials.verification import attempts, check_queue
from app.db.database import Database
from app.jobs import concurrency
from app.registries.registry_set import Sources

log = structlog.get_logger("jobs")


async def run(database: Database, sources: Sources) -> int:
    """Open the checks that are due and make those that wait; gives how many were made."""
    async with database.reading() as session:
        due = await check_queue.organizations_with_due_checks(session)
    for organization_id in due:
        try:
            async with database.writing(ids.new("req")) as session:
                await check_queue.open_due_checks(session, organization_id)
        except Exception:
            log.exception("opening due checks failed", organization=organization_id)
    async with database.reading() as session:
        waiting = await check_queue.waiting_in_all_organizations(session)
    return await concurrency.each(waiting, partial(attempts.complete, database, sources), "check failed")
