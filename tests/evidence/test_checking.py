"""Checking an evidence pack: one that was changed in any way is found out, and so is one that somebody else signed."""

import io
import secrets
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo
from zlib import crc32

import orjson
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.__main__ import main
from app.core import logs
from app.evidence import checking
from app.evidence.checking import Unsound
from app.settings import Settings
from app.signing import jws
from app.signing.jws import Signature
from tests import files
from tests.evidence import packing
from tests.service import Tenant

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
async def pack(tenant: Tenant) -> dict[str, bytes]:
    """The files of a pack."""
    worker = await tenant.add_worker()
    await files.upload_file(tenant, await tenant.add_credential(worker))
    return (await packing.fetch(tenant, worker)).files


@pytest.fixture
def own(settings: Settings) -> Signature:
    """What the service signs with."""
    return jws.load(settings.signing_key_file())


def write(folder: Path, content: dict[str, bytes]) -> Path:
    file = folder / "pack.zip"
    with ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(plain(name), data, ZIP_DEFLATED)
    return file


def plain(name: str) -> ZipInfo:
    """A file as packs have them."""
    info = ZipInfo(name)
    info.external_attr = 0o644 << 16
    return info


def found_out(file: Path, keys: dict[str, Any]) -> str:
    with pytest.raises(Unsound) as raised:
        checking.check(file, keys)
    return str(raised.value)


async def test_a_pack_is_sound_as_it_came(pack: dict[str, bytes], own: Signature, tmp_path: Path) -> None:
    manifest = checking.check(write(tmp_path, pack), own.public_keys)
    assert manifest == orjson.loads(pack["manifest.json"])


def changed(content: dict[str, bytes]) -> None:
    content["compliance.json"] = content["compliance.json"].replace(b"COMPLIANT", b"compliant")


def longer(content: dict[str, bytes]) -> None:
    content["events.jsonl"] += b"{}\n"


def added(content: dict[str, bytes]) -> None:
    content["attachments/another.png"] = files.PNG


def taken(content: dict[str, bytes]) -> None:
    del content["events.jsonl"]


def reworded(content: dict[str, bytes]) -> None:
    content["manifest.json"] = content["manifest.json"].replace(b"Harbour", b"Harbor")


def unsigned(content: dict[str, bytes]) -> None:
    content["manifest.jws"] = content["manifest.jws"][:-4] + b"AAAA"


def nonsense(content: dict[str, bytes]) -> None:
    content["manifest.jws"] = b"nonsense"


def without(content: dict[str, bytes]) -> None:
    del content["manifest.jws"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (changed, "compliance.json is not what was signed"),
        (longer, "events.jsonl is not what was signed"),
        (added, "attachments/another.png does not belong to it"),
        (taken, "events.jsonl is missing"),
        (reworded, "its manifest is not the one that was signed"),
        (unsigned, "its signature is not good"),
        (nonsense, "its signature is not good"),
        (without, "it is no evidence pack"),
    ],
)
async def test_what_was_changed_is_found_out(
    pack: dict[str, bytes], own: Signature, tmp_path: Path, change: Change, says: str
) -> None:
    change(pack)
    assert says in found_out(write(tmp_path, pack), own.public_keys)


async def test_a_name_that_is_there_twice_is_found_out(pack: dict[str, bytes], own: Signature, tmp_path: Path) -> None:
    file = write(tmp_path, pack)
    with ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(plain("worker.json"), pack["worker.json"])
    assert found_out(file, own.public_keys) == "worker.json is there more than once"


async def test_a_signature_of_somebody_else_is_none(pack: dict[str, bytes], own: Signature, tmp_path: Path) -> None:
    forger = Signature(Ed25519PrivateKey.generate())
    pack["manifest.jws"] = forger.sign(pack["manifest.json"], "application/json").encode()
    assert f"the key {forger.id} is none of those" in found_out(write(tmp_path, pack), own.public_keys)


def test_what_is_no_archive_is_none(tmp_path: Path, own: Signature) -> None:
    for content in (b"", b"PK", io.BytesIO(b"\0" * 100).getvalue()):
        (tmp_path / "pack.zip").write_bytes(content)
        assert "it is no evidence pack" in found_out(tmp_path / "pack.zip", own.public_keys)


def prefixed(whole: bytes) -> bytes:
    return b"#!/bin/sh\n" + whole


def concatenated(whole: bytes) -> bytes:
    other = io.BytesIO()
    with ZipFile(other, "w") as archive:
        archive.writestr("README.txt", "Standing: COMPLIANT")
    return other.getvalue() + whole


def trailing(whole: bytes) -> bytes:
    return whole + b"more"


def hidden(whole: bytes) -> bytes:
    """A file between the others and the directory, which only those see who read from the front."""
    at = whole.index(b"PK\x01\x02")
    other = concatenated(b"")
    return whole[:at] + other[: other.index(b"PK\x01\x02")] + whole[at:]


@pytest.mark.parametrize("change", [prefixed, concatenated, trailing, hidden])
async def test_an_archive_that_others_could_read_otherwise_is_none(
    pack: dict[str, bytes], own: Signature, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    file = write(tmp_path, pack)
    file.write_bytes(change(file.read_bytes()))
    assert found_out(file, own.public_keys)


def linked(info: ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


def renamed(info: ZipInfo) -> None:
    # What some programs take for the name instead: another one, in Unicode.
    info.extra = struct.pack("<HHBL", 0x7075, 15, 1, crc32(b"README.txt")) + b"README.exe"


def otherwise(info: ZipInfo) -> None:
    info.compress_type = ZIP_BZIP2


def remarked(info: ZipInfo) -> None:
    info.comment = b"hello"


@pytest.mark.parametrize("change", [linked, renamed, otherwise, remarked])
async def test_a_file_that_is_packed_otherwise_is_found_out(
    pack: dict[str, bytes], own: Signature, tmp_path: Path, change: Callable[[ZipInfo], None]
) -> None:
    file = tmp_path / "pack.zip"
    with ZipFile(file, "w") as archive:
        for name, content in pack.items():
            info = plain(name)
            if name == "README.txt":
                change(info)
            archive.writestr(info, content)
    assert found_out(file, own.public_keys) == checking.PACKED_ANEW


def call(*arguments: str) -> Result:
    """Run the command in this process, whose log goes on where it went."""
    try:
        return CliRunner().invoke(main, ["evidence", *arguments])
    finally:
        logs.configure()


async def test_the_command_tells_whether_a_pack_is_sound(
    pack: dict[str, bytes], own: Signature, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps(own.public_keys))
    file = write(tmp_path, pack)
    told = call(str(file), "--keys", str(keys))
    assert (told.exit_code, 'is sound: "Jordan Avery"' in told.output) == (0, True)
    changed(pack)
    longer(pack)
    told = call(str(write(tmp_path, pack)), "--keys", str(keys))
    assert told.exit_code == 1
    assert "compliance.json is not what was signed\nevents.jsonl is not what was signed" in told.output
    for source in ("nowhere.json", "http://127.0.0.1:1/keys", "http://[", str(file)):
        told = call(str(file), "--keys", source)
        assert (told.exit_code, "the keys cannot be had" in told.output) == (1, True)


async def test_the_command_says_what_the_maker_of_a_pack_missed(
    tenant: Tenant, settings: Settings, own: Signature, tmp_path: Path
) -> None:
    worker = await tenant.add_worker()
    lost = files.PDF + secrets.token_bytes(9)
    await files.upload_file(tenant, await tenant.add_credential(worker), content=lost)
    packing.in_store(settings, lost).unlink()
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps(own.public_keys))
    told = call(str(write(tmp_path, (await packing.fetch(tenant, worker)).files)), "--keys", str(keys))
    assert (told.exit_code, "FILE_MISSING attachments/att_" in told.output) == (1, True)


async def test_the_command_makes_no_key(
    pack: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(tmp_path / "none"))
    told = call(str(write(tmp_path, pack)))
    assert (told.exit_code, "the keys cannot be had" in told.output) == (1, True)
    assert not (tmp_path / "none").exists()


async def test_the_command_knows_the_installation_s_own_keys(
    pack: dict[str, bytes], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(settings.data))
    assert call(str(write(tmp_path, pack))).exit_code == 0
