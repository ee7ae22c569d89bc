"""Taking in the bytes of a file that is expected, and giving them out.

A file is taken in by three steps, so that no transaction is open while the store is written to: its key is written
down as one to remove; the bytes are written; the file is attached, and its key struck off. Whatever fails on the way,
the bytes are removed in the end.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from secrets import token_hex

from app.access import Actor
from app.attachments import receipt
from app.attachments.file_service import Files
from app.attachments.receipt import Received
from app.attachments.storage import Missing
from app.attachments.url_purposes import DOWNLOAD, UPLOAD, Upload
from app.core.errors import AlreadyUploaded, NotFound, NotUploaded
from app.credentials.files import attachments, removals
from app.credentials.files.attachments import Expected
from app.credentials.files.tables import Attachment, FileRemoval
from app.db.database import Database, Session
from app.signing.signed_urls import Address

Chunks = AsyncIterator[bytes]


async def address(
    database: Database, files: Files, expected: Expected, origin: str, request_id: str
) -> tuple[Attachment, Upload]:
    """Where the bytes of a file are to be sent: to the store itself, where it has addresses of its own."""
    attachment = _still_there(expected, "idempotencyKey")
    if attachment.uploaded_at is not None:
        raise AlreadyUploaded("the file that this was about came already", ("idempotencyKey",))
    now = database.clock()
    if not files.storage.presigns:
        mine = (attachment.organization_id, attachment.id)
        found = files.addresses.make(UPLOAD, *mine, origin, now)
        return attachment, Upload(found.url, found.expires_at)
    key = _incoming(attachment)
    async with database.writing(request_id) as session:
        removals.note(session, attachment.organization_id, key, now + removals.EXPECTED_FOR)
    url = await files.storage.address("PUT", key, files.addresses.lasting)
    return attachment, Upload(url, files.addresses.until(now))


async def complete(database: Database, files: Files, actor: Actor, expected: Expected, request_id: str) -> Attachment:
    """Take in what was sent to the store itself. What came through the service is there already."""
    attachment = _still_there(expected, "id")
    if attachment.uploaded_at is not None:
        return attachment
    try:
        if not files.storage.presigns:
            raise Missing
        sent = await files.storage.read(_incoming(attachment))
    except Missing:
        raise NotUploaded(
            "no file came yet; send it to the address that attachmentUploadCreate gave", ("id",)
        ) from None
    receipt.check_size(sent.size, files.most_bytes)
    # Copied, for the address stays good for a while, and what was checked must not change any more.
    try:
        return await take_in(database, files, actor, attachment, sent.chunks, request_id)
    except AlreadyUploaded:  # somebody else said so at the same time
        async with database.reading(request_id) as session:
            return _still_there(Expected(await named_by_address(session, actor.organization_id, attachment.id)), "id")


async def take_in(
    database: Database, files: Files, actor: Actor, attachment: Attachment, chunks: Chunks, request_id: str
) -> Attachment:
    """Write the bytes of an expected file to the store, and attach it."""
    key = f"{attachment.organization_id}/{attachment.id}/{token_hex(8)}"
    async with database.writing(request_id) as session:
        removal = removals.note(session, attachment.organization_id, key, session.now + removals.EXPECTED_FOR)
    try:
        # In time, for else the key is gone from those to remove before there is anything under it.
        async with asyncio.timeout((removals.EXPECTED_FOR / 2).total_seconds()):
            received = await receipt.receive(files.storage, key, chunks, attachment.file_name, files.most_bytes)
        return await _attach(database, actor, attachment, received, removal, request_id)
    except Exception as error:
        # Where the commit was made all the same, and only its answer was lost, there is nothing left to hurry.
        async with database.writing(request_id) as session:
            await removals.hurry(session, removal)
        if isinstance(error, TimeoutError):
            raise NotUploaded("the file was on its way for too long; ask for another address", ("id",)) from None
        raise


async def _attach(
    database: Database, actor: Actor, attachment: Attachment, received: Received, removal: FileRemoval, request_id: str
) -> Attachment:
    async def attempt() -> Attachment:
        async with database.writing(request_id) as session:
            return await attachments.arrive(session, actor, attachment.id, received, removal)

    return await database.retrying(attempt)


def sender(attachment: Attachment) -> Actor:
    """Whoever was given the address of a file, as the one who sends it: it is good for its minutes, whatever becomes of
    their rights meanwhile."""
    return Actor(
        attachment.organization_id,
        attachment.created_by_kind,
        attachment.created_by,
        attachment.created_by_name,
        frozenset(),
    )


def download(files: Files, attachment: Attachment, origin: str, now: datetime) -> Address | None:
    """Where the bytes of a file can be had; None while there are none."""
    if attachment.uploaded_at is None:
        return None
    return files.addresses.make(DOWNLOAD, attachment.organization_id, attachment.id, origin, now)


async def named_by_address(session: Session, organization_id: str, key: str) -> Attachment | None:
    """The file of an address that the service gave."""
    return await session.get(Attachment, (organization_id, key))


def _incoming(attachment: Attachment) -> str:
    """Where in the store a client puts a file that nobody has looked at yet."""
    return f"incoming/{attachment.organization_id}/{attachment.id}"


def _still_there(expected: Expected, path: str) -> Attachment:
    attachment = expected.attachment
    if attachment is None:
        raise NotFound(f"{path}: the attachment is gone meanwhile", (path,))
    return attachment
