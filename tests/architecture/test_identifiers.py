# ruff: noqa: RUF001 - characters that look alike are what is tested
"""The input fields of identifiers refuse what nobody sees, and those of names what shows nothing or deceives."""

from typing import Any

import pytest

from app.core.errors import DomainErrorGroup
from app.core.fields import InputField
from app.workers import fields as workers
from tests.architecture.test_inputs import WRITE_INPUTS

IDENTIFIERS = {
    *("externalId", "sourceSystem", "workEmail", "personalEmail", "referenceNumber", "code"),
    *("jurisdiction", "verificationSource"),
}
"""The last names of the fields that systems compare."""
NAMES = {"name", "displayName", "firstName", "middleName", "lastName", "jobTitle", "team", "department", "fileName"}
HIDDEN = "\ufeff\u200b\u00ad\u2060\u200d\u3164\u115f\u2800\u034f\u00a0\u202f\u202e\ufe0f\ufffe\ufdd0\U0001ffff"
NOTHING = [
    "\u200b",
    "\u2800",
    "\u3164",
    "\u115f",
    "\ufeff",
    "\u00ad",
    "\u2060",
    " \u00a0\u200d",
    "\u202e",
    "\u200b \u3164",
    "\ufffe\ufeff",
]
TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


def fields_named(names: set[str]) -> list[tuple[str, InputField]]:
    """Return the fields of all inputs with these last names, with the name of an input."""
    return [
        (input_name, field)
        for input_name, (fields, _) in WRITE_INPUTS.items()
        for field in fields.all
        if field.path[-1] in names
    ]


def case_id(value: Any) -> str:
    return value.name if isinstance(value, InputField) else str(value)


@pytest.mark.parametrize(("input_name", "field"), fields_named(IDENTIFIERS), ids=case_id)
def test_an_identifier_refuses_what_nobody_sees(input_name: str, field: InputField) -> None:
    good = "a@b.example" if field.path[-1].endswith("Email") else "AB1"
    assert field.parse(good) == good
    for character in HIDDEN:
        for value in (f"{good[:1]}{character}{good[1:]}", f"{character}{good}", f"{good}{character}"):
            if value.strip() == good:  # a blank at an end is cut off as ever
                continue
            with pytest.raises(ValueError, match=r"is not|holds"):
                field.parse(value)


def test_an_identifier_may_have_a_plain_blank_and_any_letter() -> None:
    field = next(field for field in workers.WORKER.all if field.column == "external_id")
    for value in ("E 1", "Zoë-7", "№ 12", "山田/1", "a_b.c"):
        assert field.parse(value) == value


@pytest.mark.parametrize(("input_name", "field"), fields_named(NAMES), ids=case_id)
def test_a_name_that_shows_nothing_is_none(input_name: str, field: InputField) -> None:
    fields, _ = WRITE_INPUTS[input_name]
    for value in NOTHING:
        nested: Any = value
        for name in reversed(field.path):
            nested = {name: nested}
        if not field.required:
            assert fields.parse(nested, absent="keep") == {field.column: field.default}
            continue
        with pytest.raises(DomainErrorGroup) as raised:
            fields.parse(nested, absent="keep")
        [error] = raised.value.errors
        assert (error.code, error.path) == ("REQUIRED", field.path)


@pytest.mark.parametrize(("input_name", "field"), fields_named(NAMES), ids=case_id)
def test_a_name_keeps_joiners_and_refuses_what_turns_its_letters(input_name: str, field: InputField) -> None:
    for value in ("نامه\u200cای", "क\u094d\u200dष", "ab\u200eשם", "a\u00adb"):
        assert field.parse(value) == value
    for character in TURNING:
        with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
            field.parse(f"Ann{character}gnp.exe")


def test_a_phone_number_loses_what_contact_lists_copy_along() -> None:
    field = next(field for field in workers.WORKER.all if field.column == "phone")
    assert field.parse("\u202a+61\u00a0412\u202f345\u2011678\u202c") == "+61 412 345\u2011678"
    assert field.parse("\ufeff0412 345 678") == "0412 345 678"
