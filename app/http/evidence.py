"""Where evidence packs are had, by the sealed addresses that the graph gives, and the keys to check them with.

Whoever holds an address needs no key. A refusal is JSON with a code: 403 for an address that the service did not give,
410 for one that is good no longer, 404 where the worker is not on record, 503 while the store of files is away.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.attachments import storage
from app.attachments.file_service import Files
from app.db.database import Database
from app.evidence import archive, packs
from app.http.http_errors import PRIVATE, Refusal, opened, told
from app.signing.jws import Signature

log = structlog.get_logger("http")

KEYS = "/.well-known/jwks.json"
KEYS_KEPT_SECONDS = 300


class EvidenceDoor:
    """Answers `GET` of `/evidence/{id}`."""

    def __init__(self, database: Database, files: Files, signature: Signature, public_url: str = "") -> None:
        self._database, self._files, self._signature = database, files, signature
        # As the installation says, and never as a request does: it is signed.
        self._keys = f"{public_url.rstrip('/')}{KEYS}"

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._get(request)
        except Refusal as refusal:
            return told(request, refusal)
        except storage.Unavailable:
            log.exception("the store failed", request_id=request.scope["request_id"])
            return told(request, Refusal(503, "UNAVAILABLE", "the store of files cannot be reached now; try again"))

    async def _get(self, request: Request) -> Response:
        sealed = opened(request, self._files.addresses, packs.EVIDENCE, self._database.clock())
        request_id = request.scope["request_id"]
        headers = {**PRIVATE, "Content-Disposition": storage.disposition(packs.file_name(sealed))}
        if request.method == "HEAD":
            return StreamingResponse(iter(()), headers=headers, media_type=archive.MEDIA_TYPE)
        async with self._database.still(request_id) as session:
            found, now = await packs.find(session, sealed), session.now
        if found is None:
            raise Refusal(404, "NOT_FOUND", "the worker is not on record")
        pack = await asyncio.to_thread(packs.assemble, found, sealed, now, request_id)
        log.info("evidence pack", **{name: pack.about[name] for name in ("worker", "madeFor", "requestId")})
        chunks = archive.write(pack, self._files.storage, self._signature, self._keys)
        # The first of its files is asked for before it is said that there is an archive.
        return StreamingResponse(_all(await anext(chunks), chunks), headers=headers, media_type=archive.MEDIA_TYPE)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


class Keys:
    """Answers `GET` of `/.well-known/jwks.json`: the public keys of all that the installation signs."""

    def __init__(self, signature: Signature) -> None:
        self._keys = signature.public_keys

    async def __call__(self, _request: Request) -> JSONResponse:
        """Answer one request."""
        return JSONResponse(self._keys, headers={"Cache-Control": f"public, max-age={KEYS_KEPT_SECONDS}"})
