"""The media type of a file, from its bytes. The file's name and the sender's media type are not trusted."""

HEAD_BYTES = 128
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
    b"%PDF-": "application/pdf",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})


def media_type(head: bytes) -> str | None:
    """Return the media type of a file by its beginning; None if the type is not accepted."""
    for beginning, detected in _BEGINNINGS.items():
        if head.startswith(beginning):
            return detected
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/heic" if _is_heic(head) else None


def _is_heic(head: bytes) -> bool:
    """Report whether the first box of an ISO media file names a HEIC brand. AVIF and others differ only there."""
    if head[4:8] != b"ftyp":
        return False
    box = head[8 : min(int.from_bytes(head[:4]), HEAD_BYTES)]
    # The box holds the main brand, its version, and the compatible brands.
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    return not _HEIC_BRANDS.isdisjoint(brands)
