"""The version in force on a day: the rule itself, the day of the next takeover, and the days of expiry."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.credentials import effective_version
from app.credentials.effective_version import Period
from app.credentials.tables import NEVER

DAY = date(2026, 12, 1)
MANY = settings(max_examples=500, deadline=None)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def periods(*dates: tuple[int | None, int | None]) -> list[Period]:
    """Return the periods of versions numbered from 1, from days relative to the first of December."""
    return [
        Period(str(number), None if first is None else on(first), NEVER if last is None else on(last))
        for number, (first, last) in enumerate(dates, 1)
    ]


RENEWED = ((-335, 29), (30, 394))
RULE: list[tuple[str, tuple[tuple[int | None, int | None], ...], dict[int, str | None]]] = [
    ("one", ((-5, 5),), {-400: "1", -5: "1", 5: "1", 400: "1"}),
    ("a renewal added early", RENEWED, {-400: "1", 0: "1", 29: "1", 30: "2", 394: "2", 900: "2"}),
    ("an old one recorded late", ((-335, 29), (-2_000, -1_000)), {-1_500: "2", -999: "2", -335: "1", 29: "1", 30: "2"}),
    ("overlap", ((-10, 10), (5, 20)), {4: "1", 5: "2", 10: "2", 11: "2"}),
    ("a short one inside", ((-10, 10), (0, 5)), {-1: "1", 0: "2", 5: "2", 6: "1", 11: "2"}),
    ("a gap", ((-10, -5), (5, 10)), {-4: "1", 4: "1", 5: "2"}),
    ("none has begun", ((20, 30), (10, 15), (10, 40)), {0: "3", 10: "3"}),
    ("the same dates", ((0, 9), (0, 9)), {-1: "2", 0: "2", 9: "2", 10: "2"}),
    ("without an issue date", ((-10, 10), (None, 20)), {-11: "2", 0: "2", 20: "2", 21: "2"}),
    ("without an expiry date", ((-10, None), (5, 10)), {4: "1", 5: "2", 11: "1"}),
    ("without dates", ((None, None), (5, 10), (None, None)), {-900: "3", 7: "3"}),
]


@pytest.mark.parametrize(("dates", "expected"), [row[1:] for row in RULE], ids=[row[0] for row in RULE])
def test_the_version_in_force(dates: Sequence[tuple[int | None, int | None]], expected: dict[int, str | None]) -> None:
    versions = periods(*dates)
    found = {day: effective_version.in_force(versions, on(day)) for day in expected}
    assert {day: period and period.version_id for day, period in found.items()} == expected


def test_nothing_decided() -> None:
    assert effective_version.in_force([], DAY) is None
    assert effective_version.next_takeover([], DAY) == NEVER
    assert list(effective_version.expiry_days([], DAY)) == []


Days = tuple[int | None, int | None]


def _in_order(days: Days) -> Days:
    issued, expires = days
    return days if issued is None or expires is None else (min(issued, expires), max(issued, expires))


near = st.integers(-20, 20)
dates = st.tuples(st.none() | near, st.none() | near).map(_in_order)
versions_lists = st.lists(dates, max_size=5).map(lambda items: periods(*items))


def _newest_by_rule(versions: list[Period], day: date) -> Period | None:
    """Return what the specification says, word by word."""
    begun = [version for version in versions if version.first is None or version.first <= day]
    holding = [version for version in begun if day <= version.last]
    if holding:
        return holding[-1]
    if begun:
        return begun[-1]
    first = min((version.first for version in versions if version.first is not None), default=None)
    return next((version for version in reversed(versions) if version.first == first), None)


@MANY
@given(versions_lists, near)
def test_the_rule_holds_for_any_versions(versions: list[Period], day: int) -> None:
    assert effective_version.in_force(versions, on(day)) == _newest_by_rule(versions, on(day))


@MANY
@given(versions_lists)
def test_the_version_in_force_stays_until_the_next_takeover(versions: list[Period]) -> None:
    day = on(-25)
    while day < on(25):
        takeover = effective_version.next_takeover(versions, day)
        current = effective_version.in_force(versions, day)
        assert takeover > day
        later = day
        while later < min(takeover, on(25)):
            assert effective_version.in_force(versions, later) == current
            later += timedelta(days=1)
        if takeover != NEVER:
            assert effective_version.in_force(versions, takeover) != current
        day = min(takeover, on(25))


@MANY
@given(versions_lists, near)
def test_a_credential_expires_on_each_day_that_no_version_continues(versions: list[Period], day: int) -> None:
    expected = [
        later
        for later in map(on, range(day, 45))
        if effective_version.covers(versions, later) and not effective_version.covers(versions, later + timedelta(1))
    ]
    assert list(effective_version.expiry_days(versions, on(day))) == expected


@given(versions_lists)
def test_stored_periods_are_read_as_they_were(versions: list[Period]) -> None:
    document = effective_version.to_document(versions)
    only = versions[0] if versions else Period("", None, decided=False)
    stored = effective_version.from_document(document, only.version_id or None, only.first, only.last)
    assert stored == (versions or [only])
    assert (document == []) == (len(versions) < 2)
