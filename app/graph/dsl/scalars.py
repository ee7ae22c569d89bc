"""Custom scalars: dates, instants and JSON."""

import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Moment = NewType("Moment", object)
JSON = NewType("JSON", object)


def _parse_date(value: Any) -> date:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise GraphQLError(f"{value!r} is not a date, such as 2026-03-14")


def _parse_instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphQLError(f"{value!r} is not an instant with an offset, such as 2026-03-14T09:00:00Z")


def _parse_moment(value: Any) -> date | datetime:
    return _parse_date(value) if isinstance(value, str) and "T" not in value else _parse_instant(value)


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, Any] = {
    date: strawberry.scalar(
        name="Date",
        description="A calendar day in the organization's time zone, such as `2026-03-14`.",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC, such as `2026-03-14T09:00:00Z`. Input needs an offset and is converted to UTC.",
        serialize=_instant_text,
        parse_value=_parse_instant,
    ),
    Moment: strawberry.scalar(
        name="Moment",
        description=(
            "An instant, such as `2026-03-14T09:00:00Z`, or a day, such as `2026-03-14`, "
            "which stands for its first instant in the organization's time zone."
        ),
        serialize=str,
        parse_value=_parse_moment,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
