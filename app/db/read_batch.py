"""Statements as a driver takes them, and several of them in one, for what a level needs and what follows from it."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any

MOST_TOGETHER = 20
"""Statements that are asked as one: what PostgreSQL's planner takes grows faster than their number."""
MOST_COLUMNS = 1_600
"""Columns of a statement at most; PostgreSQL takes 1,664."""

PLACE = re.compile(r"\$(\d+)")
"""Where a value goes in a statement for PostgreSQL; nothing else in one has a dollar."""


@dataclass(frozen=True, slots=True)
class Read:
    """A statement as the driver takes it, with its values."""

    text: str
    values: Sequence[Any]
    width: int = 0
    """How many columns its rows have, where it may be asked together with others."""
    follows: tuple["Follow", ...] = ()
    """What may be read with it, so that it need not be asked for once the rows are there."""
    steady: bool = False
    """Whether the way to its rows is the same whatever its values are, so that the database need not plan it anew."""
    keys: int | None = None
    """Which of its values is the list of keys that it is asked for, where there is one."""

    def followed(self, by: tuple["Follow", ...]) -> "Read":
        """The same, with what follows it."""
        if not by:
            return self
        return replace(self, follows=by, steady=self.steady and all(follow.read.steady for follow in by))


Shape = tuple[str, int, int | None, tuple[Any, ...]]
"""The text of a statement, its width, the place of its keys if it follows another, and what follows it."""


class Follow:
    """A statement that is asked for the keys in a column of other rows; many statements may have the same."""

    __slots__ = ("name", "read", "shape", "values")

    def __init__(self, name: Hashable, column: int, read: Read) -> None:
        self.name, self.read = name, read
        self.shape = column, _shape(read, read.keys)
        self.values = [value for place, value in enumerate(read.values) if place != read.keys]
        """All values but the keys, and those of what follows."""
        for follow in read.follows:
            self.values += follow.values


class Rows(list[Any]):
    """The rows of a statement, and those of what followed it, by their names."""

    __slots__ = ("ahead",)

    def __init__(self, rows: Iterable[Any], ahead: Mapping[Hashable, Any]) -> None:
        super().__init__(rows)
        self.ahead = ahead


NOTHING: Mapping[Hashable, Any] = {}


def ahead_of(rows: Any) -> Mapping[Hashable, Any]:
    """What was read with some rows."""
    return rows.ahead if isinstance(rows, Rows) else NOTHING


def every(read: Read) -> list[Read]:
    """A statement and all that follows it."""
    return [read, *(each for follow in read.follows for each in every(follow.read))]


def portions(reads: Sequence[Read]) -> list[list[Read]]:
    """The statements that are asked together, in their order; one that much follows is asked without that."""
    found: list[list[Read]] = []
    statements = columns = 0
    for read in reads:
        each = every(read)
        if len(each) > MOST_TOGETHER or not all(one.width for one in each):
            read, each = replace(read, follows=()), [read]
        width = sum(one.width for one in each)
        statements, columns = statements + len(each), columns + width
        mixes = found and read.width and found[-1][-1].width
        if not mixes or statements > MOST_TOGETHER or columns > MOST_COLUMNS:
            found.append([])
            statements, columns = len(each), width
        found[-1].append(read)
    return found


def together(reads: Sequence[Read]) -> tuple[str, list[Any]]:
    """One statement that gives one row: for each statement, and each that follows one, the values of its columns.

    Columns come as arrays of their type, which a driver reads faster than rows within a row.
    """
    values: list[Any] = []
    for read in reads:
        values += read.values
        for follow in read.follows:
            values += follow.values
    return _text(tuple([_shape(read) for read in reads])), values


def apart(reads: Sequence[Read], row: Sequence[Any]) -> list[Rows]:
    """The rows of some statements that were asked together."""
    columns = iter(row)
    return [_taken(read, columns) for read in reads]


def _taken(read: Read, columns: Iterator[Any]) -> Rows:
    mine = list(islice(columns, read.width))
    rows = () if mine[0] is None else zip(*mine, strict=True)
    ahead = {follow.name: _taken(follow.read, columns) for follow in read.follows} if read.follows else NOTHING
    return Rows(rows, ahead)


def _shape(read: Read, keys: int | None = None) -> Shape:
    return read.text, read.width, keys, tuple([follow.shape for follow in read.follows])


@lru_cache(500)
def _text(shapes: tuple[Shape, ...]) -> str:
    tables: list[str] = []
    gathered: list[str] = []
    values = 0

    def add(shape: Shape, source: str) -> None:
        nonlocal values
        text, width, keys, follows = shape
        name, places = f"read{len(gathered)}", dict[int, str]()
        for number in sorted({int(found) for found in PLACE.findall(text)}):
            if number - 1 == keys:
                places[number] = f"ARRAY(SELECT {source})"
            else:
                values += 1
                places[number] = f"${values}"
        text = PLACE.sub(lambda found: places[int(found[1])], text)
        columns = [f"c{number}" for number in range(width)]
        named = f"{name} ({', '.join(columns)})"
        if follows:
            tables.append(f"{named} AS MATERIALIZED ({text})")
        arrays = ", ".join(f"array_agg({column})" for column in columns)
        gathered.append(f"(SELECT {arrays} FROM {name if follows else f'({text}) {named}'})")
        for column, following in follows:
            add(following, f"c{column} FROM {name}")

    for shape in shapes:
        add(shape, "")
    given = f"WITH {', '.join(tables)} " if tables else ""
    return f"{given}SELECT * FROM {_beside(gathered)} found"


def _beside(rows: Sequence[str]) -> str:
    """One row of some rows: by twos, or PostgreSQL would look for the best of all orders to join them in."""
    if len(rows) == 1:
        return rows[0]
    half = len(rows) // 2
    return f"(SELECT * FROM {_beside(rows[:half])} a, {_beside(rows[half:])} b OFFSET 0)"
