"""Files in a real folder and on a real S3 server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from app.attachments import receipt
from app.attachments.storage import FileMissing, S3Service, Storage, StorageUnavailable, disposition
from app.core.errors import FileTooLarge, UnsupportedFile
from app.main import open_storage
from app.settings import Settings
from tests import files, s3

MOST = 1_000
MINUTE = timedelta(minutes=1)
TRIES = 300
"""Much longer than an address is good that is good for a second."""


@pytest.fixture
async def bucket(settings: Settings, s3_server: str) -> Storage:
    """A store in a bucket."""
    return open_storage(s3.s3_settings(settings, s3_server, "s3://evidence/some/where"))


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    """A store in a folder that is not there yet."""
    return Storage(tmp_path / "some" / "where")


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """A store of each kind."""
    found: Storage = request.getfixturevalue(request.param)
    return found


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """A file that comes in parts."""
    for part in parts:
        yield part


async def content(storage: Storage, key: str) -> bytes:
    """All of a file."""
    opened = await storage.read(key)
    found = b"".join([chunk async for chunk in opened.chunks])
    assert len(found) == opened.size
    return found


def below(folder: Path) -> list[str]:
    """All that is in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def test_a_file_is_written_read_and_removed(storage: Storage) -> None:
    key = "org_1/att_1/0"
    with pytest.raises(FileMissing):
        await storage.read(key)
    await storage.write(key, chunks(b"one ", b"two ", b"three"), "image/png", "a.png")
    assert await content(storage, key) == b"one two three"
    await storage.remove(key)
    await storage.remove(key)
    with pytest.raises(FileMissing):
        await storage.read(key)


async def test_a_file_that_breaks_off_is_not_there(storage: Storage) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        raise RuntimeError("the sender left")

    with pytest.raises(RuntimeError, match="the sender left"):
        await storage.write("broken", broken(), "image/png", "a.png")
    with pytest.raises(FileMissing):
        await storage.read("broken")


async def test_nothing_of_what_breaks_off_or_is_removed_stays_in_a_folder(folder: Storage, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise RuntimeError

    await folder.write("a/b/c", chunks(b"x"), "image/png", "a.png")
    with pytest.raises(RuntimeError):
        await folder.write("a/b/d", broken(), "image/png", "a.png")
    assert below(tmp_path) == ["some", "some/where", "some/where/a", "some/where/a/b", "some/where/a/b/c"]
    await folder.remove("a/b/c")
    assert below(tmp_path) == ["some", "some/where"]


async def test_what_is_taken_in_is_told_by_its_bytes(storage: Storage) -> None:
    parts = [b"", files.PNG[:3], b"", files.PNG[3:], b"x" * 500]
    found = await receipt.receive(storage, "key", chunks(*parts), "a.pdf", MOST)
    assert (found.key, found.size, found.media_type) == ("key", len(b"".join(parts)), "image/png")
    assert found.sha256 == sha256(b"".join(parts)).hexdigest()
    assert await content(storage, "key") == b"".join(parts)
    await storage.remove("key")


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([], UnsupportedFile),
        ([b"", b""], UnsupportedFile),
        ([b"<svg>", b"x" * 200], UnsupportedFile),
        ([files.PNG, b"x" * MOST], FileTooLarge),
        ([files.PNG, b"x" * 400, b"x" * 400, b"x" * 400], FileTooLarge),
    ],
)
async def test_what_is_not_taken_is_not_kept(storage: Storage, parts: list[bytes], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await receipt.receive(storage, "refused", chunks(*parts), "a.png", MOST)
    with pytest.raises(FileMissing):
        await storage.read("refused")


async def test_a_file_as_large_as_may_be_is_taken(storage: Storage) -> None:
    whole = files.PNG.ljust(MOST, b"x")
    assert (await receipt.receive(storage, "whole", chunks(whole), "a.png", MOST)).size == MOST
    await storage.remove("whole")


async def test_a_bucket_has_addresses_of_its_own(bucket: Storage) -> None:
    async with httpx.AsyncClient() as client:
        sent = await client.put(await bucket.address("PUT", "own", MINUTE), content=b"sent")
        assert sent.status_code == 200
        assert await content(bucket, "own") == b"sent"
        assert (await client.get(await bucket.address("GET", "own", MINUTE))).content == b"sent"
    await bucket.remove("own")


async def test_a_bucket_gives_a_file_with_its_type_and_to_be_saved_under_its_name(bucket: Storage) -> None:
    await bucket.write("named", chunks(b"x"), "image/png", 'né "1".png')
    async with httpx.AsyncClient() as client:
        found = await client.get(await bucket.address("GET", "named", MINUTE))
    assert found.headers["content-type"] == "image/png"
    assert found.headers["content-disposition"] == disposition('né "1".png')
    await bucket.remove("named")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url: url.replace("/tampered?", "/other?"),
        lambda url: url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url.partition("?")[0],
    ],
)
async def test_an_address_that_was_tampered_with_is_refused(bucket: Storage, tamper: Callable[[str], str]) -> None:
    url = await bucket.address("PUT", "tampered", MINUTE)
    async with httpx.AsyncClient() as client:
        assert (await client.put(tamper(url), content=b"sent")).status_code == 403
        # Nor is it good for anything else.
        assert (await client.get(url)).status_code == 403
    for key in ("tampered", "other"):
        with pytest.raises(FileMissing):
            await bucket.read(key)


async def test_an_address_that_is_good_no_longer_is_refused(bucket: Storage) -> None:
    await bucket.write("late", chunks(b"kept"), "image/png", "a.png")
    to, of = [await bucket.address(method, "late", timedelta(seconds=1)) for method in ("PUT", "GET")]
    async with httpx.AsyncClient() as client:
        for _ in range(TRIES):
            found = await client.get(of)
            if found.status_code != 200:
                break
            await asyncio.sleep(0.1)
        assert found.status_code == 403
        assert (await client.put(to, content=b"sent")).status_code == 403
    assert await content(bucket, "late") == b"kept"
    await bucket.remove("late")


async def test_a_store_that_cannot_be_reached_is_told_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    nobody = Storage("s3://evidence", S3Service("http://127.0.0.1:9", "us-east-1", "access", "secret"))
    with pytest.raises(StorageUnavailable):
        await nobody.read("key")
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable):
        await Storage(tmp_path / "file").write("key", chunks(b"x"), "image/png", "a.png")


@pytest.mark.parametrize("place", ["s3://", "s3:///prefix", "gs://bucket", "https://bucket.example"])
def test_a_place_that_is_none_is_refused_at_once(place: str) -> None:
    with pytest.raises(ValueError, match=place):
        Storage(place)


def test_nothing_is_made_before_the_first_file(tmp_path: Path) -> None:
    Storage(tmp_path / "files")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("front.png", "attachment; filename=\"front.png\"; filename*=UTF-8''front.png"),
        ('a"b\\c.png', "attachment; filename=\"a_b_c.png\"; filename*=UTF-8''a%22b%5Cc.png"),
        ("é 1.png", "attachment; filename=\"_ 1.png\"; filename*=UTF-8''%C3%A9%201.png"),
    ],
)
def test_a_file_is_saved_under_its_name(name: str, expected: str) -> None:
    assert disposition(name) == expected
