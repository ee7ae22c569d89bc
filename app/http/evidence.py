"""Downloads of evidence packs by signed URL, and the public keys that verify them.

A signed URL needs no API key. Errors are JSON with a code: 403 for a URL that the service did not issue, 410 for an
expired one and for one whose key or token has ended, 404 for a worker who is not on record, 503 while the file store is
unavailable.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.attachments import storage
from app.attachments.file_service import FileService
from app.db.database import Database
from app.evidence import archive, packs
from app.http import url_holders
from app.http.http_errors import DOWNLOAD_HEADERS, HTTPError, error_response, open_signed_url, storage_unavailable
from app.signing.jws import JwsSigner

log = structlog.get_logger("http")

PUBLIC_KEYS_PATH = "/.well-known/jwks.json"
PUBLIC_KEYS_CACHE_SECONDS = 300


class EvidenceEndpoint:
    """Answers `GET` of `/evidence/{id}`."""

    def __init__(self, database: Database, files: FileService, signature: JwsSigner, public_url: str = "") -> None:
        self._database, self._files, self._signature = database, files, signature
        # The pack is signed, so this URL comes from the settings, never from a request's Host header.
        self._public_keys_url = f"{public_url.rstrip('/')}{PUBLIC_KEYS_PATH}"

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._get(request)
        except HTTPError as error:
            return error_response(request, error)
        except storage.StorageUnavailable:
            log.exception("the store failed", request_id=request.scope["request_id"])
            return error_response(request, storage_unavailable())

    async def _get(self, request: Request) -> Response:
        sealed = open_signed_url(request, self._files.signed_urls, packs.EVIDENCE, self._database.clock())
        request_id = request.scope["request_id"]
        headers = {**DOWNLOAD_HEADERS, "Content-Disposition": storage.disposition(packs.file_name(sealed))}
        async with self._database.snapshot(request_id) as session:
            actor = await url_holders.find_actor(session, sealed.holder, packs.REQUIRED_SCOPES)
            if request.method == "HEAD":
                return StreamingResponse(iter(()), headers=headers, media_type=archive.MEDIA_TYPE)
            content, now = await packs.load_records(session, sealed), session.now
        if content is None:
            raise HTTPError(404, "NOT_FOUND", "the worker is not on record")
        pack = await asyncio.to_thread(packs.assemble, content, sealed, now, request_id)
        log.info("evidence pack", worker=sealed.key, actor=actor.log_id, request_id=request_id)
        chunks = archive.stream(pack, self._files.storage, self._signature, self._public_keys_url)
        # The first chunk is read before the response starts, so that an unavailable file store is answered with 503.
        return StreamingResponse(_chain(await anext(chunks), chunks), headers=headers, media_type=archive.MEDIA_TYPE)


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


class PublicKeysEndpoint:
    """Answers `GET` of `/.well-known/jwks.json`: the public keys of everything that the installation signs."""

    def __init__(self, signature: JwsSigner) -> None:
        self._keys = signature.public_keys

    async def __call__(self, _request: Request) -> JSONResponse:
        """Answer one request."""
        return JSONResponse(self._keys, headers={"Cache-Control": f"public, max-age={PUBLIC_KEYS_CACHE_SECONDS}"})
