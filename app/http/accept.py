"""Content negotiation by the Accept header."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class _MediaRange:
    """One entry of the header, such as `text/html`, `application/*` or `*/*`, with its quality and its position."""

    media_range: str
    quality: float
    position: int

    def specificity(self, media_type: str) -> int:
        """Return 3 for an exact match with a media type, 2 for `type/*`, 1 for `*/*`, 0 for no match."""
        if self.media_range == media_type:
            return 3
        if self.media_range == media_type.partition("/")[0] + "/*":
            return 2
        return 1 if self.media_range == "*/*" else 0


def best_match(header: str, offered: Sequence[str]) -> str | None:
    """Return the offered media type that the client prefers; None if the client accepts none of them.

    The order is by quality, then by position in the header, then by position among the offers.
    """
    ranges = [_parse_range(position, text) for position, text in enumerate(header.split(",")) if text.strip()]
    ranked = []
    for media_type in offered:
        matching = [entry for entry in ranges or [_MediaRange("*/*", 1, 0)] if entry.specificity(media_type)]
        # The most specific entry decides: `application/json;q=0, */*` accepts anything but JSON.
        entry = max(matching, key=lambda entry: entry.specificity(media_type), default=None)
        if entry is not None and entry.quality > 0:
            ranked.append((-entry.quality, entry.position, media_type))
    return min(ranked, key=lambda rank: rank[:2])[2] if ranked else None


def _parse_range(position: int, text: str) -> _MediaRange:
    media_range, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            quality = _parse_quality(value)
    return _MediaRange(media_range, quality, position)


def _parse_quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
