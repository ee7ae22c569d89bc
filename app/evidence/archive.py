"""Stream an evidence pack as a ZIP archive, so that the whole archive is never in memory.

The manifest comes last, with the digests of the bytes that were written. It lists as problems the files that are
missing from the store, or that differ from the uploaded ones.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from app.attachments.storage import FileMissing, Storage
from app.evidence.packs import JSON_OPTIONS, Pack
from app.signing.jws import JwsSigner

MEDIA_TYPE = "application/zip"
_JSON = "application/json"
_MEDIA_TYPES = {"json": _JSON, "jsonl": "application/jsonl", "txt": "text/plain"}


class _ChunkBuffer(RawIOBase):
    """A writable file that keeps the bytes until they are taken."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        """Return and forget the bytes written since the last call."""
        written, self._written = bytes(self._written), bytearray()
        return written


async def stream(pack: Pack, storage: Storage, signer: JwsSigner, keys_url: str) -> AsyncIterator[bytes]:
    """Yield the archive in chunks. Raises StorageUnavailable, after which the response must be cut off."""
    buffer = _ChunkBuffer()
    entries: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    with ZipFile(buffer, "w") as archive:
        for file in pack.files:
            digest, size = hashlib.sha256(), 0
            try:
                opened = await storage.read(file.storage_key)
            except FileMissing:
                problems.append({"path": file.path, "code": "FILE_MISSING", "sha256": file.sha256})
                continue
            with archive.open(_zip_info(pack, file.path, ZIP_STORED), "w") as target:
                async for chunk in opened.chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                    yield buffer.take()
            entries.append(_manifest_entry(file.path, file.media_type, size, digest))
            if digest.hexdigest() != file.sha256:
                problems.append({"path": file.path, "code": "FILE_ALTERED", "sha256": file.sha256})
        for path, content in pack.documents.items():
            await _write_document(archive, pack, path, content)
            entries.append(
                _manifest_entry(path, _MEDIA_TYPES[path.rpartition(".")[2]], len(content), hashlib.sha256(content))
            )
            yield buffer.take()
        manifest = orjson.dumps(
            {**pack.header, "keys": keys_url, "files": entries, "problems": problems}, option=JSON_OPTIONS
        )
        await _write_document(archive, pack, "manifest.json", manifest)
        await _write_document(archive, pack, "manifest.jws", signer.sign(manifest, _JSON).encode())
    yield buffer.take()


async def _write_document(archive: ZipFile, pack: Pack, path: str, content: bytes) -> None:
    # Compressing the events of a busy worker would block the event loop.
    await asyncio.to_thread(archive.writestr, _zip_info(pack, path, ZIP_DEFLATED), content)


def _zip_info(pack: Pack, path: str, method: int) -> ZipInfo:
    info = ZipInfo(path, pack.made_at.timetuple()[:6])
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return info


def _manifest_entry(path: str, media_type: str, size: int, digest: Any) -> dict[str, Any]:
    return {"path": path, "mediaType": media_type, "size": size, "sha256": digest.hexdigest()}
