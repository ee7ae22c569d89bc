"""Statements as a driver takes them, and several of them in one, for what a level needs and what follows from it."""

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

PLACE = re.compile(r"\$(\d+)")
"""Where a value goes in a statement for PostgreSQL; nothing else in one has a dollar."""


@dataclass(frozen=True, slots=True)
class Read:
    """A statement as the driver takes it, with its values."""

    text: str
    values: Sequence[Any]
    most: float = math.inf
    """The most rows that it can give, where that is known."""
    width: int = 0
    """How many columns its rows have, where something follows."""
    follows: tuple["Follow", ...] = ()
    """What may be read with it, so that it need not be asked for once the rows are there."""

    def followed(self, by: tuple["Follow", ...]) -> "Read":
        """The same, with what follows it."""
        return Read(self.text, self.values, self.most, self.width, by) if by else self


@dataclass(frozen=True, slots=True)
class Follow:
    """A lookup of the keys that a column of other rows holds."""

    name: Hashable
    column: int
    read: Read
    keys: int
    """The place of the keys among its values, from 0 on."""


class Rows(list[Any]):
    """The rows of a statement, and those of what followed it, by their names."""

    __slots__ = ("ahead",)

    def __init__(self, rows: Sequence[Any], ahead: Mapping[Hashable, Any]) -> None:
        super().__init__(rows)
        self.ahead = ahead


NOTHING: Mapping[Hashable, Any] = {}


def ahead_of(rows: Any) -> Mapping[Hashable, Any]:
    """What was read with some rows."""
    return rows.ahead if isinstance(rows, Rows) else NOTHING


def every(read: Read) -> list[Read]:
    """A statement and all that follows it."""
    return [read, *(each for follow in read.follows for each in every(follow.read))]


Shape = tuple[str, int, int | None, tuple[tuple[int, Any], ...]]


def together(reads: Sequence[Read]) -> tuple[str, list[Any]]:
    """One statement that gives one row: an array of the rows of each statement, and of each that follows one."""
    values: list[Any] = []
    for read in reads:
        _values(read, None, values)
    return _text(tuple(_shape(read, None) for read in reads)), values


def apart(reads: Sequence[Read], row: Sequence[Any]) -> list[Rows]:
    """The rows of some statements that were asked together."""
    arrays = iter(row)

    def taken(read: Read) -> Rows:
        mine = next(arrays)
        return Rows(mine, {follow.name: taken(follow.read) for follow in read.follows})

    return [taken(read) for read in reads]


def _values(read: Read, keys: int | None, found: list[Any]) -> None:
    found += [value for place, value in enumerate(read.values) if place != keys]
    for follow in read.follows:
        _values(follow.read, follow.keys, found)


def _shape(read: Read, keys: int | None) -> Shape:
    return (
        read.text,
        read.width,
        keys,
        tuple((follow.column, _shape(follow.read, follow.keys)) for follow in read.follows),
    )


@lru_cache(2_000)
def _text(shapes: tuple[Shape, ...]) -> str:
    tables: list[str] = []
    arrays: list[str] = []
    values = 0

    def add(shape: Shape, source: str) -> None:
        nonlocal values
        text, width, keys, follows = shape
        name, places = f"read{len(arrays)}", dict[int, str]()
        for number in sorted({int(found) for found in PLACE.findall(text)}):
            if number - 1 == keys:
                places[number] = f"ARRAY(SELECT {source})"
            else:
                values += 1
                places[number] = f"${values}"
        text = PLACE.sub(lambda found: places[int(found[1])], text)
        if not follows:
            arrays.append(f"ARRAY(SELECT {name} FROM ({text}) {name})")
            return
        columns = ", ".join(f"c{number}" for number in range(width))
        tables.append(f"{name} ({columns}) AS MATERIALIZED ({text})")
        arrays.append(f"ARRAY(SELECT {name} FROM {name})")
        for column, following in follows:
            add(following, f"c{column} FROM {name}")

    for shape in shapes:
        add(shape, "")
    given = f"WITH {', '.join(tables)} " if tables else ""
    return f"{given}SELECT {', '.join(arrays)}"
