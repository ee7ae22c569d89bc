"""Checking an evidence pack: one that was changed in any way is found out, and so is one that somebody else signed."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.__main__ import main
from app.core import logs, signatures
from app.core.signatures import Signature
from app.evidence import checking
from app.evidence.checking import Unsound
from app.settings import Settings
from tests import files
from tests.evidence import packing
from tests.service import Tenant

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
async def pack(tenant: Tenant) -> dict[str, bytes]:
    """The files of a pack."""
    worker = await tenant.add_worker()
    await files.send(tenant, await tenant.add_credential(worker))
    return (await packing.fetch(tenant, worker)).files


@pytest.fixture
def own(settings: Settings) -> Signature:
    """What the service signs with."""
    return signatures.load(settings.signing_key_file())


def write(folder: Path, content: dict[str, bytes]) -> Path:
    file = folder / "pack.zip"
    with ZipFile(file, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return file


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
        archive.writestr("worker.json", pack["worker.json"])
    assert found_out(file, own.public_keys) == "worker.json is there more than once"


async def test_a_signature_of_somebody_else_is_none(pack: dict[str, bytes], own: Signature, tmp_path: Path) -> None:
    forger = Signature(Ed25519PrivateKey.generate())
    pack["manifest.jws"] = forger.sign(pack["manifest.json"], "application/json").encode()
    assert f"the key {forger.id} is none of those" in found_out(write(tmp_path, pack), own.public_keys)


def test_what_is_no_archive_is_none(tmp_path: Path, own: Signature) -> None:
    for content in (b"", b"PK", io.BytesIO(b"\0" * 100).getvalue()):
        (tmp_path / "pack.zip").write_bytes(content)
        assert "it is no evidence pack" in found_out(tmp_path / "pack.zip", own.public_keys)


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
    assert (told.exit_code, "is sound: Jordan Avery" in told.output) == (0, True)
    changed(pack)
    longer(pack)
    told = call(str(write(tmp_path, pack)), "--keys", str(keys))
    assert told.exit_code == 1
    assert "compliance.json is not what was signed\nevents.jsonl is not what was signed" in told.output
    for source in ("nowhere.json", "http://127.0.0.1:1/keys", "http://[", str(file)):
        told = call(str(file), "--keys", source)
        assert (told.exit_code, "the keys cannot be had" in told.output) == (1, True)


async def test_the_command_knows_the_installation_s_own_keys(
    pack: dict[str, bytes], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDGRAPH_DATA", str(settings.data))
    assert call(str(write(tmp_path, pack))).exit_code == 0
