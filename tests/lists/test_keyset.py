"""Keyset pages: in every mix of directions, on both databases, exactly the rows that sort after a position."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, column, literal, select, values

from app.db.database import Database
from app.lists.keyset import after_position
from tests import property_settings

SMALL = st.integers(0, 2)
ROWS = st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1, max_size=12)
DIRECTIONS = st.tuples(st.booleans(), st.booleans(), st.booleans())
NAMES = ("a", "b", "c")


def ascending_key(row: tuple[int, ...], descending: tuple[bool, ...]) -> tuple[int, ...]:
    """Return a row as a key that sorts in ascending order."""
    return tuple(-value if down else value for value, down in zip(row, descending, strict=True))


@property_settings.queries
@given(rows=ROWS, position=st.tuples(SMALL, SMALL, SMALL), descending=DIRECTIONS)
async def test_the_rows_after_a_position_are_those_that_sort_later(
    database: Database,
    rows: list[tuple[int, int, int]],
    position: tuple[int, int, int],
    descending: tuple[bool, bool, bool],
) -> None:
    table = values(*(column(name, Integer) for name in NAMES), name="rows").data(rows).cte()
    keys = [(table.c[name], down) for name, down in zip(NAMES, descending, strict=True)]
    order = [key.desc() if down else key.asc() for key, down in keys]
    statement = select(table).where(after_position(keys, position)).order_by(*order).add_columns(literal(1))
    async with database.reading() as session:
        rows_after = [tuple(row)[:3] for row in await session.execute(statement)]
    later = [row for row in rows if ascending_key(row, descending) > ascending_key(position, descending)]
    assert rows_after == sorted(later, key=lambda row: ascending_key(row, descending))
