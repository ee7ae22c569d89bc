"""Where the bytes of files go in and out, by the sealed addresses that mutations and reads give.

Whoever holds an address needs no key. A refusal is JSON with a code: 403 for an address that the service did not give,
410 for one that is good no longer, 404 for a file that is gone, 409 where the credential takes no file any more or
another file came before, 413 and 415 for a file that is not taken.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from app.attachments import receipt, storage
from app.attachments.file_service import Files
from app.attachments.storage import Missing
from app.attachments.url_purposes import DOWNLOAD, UPLOAD
from app.core.errors import AlreadyUploaded, DomainError, FileTooLarge, NotFound, UnsupportedFile
from app.credentials.files import uploads
from app.credentials.files.tables import Attachment
from app.db.database import Database
from app.http.http_errors import PRIVATE, Refusal, opened, told
from app.signing.signed_urls import Purpose

log = structlog.get_logger("http")

LEADS_ON_FOR = timedelta(minutes=1)
"""How long the store's own address is good, to which a download is led on."""
STATUSES: dict[type[DomainError], int] = {NotFound: 404, FileTooLarge: 413, UnsupportedFile: 415}
CONFLICT = 409


class FileDoor:
    """Answers `PUT` and `GET` of `/files/{id}`."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        answer = self._put if request.method == "PUT" else self._get
        try:
            return await answer(request)
        except Refusal as refusal:
            return _refused(request, refusal)
        except DomainError as error:
            status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), CONFLICT)
            return _refused(request, Refusal(status, error.code, error.message))
        except ClientDisconnect:
            return _refused(request, Refusal(400, "BAD_REQUEST", "the file ended early"))
        except storage.Unavailable:
            log.exception("the store failed", request_id=request.scope["request_id"])
            return _refused(request, Refusal(503, "UNAVAILABLE", "the store of files cannot be reached now; try again"))

    async def _put(self, request: Request) -> Response:
        attachment = await self._find(request, UPLOAD)
        announced = request.headers.get("content-length", "")
        if announced.isdecimal():
            receipt.check_size(int(announced), self._files.most_bytes)
        if attachment.uploaded_at is not None:
            await self._check_same(request, attachment)
            return _taken(attachment, 200)
        chunks, request_id = request.stream(), request.scope["request_id"]
        sender = uploads.sender(attachment)
        taken = await uploads.take_in(self._database, self._files, sender, attachment, chunks, request_id)
        return _taken(taken, 201)

    async def _check_same(self, request: Request, attachment: Attachment) -> None:
        """Let a file be sent again by somebody who did not hear that it came."""
        digest, size = sha256(), 0
        async for chunk in request.stream():
            size += len(chunk)
            receipt.check_size(size, self._files.most_bytes)
            digest.update(chunk)
        if digest.hexdigest() != attachment.sha256:
            raise AlreadyUploaded("another file came to this address before")

    async def _get(self, request: Request) -> Response:
        attachment = await self._find(request, DOWNLOAD)
        key, store = attachment.storage_key, self._files.storage
        if key is None:
            raise _gone()
        headers = {
            **PRIVATE,
            "Content-Type": str(attachment.media_type),
            "Content-Length": str(attachment.size),
            "Content-Disposition": storage.disposition(attachment.file_name),
        }
        if request.method == "HEAD":
            return Response(headers=headers)
        if store.presigns:
            address = await store.address("GET", key, LEADS_ON_FOR)
            return RedirectResponse(address, 307, headers=PRIVATE)
        try:
            opened = await store.read(key)
        except Missing:
            raise _gone() from None
        return StreamingResponse(opened.chunks, headers=headers)

    async def _find(self, request: Request, purpose: Purpose) -> Attachment:
        sealed = opened(request, self._files.addresses, purpose, self._database.clock())
        async with self._database.reading(request.scope["request_id"]) as session:
            found = await uploads.named_by_address(session, sealed.organization_id, sealed.key)
        if found is None:
            raise _gone()
        return found


def _gone() -> Refusal:
    return Refusal(404, "NOT_FOUND", "the file is gone")


def _taken(attachment: Attachment, status: int) -> JSONResponse:
    taken: dict[str, Any] = {
        "id": attachment.id,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "mediaType": attachment.media_type,
    }
    return JSONResponse(taken, status, {"Cache-Control": "no-store"})


def _refused(request: Request, refusal: Refusal) -> JSONResponse:
    if request.method == "PUT":
        # The rest of a file that is not taken is not waited for.
        refusal.headers["Connection"] = "close"
    return told(request, refusal)
