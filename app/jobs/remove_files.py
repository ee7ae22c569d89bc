"""Files that nobody needs any more, or that were expected and never came."""

import asyncio
from functools import partial

import structlog

from app.attachments.storage import Storage
from app.core import ids
from app.credentials.files import removals
from app.db.database import Database
from app.jobs import concurrency

log = structlog.get_logger("jobs")

WITHIN_SECONDS = 5
"""How long the other jobs may have to wait for a store that does not answer."""


async def run(database: Database, storage: Storage) -> int:
    """Remove the bytes whose time has come, and expect no more what is overdue; gives how many bytes went."""
    async with database.reading() as session:
        overdue = await removals.organizations_with_overdue_files(session)
        due = await removals.due_in_all_organizations(session)
    for organization_id in overdue:
        try:
            async with database.writing(ids.new("req")) as session:
                await removals.drop_overdue(session, organization_id)
        except Exception:
            log.exception("dropping overdue files failed", organization=organization_id)

    return await concurrency.each(due, partial(_remove, database, storage), "removing a file failed")


async def _remove(database: Database, storage: Storage, organization_id: str, removal_id: str) -> bool:
    async with database.writing(ids.new("req")) as session:
        storage_key = await removals.take(session, organization_id, removal_id)
    if storage_key is None:
        return False
    async with asyncio.timeout(WITHIN_SECONDS):
        await storage.remove(storage_key)
    async with database.writing(ids.new("req")) as session:
        await removals.done(session, organization_id, removal_id)
    return True
