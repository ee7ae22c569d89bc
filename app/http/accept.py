"""The Accept header: which media type to answer in."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class _Range:
    """One entry of the header: `text/html`, `application/*` or `*/*`, how much it is wanted, and its place."""

    kind: str
    quality: float
    place: int

    def fits(self, media: str) -> int:
        """How precisely it names a media type; 0 when it does not."""
        if self.kind == media:
            return 3
        if self.kind == media.partition("/")[0] + "/*":
            return 2
        return 1 if self.kind == "*/*" else 0


def best(header: str, offered: Sequence[str]) -> str | None:
    """The offer that the client wants most: by quality, then as the header names them, then as they are offered."""
    ranges = [_range(place, text) for place, text in enumerate(header.split(",")) if text.strip()]
    ranked = []
    for media in offered:
        fitting = [entry for entry in ranges or [_Range("*/*", 1, 0)] if entry.fits(media)]
        # The most precise entry speaks for a media type: `application/json;q=0, */*` is anything else.
        entry = max(fitting, key=lambda entry: entry.fits(media), default=None)
        if entry is not None and entry.quality > 0:
            ranked.append((-entry.quality, entry.place, media))
    return min(ranked, key=lambda rank: rank[:2])[2] if ranked else None


def _range(place: int, text: str) -> _Range:
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            quality = _quality(value)
    return _Range(kind, quality, place)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
