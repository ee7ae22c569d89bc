"""Text in the forms in which it is stored and compared."""

import unicodedata
from typing import Any

import msgspec

MAX_FOLDED_LENGTH = 254  # characters; the longest email address, and short enough for an index


def fold(value: str) -> str:
    """Return text for comparison: normalized, without case, and cut after 254 characters."""
    return normalize(normalize(value).casefold())[:MAX_FOLDED_LENGTH]


def normalize(value: str) -> str:
    """Return text as it is stored: trimmed, and in composed form (NFC), in which é is always one character."""
    return unicodedata.normalize("NFC", value).strip()


def canonical_json(value: Any) -> str:
    """Return a value as JSON text with sorted members, so that equal values have equal text."""
    return msgspec.json.encode(value, order="sorted").decode()
