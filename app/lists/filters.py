"""Filters of a list: a caller's `where`, translated into a condition of the query.

A `where` is nested data: `{"category": {"in": [...]}, "OR": [{…}, {…}], "NOT": {…}}`. Each name is looked up in the
list's own table of filters, so that a list can be filtered only by columns that are indexed or cheap.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import IntEnum
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BinaryExpression, BindParameter, Column, ColumnElement, and_, false, func, not_, or_, true
from sqlalchemy.sql.elements import BooleanClauseList, Grouping, True_
from sqlalchemy.sql.visitors import iterate

from app.core import clock
from app.core.errors import Invalid, TooMany
from app.core.text import MAX_FOLDED_LENGTH, fold, fold_part, normalize
from app.db.principal import Principal

MAX_DEPTH = 4  # levels of AND, OR and NOT
MAX_ITEMS = 250  # items in one list of a where
MAX_VALUES = 1_000  # values in all lists of a where together
MIN_PHONE_DIGITS = 4  # digits; fewer are found as they are written, not as a part of a phone number
_NUMERIC_WORD = re.compile(r"[\d+().\-/]+")
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_NEVER_NULL = (Column, BindParameter, BinaryExpression, BooleanClauseList, Grouping, True_)
"""Expressions that are never null, unless a column in them is."""

Condition = ColumnElement[bool]


class ClockDependence(IntEnum):
    """The dependence of a filter's condition on the clock, which limits how long its statement can be cached."""

    NONE = 0
    DAY = 1
    """The condition compares with today's date, and holds until the day changes in the actor's time zone."""
    INSTANT = 2
    """The condition compares with the current time, and holds for one instant."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition for a value of a where. Make one with `timeless`, `daily` or `momentary`."""

    build: Callable[[Any, Principal, datetime], Condition]
    clock_dependence: ClockDependence

    def __call__(self, value: Any, actor: Principal, now: datetime) -> Condition:
        """Return the condition for a value."""
        return self.build(value, actor, now)


def timeless(build: Callable[[Any, Principal], Condition]) -> Filter:
    """Return a filter whose condition does not depend on the clock, so that its statement can be cached for good."""
    return Filter(lambda value, actor, _now: build(value, actor), ClockDependence.NONE)


def daily(build: Callable[[Any, Principal, date], Condition]) -> Filter:
    """Return a filter whose condition depends on today's date in the actor's time zone."""
    return Filter(lambda value, actor, now: build(value, actor, clock.today(now, actor.time_zone)), ClockDependence.DAY)


def momentary(build: Callable[[Any, Principal, datetime], Condition]) -> Filter:
    """Return a filter whose condition depends on the current instant. Its statement is never cached."""
    return Filter(build, ClockDependence.INSTANT)


def clock_dependence(where: Mapping[str, Any], filters: Mapping[str, Filter]) -> ClockDependence:
    """Return the strongest dependence on the clock among the filters that a where uses."""
    return max((filters[name].clock_dependence for name in names_in(where)), default=ClockDependence.NONE)


def condition(where: Mapping[str, Any], filters: Mapping[str, Filter], actor: Principal, now: datetime) -> Condition:
    """Return the condition that a where describes; all its members must hold.

    Raises TooMany for too many values, and Invalid for a null, for deep nesting and for a value that a filter refuses.
    """
    check_size(where)
    return _condition(where, filters, actor, now, ("where",))


def names_in(where: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the filters that a where uses, at any depth."""
    names: set[str] = set()
    for name, value in where.items():
        if name in ("AND", "OR"):
            names.update(*(names_in(part) for part in value or []))
        elif name == "NOT":
            names |= names_in(value or {})
        else:
            names.add(name)
    return frozenset(names)


def check_size(where: Mapping[str, Any]) -> None:
    """Refuse a where that is too large or too deep, before any of its references is looked up."""
    if _count_values(where) > MAX_VALUES:
        raise TooMany(f"where holds more than {MAX_VALUES} values in all", ("where",), limit=MAX_VALUES)
    _check_part(where, ("where",), 1)


def _check_part(where: Mapping[str, Any], path: tuple[str, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Invalid(f"{'.'.join(path)} is nested deeper than {MAX_DEPTH} levels", path)
    for name in ("AND", "OR"):
        parts = where.get(name) or []
        _check_length(parts, (*path, name))
        for index, part in enumerate(parts):
            _check_part(part, (*path, name, str(index)), depth + 1)
    if where.get("NOT"):
        _check_part(where["NOT"], (*path, "NOT"), depth + 1)


def _condition(
    where: Mapping[str, Any],
    filters: Mapping[str, Filter],
    actor: Principal,
    now: datetime,
    path: tuple[str, ...],
) -> Condition:
    terms: list[Condition] = []
    for name, value in where.items():
        member = (*path, name)
        if value is None:
            raise Invalid(f"{'.'.join(member)} must not be null; leave it out instead", member)
        if name in ("AND", "OR"):
            parts = [_condition(part, filters, actor, now, (*member, str(index))) for index, part in enumerate(value)]
            # All of no conditions hold, and none of them does: an empty OR matches nothing.
            terms.append(and_(true(), *parts) if name == "AND" else or_(false(), *parts))
        elif name == "NOT":
            terms.append(_negation(_condition(value, filters, actor, now, member)))
        else:
            if isinstance(value, Mapping):
                _check_operators(value, member)
            try:
                terms.append(filters[name](value, actor, now))
            except Invalid as error:
                raise error.under(*member) from None
    return and_(true(), *terms)


def _negation(term: Condition) -> Condition:
    # A plain NOT can use an index, so it is preferred where the condition is never null.
    if all(isinstance(part, _NEVER_NULL) and getattr(part, "nullable", False) is False for part in iterate(term)):
        return not_(term)
    # A condition on an absent value is null in SQL, and so is its NOT. Here it counts as false: a worker without a
    # team matches `NOT {team: A}`.
    return not_(func.coalesce(term, false()))


def _count_values(part: Any) -> int:
    if isinstance(part, Mapping):
        return sum(_count_values(item) for item in part.values())
    return sum(_count_values(item) for item in part) if isinstance(part, list) else 1


def _check_operators(operators: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for name, value in operators.items():
        member = (*path, name)
        if value is None:
            raise Invalid(f"{'.'.join(member)} must not be null; leave it out instead", member)
        if isinstance(value, Sequence) and not isinstance(value, str):
            _check_length(value, member)


def _check_length(values: Sequence[Any], path: tuple[str, ...]) -> None:
    if len(values) > MAX_ITEMS:
        raise TooMany(f"{'.'.join(path)} holds more than {MAX_ITEMS} items", path, limit=MAX_ITEMS)


def nested(filters: Mapping[str, Filter], build: Callable[[Condition, Principal], Condition]) -> Filter:
    """Return a filter that takes a `where` of another list; `build` turns its condition into one of this list."""

    def make(where: Mapping[str, Any], actor: Principal, now: datetime) -> Condition:
        _check_part(where, (), 2)
        return build(_condition(where, filters, actor, now, ()), actor)

    return Filter(make, max(one.clock_dependence for one in filters.values()))


def exact(column: Any) -> Filter:
    """Return a filter with the equality operators `eq`, `in` and `notIn`."""
    return timeless(lambda operators, _actor: equals(column, operators))


def equals(column: Any, operators: Mapping[str, Any]) -> Condition:
    """Return the condition of equality operators on a column."""
    terms: list[Condition] = []
    for name, value in operators.items():
        match name:
            case "eq":
                terms.append(column == _stored(value))
            case "in":
                terms.append(column.in_([_stored(item) for item in value]))
            case "notIn":
                terms.append(or_(column.is_(None), column.not_in([_stored(item) for item in value])))
    return and_(true(), *terms)


def text(column: Any, fold_part: Callable[[str], str] = fold_part) -> Filter:
    """Return a filter on a column of folded text: `eq`, `in`, `contains` and `startsWith`.

    `fold_part` folds a part of such a text, with the blanks at its ends.
    """

    def term(name: str, value: Any) -> Condition:
        for item in value if name == "in" else [value]:
            _check_text(item, name)
        result: Condition
        match name:
            case "eq":
                result = column == fold_part(value).strip()
            case "in":
                result = column.in_([fold_part(item).strip() for item in value])
            case "contains":
                result = column.contains(fold_part(value), autoescape=True)
            case _:
                result = column.startswith(fold_part(value), autoescape=True)
        return result

    return timeless(lambda operators, _actor: and_(true(), *(term(name, value) for name, value in operators.items())))


def instants(column: Any) -> Filter:
    """Return a filter on instants: `gt`, `gte`, `lt`, `lte` and `isNull`.

    A date stands for the instant at which that day starts in the organization's time zone.
    """

    def build(operators: Mapping[str, Any], actor: Principal) -> Condition:
        zone = actor.time_zone
        terms = [
            _is_null(column, value) if name == "isNull" else COMPARISONS[name](column, to_instant(value, zone))
            for name, value in operators.items()
        ]
        return and_(true(), *terms)

    return timeless(build)


def days(column: Any, absent: date | None = None) -> Filter:
    """Return a filter on dates: `eq`, `gt`, `gte`, `lt`, `lte` and `isNull`.

    `absent` is the last day of the calendar, in columns that hold it for no date.
    """

    def term(name: str, value: Any) -> Condition:
        if name != "isNull":
            compared: Condition = COMPARISONS[name](column, value)
            return compared if absent is None else and_(compared, column < absent)
        if absent is None:
            return _is_null(column, value)
        result: Condition = column == absent if value else column < absent
        return result

    return timeless(lambda operators, _actor: and_(true(), *(term(name, value) for name, value in operators.items())))


def _is_null(column: Any, wanted: bool) -> Condition:
    result: Condition = column.is_(None) if wanted else column.is_not(None)
    return result


def to_instant(value: date | datetime, time_zone: ZoneInfo) -> datetime:
    """Return an instant unchanged, and for a date the instant at which that day starts."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.combine(value, time(), time_zone).astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, whose start in UTC is beyond the calendar
        return datetime.combine(value, time(), UTC)


def covers_day(first: Any, last: Any, day: date) -> Condition:
    """Return the condition that a day is within the columns `first` and `last`; a null `last` means no end."""
    return and_(first <= day, or_(last.is_(None), last >= day))


def words(*columns: Any) -> Filter:
    """Return a free-text filter: each word of the value is in one of the columns of folded text."""
    return words_in(lambda _actor: columns)


def words_in(columns: Callable[[Principal], Sequence[Any]]) -> Filter:
    """Return a free-text filter on the columns of folded text that an actor may search.

    Words of a phone number are also found as digits without blanks, which a search text holds beside the number.
    """

    def build(value: str, actor: Principal) -> Condition:
        _check_text(value, "search")
        searched = columns(actor)

        def contains(word: str) -> Condition:
            return or_(*(column.contains(word, autoescape=True) for column in searched))

        terms: list[Condition] = []
        for group, digits in _word_groups(fold(value)):
            spelled = and_(*map(contains, group))
            terms.append(or_(spelled, contains(digits)) if digits else spelled)
        return and_(true(), *terms)

    return timeless(build)


def _word_groups(value: str) -> Iterator[tuple[list[str], str]]:
    """Yield the words of folded text: together those that may be one phone number, with all their digits."""
    for is_numeric, group in groupby(value.split(), lambda word: _NUMERIC_WORD.fullmatch(word) is not None):
        group_words = list(group)
        digits = re.sub(r"\D", "", "".join(group_words)) if is_numeric else ""
        if len(digits) < MIN_PHONE_DIGITS or group_words == [digits]:
            digits = ""
        yield group_words, digits


def _check_text(value: str, name: str) -> None:
    if len(value) > MAX_FOLDED_LENGTH:
        raise Invalid(f"{name}: is longer than {MAX_FOLDED_LENGTH} characters; send fewer", (name,))


def _stored(value: Any) -> Any:
    return normalize(value) if type(value) is str else value
