"""Text in the form in which it is stored and compared."""

import unicodedata
from typing import Any

import msgspec

LONGEST_FOLDED = 254


def fold(value: str) -> str:
    """Text as it is compared: case does not matter, nor what comes after the first 254 characters."""
    return composed(composed(value).casefold())[:LONGEST_FOLDED]


def composed(value: str) -> str:
    """Text in Unicode's composed form, as it is stored: an é is one letter, however it was typed."""
    return unicodedata.normalize("NFC", value).strip()


def as_json(value: Any) -> str:
    """A value as JSON text, members in order, so that equal values have equal text."""
    return msgspec.json.encode(value, order="sorted").decode()
