"""Files in a real folder and on a real S3 server."""

import asyncio
import stat
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
"""Much longer than the one second for which the URL is valid."""


@pytest.fixture
async def bucket(settings: Settings, s3_server: str) -> Storage:
    """Provide a store in a bucket."""
    return open_storage(s3.s3_settings(settings, s3_server, "s3://evidence/some/where"))


@pytest.fixture
def folder(tmp_path: Path) -> Storage:
    """Provide a store in a folder that does not exist yet."""
    return Storage(tmp_path / "some" / "where")


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Provide a store in a folder and one in a bucket."""
    store: Storage = request.getfixturevalue(request.param)
    return store


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield a file in parts."""
    for part in parts:
        yield part


async def content(storage: Storage, key: str) -> bytes:
    """Return the content of a file."""
    opened = await storage.read(key)
    content = b"".join([chunk async for chunk in opened.chunks])
    assert len(content) == opened.size
    return content


def below(folder: Path) -> list[str]:
    """Return the paths of all files in a folder."""
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


async def test_a_truncated_upload_stores_no_file(storage: Storage) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 6_000_000
        raise RuntimeError("the sender left")

    with pytest.raises(RuntimeError, match="the sender left"):
        await storage.write("broken", broken(), "image/png", "a.png")
    with pytest.raises(FileMissing):
        await storage.read("broken")


async def test_truncated_and_removed_files_leave_nothing_in_a_folder(folder: Storage, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise RuntimeError

    await folder.write("a/b/c", chunks(b"x"), "image/png", "a.png")
    with pytest.raises(RuntimeError):
        await folder.write("a/b/d", broken(), "image/png", "a.png")
    assert below(tmp_path) == ["some", "some/where", "some/where/a", "some/where/a/b", "some/where/a/b/c"]
    await folder.remove("a/b/c")
    assert below(tmp_path) == ["some", "some/where"]


async def test_a_received_file_is_measured_and_detected(storage: Storage) -> None:
    parts = [b"", files.PNG[:3], b"", files.PNG[3:], b"x" * 500]
    received = await receipt.receive(storage, "key", chunks(*parts), "a.pdf", MOST)
    assert (received.key, received.size, received.media_type) == ("key", len(b"".join(parts)), "image/png")
    assert received.sha256 == sha256(b"".join(parts)).hexdigest()
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
async def test_refused_files_are_not_stored(storage: Storage, parts: list[bytes], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await receipt.receive(storage, "refused", chunks(*parts), "a.png", MOST)
    with pytest.raises(FileMissing):
        await storage.read("refused")


async def test_a_file_of_the_maximum_size_is_accepted(storage: Storage) -> None:
    whole = files.PNG.ljust(MOST, b"x")
    assert (await receipt.receive(storage, "whole", chunks(whole), "a.png", MOST)).size == MOST
    await storage.remove("whole")


async def test_a_bucket_signs_its_own_urls(bucket: Storage) -> None:
    async with httpx.AsyncClient() as client:
        sent = await client.put(await bucket.sign_url("PUT", "own", MINUTE), content=b"sent")
        assert sent.status_code == 200
        assert await content(bucket, "own") == b"sent"
        assert (await client.get(await bucket.sign_url("GET", "own", MINUTE))).content == b"sent"
    await bucket.remove("own")


async def test_a_bucket_serves_a_file_with_its_type_and_name(bucket: Storage) -> None:
    await bucket.write("named", chunks(b"x"), "image/png", 'né "1".png')
    async with httpx.AsyncClient() as client:
        response = await client.get(await bucket.sign_url("GET", "named", MINUTE))
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"] == disposition('né "1".png')
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
async def test_a_changed_url_is_refused(bucket: Storage, tamper: Callable[[str], str]) -> None:
    url = await bucket.sign_url("PUT", "tampered", MINUTE)
    async with httpx.AsyncClient() as client:
        assert (await client.put(tamper(url), content=b"sent")).status_code == 403
        # The URL is not valid for another method either.
        assert (await client.get(url)).status_code == 403
    for key in ("tampered", "other"):
        with pytest.raises(FileMissing):
            await bucket.read(key)


async def test_an_expired_url_is_refused(bucket: Storage) -> None:
    await bucket.write("late", chunks(b"kept"), "image/png", "a.png")
    to, of = [await bucket.sign_url(method, "late", timedelta(seconds=1)) for method in ("PUT", "GET")]
    async with httpx.AsyncClient() as client:
        for _ in range(TRIES):
            response = await client.get(of)
            if response.status_code != 200:
                break
            await asyncio.sleep(0.1)
        assert response.status_code == 403
        assert (await client.put(to, content=b"sent")).status_code == 403
    assert await content(bucket, "late") == b"kept"
    await bucket.remove("late")


async def test_an_unreachable_store_differs_from_a_missing_file(tmp_path: Path) -> None:
    nobody = Storage("s3://evidence", S3Service("http://127.0.0.1:9", "us-east-1", "access", "secret"))
    with pytest.raises(StorageUnavailable):
        await nobody.read("key")
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable):
        await Storage(tmp_path / "file").write("key", chunks(b"x"), "image/png", "a.png")


@pytest.mark.parametrize("place", ["s3://", "s3:///prefix", "gs://bucket", "https://bucket.example"])
def test_an_invalid_location_is_refused_at_once(place: str) -> None:
    with pytest.raises(ValueError, match=place):
        Storage(place)


def test_nothing_is_created_before_the_first_file(tmp_path: Path) -> None:
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


async def _write_one(storage: Storage) -> None:
    await storage.write("org/att/one", chunks(b"content"), "image/png", "one.png")


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_new_folder_is_closed_to_other_accounts(tmp_path: Path, is_own: bool) -> None:
    folder = tmp_path / "files"
    await _write_one(Storage(folder, is_own=is_own))
    assert _mode(folder) == 0o700


@pytest.mark.parametrize(("is_own", "mode"), [(True, 0o700), (False, 0o755)])
async def test_only_the_services_own_folder_is_closed_again(tmp_path: Path, is_own: bool, mode: int) -> None:
    _open_to_others(tmp_path)
    await _write_one(Storage(tmp_path, is_own=is_own))
    assert _mode(tmp_path) == mode


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _open_to_others(path: Path) -> None:
    path.chmod(0o755)
