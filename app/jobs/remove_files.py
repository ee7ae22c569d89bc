"""The job that removes files: unneeded content from the store, and expected uploads that never arrived."""

import asyncio
from functools import partial

from app.attachments.storage import Storage
from app.core import ids
from app.credentials.files import removals
from app.db.database import Database
from app.jobs import concurrency

STORE_TIMEOUT_SECONDS = 5
"""The time that an unreachable file store may hold up the other jobs."""


async def run(database: Database, storage: Storage) -> int:
    """Remove due files from the store and delete overdue expected files; return the number of files removed."""
    async with database.reading() as session:
        overdue = await removals.organizations_with_overdue_files(session)
        due = await removals.due_in_all_organizations(session)
    await concurrency.run_for_each_organization(
        database, overdue, removals.delete_overdue, "dropping overdue files failed"
    )
    return await concurrency.run_for_each(due, partial(_remove, database, storage), "removing a file failed")


async def _remove(database: Database, storage: Storage, organization_id: str, removal_id: str) -> bool:
    async with database.writing(ids.new("req")) as session:
        storage_key = await removals.claim(session, organization_id, removal_id)
    if storage_key is None:
        return False
    async with asyncio.timeout(STORE_TIMEOUT_SECONDS):
        await storage.remove(storage_key)
    async with database.writing(ids.new("req")) as session:
        await removals.finish(session, organization_id, removal_id)
    return True
