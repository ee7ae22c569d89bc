"""Text in the forms in which it is stored, compared, searched and sorted."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import msgspec

MAX_FOLDED_LENGTH = 254  # characters; the longest email address, and short enough for an index

_IGNORABLE = (
    *((0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F)),
    *((0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
    # Not ignorable by Unicode, and yet blank in every font: Braille without a dot, an object that is not there, a note
    # without a head, and the filler of the Khitan script.
    *((0x2800, 0x2800), (0xFFFC, 0xFFFC), (0x1D159, 0x1D159), (0x16FE4, 0x16FE4)),
    # Codes that are never a character. U+FFFE is a mark of the byte order, U+FEFF, that was read the wrong way round.
    *((0xFDD0, 0xFDEF), *((plane | 0xFFFE, plane | 0xFFFF) for plane in range(0, 0x110000, 0x10000))),
)
"""Ranges of the characters that show nothing (Unicode's Default_Ignorable_Code_Point), beside the category Cf."""

_VISIBLE_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Characters of the category Cf that are seen: signs around the digits of a number."""

DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates: they show the letters after them in another order, `gnp.exe` as `exe.png`.

Marks (U+200E, U+200F, U+061C), which only say on which side a text begins, are not among them.
"""

_ACCENTS = (
    *((0x300, 0x36F), (0x483, 0x487), (0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7)),
    *((0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6DC), (0x6DF, 0x6E4), (0x6E7, 0x6E8), (0x6EA, 0x6ED)),
    *((0x1AB0, 0x1ACE), (0x1DC0, 0x1DFF), (0x20D0, 0x20F0), (0xFE20, 0xFE2F)),
)
"""Ranges of combining accents, and of the vowel points of Hebrew and Arabic, which most writers leave out.

The vowel signs of Indic scripts and the sound marks of Japanese are not among them: words differ only by them.
"""

_QUOTES = {
    "'": "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u2018\u2019\u201a\u201b\u2032\u2035"
    "\ua78c\uff07\uff40",
    '"': "\u00ab\u00bb\u02ba\u201c\u201d\u201e\u201f\u2033\u2036\uff02",
    "-": "\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d",
}
"""Quotes and hyphens as word processors and phones write them, by the one on every keyboard."""

_LETTERS = dict(
    zip(
        "\u0131\u00f8\u0142\u0111\u00f0\u0127\u0167\u0180\u0268\u0275\u0289\u00e6\u0153\u00fe\u014b\u0138",
        ("i", "o", "l", "d", "d", "h", "t", "b", "i", "o", "u", "ae", "oe", "th", "n", "k"),
        strict=True,
    )
)
"""Letters with a stroke or joined together, which Unicode does not take apart, as they are typed without them."""


class _Folding(dict[int, str]):
    """A table for `str.translate` that works out each character when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = self[code] = _fold_character(character)
        return folded


def _fold_character(character: str) -> str:
    if is_invisible(character) or _is_within(ord(character), _ACCENTS):
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    return _LETTERS.get(character, character)


_ALIKE = str.maketrans({character: plain for plain, many in _QUOTES.items() for character in many})
_FOLDING = _Folding()


def fold(value: str) -> str:
    """Return text as it is searched and sorted: trimmed, and without case, accents and invisible characters."""
    return fold_part(value).strip()


def fold_part(value: str) -> str:
    """Return text folded as `fold` does, with the blanks at its ends: `"Ann "` begins `Ann Lee` and not `Anna`."""
    value = value.translate(_ALIKE)
    if value.isascii():
        return value.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", value).casefold())
    return unicodedata.normalize("NFC", folded.translate(_ALIKE).translate(_FOLDING))


def email_key(value: str) -> str:
    """Return an email address as it is compared: in lower case.

    Folding would go too far: straße.example and strasse.example are two domains with two owners.
    """
    return email_part(value).strip()


def email_part(value: str) -> str:
    """Return a part of an email address as it is compared, with the blanks at its ends."""
    return unicodedata.normalize("NFC", value).lower()


def normalize(value: str) -> str:
    """Return text as it is stored: trimmed, and in composed form (NFC), in which é is always one character."""
    return unicodedata.normalize("NFC", value).strip()


def is_invisible(character: str) -> bool:
    """Report whether a character shows nothing and takes no place, or takes a place as a blank without being one."""
    if character.isascii():
        return False
    if unicodedata.category(character) == "Cf":
        return character not in _VISIBLE_FORMATS
    return _is_within(ord(character), _IGNORABLE)


def is_blank(value: str) -> bool:
    """Report whether a text shows nothing: it has only blanks and invisible characters, or none at all."""
    return all(character.isspace() or is_invisible(character) for character in value)


def first_hidden(value: str) -> str | None:
    """Return the first character of an identifier that cannot be seen or told from a plain blank; None without one."""
    hidden = (character for character in value if is_invisible(character) or (character.isspace() and character != " "))
    return next(hidden, None)


def plain_blanks(value: str) -> str:
    """Return text with a plain blank in place of each special one, such as the narrow one that phones write."""
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in value)


def code_point(character: str) -> str:
    """Return the name of a character that cannot be shown: `U+FEFF`."""
    return f"U+{ord(character):04X}"


def canonical_json(value: Any) -> str:
    """Return a value as JSON text with sorted members, so that equal values have equal text."""
    return msgspec.json.encode(value, order="sorted").decode()


def _is_within(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)
