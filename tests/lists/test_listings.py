"""The rows beyond a position: in every mix of directions, on both databases, exactly those that sort later."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, column, literal, select, values

from app.db.database import Database
from app.lists.listings import beyond
from tests import property_settings

SMALL = st.integers(0, 2)
ROWS = st.lists(st.tuples(SMALL, SMALL, SMALL), min_size=1, max_size=12)
DIRECTIONS = st.tuples(st.booleans(), st.booleans(), st.booleans())
NAMES = ("a", "b", "c")


def place(row: tuple[int, ...], descending: tuple[bool, ...]) -> tuple[int, ...]:
    """A row as a key that sorts upwards."""
    return tuple(-value if down else value for value, down in zip(row, descending, strict=True))


@property_settings.queries
@given(rows=ROWS, at=st.tuples(SMALL, SMALL, SMALL), descending=DIRECTIONS)
async def test_beyond_a_position_lies_what_sorts_later(
    database: Database,
    rows: list[tuple[int, int, int]],
    at: tuple[int, int, int],
    descending: tuple[bool, bool, bool],
) -> None:
    table = values(*(column(name, Integer) for name in NAMES), name="rows").data(rows).cte()
    keys = [(table.c[name], down) for name, down in zip(NAMES, descending, strict=True)]
    order = [key.desc() if down else key.asc() for key, down in keys]
    statement = select(table).where(beyond(keys, at)).order_by(*order).add_columns(literal(1))
    async with database.reading() as session:
        found = [tuple(row)[:3] for row in await session.execute(statement)]
    later = [row for row in rows if place(row, descending) > place(at, descending)]
    assert found == sorted(later, key=lambda row: place(row, descending))
