"""Comparison of answers: each is normalized to one flat form, whatever shape its server returns.

The service groups a record's columns and wraps lists in connections; other servers return columns side by side. The
normalized answers must have the same values in the same order.
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
"""The service's groups of columns, with the columns that have other names in schemas without groups."""

EVENT_KINDS = {kind.value: kind.name for kind in EventKind}
"""The names of event kinds in the service's schema, by the values in the tables."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)")


class Difference(Exception):
    """Two servers answered differently, or one of them with errors."""


def normalize(value: Any) -> Any:
    """Return an answer in the common form."""
    if isinstance(value, list):
        return [normalize(item) for item in value]
    if isinstance(value, dict):
        return _normalize_object(value)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value).astimezone(UTC).isoformat()
    return EVENT_KINDS.get(value, value) if isinstance(value, str) else value


def _normalize_object(value: dict[str, Any]) -> Any:
    if set(value) == {"nodes"}:
        return normalize(value["nodes"])
    if set(value) == {"count"}:
        return value["count"]
    result: dict[str, Any] = {}
    for name, member in value.items():
        # Without groups, the name of a group may be that of a column (`approval`) or of a record (`manager`).
        if name in GROUPS and isinstance(member, dict) and not _is_record(member):
            for inner, content in member.items():
                result[str(GROUPS[name].get(inner, inner))] = normalize(content)
        else:
            result[name] = normalize(member)
    return result


def _is_record(value: dict[str, Any]) -> bool:
    return "id" in value


def data_of(server: str, status: int, body: bytes) -> Any:
    """Return the data of an answer. Raises Difference for an answer that has errors or no success status."""
    try:
        answer = json.loads(body)
    except ValueError:
        raise Difference(f"{server} answered {status}, and not in JSON: {body[:300]!r}") from None
    if status != 200 or answer.get("errors") or answer.get("data") is None:
        raise Difference(f"{server} answered {status}: {json.dumps(answer)[:600]}")
    return answer["data"]


def compare(one: str, expected: Any, other: str, actual: Any) -> None:
    """Raise Difference with the path of the first difference between two normalized answers."""
    difference = first_difference(expected, actual)
    if difference is not None:
        path, left, right = difference
        raise Difference(f"at {path}: {one} has {_short(left)}, {other} has {_short(right)}")


def first_difference(one: Any, other: Any, path: str = "data") -> tuple[str, Any, Any] | None:
    """Return the path of the first difference of two values, with both values; None if they are equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return path, sorted(one), sorted(other)
        pairs = [(f"{path}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return path, f"{len(one)} items", f"{len(other)} items"
        pairs = [(f"{path}[{index}]", *items) for index, items in enumerate(zip(one, other, strict=True))]
    else:
        return None if type(one) is type(other) and one == other else (path, one, other)
    differences = (first_difference(left, right, inner) for inner, left, right in pairs)
    return next((difference for difference in differences if difference is not None), None)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
