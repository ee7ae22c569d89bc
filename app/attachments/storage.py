"""Storage of files by key, in a folder or in a bucket of an S3 service."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from app.core import private_files

CHUNK_BYTES = 256 * 1024
_S3 = "s3://"
MAX_RETRIES, RETRY_PERIOD = 3, timedelta(seconds=20)
CONNECT_TIMEOUT, RESPONSE_TIMEOUT = timedelta(seconds=5), timedelta(seconds=60)


class StorageUnavailable(Exception):
    """The store cannot be reached, or refuses the operation."""


class FileMissing(Exception):
    """The store has no file under the key."""


@dataclass(frozen=True)
class S3Service:
    """The connection to an S3 service. Empty values come from AWS's own variables or the machine's role."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True)
class OpenFile:
    """A file opened for reading."""

    size: int
    chunks: AsyncIterator[bytes]


class Storage:
    """Files by key. A file is stored completely or not at all."""

    def __init__(self, location: str | Path, service: S3Service | None = None, *, is_own: bool = False) -> None:
        """Set the location: a folder, or `s3://bucket/prefix`. It is created or contacted with the first file.

        A folder that the service creates, or that is its own, is closed to other accounts. Raises ValueError if the
        location is neither.
        """
        self._is_own = is_own
        self._location, self._service = str(location), service or S3Service()
        self.presigns = self._location.startswith(_S3)
        """True if clients send files directly to the store, at URLs that the store signs."""
        if self.presigns and not urlsplit(self._location).netloc:
            raise ValueError(f"the location of files, {self._location}, names no bucket: s3://bucket/prefix")
        if not self.presigns and "://" in self._location:
            raise ValueError(f"the location of files, {self._location}, is neither a folder nor s3://bucket/prefix")

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        if self.presigns:
            return self._bucket
        folder = Path(self._location)
        if self._is_own or not folder.exists():
            private_files.make_folder(folder)
        return LocalStore(folder, mkdir=True, automatic_cleanup=True)

    @cached_property
    def _bucket(self) -> S3Store:
        parts, service = urlsplit(self._location), self._service
        config: dict[str, Any] = {
            "endpoint": service.endpoint,
            "region": service.region,
            "access_key_id": service.access_key,
            "secret_access_key": service.secret_key,
        }
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_PERIOD},
            client_options={
                "connect_timeout": CONNECT_TIMEOUT,
                "timeout": RESPONSE_TIMEOUT,
                "allow_http": service.endpoint.startswith("http://"),
            },
            **{name: value for name, value in config.items() if value},
        )

    async def write(self, key: str, chunks: AsyncIterator[bytes], media_type: str, file_name: str) -> None:
        """Write a stream of chunks as a file. If the stream raises, nothing is stored and the exception propagates."""
        # A folder stores no attributes; a download through the service sets the headers itself.
        attributes = (
            {"Content-Type": media_type, "Content-Disposition": disposition(file_name)} if self.presigns else None
        )
        try:
            with _translated_errors():
                await obstore.put_async(self._store, key, chunks, attributes=attributes)
        except FileMissing as error:  # the bucket does not exist
            raise StorageUnavailable from error

    async def read(self, key: str) -> OpenFile:
        """Open a file. Raises Missing."""
        with _translated_errors():
            result = await obstore.get_async(self._store, key)
        return OpenFile(result.meta["size"], _chunks(result))

    async def remove(self, key: str) -> None:
        """Remove a file, if it exists."""
        with suppress(FileMissing), _translated_errors():
            await obstore.delete_async(self._store, key)

    async def sign_url(self, method: Literal["GET", "PUT"], key: str, lifetime: timedelta) -> str:
        """Return a URL signed by the store for one method and key. Only for buckets."""
        with _translated_errors():
            return await obstore.sign_async(self._bucket, method, key, lifetime)


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise this module's errors in place of the library's."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileMissing from error
    except (BaseError, OSError) as error:
        raise StorageUnavailable from error


async def _chunks(result: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)


def disposition(file_name: str) -> str:
    """Return the Content-Disposition header to save a file under its name, with any characters (RFC 6266)."""
    plain = "".join(character if character.isascii() and character not in '"\\' else "_" for character in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
