"""Statements that write, and several of them in one, for what a change writes at its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.db.read_batch import PLACE

FEW = 4
"""Up to so many writes of the same text are sent with others; more are sent for themselves."""
LONGEST = 12_000
"""Characters of texts that are sent together; asyncpg keeps statements prepared of up to 15 KB."""


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that writes one row, as the driver takes it, with its values."""

    text: str
    values: Sequence[Any]
    row: Any = None
    """The object of the row, where there is one."""
    finds: bool = False
    """Whether the row has to be there already."""


def portions(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """What is sent at once, in order: different writes, or many that differ in their values only."""
    found: list[Write] = []
    length = 0
    for text, same in groupby(writes, attrgetter("text")):
        alike = list(same)
        more = len(text) * len(alike)
        if found and (len(alike) > FEW or length + more > LONGEST):
            yield found
            found, length = [], 0
        if len(alike) > FEW:
            yield alike
        else:
            found += alike
            length += more
    if found:
        yield found


def in_one(writes: Sequence[Write]) -> tuple[str, list[Any]]:
    """One statement that does all of some writes, in their order; it tells of each whether a row was written."""
    shapes = tuple((write.text, len(write.values)) for write in writes)
    return _text(shapes), [value for write in writes for value in write.values]


def are_done(writes: Sequence[Write], found: Sequence[Any]) -> bool:
    """Whether each write that has to find a row found one."""
    return all(wrote or not write.finds for write, wrote in zip(writes, found, strict=True))


def telling(text: str) -> str:
    """A write that gives a row if it wrote one."""
    return f"{text} RETURNING true"


@lru_cache(2_000)
def _text(shapes: tuple[tuple[str, int], ...]) -> str:
    if len(shapes) == 1:
        return telling(shapes[0][0])
    tables: list[str] = []
    before = 0
    for text, values in shapes:
        tables.append(f"write{len(tables)} AS ({telling(_moved(text, before))})")
        before += values
    # They run when they are asked for, which is in this order.
    found = ", ".join(f"EXISTS(SELECT FROM write{number})" for number in range(len(tables)))
    return f"WITH {', '.join(tables)} SELECT {found}"


def _moved(text: str, by: int) -> str:
    return PLACE.sub(lambda found: f"${int(found[1]) + by}", text)
