"""Filters: what a caller asks of a list (`where`) turned into conditions of a query.

A where is nested data: `{"category": {"in": [...]}, "OR": [{…}, {…}], "NOT": {…}}`. Each name is looked up in the
list's own table of filters, so that what can be asked is what is indexed or cheap.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BinaryExpression, BindParameter, Column, ColumnElement, and_, false, func, not_, or_, true
from sqlalchemy.sql.elements import BooleanClauseList, Grouping, True_
from sqlalchemy.sql.visitors import iterate

from app.core.errors import Invalid, TooMany
from app.core.text import composed, fold
from app.db.principal import Principal

DEEPEST = 4
LONGEST = 250
MOST_VALUES = 1_000
"""Values in all the lists of a where together."""
_CERTAIN = (Column, BindParameter, BinaryExpression, BooleanClauseList, Grouping, True_)
"""What is never null, where its columns are not."""


Filter = Callable[[Any, Principal, datetime], ColumnElement[bool]]
"""A condition for a value. Its last argument is called `_now` where it does not look at the clock: its statement is
then kept for later."""


def daily(condition: Filter) -> Filter:
    """Marks a filter that looks at the clock only for the day in the actor's time zone."""
    condition.daily = True  # type: ignore[attr-defined]  # a mark on a function
    return condition


def condition(
    where: Mapping[str, Any], known: Mapping[str, Filter], actor: Principal, now: datetime
) -> ColumnElement[bool]:
    """The condition that a where describes; all its members must hold."""
    check(where)
    return _condition(where, known, actor, now, ("where",))


def names(where: Mapping[str, Any]) -> frozenset[str]:
    """The filters that a where uses, wherever in it."""
    found: set[str] = set()
    for name, value in where.items():
        if name in ("AND", "OR"):
            found.update(*(names(part) for part in value or []))
        elif name == "NOT":
            found |= names(value or {})
        else:
            found.add(name)
    return frozenset(found)


def check(where: Mapping[str, Any]) -> None:
    """Refuse a where that asks too much, before anything is looked up for it."""
    if _values(where) > MOST_VALUES:
        raise TooMany(f"where holds more than {MOST_VALUES} values in all", ("where",), limit=MOST_VALUES)
    _check(where, ("where",), 1)


def _check(where: Mapping[str, Any], path: tuple[str, ...], depth: int) -> None:
    if depth > DEEPEST:
        raise Invalid(f"{'.'.join(path)} is nested deeper than {DEEPEST}", path)
    for name in ("AND", "OR"):
        parts = where.get(name) or []
        _check_length(parts, (*path, name))
        for index, part in enumerate(parts):
            _check(part, (*path, name, str(index)), depth + 1)
    if where.get("NOT"):
        _check(where["NOT"], (*path, "NOT"), depth + 1)


def _condition(
    where: Mapping[str, Any],
    known: Mapping[str, Filter],
    actor: Principal,
    now: datetime,
    path: tuple[str, ...],
) -> ColumnElement[bool]:
    terms: list[ColumnElement[bool]] = []
    for name, value in where.items():
        here = (*path, name)
        if value is None:
            raise Invalid(f"{'.'.join(here)} may be left out, but not null", here)
        if name in ("AND", "OR"):
            parts = [_condition(part, known, actor, now, (*here, str(index))) for index, part in enumerate(value)]
            if parts:
                terms.append(and_(*parts) if name == "AND" else or_(*parts))
        elif name == "NOT":
            terms.append(_opposite(_condition(value, known, actor, now, here)))
        else:
            if isinstance(value, Mapping):
                _check_operators(value, here)
            try:
                terms.append(known[name](value, actor, now))
            except Invalid as error:
                raise error.under(*here) from None
    return and_(true(), *terms)


def _opposite(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """What holds where a condition does not."""
    if all(isinstance(part, _CERTAIN) and getattr(part, "nullable", False) is False for part in iterate(found)):
        return not_(found)  # which an index may serve
    # What cannot be said of an absent value is not so: a worker without a team is not of team A.
    return not_(func.coalesce(found, false()))


def _values(part: Any) -> int:
    if isinstance(part, Mapping):
        return sum(_values(item) for item in part.values())
    return sum(_values(item) for item in part) if isinstance(part, list) else 1


def _check_operators(operators: Mapping[str, Any], path: tuple[str, ...]) -> None:
    for name, value in operators.items():
        if value is None:
            raise Invalid(f"{'.'.join((*path, name))} may be left out, but not null", (*path, name))
        if isinstance(value, Sequence) and not isinstance(value, str):
            _check_length(value, (*path, name))


def _check_length(values: Sequence[Any], path: tuple[str, ...]) -> None:
    if len(values) > LONGEST:
        raise TooMany(f"{'.'.join(path)} holds more than {LONGEST} items", path, limit=LONGEST)


def exact(column: Any) -> Filter:
    """Equality operators: `eq`, `in`, `notIn`."""
    return lambda operators, _actor, _now: equals(column, operators)


def equals(column: Any, operators: Mapping[str, Any]) -> ColumnElement[bool]:
    """What equality operators say of a column."""
    terms: list[ColumnElement[bool]] = []
    for name, value in operators.items():
        match name:
            case "eq":
                terms.append(column == _stored(value))
            case "in":
                terms.append(column.in_([_stored(item) for item in value]))
            case "notIn":
                terms.append(or_(column.is_(None), column.not_in([_stored(item) for item in value])))
    return and_(true(), *terms)


def text(column: Any) -> Filter:
    """Text operators on a column of folded text, so that case does not matter: `eq`, `in`, `contains`, `startsWith`."""

    def one(name: str, value: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool]
        match name:
            case "eq":
                found = column == fold(value)
            case "in":
                found = column.in_([fold(item) for item in value])
            case "contains":
                found = column.contains(fold(value), autoescape=True)
            case _:
                found = column.startswith(fold(value), autoescape=True)
        return found

    def apply(operators: Mapping[str, Any], _actor: Principal, _now: datetime) -> ColumnElement[bool]:
        return and_(true(), *(one(name, value) for name, value in operators.items()))

    return apply


def since(column: Any) -> Filter:
    """At or after an instant, or from the start of a day in the organization's time zone."""
    return lambda value, actor, _now: column >= instant(value, actor.time_zone)


def until(column: Any) -> Filter:
    """Before an instant, or before the start of a day in the organization's time zone."""
    return lambda value, actor, _now: column < instant(value, actor.time_zone)


def instant(value: date | datetime, time_zone: ZoneInfo) -> datetime:
    """An instant as it is; a bare date as the start of that day."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.combine(value, time(), time_zone).astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar, in a time zone that lies beyond it
        return datetime.combine(value, time(), UTC)


def covering(first: Any, last: Any, day: date) -> ColumnElement[bool]:
    """Whether a time from a day to a day, or without end, has a day in it."""
    return and_(first <= day, or_(last.is_(None), last >= day))


def words(column: Any) -> Filter:
    """Free text: every word is somewhere in a column of folded text."""

    def apply(value: str, _actor: Principal, _now: datetime) -> ColumnElement[bool]:
        return and_(true(), *(column.contains(word, autoescape=True) for word in fold(value).split()))

    return apply


def _stored(value: Any) -> Any:
    return composed(value) if type(value) is str else value
