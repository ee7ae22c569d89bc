"""The media type of a file, from its bytes. The file's name and the sender's media type are not trusted."""

import re

from app.core.text import is_blank, is_invisible

PDF_BEGINNING = b"%PDF-"
MAX_BYTES_BEFORE_PDF = 1_023
"""Bytes that may come before a PDF, such as a mark of the byte order or a mail's header: readers skip them too."""

MAX_FILE_NAME_LENGTH = 150  # characters

HEAD_BYTES = MAX_BYTES_BEFORE_PDF + len(PDF_BEGINNING)
"""The length of the beginning that the detection reads."""

ACCEPTED_TYPES = "PNG, JPEG, GIF, WEBP and HEIC images, and PDF"

SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
}
"""The accepted media types, with their file name suffixes."""
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})


def media_type(head: bytes) -> str | None:
    """Return the media type of a file by its beginning; None if the type is not accepted."""
    for beginning, detected in _BEGINNINGS.items():
        if head.startswith(beginning):
            return detected
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if _is_heic(head):
        return "image/heic"
    return "application/pdf" if PDF_BEGINNING in head[:HEAD_BYTES] else None


def _is_heic(head: bytes) -> bool:
    """Report whether the first box of an ISO media file names a HEIC brand. AVIF and others differ only there."""
    if head[4:8] != b"ftyp":
        return False
    box = head[8 : min(int.from_bytes(head[:4]), HEAD_BYTES)]
    # The box holds the main brand, its version, and the compatible brands.
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    return not _HEIC_BRANDS.isdisjoint(brands)


ENDINGS = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif", "hif"),
    "application/pdf": ("pdf",),
}
"""The file name endings that fit each accepted media type."""
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}")


def fitting_name(file_name: str, media_type: str) -> str:
    """Return a file's name with an ending that fits its content, as the computer that opens it goes by the ending.

    `licence.pdf.exe` of a PDF becomes `licence.pdf`. An ending that is none, as in `Visa 12.2026`, is kept.
    """
    name = file_name.rstrip(" .")
    while name and is_invisible(name[-1]):
        name = name[:-1].rstrip(" .")
    if _has_fitting_ending(name, media_type):
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and _ENDING.fullmatch(dot + ending):
        name = stem.rstrip(" .")
        if _has_fitting_ending(name, media_type):
            return name
    suffix = f".{SUFFIXES[media_type]}"
    name = name[: MAX_FILE_NAME_LENGTH - len(suffix)].rstrip(" .")
    return ("file" if _shows_nothing(name) else name) + suffix


def _has_fitting_ending(name: str, media_type: str) -> bool:
    stem, dot, ending = name.rpartition(".")
    return bool(dot) and not _shows_nothing(stem) and ending.lower() in ENDINGS[media_type]


def _shows_nothing(stem: str) -> bool:
    """Report whether a name without its ending has nothing but dots and characters that nobody sees."""
    return is_blank(stem.replace(".", ""))
