"""Writing an evidence pack as a ZIP archive while it goes out, so that it is never held whole.

The manifest comes last, with the digests of what was really written; a file that is missing, or is not what came, is
named there.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from app.attachments.storage import Missing, Storage
from app.evidence.packs import READABLE, Pack
from app.signing.jws import Signature

MEDIA_TYPE = "application/zip"
_JSON = "application/json"
_TYPES = {"json": _JSON, "jsonl": "application/jsonl", "txt": "text/plain"}


class _Sink(RawIOBase):
    """Takes what the archive writes, to be sent on."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """What was written since it was last taken."""
        written, self._written = bytes(self._written), bytearray()
        return written


async def write(pack: Pack, storage: Storage, signature: Signature, keys_url: str) -> AsyncIterator[bytes]:
    """The archive, as it comes. Raises Unavailable: then it is to be broken off."""
    sink = _Sink()
    listed: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    with ZipFile(sink, "w") as archive:
        for file in pack.files:
            digest, size = hashlib.sha256(), 0
            try:
                opened = await storage.read(file.storage_key)
            except Missing:
                problems.append({"path": file.path, "code": "FILE_MISSING", "sha256": file.sha256})
                continue
            with archive.open(_info(pack, file.path, ZIP_STORED), "w") as entry:
                async for chunk in opened.chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    entry.write(chunk)
                    yield sink.take()
            listed.append(_listed(file.path, file.media_type, size, digest))
            if digest.hexdigest() != file.sha256:
                problems.append({"path": file.path, "code": "FILE_ALTERED", "sha256": file.sha256})
        for path, content in pack.documents.items():
            await _put(archive, pack, path, content)
            listed.append(_listed(path, _TYPES[path.rpartition(".")[2]], len(content), hashlib.sha256(content)))
            yield sink.take()
        manifest = orjson.dumps(
            {**pack.about, "keys": keys_url, "files": listed, "problems": problems}, option=READABLE
        )
        await _put(archive, pack, "manifest.json", manifest)
        await _put(archive, pack, "manifest.jws", signature.sign(manifest, _JSON).encode())
    yield sink.take()


async def _put(archive: ZipFile, pack: Pack, path: str, content: bytes) -> None:
    # Packing takes a while where much has happened.
    await asyncio.to_thread(archive.writestr, _info(pack, path, ZIP_DEFLATED), content)


def _info(pack: Pack, path: str, method: int) -> ZipInfo:
    info = ZipInfo(path, pack.made_at.timetuple()[:6])
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return info


def _listed(path: str, media_type: str, size: int, digest: Any) -> dict[str, Any]:
    return {"path": path, "mediaType": media_type, "size": size, "sha256": digest.hexdigest()}
