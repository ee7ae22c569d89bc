"""Where files lie: in a folder, or in a bucket of an S3 service. Bytes by key, and nothing else."""

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

CHUNK_BYTES = 256 * 1024
_S3 = "s3://"
MOST_RETRIES, RETRY_FOR = 3, timedelta(seconds=20)
CONNECT_WITHIN, ANSWER_WITHIN = timedelta(seconds=5), timedelta(seconds=60)


class Unavailable(Exception):
    """The store cannot be reached, or does not obey."""


class Missing(Exception):
    """There is nothing under the key."""


@dataclass(frozen=True)
class Service:
    """How an S3 service is reached; what is empty is as AWS's own variables say, or the machine's role."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


@dataclass(frozen=True)
class Opened:
    """A file that is about to be read."""

    size: int
    chunks: AsyncIterator[bytes]


class Storage:
    """Files by key. A file is there whole or not at all."""

    def __init__(self, place: str | Path, service: Service | None = None) -> None:
        """`place` is a folder, or `s3://bucket/prefix`. Nothing is made or reached before the first file."""
        self._place, self._service = str(place), service or Service()
        self.presigns = self._place.startswith(_S3)
        """Whether clients send files straight to the store, to addresses that it is asked to sign."""
        if self.presigns and not urlsplit(self._place).netloc:
            raise ValueError(f"the place of files, {self._place}, names no bucket: s3://bucket/prefix")
        if not self.presigns and "://" in self._place:
            raise ValueError(f"the place of files, {self._place}, is neither a folder nor s3://bucket/prefix")

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        return self._bucket if self.presigns else LocalStore(self._place, mkdir=True, automatic_cleanup=True)

    @cached_property
    def _bucket(self) -> S3Store:
        parts, service = urlsplit(self._place), self._service
        config: dict[str, Any] = {
            "endpoint": service.endpoint,
            "region": service.region,
            "access_key_id": service.access_key,
            "secret_access_key": service.secret_key,
        }
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            retry_config={"max_retries": MOST_RETRIES, "retry_timeout": RETRY_FOR},
            client_options={
                "connect_timeout": CONNECT_WITHIN,
                "timeout": ANSWER_WITHIN,
                "allow_http": service.endpoint.startswith("http://"),
            },
            **{name: value for name, value in config.items() if value},
        )

    async def write(self, key: str, chunks: AsyncIterator[bytes], media_type: str, file_name: str) -> None:
        """Write a file as it comes. Where the chunks end with an exception, there is no file, and it is raised."""
        # A folder cannot keep what a file is; whoever reads from it knows.
        kept = {"Content-Type": media_type, "Content-Disposition": disposition(file_name)} if self.presigns else None
        try:
            with _reaching():
                await obstore.put_async(self._store, key, chunks, attributes=kept)
        except Missing as error:  # of a bucket that is not there
            raise Unavailable from error

    async def read(self, key: str) -> Opened:
        """Open a file. Raises Missing."""
        with _reaching():
            found = await obstore.get_async(self._store, key)
        return Opened(found.meta["size"], _chunks(found))

    async def remove(self, key: str) -> None:
        """Remove a file, if it is there."""
        with suppress(Missing), _reaching():
            await obstore.delete_async(self._store, key)

    async def address(self, method: Literal["GET", "PUT"], key: str, lasting: timedelta) -> str:
        """An address of the store itself, for one method and key, good for a while."""
        with _reaching():
            return await obstore.sign_async(self._bucket, method, key, lasting)


@contextmanager
def _reaching() -> Iterator[None]:
    """What the library raises, in words of this room."""
    try:
        yield
    except FileNotFoundError as error:
        raise Missing from error
    except (BaseError, OSError) as error:
        raise Unavailable from error


async def _chunks(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)


def disposition(file_name: str) -> str:
    """The header that has a browser save a file under its name, whatever characters the name has (RFC 6266)."""
    plain = "".join(character if character.isascii() and character not in '"\\' else "_" for character in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
