"""Taking a file in: checked and measured while it goes to the store, so that it is never held whole."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.attachments import content
from app.attachments.storage import Storage
from app.core.errors import FileTooLarge, UnsupportedFile


@dataclass(frozen=True)
class Received:
    """What was found of a file that is in the store now."""

    key: str
    size: int
    sha256: str
    media_type: str


async def receive(
    storage: Storage, key: str, chunks: AsyncIterator[bytes], file_name: str, most_bytes: int
) -> Received:
    """Write what comes, and tell what it is. Raises UnsupportedFile and FileTooLarge; then there is no file."""
    head = await _beginning(chunks)
    media_type = content.media_type(head)
    if media_type is None:
        empty = "the file is empty" if not head else "this is none of them, whatever its name"
        raise UnsupportedFile(f"{content.TAKEN} are taken; {empty}")
    digest, size = hashlib.sha256(), 0

    async def measured() -> AsyncIterator[bytes]:
        nonlocal size
        async for chunk in _again(head, chunks):
            size += len(chunk)
            check_size(size, most_bytes)
            digest.update(chunk)
            yield chunk

    await storage.write(key, measured(), media_type, file_name)
    return Received(key, size, digest.hexdigest(), media_type)


def check_size(size: int, most_bytes: int) -> None:
    """Refuse a file that is too large. Raises FileTooLarge."""
    if size > most_bytes:
        raise FileTooLarge(f"the file is larger than {most_bytes:,} bytes")


async def _beginning(chunks: AsyncIterator[bytes]) -> bytes:
    """As much of the beginning as is needed to tell what it is, and what came with it."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= content.HEAD_BYTES:
            break
    return head


async def _again(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        if chunk:
            yield chunk
