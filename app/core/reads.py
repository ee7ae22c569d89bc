"""Statements as a driver takes them, and several of them in one, for what a level needs and what follows from it."""

import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PLACE = re.compile(r"\$(\d+)")
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
    steady: bool = False
    """Whether the way to its rows is the same whatever its values are, so that the database need not plan it anew."""

    def followed(self, by: tuple["Follow", ...]) -> "Read":
        """The same, with what follows it."""
        return Read(self.text, self.values, self.most, self.width, by, self.steady) if by else self


Shape = tuple[str, int, int | None, tuple[Any, ...]]
"""The text of a statement, its width, the place of its keys if it follows another, and what follows it."""


class Follow:
    """A lookup of the keys that a column of other rows holds; many statements may have the same."""

    __slots__ = ("name", "read", "shape", "values")

    def __init__(self, name: Hashable, column: int, read: Read, keys: int) -> None:
        """`keys` is their place among the values of `read`, from 0 on."""
        self.name, self.read = name, read
        self.shape = column, _shape(read, keys)
        self.values = [value for place, value in enumerate(read.values) if place != keys]
        """All values but the keys, and those of what follows."""
        for follow in read.follows:
            self.values += follow.values


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


def together(reads: Sequence[Read]) -> tuple[str, list[Any]]:
    """One statement that gives one row: an array of the rows of each statement, and of each that follows one."""
    values: list[Any] = []
    for read in reads:
        values += read.values
        for follow in read.follows:
            values += follow.values
    return _text(tuple([_shape(read) for read in reads])), values


def apart(reads: Sequence[Read], row: Sequence[Any]) -> list[Rows]:
    """The rows of some statements that were asked together."""
    arrays = iter(row)
    return [_taken(read, arrays) for read in reads]


def _taken(read: Read, arrays: Iterator[Any]) -> Rows:
    mine = next(arrays)
    ahead = {follow.name: _taken(follow.read, arrays) for follow in read.follows} if read.follows else NOTHING
    return Rows(mine, ahead)


def _shape(read: Read, keys: int | None = None) -> Shape:
    return read.text, read.width, keys, tuple([follow.shape for follow in read.follows])


@lru_cache(2_000)
def _text(shapes: tuple[Shape, ...]) -> str:
    tables: list[str] = []
    arrays: list[str] = []
    values = 0

    def add(shape: Shape, source: str) -> None:
        nonlocal values
        text, width, keys, follows = shape
        name, places = f"read{len(arrays)}", dict[int, str]()
        for number in sorted({int(found) for found in _PLACE.findall(text)}):
            if number - 1 == keys:
                places[number] = f"ARRAY(SELECT {source})"
            else:
                values += 1
                places[number] = f"${values}"
        text = _PLACE.sub(lambda found: places[int(found[1])], text)
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
