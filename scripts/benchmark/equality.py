"""Whether answers are equal: each is brought into one flat form first, whatever shape its server gives it.

The service groups a record's columns and wraps lists into connections; others lay columns side by side. What remains
after undoing that must be the same to the last value, in the same order.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

from app.events.event_kinds import EventKind

GROUPS: dict[str, dict[str, str]] = {
    "identity": {},
    "contact": {},
    "employment": {},
    "identification": {},
    "issuing": {},
    "verification": {},
    "owners": {},
    "pageInfo": {},
    "manager": {"worker": "manager"},
    "actor": {"name": "actorName"},
    "approval": {"status": "approval"},
}
"""The service's groups of columns, with the columns that are called otherwise where there are no groups."""

KINDS = {kind.value: kind.name for kind in EventKind}
"""Kinds of events as the tables hold them, and as the service's schema calls them."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)")


class Differs(Exception):
    """Two servers answered differently, or one with errors."""


def flat(value: Any) -> Any:
    """An answer in the common form."""
    if isinstance(value, list):
        return [flat(item) for item in value]
    if isinstance(value, dict):
        return _flat_object(value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return KINDS.get(value, value) if isinstance(value, str) else value


def _flat_object(value: dict[str, Any]) -> Any:
    if set(value) == {"nodes"}:
        return flat(value["nodes"])
    if set(value) == {"count"}:
        return value["count"]
    found: dict[str, Any] = {}
    for name, member in value.items():
        # Where there are no groups, the same name may be a column's (`approval`) or a record's (`manager`).
        if name in GROUPS and isinstance(member, dict) and not _is_record(member):
            for inner, content in member.items():
                found[str(GROUPS[name].get(inner, inner))] = flat(content)
        else:
            found[name] = flat(member)
    return found


def _is_record(value: dict[str, Any]) -> bool:
    return "id" in value


def data_of(server: str, status: int, body: bytes) -> Any:
    """The data of an answer. Raises Differs for one that is not a success, or that holds errors."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Differs(f"{server} answered {status}, and not in JSON: {body[:300]!r}") from None
    if status != 200 or answer.get("errors") or answer.get("data") is None:
        raise Differs(f"{server} answered {status}: {json.dumps(answer)[:600]}")
    return answer["data"]


def compare(one: str, expected: Any, other: str, found: Any) -> None:
    """Raises Differs, with the place of the first difference between two flat answers."""
    difference = first_difference(expected, found)
    if difference is not None:
        place, left, right = difference
        raise Differs(f"at {place}: {one} has {_short(left)}, {other} has {_short(right)}")


def first_difference(one: Any, other: Any, place: str = "data") -> tuple[str, Any, Any] | None:
    """The place where two values differ, with both values there; None when they are equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return place, sorted(one), sorted(other)
        pairs = [(f"{place}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return place, f"{len(one)} items", f"{len(other)} items"
        pairs = [(f"{place}[{index}]", *items) for index, items in enumerate(zip(one, other, strict=True))]
    else:
        return None if type(one) is type(other) and one == other else (place, one, other)
    found = (first_difference(left, right, here) for here, left, right in pairs)
    return next((difference for difference in found if difference is not None), None)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
