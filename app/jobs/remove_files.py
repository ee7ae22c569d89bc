"""Files that nobody needs any more, or that were expected and never came."""

import asyncio

import structlog

from app.attachments.storage import Storage
from app.core import ids
from app.core.database import Database
from app.credentials import file_removals

log = structlog.get_logger("jobs")

WITHIN_SECONDS = 5
"""How long the other jobs may have to wait for a store that does not answer."""


async def run(database: Database, storage: Storage) -> int:
    """Remove the bytes whose time has come, and expect no more what is overdue; gives how many bytes went."""
    async with database.reading() as session:
        overdue = await file_removals.organizations_with_overdue_files(session)
        due = await file_removals.due_in_all_organizations(session)
    for organization_id in overdue:
        try:
            async with database.writing(ids.new("req")) as session:
                await file_removals.drop_overdue(session, organization_id)
        except Exception:
            log.exception("dropping overdue files failed", organization=organization_id)

    async def one(organization_id: str, removal_id: str) -> bool:
        try:
            return await _remove(database, storage, organization_id, removal_id)
        except Exception:
            # It is due again after a while; the others must not wait for it.
            log.exception("removing a file failed", organization=organization_id, removal=removal_id)
            return False

    async with asyncio.TaskGroup() as group:
        made = [group.create_task(one(*key)) for key in due]
    return sum(task.result() for task in made)


async def _remove(database: Database, storage: Storage, organization_id: str, removal_id: str) -> bool:
    async with database.writing(ids.new("req")) as session:
        storage_key = await file_removals.take(session, organization_id, removal_id)
    if storage_key is None:
        return False
    async with asyncio.timeout(WITHIN_SECONDS):
        await storage.remove(storage_key)
    async with database.writing(ids.new("req")) as session:
        await file_removals.done(session, organization_id, removal_id)
    return True
