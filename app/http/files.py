"""Uploads and downloads of files by signed URL.

A signed URL needs no API key. Errors are JSON with a code: 403 for a URL that the service did not issue, 410 for an
expired one and for one whose key or token has ended, 404 for a deleted file, 409 if the credential accepts no more
files or another file was uploaded to the URL before, 413 and 415 for a file that is too large or of an unsupported
type.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from app.access import Scope
from app.attachments import content, receipt, storage
from app.attachments.file_service import FileService
from app.attachments.storage import FileMissing
from app.attachments.url_purposes import DOWNLOAD, UPLOAD
from app.core.errors import AlreadyUploaded, DomainError, FileTooLarge, NotFound, UnsupportedFile
from app.credentials.files import uploads
from app.credentials.files.tables import Attachment
from app.db import row_access
from app.db.database import Database
from app.http import url_holders
from app.http.http_errors import DOWNLOAD_HEADERS, HTTPError, error_response, open_signed_url, storage_unavailable
from app.signing.signed_urls import Purpose

log = structlog.get_logger("http")

REDIRECT_LIFETIME = timedelta(minutes=1)
"""The validity of the file store's own URL, to which a download is redirected."""
SCOPES = {UPLOAD: Scope.CREDENTIALS_WRITE, DOWNLOAD: Scope.CREDENTIALS_READ}
"""The scope that the holder of a URL needs, or `SELF_CREDENTIALS` for their own files."""
STATUS_BY_ERROR: dict[type[DomainError], int] = {NotFound: 404, FileTooLarge: 413, UnsupportedFile: 415}
CONFLICT = 409


class FileEndpoint:
    """Answers `PUT` and `GET` of `/files/{id}`."""

    def __init__(self, database: Database, files: FileService) -> None:
        self._database = database
        self._files = files

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        handle = self._put if request.method == "PUT" else self._get
        try:
            return await handle(request)
        except HTTPError as error:
            return _error_response(request, error)
        except DomainError as error:
            status = next((status for cls, status in STATUS_BY_ERROR.items() if isinstance(error, cls)), CONFLICT)
            return _error_response(request, HTTPError(status, error.code, error.message))
        except ClientDisconnect:
            return _error_response(request, HTTPError(400, "BAD_REQUEST", "the file ended early"))
        except storage.StorageUnavailable:
            log.exception("the store failed", request_id=request.scope["request_id"])
            return _error_response(request, storage_unavailable())

    async def _put(self, request: Request) -> Response:
        attachment = await self._find(request, UPLOAD)
        content_length = request.headers.get("content-length", "")
        if content_length.isdecimal():
            receipt.check_size(int(content_length), self._files.max_bytes)
        if attachment.uploaded_at is not None:
            await self._check_same(request, attachment)
            return _receipt(attachment, 200)
        chunks, request_id = request.stream(), request.scope["request_id"]
        sender = uploads.sender_actor(attachment)
        uploaded = await uploads.receive(self._database, self._files, sender, attachment, chunks, request_id)
        return _receipt(uploaded, 201)

    async def _check_same(self, request: Request, attachment: Attachment) -> None:
        """Accept the same file again, from a client that missed the first answer. Raises AlreadyUploaded."""
        digest, size = sha256(), 0
        async for chunk in request.stream():
            size += len(chunk)
            receipt.check_size(size, self._files.max_bytes)
            digest.update(chunk)
        if digest.hexdigest() != attachment.sha256:
            raise AlreadyUploaded("another file was uploaded to this URL before")

    async def _get(self, request: Request) -> Response:
        attachment = await self._find(request, DOWNLOAD)
        key, store = attachment.storage_key, self._files.storage
        if key is None:
            raise _gone()
        headers = {
            **DOWNLOAD_HEADERS,
            "Content-Type": str(attachment.media_type),
            "Content-Length": str(attachment.size),
            "Content-Disposition": storage.disposition(_shown_name(attachment)),
        }
        if request.method == "HEAD":
            return Response(headers=headers)
        if store.presigns:
            url = await store.sign_url("GET", key, REDIRECT_LIFETIME)
            return RedirectResponse(url, 307, headers=DOWNLOAD_HEADERS)
        try:
            file = await store.read(key)
        except FileMissing:
            raise _gone() from None
        return StreamingResponse(file.chunks, headers=headers)

    async def _find(self, request: Request, purpose: Purpose) -> Attachment:
        sealed = open_signed_url(request, self._files.signed_urls, purpose, self._database.clock())
        async with self._database.reading(request.scope["request_id"]) as session:
            actor = await url_holders.find_actor(session, sealed.holder, [SCOPES[purpose]], own=True)
            try:
                return await row_access.find(session, actor, Attachment, sealed.key, ("id",))
            except NotFound:
                raise _gone() from None


def _shown_name(attachment: Attachment) -> str:
    """Return the name to save a file under. Names stored before had any ending."""
    return content.fitting_name(attachment.file_name, str(attachment.media_type))


def _gone() -> HTTPError:
    return HTTPError(404, "NOT_FOUND", "the file is gone")


def _receipt(attachment: Attachment, status: int) -> JSONResponse:
    facts: dict[str, Any] = {
        "id": attachment.id,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "mediaType": attachment.media_type,
    }
    return JSONResponse(facts, status, {"Cache-Control": "no-store"})


def _error_response(request: Request, error: HTTPError) -> JSONResponse:
    if request.method == "PUT":
        # The rest of a refused file is not read, so the connection cannot be used again.
        error.headers["Connection"] = "close"
    return error_response(request, error)
