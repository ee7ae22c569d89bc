"""Checks that wait to be made, and checks that are due."""

from functools import partial

import structlog

from app.core import ids
from app.core.database import Database
from app.credentials import pending, verification
from app.jobs import abreast
from app.registries.sources import Sources

log = structlog.get_logger("jobs")


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
    return await abreast.each(waiting, partial(verification.complete, database, sources), "check failed")
