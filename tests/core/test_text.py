# ruff: noqa: RUF001 - characters that look alike are what is tested
"""Text as it is folded for search, compared as an email address, and checked for characters that nobody sees."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import text
from app.core.text import email_key, fold, fold_part
from tests import property_settings

CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u00ad\u2060\u2063\u034f\u061c\u180e\u115f\u3164\uffa0\u2800\ufe0f\U000e0041"
NOT_CHARACTERS = "\ufffe\uffff\ufdd0\ufdef\U0001fffe\U0010ffff"


@pytest.mark.parametrize(
    ("value", "folded"),
    [
        ("  Jo  ", "jo"),
        ("ÉMILE", "emile"),
        ("Nuñez", "nunez"),
        ("Straße", "strasse"),
        ("İpek", "ipek"),
        ("Yılmaz", "yilmaz"),
        ("YILMAZ", "yilmaz"),
        ("Łukasz Øystein Đorđe", "lukasz oystein dorde"),
        ("Æsir Œuvre Þór", "aesir oeuvre thor"),
        ("O’Brien", "o'brien"),
        ("O`Brien", "o'brien"),
        ("O´Brien", "o'brien"),
        ("Oʼzbek", "o'zbek"),
        ("“Bud” «Bo»", '"bud" "bo"'),
        ("Jean‑Luc – Smith—Jones", "jean-luc - smith-jones"),
        ("ﬁona Ａｎｎ", "fiona ann"),
        ("Ann\u00a0Lee\u202fKim\u3000Ra", "ann lee kim ra"),
        ("A\u00adn\u200bn\u200d", "ann"),
        ("Νικόλαος", "νικολαοσ"),
        ("Алексей Фёдоров", "алексеи федоров"),
        ("٠٤١٢ ०४ ０４", "0412 04 04"),
        ("أحمد", "احمد"),
        # Words that differ only by a vowel sign, a sound mark or a letter stay apart.
        ("कि", "कि"),
        ("が", "が"),
        ("강", "강"),
        ("", ""),
        ("a\tB", "a\tb"),
    ],
)
def test_text_is_folded_for_search(value: str, folded: str) -> None:
    assert fold(value) == folded
    assert fold(unicodedata.normalize("NFD", value)) == folded


def test_each_character_folds_alike_in_each_case_and_form() -> None:
    for character in CHARACTERS:
        folded = fold(character)
        assert fold(character.upper()) == fold(character.lower()) == folded, hex(ord(character))
        assert fold(folded) == folded, hex(ord(character))


@property_settings.pure
@given(st.text(max_size=60), st.text(max_size=60))
def test_folded_text_is_stable_and_without_case(start: str, end: str) -> None:
    assert fold(fold(start)) == fold(start.casefold()) == fold(start)
    assert fold_part(f"{start} {end}").startswith(fold_part(start + " "))


def test_a_part_keeps_the_blanks_at_its_ends() -> None:
    assert (fold_part(" Ánn "), fold(" Ánn ")) == (" ann ", "ann")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Jo@A.example", "jo@a.EXAMPLE", True),
        ("ÉMILE@a.example", "e\u0301mile@a.example", True),
        ("jo@straße.example", "jo@strasse.example", False),
        ("jo@STRAẞE.example", "jo@straße.example", True),
        ("emile@a.example", "émile@a.example", False),
        ("yilmaz@a.example", "yılmaz@a.example", False),
        ("ﬁn@a.example", "fin@a.example", False),
        ("jo@ａ.example", "jo@a.example", False),
        ("øre@a.example", "ore@a.example", False),
        ("o’brien@a.example", "o'brien@a.example", False),
    ],
)
def test_emails_are_compared_by_lower_case_alone(one: str, other: str, equal: bool) -> None:
    assert (email_key(one) == email_key(other)) is equal


@pytest.mark.parametrize("character", [*INVISIBLE, *NOT_CHARACTERS, "\U00016fe4"])
def test_invisible_characters_are_known(character: str) -> None:
    assert text.is_invisible(character)
    assert text.is_blank(f" {character}\u00a0")
    assert not text.is_blank(f"{character}x")
    assert text.first_hidden(f"E-1{character}") == character
    assert fold(f"A{character}b") == "ab"


@pytest.mark.parametrize("blank", "\t\n\u00a0\u1680\u2003\u2009\u202f\u205f\u3000")
def test_a_blank_of_an_identifier_is_the_plain_one(blank: str) -> None:
    assert text.first_hidden(f"E{blank}1") == blank
    assert text.first_hidden("E 1") is None


@pytest.mark.parametrize(
    "character", ["A", "é", "\u0301", "ا", "\u0600", "-", "漢", "😀", "ß", "!", "\ufffd", "\ufdf0", "\ue000"]
)
def test_visible_characters_are_visible(character: str) -> None:
    assert not text.is_invisible(character)
    assert not text.is_blank(character)


def test_special_blanks_are_made_plain() -> None:
    assert text.plain_blanks("a\u00a0b\u202fc\u3000d\u2009e\tf\u200bg") == "a b c d e\tf\u200bg"
