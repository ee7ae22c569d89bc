"""The check of evidence packs: packs that were changed in any way or signed by another key are rejected."""

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
from app.evidence.checking import InvalidPack
from app.settings import Settings
from app.signing import jws
from app.signing.jws import JwsSigner
from tests import files
from tests.evidence import packs
from tests.service import Tenant

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
async def pack(tenant: Tenant) -> dict[str, bytes]:
    """The files of a pack."""
    worker = await tenant.add_worker()
    await files.upload_file(tenant, await tenant.add_credential(worker))
    return (await packs.fetch(tenant, worker)).files


@pytest.fixture
def signer(settings: Settings) -> JwsSigner:
    """The signer of the service."""
    return jws.load_signer(settings.signing_key_file())


def write_pack(folder: Path, content: dict[str, bytes]) -> Path:
    file = folder / "pack.zip"
    with ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(zip_info(name), data, ZIP_DEFLATED)
    return file


def zip_info(name: str) -> ZipInfo:
    """Return the metadata of a file as packs have it."""
    info = ZipInfo(name)
    info.external_attr = 0o644 << 16
    return info


def problems_of(file: Path, keys: dict[str, Any]) -> str:
    with pytest.raises(InvalidPack) as raised:
        checking.check(file, keys)
    return str(raised.value)


async def test_unchanged_pack_is_valid(pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path) -> None:
    manifest = checking.check(write_pack(tmp_path, pack), signer.public_keys)
    assert manifest == orjson.loads(pack["manifest.json"])


def changed(content: dict[str, bytes]) -> None:
    content["compliance.json"] = content["compliance.json"].replace(b"COMPLIANT", b"compliant")


def longer(content: dict[str, bytes]) -> None:
    content["events.jsonl"] += b"{}\n"


def added(content: dict[str, bytes]) -> None:
    content["attachments/another.png"] = files.PNG


def removed(content: dict[str, bytes]) -> None:
    del content["events.jsonl"]


def with_changed_manifest(content: dict[str, bytes]) -> None:
    content["manifest.json"] = content["manifest.json"].replace(b"Harbour", b"Harbor")


def with_damaged_signature(content: dict[str, bytes]) -> None:
    content["manifest.jws"] = content["manifest.jws"][:-4] + b"AAAA"


def with_invalid_token(content: dict[str, bytes]) -> None:
    content["manifest.jws"] = b"nonsense"


def without_signature(content: dict[str, bytes]) -> None:
    del content["manifest.jws"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (changed, "compliance.json differs from what was signed"),
        (longer, "events.jsonl differs from what was signed"),
        (added, "attachments/another.png is not in the manifest"),
        (removed, "events.jsonl is missing"),
        (with_changed_manifest, "its manifest differs from the signed one"),
        (with_damaged_signature, "its signature is invalid"),
        (with_invalid_token, "its signature is invalid"),
        (without_signature, "this is not an evidence pack"),
    ],
)
async def test_changed_pack_is_rejected(
    pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path, change: Change, problem: str
) -> None:
    change(pack)
    assert problem in problems_of(write_pack(tmp_path, pack), signer.public_keys)


async def test_pack_with_a_name_twice_is_rejected(pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path) -> None:
    file = write_pack(tmp_path, pack)
    with ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(zip_info("worker.json"), pack["worker.json"])
    assert problems_of(file, signer.public_keys) == "worker.json occurs more than once"


async def test_pack_signed_by_an_unknown_key_is_rejected(
    pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path
) -> None:
    forger = JwsSigner(Ed25519PrivateKey.generate())
    pack["manifest.jws"] = forger.sign(pack["manifest.json"], "application/json").encode()
    assert f"the key {forger.key_id} is not one that signs packs here" in problems_of(
        write_pack(tmp_path, pack), signer.public_keys
    )


def test_other_files_are_rejected(tmp_path: Path, signer: JwsSigner) -> None:
    for content in (b"", b"PK", io.BytesIO(b"\0" * 100).getvalue()):
        (tmp_path / "pack.zip").write_bytes(content)
        assert "this is not an evidence pack" in problems_of(tmp_path / "pack.zip", signer.public_keys)


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
    """Insert a file before the directory, which only programs that read from the front would see."""
    directory = whole.index(b"PK\x01\x02")
    other = concatenated(b"")
    return whole[:directory] + other[: other.index(b"PK\x01\x02")] + whole[directory:]


@pytest.mark.parametrize("change", [prefixed, concatenated, trailing, hidden])
async def test_archive_that_programs_read_differently_is_rejected(
    pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    file = write_pack(tmp_path, pack)
    file.write_bytes(change(file.read_bytes()))
    assert problems_of(file, signer.public_keys)


def linked(info: ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


def renamed(info: ZipInfo) -> None:
    # A second name, in Unicode, that some programs use instead of the first.
    info.extra = struct.pack("<HHBL", 0x7075, 15, 1, crc32(b"README.txt")) + b"README.exe"


def compressed_otherwise(info: ZipInfo) -> None:
    info.compress_type = ZIP_BZIP2


def commented(info: ZipInfo) -> None:
    info.comment = b"hello"


@pytest.mark.parametrize("change", [linked, renamed, compressed_otherwise, commented])
async def test_file_with_other_zip_metadata_is_rejected(
    pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path, change: Callable[[ZipInfo], None]
) -> None:
    file = tmp_path / "pack.zip"
    with ZipFile(file, "w") as archive:
        for name, content in pack.items():
            info = zip_info(name)
            if name == "README.txt":
                change(info)
            archive.writestr(info, content)
    assert problems_of(file, signer.public_keys) == checking.REPACKED


def run_command(*arguments: str) -> Result:
    """Run the command in this process, and restore the log configuration afterwards."""
    try:
        return CliRunner().invoke(main, ["evidence", *arguments])
    finally:
        logs.configure()


async def test_command_reports_whether_a_pack_is_sound(
    pack: dict[str, bytes], signer: JwsSigner, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps(signer.public_keys))
    file = write_pack(tmp_path, pack)
    result = run_command(str(file), "--keys", str(keys))
    assert (result.exit_code, 'is sound: "Jordan Avery"' in result.output) == (0, True)
    changed(pack)
    longer(pack)
    result = run_command(str(write_pack(tmp_path, pack)), "--keys", str(keys))
    assert result.exit_code == 1
    assert "compliance.json differs from what was signed\nevents.jsonl differs from what was signed" in result.output
    for source in ("nowhere.json", "http://127.0.0.1:1/keys", "http://[", str(file)):
        result = run_command(str(file), "--keys", source)
        assert (result.exit_code, "cannot read the keys" in result.output) == (1, True)


async def test_command_reports_the_problems_of_the_manifest(
    tenant: Tenant, settings: Settings, signer: JwsSigner, tmp_path: Path
) -> None:
    worker = await tenant.add_worker()
    lost = files.PDF + secrets.token_bytes(9)
    await files.upload_file(tenant, await tenant.add_credential(worker), content=lost)
    packs.stored_file(settings, lost).unlink()
    keys = tmp_path / "keys.json"
    keys.write_bytes(orjson.dumps(signer.public_keys))
    result = run_command(str(write_pack(tmp_path, (await packs.fetch(tenant, worker)).files)), "--keys", str(keys))
    assert (result.exit_code, "FILE_MISSING attachments/att_" in result.output) == (1, True)


async def test_command_creates_no_key(pack: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(tmp_path / "none"))
    result = run_command(str(write_pack(tmp_path, pack)))
    assert (result.exit_code, "cannot read the keys" in result.output) == (1, True)
    assert not (tmp_path / "none").exists()


async def test_command_uses_the_keys_of_the_installation_by_default(
    pack: dict[str, bytes], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(settings.data))
    assert run_command(str(write_pack(tmp_path, pack))).exit_code == 0
