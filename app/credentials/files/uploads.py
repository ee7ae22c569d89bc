"""Receiving the bytes of an expected file, and the URLs for upload and download.

An upload takes three steps, so that no transaction is open during the write to the store: schedule the removal of the
bytes; write the bytes; attach the file and cancel the removal. After any failure the bytes are removed.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from secrets import token_hex

from app.access import Actor
from app.attachments import receipt
from app.attachments.file_service import FileService
from app.attachments.receipt import ReceivedFile
from app.attachments.storage import FileMissing
from app.attachments.url_purposes import DOWNLOAD, UPLOAD, UploadUrl
from app.core.errors import AlreadyUploaded, NotFound, NotUploaded
from app.credentials.files import attachments, removals
from app.credentials.files.attachments import Expected
from app.credentials.files.tables import Attachment, FileRemoval
from app.db.database import Database
from app.signing.signed_urls import SignedUrl

Chunks = AsyncIterator[bytes]


async def issue_upload_url(
    database: Database, files: FileService, actor: Actor, expected: Expected, origin: str, request_id: str
) -> tuple[Attachment, UploadUrl]:
    """Return an expected file with the URL to send its bytes to: the store's own if the store signs URLs.

    Raises AlreadyUploaded if the file has its bytes.
    """
    attachment = _require(expected, "idempotencyKey")
    if attachment.uploaded_at is not None:
        raise AlreadyUploaded("the file of this key was already uploaded", ("idempotencyKey",))
    now = database.clock()
    if not files.storage.presigns:
        signed = files.signed_urls.make(UPLOAD, attachment.id, actor.url_holder, origin, now, until=actor.expires_at)
        return attachment, UploadUrl(signed.url, signed.expires_at)
    key = _incoming_key(attachment)
    async with database.writing(request_id) as session:
        removals.schedule(session, attachment.organization_id, key, now + removals.UPLOAD_PERIOD)
    url = await files.storage.sign_url("PUT", key, files.signed_urls.lifetime)
    return attachment, UploadUrl(url, files.signed_urls.expires_at(now))


async def complete(
    database: Database, files: FileService, actor: Actor, expected: Expected, request_id: str
) -> Attachment:
    """Attach a file that the client sent to the store itself. A file sent through the service is attached already.

    Raises NotUploaded if the store has no bytes.
    """
    attachment = _require(expected, "id")
    if attachment.uploaded_at is not None:
        return attachment
    try:
        if not files.storage.presigns:
            raise FileMissing
        incoming = await files.storage.read(_incoming_key(attachment))
    except FileMissing:
        raise NotUploaded("no file was uploaded; send it to the URL of attachmentUploadCreate first", ("id",)) from None
    receipt.check_size(incoming.size, files.max_bytes)
    # Copy the bytes: the upload URL is still valid, and the checked bytes must not change.
    try:
        return await receive(database, files, actor, attachment, incoming.chunks, request_id)
    except AlreadyUploaded:  # by another call at the same time
        async with database.reading(request_id) as session:
            current = await session.get(Attachment, (actor.organization_id, attachment.id))
            return _require(Expected(current), "id")


async def receive(
    database: Database, files: FileService, actor: Actor, attachment: Attachment, chunks: Chunks, request_id: str
) -> Attachment:
    """Write the bytes of an expected file to the store and attach the file."""
    key = f"{attachment.organization_id}/{attachment.id}/{token_hex(8)}"
    async with database.writing(request_id) as session:
        removal = removals.schedule(session, attachment.organization_id, key, session.now + removals.UPLOAD_PERIOD)
    try:
        # Stop before the removal is due. It would find no bytes yet, and bytes written later would stay.
        async with asyncio.timeout((removals.UPLOAD_PERIOD / 2).total_seconds()):
            received = await receipt.receive(files.storage, key, chunks, attachment.file_name, files.max_bytes)
        return await _attach(database, actor, attachment, received, removal, request_id)
    except Exception as error:
        # If the commit succeeded and only its answer was lost, the removal is gone and this does nothing.
        async with database.writing(request_id) as session:
            await removals.expedite(session, removal)
        if isinstance(error, TimeoutError):
            raise NotUploaded(
                "the upload took too long; request another with attachmentUploadCreate", ("id",)
            ) from None
        raise


async def _attach(
    database: Database,
    actor: Actor,
    attachment: Attachment,
    received: ReceivedFile,
    removal: FileRemoval,
    request_id: str,
) -> Attachment:
    async def attempt() -> Attachment:
        async with database.writing(request_id) as session:
            return await attachments.attach(session, actor, attachment.id, received, removal)

    return await database.run_with_retries(attempt)


def sender_actor(attachment: Attachment) -> Actor:
    """Return the actor who requested the upload, as the sender of its bytes.

    The endpoint has checked that the holder of the URL may still send them.
    """
    return Actor(
        attachment.organization_id,
        attachment.created_by_kind,
        attachment.created_by,
        attachment.created_by_name,
        frozenset(),
    )


def download_url(
    files: FileService, actor: Actor, attachment: Attachment, origin: str, now: datetime
) -> SignedUrl | None:
    """Return the URL to download a file from; None until it is uploaded."""
    if attachment.uploaded_at is None:
        return None
    holder, until = actor.url_holder, actor.expires_at
    return files.signed_urls.make(DOWNLOAD, attachment.id, holder, origin, now, until=until)


def _incoming_key(attachment: Attachment) -> str:
    """Return the storage key for bytes that a client sends to the store and that are not checked yet."""
    return f"incoming/{attachment.organization_id}/{attachment.id}"


def _require(expected: Expected, path: str) -> Attachment:
    attachment = expected.attachment
    if attachment is None:
        raise NotFound(f"{path}: the attachment was deleted", (path,))
    return attachment
