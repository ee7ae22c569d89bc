"""Receiving a file: checked and measured while it streams to the store, so that it is never held in memory."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.attachments import content
from app.attachments.storage import Storage
from app.core.errors import FileTooLarge, UnsupportedFile


@dataclass(frozen=True)
class ReceivedFile:
    """The storage key and measured facts of a stored file."""

    key: str
    file_name: str
    """The name with an ending that fits the content."""
    size: int
    sha256: str
    media_type: str


async def receive(
    storage: Storage, key: str, chunks: AsyncIterator[bytes], file_name: str, max_bytes: int
) -> ReceivedFile:
    """Write a file to the store and return its facts. Raises UnsupportedFile or FileTooLarge, and stores nothing."""
    head = await _read_head(chunks)
    media_type = content.media_type(head)
    if media_type is None:
        problem = "the file is empty" if not head else "the content of this file is of another type"
        raise UnsupportedFile(f"{content.ACCEPTED_TYPES} are accepted; {problem}")
    digest, size = hashlib.sha256(), 0

    async def measured() -> AsyncIterator[bytes]:
        nonlocal size
        async for chunk in _replay(head, chunks):
            size += len(chunk)
            check_size(size, max_bytes)
            digest.update(chunk)
            yield chunk

    file_name = content.fitting_name(file_name, media_type)
    await storage.write(key, measured(), media_type, file_name)
    return ReceivedFile(key, file_name, size, digest.hexdigest(), media_type)


def check_size(size: int, max_bytes: int) -> None:
    """Raise FileTooLarge if the size is above the limit."""
    if size > max_bytes:
        raise FileTooLarge(f"the file is larger than {max_bytes:,} bytes")


async def _read_head(chunks: AsyncIterator[bytes]) -> bytes:
    """Return at least `HEAD_BYTES` of the beginning, or the whole of a shorter file."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= content.HEAD_BYTES:
            break
    return head


async def _replay(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        if chunk:
            yield chunk
