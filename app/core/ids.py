"""Opaque identifiers: a prefix that names the table, and 16 characters that sort by time of creation."""

import re
import secrets
import time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TIME_CHARACTERS = 9  # microseconds since 1970, enough for 429 years
RANDOM_CHARACTERS = 7  # 41 bits, so that ids cannot be guessed from their time

_PATTERN = re.compile(r"([a-z]{2,5})_[0-9A-Za-z]{16}")
_RANDOM_VALUES = len(ALPHABET) ** RANDOM_CHARACTERS
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_last = 0  # microseconds since 1970, of the newest id


def new(prefix: str) -> str:
    """Return a new id such as `wkr_0Lr5…`. Ids of one process sort in the order of their creation."""
    global _last
    _last = max(time.time_ns() // 1_000, _last + 1)
    random = secrets.randbelow(_RANDOM_VALUES)
    return f"{prefix}_{to_base62(_last, TIME_CHARACTERS)}{to_base62(random, RANDOM_CHARACTERS)}"


def to_base62(number: int, length: int) -> str:
    """Return a number in base 62, padded to a fixed length so that texts sort as their numbers."""
    text = ""
    while len(text) < length:
        number, pair = divmod(number, len(_PAIRS))
        text = _PAIRS[pair] + text
    return text[-length:]


def prefix_of(value: str) -> str | None:
    """Return the prefix of an id; None if the text is not a well-formed id."""
    match = _PATTERN.fullmatch(value)
    return match.group(1) if match else None
