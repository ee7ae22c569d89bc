"""Filters: the instant that a date means, negation, and dependence on the clock."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import String, literal
from sqlalchemy import column as sa_column
from sqlalchemy.dialects import sqlite

from app.access import ALL_SCOPES, Actor, ActorKind
from app.core.text import canonical_json
from app.credentials import queries
from app.credentials.tables import Validity
from app.lists import filters
from app.lists.filters import ClockDependence, Filter, clock_dependence, to_instant
from app.lists.listings import Listing
from app.workers.tables import Worker


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("UTC", "2026-03-14", "2026-03-14T00:00:00"),
        ("Australia/Sydney", "2026-03-14", "2026-03-13T13:00:00"),
        ("Pacific/Auckland", "2026-06-14", "2026-06-13T12:00:00"),
        ("America/New_York", "2026-03-14", "2026-03-14T04:00:00"),
        # Clocks go from 23:59 to 01:00; the day starts at the instant that would be midnight.
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00"),
        # Midnight comes twice; the day starts at the first.
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00"),
    ],
)
def test_a_day_starts_at_midnight(zone: str, day: str, expected: str) -> None:
    start = to_instant(date.fromisoformat(day), ZoneInfo(zone))
    assert start == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_instant_is_unchanged() -> None:
    at = datetime(2026, 3, 14, 9, tzinfo=UTC)
    assert to_instant(at, ZoneInfo("Australia/Sydney")) == at


@pytest.mark.parametrize(
    ("filter", "is_nullable"), [("expiryDate", False), ("status", False), ("eligibility", True), ("validity", True)]
)
def test_only_a_nullable_condition_is_negated_with_coalesce(filter: str, is_nullable: bool) -> None:
    values = {
        "expiryDate": {"lt": date(2026, 3, 14)},
        "status": {"in": ["PENDING"]},
        "eligibility": {"eq": "ERROR"},
        "validity": {"eq": Validity.VALID},
    }
    actor = Actor("org", ActorKind.SYSTEM, "test", "Test", ALL_SCOPES)
    where = {"NOT": {filter: values[filter]}}
    condition = filters.condition(where, queries.listing.filters, actor, datetime(2026, 3, 14, tzinfo=UTC))
    assert ("coalesce" in str(condition.compile(dialect=sqlite.dialect()))) is is_nullable


ACTOR = Actor("org", ActorKind.SYSTEM, "test", "Test", ALL_SCOPES, time_zone=ZoneInfo("Australia/Sydney"))
NOW = datetime(2026, 3, 14, 20, tzinfo=UTC)
DAY: Filter = filters.daily(lambda value, _actor, day: literal(f"{value} {day}") == "")
INSTANT: Filter = filters.momentary(lambda value, _actor, now: literal(f"{value} {now}") == "")
COLUMN = sa_column("name", String)


def test_a_daily_filter_gets_the_day_in_the_actors_time_zone() -> None:
    assert DAY("on", ACTOR, NOW).compile().params == {"param_1": "on 2026-03-15", "param_2": ""}


@pytest.mark.parametrize(
    ("where", "dependence"),
    [
        ({}, ClockDependence.NONE),
        ({"name": {"eq": "a"}}, ClockDependence.NONE),
        ({"name": {"eq": "a"}, "NOT": {"day": 1}}, ClockDependence.DAY),
        ({"OR": [{"day": 1}, {"AND": [{"instant": 1}]}]}, ClockDependence.INSTANT),
    ],
)
def test_a_where_depends_on_the_clock_as_much_as_its_most_dependent_filter(
    where: dict[str, Any], dependence: ClockDependence
) -> None:
    known = {"name": filters.exact(COLUMN), "day": DAY, "instant": INSTANT}
    assert clock_dependence(where, known) is dependence


def test_an_unmarked_filter_is_refused() -> None:
    unmarked: Any = lambda value, actor, now: value == COLUMN  # noqa: E731 - a filter as somebody may write it
    with pytest.raises(TypeError, match=r"Worker\.name: mark the filter"):
        Listing(Worker, filters={"name": unmarked}, orders={}, default_order=())


def test_a_search_that_depends_on_the_clock_is_refused() -> None:
    with pytest.raises(TypeError, match="search must be timeless"):
        Listing(Worker, filters={}, orders={}, default_order=(), search=DAY)


def test_equal_values_have_equal_text() -> None:
    assert canonical_json({"a": 1, "b": {"d": [1], "c": None}}) == canonical_json({"b": {"c": None, "d": [1]}, "a": 1})
