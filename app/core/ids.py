"""Opaque identifiers that carry their kind: a prefix and 16 characters, in the order they were made."""

import re
import secrets
import time

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TIME_CHARACTERS = 9  # microseconds since 1970, enough for 429 years
RANDOM_CHARACTERS = 7

_PATTERN = re.compile(r"([a-z]{2,5})_[0-9A-Za-z]{16}")
_RANDOM_VALUES = len(ALPHABET) ** RANDOM_CHARACTERS
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_last = 0


def new(prefix: str) -> str:
    """A new id such as `wkr_0Lr5…`; ids of one process sort in the order they were made."""
    global _last
    _last = max(time.time_ns() // 1_000, _last + 1)
    chance = secrets.randbelow(_RANDOM_VALUES)
    return f"{prefix}_{encode(_last, TIME_CHARACTERS)}{encode(chance, RANDOM_CHARACTERS)}"


def encode(number: int, length: int) -> str:
    """A number in base 62, padded to a fixed length so that text order is number order."""
    text = ""
    while len(text) < length:
        number, pair = divmod(number, len(_PAIRS))
        text = _PAIRS[pair] + text
    return text[-length:]


def kind(value: str) -> str | None:
    """The prefix of a well-formed id, or None."""
    match = _PATTERN.fullmatch(value)
    return match.group(1) if match else None
