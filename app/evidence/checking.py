"""Checking an evidence pack: by the keys that sign packs, and by nothing else that anybody says."""

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

SIGNED, SIGNATURE = "manifest.json", "manifest.jws"
LARGEST_MANIFEST = 50_000_000
CHUNK_BYTES = 1_000_000
HEADER, FILE = Struct("<4s5H3L2H"), b"PK\x03\x04"
END, DIRECTORY_END = Struct("<4s4H2LH"), b"PK\x05\x06"
"""What stands before each file of an archive, and at its end."""
STREAMED, UTF_8 = 0x08, 0x800
"""What the files of a pack say of themselves: that their sizes stand behind them, and that their names are UTF-8."""
DESCRIPTOR_BYTES = 16
PACKED_ANEW = "it is not packed as it was given out: somebody changed it, or unpacked it and packed it anew"
UNREADABLE = (BadZipFile, OSError, KeyError, EOFError, ValueError, struct.error, zlib.error, RuntimeError)
"""What reading an archive can raise that somebody made up: other methods of packing and encryption among them."""


class Unsound(Exception):
    """A pack that is not what its signer made, with all that is wrong with it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def check(pack: Path, keys: Mapping[str, Any]) -> dict[str, Any]:
    """What a pack's manifest says, if the pack is whole and signed by a key of a JSON Web Key Set. Raises Unsound."""
    try:
        with pack.open("rb") as file, ZipFile(file) as archive:
            _check_form(file, archive)
            manifest = _manifest(archive, keys)
            _check_files(archive, {one["path"]: one for one in manifest["files"]})
    except UNREADABLE as error:
        raise Unsound(f"it is no evidence pack: {error}") from None
    return manifest


def _check_form(file: BinaryIO, archive: ZipFile) -> None:
    """Refuse an archive that some program could unpack as another than this one does.

    All that it holds lies end to end, each file under one name, and nothing lies before, between or behind.
    """
    place = 0
    for info in sorted(archive.infolist(), key=attrgetter("header_offset")):
        file.seek(place)
        signature, _, flags, method, *_, name_length, extra_length = HEADER.unpack(file.read(HEADER.size))
        same = (signature, flags, method, info.header_offset) == (FILE, info.flag_bits, info.compress_type, place)
        if not (same and _is_plain(info) and extra_length == 0 and file.read(name_length) == info.filename.encode()):
            raise Unsound(PACKED_ANEW)
        place += HEADER.size + name_length + info.compress_size + (DESCRIPTOR_BYTES if flags & STREAMED else 0)
    end = file.seek(0, SEEK_END)
    file.seek(end - END.size)
    signature, *_, size, at, comment = END.unpack(file.read())
    if (signature, at, at + size + END.size, comment) != (DIRECTORY_END, place, end, 0):
        raise Unsound(PACKED_ANEW)


def _is_plain(info: ZipInfo) -> bool:
    """Whether it is a regular file, packed as those of a pack are."""
    regular = S_IFMT(info.external_attr >> 16) in (0, S_IFREG)
    packed = info.compress_type in (ZIP_STORED, ZIP_DEFLATED) and not info.flag_bits & ~(STREAMED | UTF_8)
    return regular and packed and not info.extra and not info.comment


def _manifest(archive: ZipFile, keys: Mapping[str, Any]) -> dict[str, Any]:
    if any(archive.getinfo(name).file_size > LARGEST_MANIFEST for name in (SIGNED, SIGNATURE)):
        raise Unsound("its manifest is too large to be one")
    content, token = archive.read(SIGNED), archive.read(SIGNATURE)
    try:
        signed = jwt.api_jws.decode(token, _key(token, keys), algorithms=[ALGORITHM])
    except (jwt.PyJWTError, ValueError) as error:
        raise Unsound(f"its signature is not good: {error}") from None
    if signed != content:
        raise Unsound("its manifest is not the one that was signed")
    manifest: dict[str, Any] = orjson.loads(content)
    if manifest.get("format") != FORMAT:
        raise Unsound(f"it is of another format: {manifest.get('format')}")
    return manifest


def _key(token: bytes, keys: Mapping[str, Any]) -> "jwt.PyJWK":
    wanted = jwt.get_unverified_header(token).get("kid")
    for key in jwt.PyJWKSet.from_dict(dict(keys)).keys:
        if key.key_id == wanted:
            return key
    raise ValueError(f"the key {wanted} is none of those that sign packs here")


def _check_files(archive: ZipFile, listed: Mapping[str, Mapping[str, Any]]) -> None:
    names = archive.namelist()
    there = {name for name in names if name not in (SIGNED, SIGNATURE)}
    problems = [f"{path} is missing" for path in sorted(listed.keys() - there)]
    problems += [f"{path} does not belong to it" for path in sorted(there - listed.keys())]
    problems += [f"{name} is there more than once" for name, times in sorted(Counter(names).items()) if times > 1]
    for path in sorted(there & listed.keys()):
        with archive.open(path) as content:
            if _digest(content, listed[path]["size"]) != listed[path]["sha256"]:
                problems.append(f"{path} is not what was signed")
    if problems:
        raise Unsound(*problems)


def _digest(content: Any, size: int) -> str:
    """The digest of a file; read no further than a little beyond the size that it is to have."""
    source: BinaryIO = content
    digest, left = hashlib.sha256(), size + 1
    while left > 0 and (chunk := source.read(min(CHUNK_BYTES, left))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()
