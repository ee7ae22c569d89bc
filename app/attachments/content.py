"""What a file is, by its bytes: its name and what its sender calls it are only claims."""

HEAD_BYTES = 128
"""How much of a file's beginning is looked at."""

TAKEN = "PNG, JPEG, GIF, WEBP and HEIC images, and PDF"

SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
}
"""What is taken, and how the name of such a file ends."""
_BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"%PDF-": "application/pdf",
}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})


def media_type(head: bytes) -> str | None:
    """The media type of a file that begins so; None for what is not taken."""
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/heic" if _is_heic(head) else None


def _is_heic(head: bytes) -> bool:
    """Whether the first box of an ISO media file names a brand of HEIC; AVIF and others look alike until there."""
    if head[4:8] != b"ftyp":
        return False
    box = head[8 : min(int.from_bytes(head[:4]), HEAD_BYTES)]
    # The main brand, its version, and the brands that it is compatible with.
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    return not _HEIC_BRANDS.isdisjoint(brands)
