"""Requests for a page of a list, and the page that answers one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from app.db.records import Row

DEFAULT_PAGE_SIZE = 25  # rows
MAX_PAGE_SIZE = 100  # rows


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page, order and filters that a caller asks for. Objects of a level with equal requests share one batch."""

    limit: int = DEFAULT_PAGE_SIZE
    backwards: bool = False
    """True to take the page from the list's end (`last`) instead of its start (`first`)."""
    position: tuple[Any, ...] | None = None
    """The sort values of the row that the page starts after or, backwards, ends before."""
    order: tuple[tuple[str, bool], ...] = ()
    """(name, descending) pairs; the id is always added as the last key."""
    where: Mapping[str, Any] = field(default_factory=dict, compare=False)
    where_key: bytes = b""
    """`where` in canonical form, by which requests are compared."""
    search: str = ""
    include: frozenset[str] = frozenset()
    """The names of default conditions to lift, such as `deleted` and `archived`."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, in the list's order."""

    rows: list[Row]
    has_next: bool = False
    has_previous: bool = False
