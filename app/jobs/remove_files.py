"""Files that nobody needs any more, or that were expected and never came."""

import structlog

from app.attachments.storage import Storage
from app.core import ids
from app.core.database import Database
from app.credentials import file_removals

log = structlog.get_logger("jobs")


async def run(database: Database, storage: Storage) -> int:
    """Remove the bytes whose time has come, and expect no more what is overdue; gives how many bytes went."""
    async with database.reading() as session:
        overdue = await file_removals.organizations_with_overdue_files(session)
        due = await file_removals.due_in_all_organizations(session)
    for organization_id in overdue:
        async with database.writing(ids.new("req")) as session:
            await file_removals.drop_overdue(session, organization_id)
    return sum([await _remove(database, storage, *key) for key in due])


async def _remove(database: Database, storage: Storage, organization_id: str, removal_id: str) -> bool:
    async with database.writing(ids.new("req")) as session:
        storage_key = await file_removals.take(session, organization_id, removal_id)
    if storage_key is None:
        return False
    try:
        await storage.remove(storage_key)
    except Exception:
        # It is due again after a while; the others must not wait for it.
        log.exception("removing a file failed", organization=organization_id, removal=removal_id)
        return False
    async with database.writing(ids.new("req")) as session:
        await file_removals.done(session, organization_id, removal_id)
    return True
