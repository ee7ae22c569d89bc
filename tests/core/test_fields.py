"""Parsing a record's fields from nested input: absent, null and blank values, errors, and changes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from app.core import fields
from app.core.errors import DomainErrorGroup
from app.core.fields import InputFields, value_at

FIELDS = InputFields(
    (
        fields.text("identity.displayName", "name", max_length=10, required=True),
        fields.text("identity.nick", "nick", default="none"),
        fields.email("contact.email", "email"),
        fields.url("profile.photo", "photo"),
        fields.day("birth", "birth"),
        fields.boolean("vip", "vip", default=False),
        fields.integer("days", "days", minimum=0, maximum=9, required=True),
    )
)
GOOD: dict[str, Any] = {"identity": {"displayName": "Jo"}, "days": 1}


@dataclass
class Row:
    """A record with some of the columns."""

    name: str = "Jo"
    nick: str = "none"
    birth: date | None = None


def errors_of(input: dict[str, Any], *, absent: fields.AbsentPolicy = "clear") -> list[tuple[str, str]]:
    with pytest.raises(DomainErrorGroup) as raised:
        FIELDS.parse(input, absent=absent)
    return [(".".join(error.path), error.message) for error in raised.value.errors]


def test_a_path_is_present_absent_or_within_a_null_group() -> None:
    assert value_at({"a": {"b": 1}}, ("a", "b")) == (True, 1)
    assert value_at({"a": {"b": None}}, ("a", "b")) == (True, None)
    assert value_at({"a": {}}, ("a", "b")) == (False, None)
    assert value_at({}, ("a", "b")) == (False, None)
    assert value_at({"a": None}, ("a", "b", "c")) == (True, None)


def test_keep_parses_only_fields_in_the_input() -> None:
    assert FIELDS.parse({}, absent="keep") == {}
    assert FIELDS.parse({"identity": {"nick": None}}, absent="keep") == {"nick": "none"}
    assert FIELDS.parse({"contact": None, "vip": None}, absent="keep") == {"email": None, "vip": False}


def test_clear_sets_absent_fields_to_their_defaults() -> None:
    assert FIELDS.parse(GOOD, absent="clear") == {
        "name": "Jo",
        "nick": "none",
        "email": None,
        "photo": None,
        "birth": None,
        "vip": False,
        "days": 1,
    }


def test_zero_and_false_are_values() -> None:
    assert FIELDS.parse({"days": 0, "vip": False}, absent="keep") == {"days": 0, "vip": False}


def test_all_errors_are_reported_together() -> None:
    input = {"identity": {"displayName": " "}, "contact": {"email": "x"}, "days": 10}
    assert errors_of(input) == [
        ("identity.displayName", "identity.displayName is required"),
        ("contact.email", "contact.email is not an email address"),
        ("days", "days is not between 0 and 9"),
    ]


def test_text_is_normalized_before_its_length_is_checked() -> None:
    input = {"identity": {"displayName": "  e\u0301" + "x" * 9 + " \n"}}
    assert FIELDS.parse(input, absent="keep") == {"name": "\u00e9" + "x" * 9}
    (error,) = errors_of({**GOOD, "identity": {"displayName": "x" * 11}})
    assert error == ("identity.displayName", "identity.displayName is longer than 10 characters")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\n", "\t", "\u2028"])
def test_control_characters_are_refused(character: str) -> None:
    (error,) = errors_of({**GOOD, "identity": {"displayName": f"J{character}o"}})
    assert error == ("identity.displayName", "identity.displayName holds a control character")


def test_a_long_text_field_may_have_several_lines() -> None:
    notes = InputFields((fields.text("notes", "notes", max_length=500),))
    assert notes.parse({"notes": "one\n\ttwo"}, absent="keep") == {"notes": "one\n\ttwo"}
    with pytest.raises(DomainErrorGroup, match="control character"):
        notes.parse({"notes": "one\x0btwo"}, absent="keep")


@pytest.mark.parametrize("address", ["a@b.c", "A+b@c-d.example", "ü@exämple.test", " a@b.c "])
def test_valid_email_addresses_are_parsed(address: str) -> None:
    assert FIELDS.parse({"contact": {"email": address}}, absent="keep") == {"email": address.strip()}


@pytest.mark.parametrize(
    "address", ["a", "a@b", "@b.c", "a@.", "a b@c.d", "a@b@c.d", "a@b.c\u200b", "a" * 254 + "@b.c"]
)
def test_invalid_email_addresses_are_refused(address: str) -> None:
    assert errors_of({**GOOD, "contact": {"email": address}})[0][0] == "contact.email"


@pytest.mark.parametrize("address", ["http://a", "https://a.test/x?y=1#z", " https://a.test "])
def test_valid_urls_are_parsed(address: str) -> None:
    assert FIELDS.parse({"profile": {"photo": address}}, absent="keep") == {"photo": address.strip()}


@pytest.mark.parametrize(
    "address",
    [
        "a.test",
        "//a.test",
        "https://",
        "ftp://a.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a b",
        "http://[",
        "https://a.test/\u202e",
        "https://" + "a" * 2_000,
    ],
)
def test_invalid_urls_are_refused(address: str) -> None:
    assert errors_of({**GOOD, "profile": {"photo": address}})[0][0] == "profile.photo"


def test_days_are_between_1900_and_2199() -> None:
    for day in (date(1900, 1, 1), date(2199, 12, 31)):
        assert FIELDS.parse({"birth": day}, absent="keep") == {"birth": day}
    for day in (date(1899, 12, 31), date(2200, 1, 1)):
        assert errors_of({**GOOD, "birth": day}) == [("birth", "birth is not between 1900-01-01 and 2199-12-31")]


def test_apply_returns_the_changes_and_sets_nothing_else() -> None:
    row = Row()
    assert FIELDS.apply(row, {"name": "Jo", "nick": "none"}) == {}
    changes = FIELDS.apply(row, {"name": "Kim", "birth": date(2000, 1, 2)})
    assert changes == {
        "identity.displayName": {"from": "Jo", "to": "Kim"},
        "birth": {"from": None, "to": "2000-01-02"},
    }
    assert row == Row("Kim", "none", date(2000, 1, 2))
