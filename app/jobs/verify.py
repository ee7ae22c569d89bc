"""The job that runs checks: those that are queued, and scheduled ones when due."""

from functools import partial

import structlog

from app.core import ids
from app.credentials.verification import attempts, check_queue
from app.db.database import Database
from app.jobs import concurrency
from app.registries.registry_set import RegistrySet

log = structlog.get_logger("jobs")


async def run(database: Database, registries: RegistrySet) -> int:
    """Queue the checks that are due and run all queued ones; return the number of checks made."""
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
    return await concurrency.run_for_each(waiting, partial(attempts.run, database, registries), "check failed")
