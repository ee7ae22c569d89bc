"""Check evidence packs against the public keys that sign them, and trust nothing else in the archive."""

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Mapping
from io import SEEK_END
from operator import attrgetter
from pathlib import Path
from stat import S_IFMT, S_IFREG
from struct import Struct
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import jwt
import orjson

from app.evidence.packs import FORMAT
from app.signing.jws import ALGORITHM

MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"
MAX_MANIFEST_BYTES = 50_000_000  # limits the memory that a forged pack can make the check use
CHUNK_BYTES = 1_000_000
FILE_HEADER, FILE_SIGNATURE = Struct("<4s5H3L2H"), b"PK\x03\x04"
END_RECORD, END_SIGNATURE = Struct("<4s4H2LH"), b"PK\x05\x06"
"""The structures of the ZIP format before each file and at the end of the archive."""
STREAMED, UTF_8 = 0x08, 0x800
"""The flags that files of a pack may have: the sizes follow the content, and the name is UTF-8."""
DESCRIPTOR_BYTES = 16  # the sizes and checksum that follow the content of a streamed file
REPACKED = "the archive differs from the one that was issued: it was changed, or unpacked and packed again"
READ_ERRORS = (BadZipFile, OSError, KeyError, EOFError, ValueError, struct.error, zlib.error, RuntimeError)
"""The errors of reading a forged archive, for example one with encryption or an unknown compression method."""


class InvalidPack(Exception):
    """The pack is not what its signer made; `problems` lists every difference found."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def check(pack: Path, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of a complete pack signed by a key of a JSON Web Key Set. Raises InvalidPack otherwise."""
    try:
        with pack.open("rb") as file, ZipFile(file) as archive:
            _check_layout(file, archive)
            manifest = _manifest(archive, keys)
            _check_files(archive, {entry["path"]: entry for entry in manifest["files"]})
    except READ_ERRORS as error:
        raise InvalidPack(f"this is not an evidence pack: {error}") from None
    return manifest


def _check_layout(file: BinaryIO, archive: ZipFile) -> None:
    """Refuse an archive that other programs could unpack with other contents.

    The files must lie end to end, each under one name, with nothing before, between or after them.
    """
    offset = 0
    for info in sorted(archive.infolist(), key=attrgetter("header_offset")):
        file.seek(offset)
        signature, _, flags, method, *_, name_length, extra_length = FILE_HEADER.unpack(file.read(FILE_HEADER.size))
        expected = (FILE_SIGNATURE, info.flag_bits, info.compress_type, offset)
        matches = (signature, flags, method, info.header_offset) == expected
        is_same_name = file.read(name_length) == info.filename.encode()
        if not (matches and is_same_name and extra_length == 0 and _is_plain(info)):
            raise InvalidPack(REPACKED)
        offset += FILE_HEADER.size + name_length + info.compress_size + (DESCRIPTOR_BYTES if flags & STREAMED else 0)
    end = file.seek(0, SEEK_END)
    file.seek(end - END_RECORD.size)
    signature, *_, size, start, comment = END_RECORD.unpack(file.read())
    if (signature, start, start + size + END_RECORD.size, comment) != (END_SIGNATURE, offset, end, 0):
        raise InvalidPack(REPACKED)


def _is_plain(info: ZipInfo) -> bool:
    """Return True for a regular file that is compressed as the files of a pack are."""
    is_regular = S_IFMT(info.external_attr >> 16) in (0, S_IFREG)
    is_packed = info.compress_type in (ZIP_STORED, ZIP_DEFLATED) and not info.flag_bits & ~(STREAMED | UTF_8)
    return is_regular and is_packed and not info.extra and not info.comment


def _manifest(archive: ZipFile, keys: Mapping[str, Any]) -> dict[str, Any]:
    if any(archive.getinfo(name).file_size > MAX_MANIFEST_BYTES for name in (MANIFEST, SIGNATURE)):
        raise InvalidPack(f"its manifest is larger than {MAX_MANIFEST_BYTES:,} bytes")
    content, token = archive.read(MANIFEST), archive.read(SIGNATURE)
    try:
        signed = jwt.api_jws.decode(token, _key(token, keys), algorithms=[ALGORITHM])
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidPack(f"its signature is invalid: {error}") from None
    if signed != content:
        raise InvalidPack("its manifest differs from the signed one")
    manifest: dict[str, Any] = orjson.loads(content)
    if manifest.get("format") != FORMAT:
        raise InvalidPack(f"its format is {manifest.get('format')}, not {FORMAT}")
    return manifest


def _key(token: bytes, keys: Mapping[str, Any]) -> "jwt.PyJWK":
    key_id = jwt.get_unverified_header(token).get("kid")
    for key in jwt.PyJWKSet.from_dict(dict(keys)).keys:
        if key.key_id == key_id:
            return key
    raise ValueError(f"the key {key_id} is not one that signs packs here")


def _check_files(archive: ZipFile, entries: Mapping[str, Mapping[str, Any]]) -> None:
    names = archive.namelist()
    present = {name for name in names if name not in (MANIFEST, SIGNATURE)}
    problems = [f"{path} is missing" for path in sorted(entries.keys() - present)]
    problems += [f"{path} is not in the manifest" for path in sorted(present - entries.keys())]
    problems += [f"{name} occurs more than once" for name, count in sorted(Counter(names).items()) if count > 1]
    for path in sorted(present & entries.keys()):
        with archive.open(path) as content:
            if _digest(content, entries[path]["size"]) != entries[path]["sha256"]:
                problems.append(f"{path} differs from what was signed")
    if problems:
        raise InvalidPack(*problems)


def _digest(content: Any, size: int) -> str:
    """Return the digest of a file's content, read up to one byte beyond its expected size."""
    source: BinaryIO = content
    digest, remaining = hashlib.sha256(), size + 1
    while remaining > 0 and (chunk := source.read(min(CHUNK_BYTES, remaining))):
        digest.update(chunk)
        remaining -= len(chunk)
    return digest.hexdigest()
