"""Sums of what owners are counted as, kept so that a roll-up counts nothing.

A sum counts from a day on: what counts on a day is the sum of all days up to it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from secrets import token_hex
from typing import Any

from sqlalchemy import Dialect, Select, delete, func, select
from sqlmodel import col

from app.compliance.rollups.counting import Dimension, Key
from app.compliance.rollups.owner_counts import Portfolio
from app.compliance.tables import Settled, Tally
from app.db import upsert
from app.db.database import Session
from app.db.prepared_statements import Statement, slot
from app.db.read_batch import Read
from app.lists.key_lists import among, asked, listed

EVERYBODY = ""
"""Stands for the whole organization among the units of tallies."""
Counts = Counter[tuple[str, Key]]
"""How many, by unit and key."""
Sums = Mapping[tuple[str, str], int]
"""How many, by dimension and value."""


async def keep(session: Session, organization_id: str, found: dict[str, Portfolio]) -> None:
    """Write the difference between what owners count as and what they were counted as."""
    statement = select(col(Settled.id), col(Settled.org_unit_id), col(Settled.counted), col(Settled.recheck_on)).where(
        col(Settled.organization_id) == organization_id, among(col(Settled.id), list(found), session.dialect)
    )
    before = {row.id: row for row in await session.execute(statement)}
    difference: Counts = Counter()
    rows: list[dict[str, Any]] = []
    for key, portfolio in found.items():
        counted = [[*_plain(name), number] for name, number in sorted(portfolio.counts.items()) if number]
        row = {
            "organization_id": organization_id,
            "id": key,
            "org_unit_id": portfolio.org_unit_id,
            "recheck_on": portfolio.recheck_on,
            "counted": counted,
        }
        was = before.get(key)
        if was is not None:
            if (was.org_unit_id, was.counted, was.recheck_on) == (row["org_unit_id"], counted, row["recheck_on"]):
                continue
            _add(difference, was.org_unit_id, {_key(item): item[3] for item in was.counted}, -1)
        _add(difference, portfolio.org_unit_id, portfolio.counts, 1)
        rows.append(row)
    await upsert.upsert(
        session, Settled, rows, ("organization_id", "id"), replaced=("org_unit_id", "recheck_on", "counted")
    )
    tallies = [
        _tally(organization_id, unit, key, number) for (unit, key), number in sorted(difference.items()) if number
    ]
    await upsert.upsert(
        session, Tally, tallies, ("organization_id", "org_unit_id", "dimension", "value", "day"), added=("number",)
    )


async def counts(
    session: Session, organization_id: str, units: Sequence[str] | None, day: date, dimensions: Iterable[Dimension]
) -> Sums:
    """Kept counts of an organization or of some units, by dimension and value, as of a day from today on."""
    statement = _counting(frozenset(dimensions), units is None).on(session.dialect)
    return sums(await session.execute(statement, _values(session.dialect, organization_id, units, day)))


def reading(
    dialect: Dialect, organization_id: str, units: Sequence[str] | None, day: date, dimensions: frozenset[Dimension]
) -> Read:
    """Reads the rows of such counts."""
    return _counting(dimensions, units is None).read(dialect, **_values(dialect.name, organization_id, units, day))


def sums(rows: Iterable[Sequence[Any]]) -> Sums:
    """The counts that their rows tell."""
    return {(row[0], row[1]): int(row[2]) for row in rows if row[2]}


def _values(dialect: str, organization_id: str, units: Sequence[str] | None, day: date) -> dict[str, Any]:
    found = {"organization": organization_id, "day": day}
    return found if units is None else {**found, "units": listed(units, dialect)}


@cache
def _counting(dimensions: frozenset[Dimension], of_everybody: bool) -> Statement:
    unit = col(Tally.org_unit_id)

    def make(dialect: str) -> Select[str, str, int]:
        return (
            select(col(Tally.dimension), col(Tally.value), func.sum(col(Tally.number)))
            .where(
                col(Tally.organization_id) == slot("organization", col(Tally.organization_id)),
                unit == EVERYBODY if of_everybody else asked(unit, dialect, "units"),
                col(Tally.dimension).in_(sorted(map(str, dimensions))),
                col(Tally.day) <= slot("day", col(Tally.day)),
            )
            .group_by(col(Tally.dimension), col(Tally.value))
        )

    return Statement(make)


async def sweep(session: Session, organization_id: str) -> None:
    """Remove sums that came to nothing."""
    await session.execute(delete(Tally).where(col(Tally.organization_id) == organization_id, col(Tally.number) == 0))


def _add(difference: Counts, unit: str | None, counted: Any, sign: int) -> None:
    for key, number in counted.items():
        difference[EVERYBODY, key] += sign * number
        if unit is not None:
            difference[unit, key] += sign * number


def _plain(key: Key) -> list[str]:
    return [str(key[0]), key[1], key[2].isoformat()]


def _key(item: Sequence[Any]) -> Key:
    return Dimension(item[0]), item[1], date.fromisoformat(item[2])


def _tally(organization_id: str, unit: str, key: Key, number: int) -> dict[str, Any]:
    dimension, value, day = key
    # There are many sums, and nobody asks in what order they came.
    found = {"organization_id": organization_id, "id": f"{Tally.prefix}_{token_hex(8)}", "org_unit_id": unit}
    return {**found, "dimension": str(dimension), "value": value, "day": day, "number": number}
