"""The job that runs checks: those that are queued, and scheduled ones when due."""

from functools import partial

from app.credentials.verification import attempts, check_queue
from app.db.database import Database
from app.jobs import concurrency
from app.registries.registry_set import RegistrySet


async def run(database: Database, registries: RegistrySet) -> int:
    """Queue the checks that are due and run all queued ones; return the number of checks made."""
    async with database.reading() as session:
        due = await check_queue.organizations_with_due_checks(session)
    await concurrency.run_for_each_organization(database, due, check_queue.open_due_checks, "opening due checks failed")
    async with database.reading() as session:
        waiting = await check_queue.waiting_in_all_organizations(session)
    return await concurrency.run_for_each(waiting, partial(attempts.run, database, registries), "check failed")
