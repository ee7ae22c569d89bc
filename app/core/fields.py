"""A record's writable fields: where each lies in the input, which column holds it, and what it accepts.

One declaration serves create, update, replace and imports: it reads the input, gathers every error with its path,
and tells what changed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Literal
from urllib.parse import urlsplit

from app.core.errors import DomainError, Invalid, Refused, Required
from app.core.text import composed

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")

LONGEST_LINE = 300
BREAKING = ("Cc", "Zl", "Zp")
"""Characters that end a line, or do what no letter does."""

Absent = Literal["keep", "clear"]
Given = Mapping[str, Any]
Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Field:
    """One writable field."""

    path: tuple[str, ...]
    column: str
    read: Callable[[Any], Any]
    """Gives the stored form of a given value; raises ValueError with what is wrong."""
    required: bool = False
    default: Any = None

    @property
    def name(self) -> str:
        """The path as people write it, `identity.displayName`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Fields:
    """The writable fields of a record."""

    all: tuple[Field, ...]

    @property
    def names(self) -> list[str]:
        """What can be written, by the names that people write."""
        return [field.name for field in self.all]

    def read(self, given: Given, *, absent: Absent) -> dict[str, Any]:
        """Column → value for what is given; with `clear`, the absent ones take their defaults.

        Raises Refused with every field's error.
        """
        values: dict[str, Any] = {}
        errors: list[DomainError] = []
        for field in self.all:
            found, value = at(given, field.path)
            if not found and absent == "keep":
                continue
            value = _unblank(value)
            if value is None:
                if field.required:
                    errors.append(Required(*field.path))
                else:
                    values[field.column] = field.default
                continue
            try:
                values[field.column] = field.read(value)
            except ValueError as error:
                errors.append(Invalid(f"{field.name} {error}", field.path))
        if errors:
            raise Refused(errors)
        return values

    def stated(self, row: Any) -> Changes:
        """All that a new record states, as changes from nothing."""
        found = {field.name: plain(getattr(row, field.column)) for field in self.all}
        return {name: {"from": None, "to": value} for name, value in found.items() if value not in (None, "")}

    def differences(self, before: Any, after: Any) -> Changes:
        """What differs from one record to another."""
        columns = {field.name: field.column for field in self.all}
        return between(snapshot(before, columns), snapshot(after, columns))

    def apply(self, row: Any, values: Mapping[str, Any]) -> Changes:
        """Set a record's columns; gives what changed, by path."""
        changes: Changes = {}
        for field in self.all:
            if field.column in values and getattr(row, field.column) != values[field.column]:
                changes[field.name] = {
                    "from": plain(getattr(row, field.column)),
                    "to": plain(values[field.column]),
                }
                setattr(row, field.column, values[field.column])
        return changes


def snapshot(row: Any, columns: Mapping[str, str]) -> dict[str, Any]:
    """Some of a record's values as JSON can hold them, by the names that are given to its columns."""
    return {name: plain(getattr(row, column)) for name, column in columns.items()}


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What changed from one snapshot to another."""
    return {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}


def at(given: Given, path: Iterable[str]) -> tuple[bool, Any]:
    """Whether a path is present in nested input, and its value. A null group is a group of nulls."""
    value: Any = given
    for name in path:
        if value is None:
            return True, None
        if name not in value:
            return False, None
        value = value[name]
    return True, value


def plain(value: Any) -> Any:
    """A stored value as JSON can hold it."""
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _unblank(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def text(path: str, column: str, *, longest: int = 200, required: bool = False, default: Any = None) -> Field:
    """Text, trimmed and in Unicode's composed form: one line of it, or several where it may be longer than a line."""

    def read(value: Any) -> str:
        line = composed(str(value))
        if len(line) > longest:
            raise ValueError(f"is longer than {longest} characters")
        breaks = "" if longest <= LONGEST_LINE else "\n\t"
        if any(unicodedata.category(character) in BREAKING and character not in breaks for character in line):
            raise ValueError("holds a control character")
        return line

    return Field(tuple(path.split(".")), column, read, required, default)


def email(path: str, column: str) -> Field:
    """An email address."""

    def read(value: Any) -> str:
        address = str(value).strip()
        if len(address) > 254 or not _EMAIL.fullmatch(address) or not address.isprintable():
            raise ValueError("is not an email address")
        return address

    return Field(tuple(path.split(".")), column, read)


def url(path: str, column: str) -> Field:
    """A web address, http or https."""

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

    return Field(tuple(path.split(".")), column, read)


def day(path: str, column: str, *, required: bool = False) -> Field:
    """A calendar day."""

    def read(value: date) -> date:
        if not EARLIEST <= value <= LATEST:
            raise ValueError(f"is not between {EARLIEST} and {LATEST}")
        return value

    return Field(tuple(path.split(".")), column, read, required)


def choice(path: str, column: str, *, required: bool = False, default: Any = None) -> Field:
    """One of an enum's values; the schema has checked which."""
    return Field(tuple(path.split(".")), column, lambda value: value, required, default)


def flag(path: str, column: str, *, required: bool = False, default: bool | None = None) -> Field:
    """True or false."""
    return Field(tuple(path.split(".")), column, bool, required, default)


def whole(
    path: str, column: str, *, least: int, most: int, required: bool = False, default: int | None = None
) -> Field:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        if not least <= value <= most:
            raise ValueError(f"is not between {least} and {most}")
        return int(value)

    return Field(tuple(path.split(".")), column, read, required, default)
