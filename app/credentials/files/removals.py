"""Removals of stored bytes, scheduled in a transaction and carried out after its commit.

An upload schedules the removal of its bytes first and cancels the removal once the file is attached. A failure at any
step therefore leaves no bytes behind.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import col

from app.core import ids
from app.credentials.files.tables import Attachment, FileRemoval
from app.db.session import Session

MAX_PER_RUN = 8
"""Removals per run of the job."""
UPLOAD_PERIOD = timedelta(hours=1)
"""The longest time for an upload. Longer than its URL is valid, for slow senders."""
RETRY_INTERVAL = timedelta(minutes=5)


def schedule(session: Session, organization_id: str, storage_key: str, due_at: datetime) -> FileRemoval:
    """Schedule the removal of stored bytes."""
    removal = FileRemoval(
        organization_id=organization_id, id=ids.new(FileRemoval.prefix), storage_key=storage_key, due_at=due_at
    )
    session.add(removal)
    return removal


async def cancel(session: Session, removal: FileRemoval) -> bool:
    """Cancel a removal. Return False if it has already started."""
    statement = delete(FileRemoval).where(
        col(FileRemoval.organization_id) == removal.organization_id,
        col(FileRemoval.id) == removal.id,
        col(FileRemoval.tries) == 0,
    )
    return await session.scalar(statement.returning(col(FileRemoval.id))) is not None


async def expedite(session: Session, removal: FileRemoval) -> None:
    """Make a removal due now, unless it has started."""
    await session.execute(
        update(FileRemoval)
        .where(
            col(FileRemoval.organization_id) == removal.organization_id,
            col(FileRemoval.id) == removal.id,
            col(FileRemoval.tries) == 0,
        )
        .values(due_at=session.now)
    )


async def schedule_for_file(session: Session, row: Attachment) -> None:
    """Schedule the removal of a deleted file's bytes, unless other versions share them."""
    if row.storage_key is not None and not await _is_shared(session, row):
        schedule(session, row.organization_id, row.storage_key, session.now)


async def schedule_for_credential(session: Session, organization_id: str, credential_id: str) -> None:
    """Schedule the removal of the bytes of all files of a credential."""
    statement = (
        select(col(Attachment.storage_key))
        .where(
            col(Attachment.organization_id) == organization_id,
            col(Attachment.credential_id) == credential_id,
        )
        .distinct()
    )
    for storage_key in [key for key in await session.scalars(statement) if key is not None]:
        schedule(session, organization_id, storage_key, session.now)


async def due_in_all_organizations(session: Session) -> list[tuple[str, str]]:
    """Return (organization id, removal id) of due removals, across tenants, oldest first."""
    statement = (
        select(col(FileRemoval.organization_id), col(FileRemoval.id))
        .where(col(FileRemoval.due_at) <= session.now)
        .order_by(col(FileRemoval.due_at))
        .limit(MAX_PER_RUN)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def claim(session: Session, organization_id: str, removal_id: str) -> str | None:
    """Claim a due removal. Return its storage key, or None if another process has it.

    If the removal fails, it is due again after `RETRY_INTERVAL`.
    """
    statement = (
        update(FileRemoval)
        .where(
            col(FileRemoval.organization_id) == organization_id,
            col(FileRemoval.id) == removal_id,
            col(FileRemoval.due_at) <= session.now,
        )
        .values(due_at=session.now + RETRY_INTERVAL, tries=col(FileRemoval.tries) + 1)
        .returning(col(FileRemoval.storage_key))
    )
    return await session.scalar(statement)


async def finish(session: Session, organization_id: str, removal_id: str) -> None:
    """Delete a removal that was carried out."""
    await session.execute(
        delete(FileRemoval).where(
            col(FileRemoval.organization_id) == organization_id, col(FileRemoval.id) == removal_id
        )
    )


async def organizations_with_overdue_files(session: Session) -> list[str]:
    """Return the ids of organizations with an expected file that was never uploaded, across tenants."""
    statement = select(col(Attachment.organization_id)).where(*_overdue(session)).distinct()
    return list(await session.scalars(statement))


async def delete_overdue(session: Session, organization_id: str) -> None:
    """Delete an organization's expected files that were never uploaded."""
    in_organization = col(Attachment.organization_id) == organization_id
    await session.execute(delete(Attachment).where(in_organization, *_overdue(session)))


def _overdue(session: Session) -> tuple[ColumnElement[bool], ...]:
    return col(Attachment.uploaded_at).is_(None), col(Attachment.created_at) < session.now - UPLOAD_PERIOD


async def _is_shared(session: Session, row: Attachment) -> bool:
    statement = (
        select(col(Attachment.id))
        .where(
            col(Attachment.organization_id) == row.organization_id,
            col(Attachment.credential_id) == row.credential_id,
            col(Attachment.storage_key) == row.storage_key,
            col(Attachment.id) != row.id,
        )
        .limit(1)
    )
    return await session.scalar(statement) is not None
