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

from app.core.errors import DomainError, DomainErrorGroup, Invalid, Required
from app.core.text import normalize

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


def json_value(value: Any) -> Any:
    """Return a stored value in a form that JSON can hold."""
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _unblank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def text(path: str, column: str, *, max_length: int = 200, required: bool = False, default: Any = None) -> InputField:
    """Declare a text field, stored trimmed and normalized. It may have several lines if it may be longer than one."""

    def read(value: Any) -> str:
        result = normalize(str(value))
        if len(result) > max_length:
            raise ValueError(f"is longer than {max_length} characters")
        allowed = "" if max_length <= MAX_LINE_LENGTH else "\n\t"
        controls = (char for char in result if unicodedata.category(char) in CONTROL_CATEGORIES)
        if any(char not in allowed for char in controls):
            raise ValueError("holds a control character")
        return result

    return InputField(tuple(path.split(".")), column, read, required, default)


def email(path: str, column: str) -> InputField:
    """Declare a field for an email address."""

    def read(value: Any) -> str:
        address = str(value).strip()
        if len(address) > 254 or not _EMAIL.fullmatch(address) or not address.isprintable():
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
