"""Writes as a driver takes them, and the merging of several writes into one statement for PostgreSQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from app.db.read_batch import PLACEHOLDER

MAX_INLINE = 4
"""Writes of the same text that are merged with others; more of them go as a batch of their own, by `executemany`."""
MAX_LENGTH = 12_000
"""Characters of the merged texts; asyncpg keeps statements of up to 15 KB prepared."""


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that writes one row, as the driver takes it, with its values."""

    text: str
    values: Sequence[Any]
    row: Any = None
    """The object of the row, if there is one."""
    must_exist: bool = False
    """True for an update: the row has to be there already."""


def batches(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Split writes into batches, in their order: different writes, or many that differ only in their values."""
    batch: list[Write] = []
    length = 0
    for text, group in groupby(writes, attrgetter("text")):
        same = list(group)
        more = len(text) * len(same)
        if batch and (len(same) > MAX_INLINE or length + more > MAX_LENGTH):
            yield batch
            batch, length = [], 0
        if len(same) > MAX_INLINE:
            yield same
        else:
            batch += same
            length += more
    if batch:
        yield batch


def merge(writes: Sequence[Write]) -> tuple[str, list[Any]]:
    """Return one statement that runs the writes in their order, with its values.

    Its row has a column for each write: true if the write found or made a row.
    """
    shapes = tuple((write.text, len(write.values)) for write in writes)
    return _text(shapes), [value for write in writes for value in write.values]


def all_found(writes: Sequence[Write], wrote: Sequence[Any]) -> bool:
    """Report whether each update found its row. `wrote` has a truth value for each write."""
    return all(done or not write.must_exist for write, done in zip(writes, wrote, strict=True))


def returning(text: str) -> str:
    """Return the text of a write that returns a row for each row that it wrote."""
    return f"{text} RETURNING true"


@lru_cache(2_000)
def _text(shapes: tuple[tuple[str, int], ...]) -> str:
    if len(shapes) == 1:
        return returning(shapes[0][0])
    tables: list[str] = []
    values = 0
    for text, width in shapes:
        tables.append(f"write{len(tables)} AS ({returning(_renumber(text, values))})")
        values += width
    # PostgreSQL runs a writing WITH query when its rows are first asked for, so this is the order of the writes.
    columns = ", ".join(f"EXISTS(SELECT FROM write{number})" for number in range(len(tables)))
    return f"WITH {', '.join(tables)} SELECT {columns}"


def _renumber(text: str, offset: int) -> str:
    return PLACEHOLDER.sub(lambda match: f"${int(match[1]) + offset}", text)
