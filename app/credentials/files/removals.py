"""Bytes that are to be removed: written down in the transaction that needs them no more, removed after it.

What is about to be written into the store is written down first, and struck off when it is attached. So nothing stays
behind, whatever breaks in between.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import col

from app.core import ids
from app.credentials.files.tables import Attachment, FileRemoval
from app.db.database import Session

MOST_IN_A_TURN = 8
EXPECTED_FOR = timedelta(hours=1)
"""How long a file may be on its way: longer than its address is good, for a slow sender."""
AGAIN_AFTER = timedelta(minutes=5)


def note(session: Session, organization_id: str, storage_key: str, due_at: datetime) -> FileRemoval:
    """Write down that bytes are to be removed."""
    removal = FileRemoval(
        organization_id=organization_id, id=ids.new(FileRemoval.prefix), storage_key=storage_key, due_at=due_at
    )
    session.add(removal)
    return removal


async def strike_off(session: Session, removal: FileRemoval) -> bool:
    """Keep bytes after all; gives whether it is not too late for that."""
    statement = delete(FileRemoval).where(
        col(FileRemoval.organization_id) == removal.organization_id,
        col(FileRemoval.id) == removal.id,
        col(FileRemoval.tries) == 0,
    )
    return await session.scalar(statement.returning(col(FileRemoval.id))) is not None


async def hurry(session: Session, removal: FileRemoval) -> None:
    """Have bytes removed at once, if they are still to be removed."""
    await session.execute(
        update(FileRemoval)
        .where(
            col(FileRemoval.organization_id) == removal.organization_id,
            col(FileRemoval.id) == removal.id,
            col(FileRemoval.tries) == 0,
        )
        .values(due_at=session.now)
    )


async def forget(session: Session, row: Attachment) -> None:
    """Have the bytes of a file removed that is about to be deleted, unless other versions show them too."""
    if row.storage_key is not None and not await _shared(session, row):
        note(session, row.organization_id, row.storage_key, session.now)


async def forget_all(session: Session, organization_id: str, credential_id: str) -> None:
    """Have the bytes of all files of a credential removed."""
    statement = (
        select(col(Attachment.storage_key))
        .where(
            col(Attachment.organization_id) == organization_id,
            col(Attachment.credential_id) == credential_id,
        )
        .distinct()
    )
    for storage_key in [key for key in await session.scalars(statement) if key is not None]:
        note(session, organization_id, storage_key, session.now)


async def due_in_all_organizations(session: Session) -> list[tuple[str, str]]:
    """(organization, removal) of bytes whose time has come, the oldest first, across tenants."""
    statement = (
        select(col(FileRemoval.organization_id), col(FileRemoval.id))
        .where(col(FileRemoval.due_at) <= session.now)
        .order_by(col(FileRemoval.due_at))
        .limit(MOST_IN_A_TURN)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def take(session: Session, organization_id: str, removal_id: str) -> str | None:
    """Take on a removal: gives the key of the bytes, or None if somebody else has it. It comes again if it fails."""
    statement = (
        update(FileRemoval)
        .where(
            col(FileRemoval.organization_id) == organization_id,
            col(FileRemoval.id) == removal_id,
            col(FileRemoval.due_at) <= session.now,
        )
        .values(due_at=session.now + AGAIN_AFTER, tries=col(FileRemoval.tries) + 1)
        .returning(col(FileRemoval.storage_key))
    )
    return await session.scalar(statement)


async def done(session: Session, organization_id: str, removal_id: str) -> None:
    """Strike off a removal that was made."""
    await session.execute(
        delete(FileRemoval).where(
            col(FileRemoval.organization_id) == organization_id, col(FileRemoval.id) == removal_id
        )
    )


async def organizations_with_overdue_files(session: Session) -> list[str]:
    """The organizations of which some file was expected, and never came, across tenants."""
    statement = select(col(Attachment.organization_id)).where(*_overdue(session)).distinct()
    return list(await session.scalars(statement))


async def drop_overdue(session: Session, organization_id: str) -> None:
    """Expect files of an organization no more that never came."""
    mine = col(Attachment.organization_id) == organization_id
    await session.execute(delete(Attachment).where(mine, *_overdue(session)))


def _overdue(session: Session) -> tuple[ColumnElement[bool], ...]:
    return col(Attachment.uploaded_at).is_(None), col(Attachment.created_at) < session.now - EXPECTED_FOR


async def _shared(session: Session, row: Attachment) -> bool:
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
