"""Counters: the kept sums of all owners' counts. A roll-up adds up a few counters and reads no owner.

A counter is the change of a number on a day. The number on a day is the sum of all counters up to that day.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from secrets import token_hex
from typing import Any

from sqlalchemy import Dialect, Select, delete, func, select
from sqlmodel import col

from app.compliance.rollups.counting import CountKey, Dimension
from app.compliance.rollups.owner_counts import OwnerCounts
from app.compliance.tables import Settled, Tally
from app.db import upsert
from app.db.prepared_statements import Statement, slot
from app.db.read_batch import Read
from app.db.session import Session
from app.lists.key_lists import encode_keys, in_keys, in_keys_parameter

WHOLE_ORGANIZATION = ""
"""The value of `Tally.org_unit_id` for the whole organization."""
Counts = Counter[tuple[str, CountKey]]
"""Numbers by org unit and key."""
Sums = Mapping[tuple[str, str], int]
"""Numbers by dimension and value."""


async def write(session: Session, organization_id: str, owners: dict[str, OwnerCounts]) -> None:
    """Add the difference between owners' counts now and at their last settlement to the counters."""
    statement = select(col(Settled.id), col(Settled.org_unit_id), col(Settled.counted), col(Settled.recheck_on)).where(
        col(Settled.organization_id) == organization_id, in_keys(col(Settled.id), list(owners), session.dialect_name)
    )
    before = {row.id: row for row in await session.execute(statement)}
    difference: Counts = Counter()
    rows: list[dict[str, Any]] = []
    for key, owner in owners.items():
        counted = [[*_key_to_json(count_key), number] for count_key, number in sorted(owner.counts.items()) if number]
        row = {
            "organization_id": organization_id,
            "id": key,
            "org_unit_id": owner.org_unit_id,
            "recheck_on": owner.recheck_on,
            "counted": counted,
        }
        settled = before.get(key)
        if settled is not None:
            if (settled.org_unit_id, settled.counted, settled.recheck_on) == (
                owner.org_unit_id,
                counted,
                owner.recheck_on,
            ):
                continue
            _add(difference, settled.org_unit_id, {_key_from_json(item): item[3] for item in settled.counted}, -1)
        _add(difference, owner.org_unit_id, owner.counts, 1)
        rows.append(row)
    await upsert.upsert(
        session, Settled, rows, ("organization_id", "id"), replaced=("org_unit_id", "recheck_on", "counted")
    )
    rows_to_add = [
        _to_row(organization_id, unit, key, number) for (unit, key), number in sorted(difference.items()) if number
    ]
    await upsert.upsert(
        session, Tally, rows_to_add, ("organization_id", "org_unit_id", "dimension", "value", "day"), added=("number",)
    )


async def load_sums(
    session: Session, organization_id: str, units: Sequence[str] | None, day: date, dimensions: Iterable[Dimension]
) -> Sums:
    """Return the numbers of an organization, or of some units, on a day from today on."""
    statement = _statement(frozenset(dimensions), units is None).for_dialect(session.dialect_name)
    return to_sums(await session.execute(statement, _parameters(session.dialect_name, organization_id, units, day)))


def sums_read(
    dialect: Dialect, organization_id: str, units: Sequence[str] | None, day: date, dimensions: frozenset[Dimension]
) -> Read:
    """Return the read for the rows that `to_sums` adds up, to be merged with other reads."""
    return _statement(dimensions, units is None).read(dialect, **_parameters(dialect.name, organization_id, units, day))


def to_sums(rows: Iterable[Sequence[Any]]) -> Sums:
    """Return the numbers in rows of dimension, value and number."""
    return {(row[0], row[1]): int(row[2]) for row in rows if row[2]}


def _parameters(dialect: str, organization_id: str, units: Sequence[str] | None, day: date) -> dict[str, Any]:
    parameters = {"organization": organization_id, "day": day}
    return parameters if units is None else {**parameters, "units": encode_keys(units, dialect)}


@cache
def _statement(dimensions: frozenset[Dimension], of_organization: bool) -> Statement:
    unit = col(Tally.org_unit_id)

    def make(dialect: str) -> Select[str, str, int]:
        return (
            select(col(Tally.dimension), col(Tally.value), func.sum(col(Tally.number)))
            .where(
                col(Tally.organization_id) == slot("organization", col(Tally.organization_id)),
                unit == WHOLE_ORGANIZATION if of_organization else in_keys_parameter(unit, dialect, "units"),
                col(Tally.dimension).in_(sorted(map(str, dimensions))),
                col(Tally.day) <= slot("day", col(Tally.day)),
            )
            .group_by(col(Tally.dimension), col(Tally.value))
        )

    return Statement(make)


async def delete_zeros(session: Session, organization_id: str) -> None:
    """Delete the counters that have come to zero."""
    await session.execute(delete(Tally).where(col(Tally.organization_id) == organization_id, col(Tally.number) == 0))


def _add(difference: Counts, unit: str | None, counted: Any, sign: int) -> None:
    for key, number in counted.items():
        difference[WHOLE_ORGANIZATION, key] += sign * number
        if unit is not None:
            difference[unit, key] += sign * number


def _key_to_json(key: CountKey) -> list[str]:
    return [str(key[0]), key[1], key[2].isoformat()]


def _key_from_json(item: Sequence[Any]) -> CountKey:
    return Dimension(item[0]), item[1], date.fromisoformat(item[2])


def _to_row(organization_id: str, unit: str, key: CountKey, number: int) -> dict[str, Any]:
    dimension, value, day = key
    # A random id is enough: counters are never listed in the order of their creation.
    columns = {"organization_id": organization_id, "id": f"{Tally.prefix}_{token_hex(8)}", "org_unit_id": unit}
    return {**columns, "dimension": str(dimension), "value": value, "day": day, "number": number}
