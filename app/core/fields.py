"""Writable fields of a record: the path of each in the input, its column, and the values that it accepts.

One declaration serves create, update, replace and imports: it parses the input, collects every error with its path,
and reports the changes.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal
from urllib.parse import urlsplit

from app.core import text as texts
from app.core.errors import DomainError, DomainErrorGroup, Invalid, Required
from app.core.text import MAX_FOLDED_LENGTH, normalize

MIN_DATE, MAX_DATE = date(1900, 1, 1), date(2199, 12, 31)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")

MAX_LINE_LENGTH = 300  # characters; a longer field may have several lines
CONTROL_CATEGORIES = ("Cc", "Zl", "Zp")
"""Unicode categories of control characters and of line and paragraph separators."""

AbsentPolicy = Literal["keep", "clear"]
"""The treatment of fields that are absent from the input: keep their values (update) or clear them (replace)."""

Input = Mapping[str, Any]
"""The input of a mutation: nested data with the names of the schema."""

Changes = dict[str, dict[str, Any]]
"""Changed values by path: `{"identity.displayName": {"from": …, "to": …}}`, as the event log stores them."""


@dataclass(frozen=True, slots=True)
class InputField:
    """One writable field."""

    path: tuple[str, ...]
    column: str
    parse: Callable[[Any], Any]
    """Returns the stored form of an input value. Raises ValueError; its text completes "displayName …"."""
    required: bool = False
    default: Any = None

    @property
    def name(self) -> str:
        """The path with dots, `identity.displayName`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class InputFields:
    """The writable fields of a record."""

    all: tuple[InputField, ...]

    @property
    def names(self) -> list[str]:
        """The dotted paths of all fields."""
        return [field.name for field in self.all]

    def parse(self, input: Input, *, absent: AbsentPolicy) -> dict[str, Any]:
        """Return column → value for the fields in the input; with `clear`, absent fields take their defaults.

        Raises DomainErrorGroup with the error of every field that is missing or invalid.
        """
        values: dict[str, Any] = {}
        errors: list[DomainError] = []
        for field in self.all:
            is_present, value = value_at(input, field.path)
            if not is_present and absent == "keep":
                continue
            value = _unblank(value)
            if value is None:
                if field.required:
                    errors.append(Required(*field.path))
                else:
                    values[field.column] = field.default
                continue
            try:
                values[field.column] = field.parse(value)
            except ValueError as error:
                errors.append(Invalid(f"{field.name} {error}", field.path))
        if errors:
            raise DomainErrorGroup(errors)
        return values

    def initial_changes(self, row: Any) -> Changes:
        """Return the values of a new record as changes from null."""
        values = {field.name: json_value(getattr(row, field.column)) for field in self.all}
        return {name: {"from": None, "to": value} for name, value in values.items() if value not in (None, "")}

    def diff(self, before: Any, after: Any) -> Changes:
        """Return the changes from one record to another."""
        columns = {field.name: field.column for field in self.all}
        return changes_between(snapshot(before, columns), snapshot(after, columns))

    def apply(self, row: Any, values: Mapping[str, Any]) -> Changes:
        """Set the columns of a record and return the changes."""
        changes: Changes = {}
        for field in self.all:
            if field.column in values and getattr(row, field.column) != values[field.column]:
                changes[field.name] = {
                    "from": json_value(getattr(row, field.column)),
                    "to": json_value(values[field.column]),
                }
                setattr(row, field.column, values[field.column])
        return changes


def snapshot(row: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return name → JSON value, for `columns` as name → column."""
    return {name: json_value(getattr(row, column)) for name, column in columns.items()}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Return the changes from one snapshot to another."""
    return {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}


def value_at(input: Input, path: Iterable[str]) -> tuple[bool, Any]:
    """Return True and the value if a path is present in the input, else False and None.

    All members of a null group are present, and null.
    """
    value: Any = input
    for name in path:
        if value is None:
            return True, None
        if name not in value:
            return False, None
        value = value[name]
    return True, value


def check_day(day: date | None, name: str = "asOf") -> None:
    """Raise Invalid for a day before 1900 or after 2199."""
    if day is not None and not MIN_DATE <= day <= MAX_DATE:
        raise Invalid(f"{name} is not between {MIN_DATE} and {MAX_DATE}", (name,))


def json_value(value: Any) -> Any:
    """Return a stored value in a form that JSON can hold."""
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _unblank(value: Any) -> Any:
    return None if isinstance(value, str) and texts.is_blank(value) else value


def text(path: str, column: str, *, max_length: int = 200, required: bool = False, default: Any = None) -> InputField:
    """Declare a text field, stored trimmed and normalized. It may have several lines if it may be longer than one.

    A single line is a name, which people take for what they see: it cannot change the direction of its letters.
    """

    def read(value: Any) -> str:
        if max_length > MAX_LINE_LENGTH:
            result = normalize(str(value))
            _check_characters(result, max_length, allowed="\n\t")
            return result
        result = line(str(value), max_length)
        if len(texts.fold(result)) > MAX_FOLDED_LENGTH:  # a ligature stands for up to 18 letters
            raise ValueError(f"is longer than {MAX_FOLDED_LENGTH} characters with its ligatures taken apart")
        return result

    return InputField(tuple(path.split(".")), column, read, required, default)


def line(value: str, max_length: int) -> str:
    """Return a line of text as it is stored. Raises ValueError for controls, and for what turns its letters around."""
    result = normalize(value)
    _check_characters(result, max_length)
    turning = next((character for character in result if character in texts.DIRECTION_CONTROLS), None)
    if turning is not None:
        raise ValueError(f"holds {texts.code_point(turning)}, which changes the direction of the text")
    return result


def identifier(
    path: str, column: str, *, max_length: int = 200, required: bool = False, default: Any = None
) -> InputField:
    """Declare a field for an id, number or code, which systems compare and people copy.

    A character that nobody sees would make a second person of one: it is refused rather than removed, so that the
    sender learns that its own copy has it, and values stored before are still found as they are.
    """

    def read(value: Any) -> str:
        result = normalize(str(value))
        _check_characters(result, max_length)
        _check_visible(result)
        return result

    return InputField(tuple(path.split(".")), column, read, required, default)


def phone(path: str, column: str, *, max_length: int = 50) -> InputField:
    """Declare a field for a phone number, without the invisible characters that contact lists copy along."""

    def read(value: Any) -> str:
        shown = "".join(character for character in str(value) if not texts.is_invisible(character))
        result = normalize(texts.plain_blanks(shown))
        _check_characters(result, max_length)
        return result

    return InputField(tuple(path.split(".")), column, read)


def _check_characters(value: str, max_length: int, *, allowed: str = "") -> None:
    if len(value) > max_length:
        raise ValueError(f"is longer than {max_length} characters")
    controls = (char for char in value if unicodedata.category(char) in CONTROL_CATEGORIES)
    if any(char not in allowed for char in controls):
        raise ValueError("holds a control character")


def _check_visible(value: str) -> None:
    hidden = texts.first_hidden(value)
    if hidden is not None:
        raise ValueError(f"holds {texts.code_point(hidden)}, which cannot be seen; send it without")


def email(path: str, column: str) -> InputField:
    """Declare a field for an email address."""

    def read(value: Any) -> str:
        address = normalize(str(value))
        if not _EMAIL.fullmatch(address) or len(texts.email_key(address)) > MAX_FOLDED_LENGTH:
            raise ValueError("is not an email address")
        _check_visible(address)
        if not address.isprintable():
            raise ValueError("is not an email address")
        return address

    return InputField(tuple(path.split(".")), column, read)


def url(path: str, column: str) -> InputField:
    """Declare a field for an http or https URL."""

    def read(value: Any) -> str:
        address = str(value).strip()
        try:
            parts = urlsplit(address)
        except ValueError:
            raise ValueError("is not a web address") from None
        if len(address) > 2_000 or parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not a web address")
        if not address.isprintable() or " " in address:
            raise ValueError("is not a web address")
        return address

    return InputField(tuple(path.split(".")), column, read)


def day(path: str, column: str, *, required: bool = False) -> InputField:
    """Declare a field for a calendar day."""

    def read(value: date) -> date:
        if not MIN_DATE <= value <= MAX_DATE:
            raise ValueError(f"is not between {MIN_DATE} and {MAX_DATE}")
        return value

    return InputField(tuple(path.split(".")), column, read, required)


def choice(path: str, column: str, *, required: bool = False, default: Any = None) -> InputField:
    """Declare a field for a value of an enum, which the schema has validated."""
    return InputField(tuple(path.split(".")), column, lambda value: value, required, default)


def boolean(path: str, column: str, *, required: bool = False, default: bool | None = None) -> InputField:
    """Declare a field for true or false."""
    return InputField(tuple(path.split(".")), column, bool, required, default)


def integer(
    path: str, column: str, *, minimum: int, maximum: int, required: bool = False, default: int | None = None
) -> InputField:
    """Declare a field for an integer within bounds."""

    def read(value: Any) -> int:
        if not minimum <= value <= maximum:
            raise ValueError(f"is not between {minimum} and {maximum}")
        return int(value)

    return InputField(tuple(path.split(".")), column, read, required, default)
