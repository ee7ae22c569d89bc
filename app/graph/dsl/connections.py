"""Connections: one page of a list with its edges, cursors and total count, as the Relay specification defines them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

import strawberry

from app.access import Actor
from app.db.records import Record
from app.graph.dsl import cursors
from app.graph.dsl.declarations import VALUE_DECLARATION, AsyncValue
from app.graph.dsl.types import enum, output, scalar
from app.lists import listings
from app.lists.listings import Listing
from app.lists.page_request import Page, PageRequest
from app.signing.sealed_tokens import Signer

T = TypeVar("T")


class CountPrecision(StrEnum):
    """The precision of a count."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


enum(
    CountPrecision,
    EXACT="The count is exact.",
    AT_LEAST="The list has more items than the count, which stops at its limit.",
)


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """A page of a list, and the functions that compute its connection's other fields on demand."""

    page: Page[Any]
    cursor: Callable[[Any], str]
    """Return an item's cursor."""
    count: Callable[[], Awaitable[int]]
    """Return the number of items in the list, up to one more than the limit of exact counts."""
    extra: Any = None
    """The source of the fields that a subtype of `Connection` adds."""


@output
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool = scalar(
        "True if there are items after this page.", derived=lambda connection: connection.page.has_next
    )
    has_previous_page: bool = scalar(
        "True if there are items before this page.", derived=lambda connection: connection.page.has_previous
    )
    start_cursor: str | None = scalar(
        "The cursor of the first item, to send as `before`; null if the page is empty.",
        derived=lambda connection: connection.cursor(connection.page.rows[0]) if connection.page.rows else None,
    )
    end_cursor: str | None = scalar(
        "The cursor of the last item, to send as `after`; null if the page is empty.",
        derived=lambda connection: connection.cursor(connection.page.rows[-1]) if connection.page.rows else None,
    )


@output
class TotalCount:
    """The number of items in a list, on all pages."""

    count: int = scalar("The number of items, up to 10,000.")
    precision: CountPrecision = scalar("The precision of the count.")


@output
class Edge(Generic[T]):
    """An item of a list with its cursor."""

    cursor: str = scalar("The cursor of the item, to send as `after` or `before`.")
    node: T = scalar("The item.")


@dataclass(frozen=True, slots=True)
class _EdgeSource:
    node: Any
    connection: ConnectionPage

    @property
    def cursor(self) -> str:
        return self.connection.cursor(self.node)


async def _total_count(root: Any) -> TotalCount:
    count = await root.count()
    if count > listings.MAX_EXACT_COUNT:
        return TotalCount(count=listings.MAX_EXACT_COUNT, precision=CountPrecision.AT_LEAST)
    return TotalCount(count=count, precision=CountPrecision.EXACT)


@output
class Connection(Generic[T]):
    """One page of a list."""

    edges: list[Edge[T]] = scalar(
        "The items of the page with their cursors.",
        derived=lambda connection: [_EdgeSource(row, connection) for row in connection.page.rows],
    )
    nodes: list[T] = scalar("The items of the page.", derived=lambda connection: connection.page.rows)
    page_info: PageInfo = scalar("The position of the page in the list.", derived=lambda connection: connection)
    total_count: TotalCount = strawberry.field(
        resolver=_total_count,
        description="The number of items in the list. It is counted only if this field is selected.",
        metadata={VALUE_DECLARATION: AsyncValue(_total_count)},
    )


def connection_page(
    listing: Listing[Any],
    page: Page[Any],
    request: PageRequest,
    actor: Actor,
    signer: Signer,
    count: Callable[[], Awaitable[int]],
    extra: Any = None,
) -> ConnectionPage:
    """Return the source of a connection. Cursors are made only if the query selects them."""

    @cache
    def seal_row() -> Callable[[Any], str]:
        names = [column.key for column, _ in listing.sort_keys(request)]
        seal = cursors.sealer(listing, request, actor, signer)
        return lambda row: seal([getattr(row, name) for name in names])

    def cursor(item: Any) -> str:
        return seal_row()(item if isinstance(item, Record) else item.row)

    return ConnectionPage(page, cursor, count, extra)
