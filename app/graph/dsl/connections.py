"""Connections: the arguments of a list, what a page looks like, and the cursors between pages."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from app.access import Actor
from app.core.errors import BadCursor, BadPage
from app.db.records import Record
from app.graph.dsl import sort_inputs
from app.graph.dsl.types import enum, given, output, scalar
from app.graph.dsl.value_declarations import VALUE, Awaited
from app.lists import listings
from app.lists.listings import Ask, Listing, Slice
from app.signing.sealed_tokens import Signer

T = TypeVar("T")
CURSOR_VERSION = b"cursor 1:"


class CountPrecision(StrEnum):
    """How exact a count is."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


enum(
    CountPrecision,
    EXACT="The count is exact.",
    AT_LEAST="There are more; counting stopped here.",
)


@dataclass(frozen=True, slots=True)
class Connected:
    """One page of a list with what its connection needs to tell."""

    slice: Slice[Any]
    cursor: Callable[[Any], str]
    count: Callable[[], Awaitable[int]]
    told: Any = None
    """What the connection tells beside its page, if it is of a kind that does."""


@output
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = scalar("Whether items follow this page.", derived=lambda page: page.slice.has_next)
    has_previous_page: bool = scalar("Whether items precede this page.", derived=lambda page: page.slice.has_previous)
    start_cursor: str | None = scalar(
        "The first item's cursor, for `before`.",
        derived=lambda page: page.cursor(page.slice.rows[0]) if page.slice.rows else None,
    )
    end_cursor: str | None = scalar(
        "The last item's cursor, for `after`.",
        derived=lambda page: page.cursor(page.slice.rows[-1]) if page.slice.rows else None,
    )


@output
class TotalCount:
    """How many items a list has, all pages together."""

    count: int = scalar("The number, exact to 10,000.")
    precision: CountPrecision = scalar("Whether there may be more.")


@output
class Edge(Generic[T]):
    """An item in its list."""

    cursor: str = scalar("Where the item lies, for `after` and `before`.")
    node: T = scalar("The item.")


@dataclass(frozen=True, slots=True)
class _Item:
    node: Any
    page: Connected

    @property
    def cursor(self) -> str:
        return self.page.cursor(self.node)


async def _total(root: Any) -> TotalCount:
    found = await root.count()
    if found > listings.COUNTED_EXACTLY:
        return TotalCount(count=listings.COUNTED_EXACTLY, precision=CountPrecision.AT_LEAST)
    return TotalCount(count=found, precision=CountPrecision.EXACT)


@output
class Connection(Generic[T]):
    """One page of a list."""

    edges: list[Edge[T]] = scalar(
        "The page's items with their cursors.",
        derived=lambda page: [_Item(row, page) for row in page.slice.rows],
    )
    nodes: list[T] = scalar("The page's items.", derived=lambda page: page.slice.rows)
    page_info: PageInfo = scalar("Where the page lies.", derived=lambda page: page)
    total_count: TotalCount = strawberry.field(
        resolver=_total,
        description="How many items the list has; counted only when asked for.",
        metadata={VALUE: Awaited(_total)},
    )


def arguments(listing: Listing[Any], *, where: Any = None, order: Any = None) -> list[StrawberryArgument]:
    """The arguments of a connection field."""
    found = [
        _argument("first", int | None, "How many items from the start: 1 to 100, 25 by default."),
        _argument("after", str | None, "Only items after this cursor; goes with `first`."),
        _argument("last", int | None, "How many items from the end: 1 to 100."),
        _argument("before", str | None, "Only items before this cursor; goes with `last`."),
    ]
    if listing.search is not None:
        found.append(
            _argument(
                "search",
                str | None,
                "Free text over names, emails, ids, job titles, numbers and codes: every word is found, ignoring case.",
            )
        )
    if where is not None:
        found.append(_argument("where", where | None, "Only items that match."))
    if order is not None:
        found.append(_argument("order_by", list[order] | None, "How to sort: several keys, the first one first."))
    found += [
        _argument(f"include_{name}", bool, f"Whether to show {name} items too.", default=False)
        for name in listing.hides
    ]
    return found


def _argument(name: str, annotation: Any, description: str, default: Any = strawberry.UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=default,
    )


def ask(listing: Listing[Any], asked: dict[str, Any], actor: Actor, signer: Signer) -> Ask:
    """What the arguments ask of a list. Raises BadPage and BadCursor."""
    question, cursor = begun(listing, asked)
    return question if cursor is None else positioned(listing, question, actor, signer, cursor)


def begun(listing: Listing[Any], asked: dict[str, Any]) -> tuple[Ask, str | None]:
    """What the arguments ask, whoever it is, and the cursor from which on. Raises BadPage."""
    limit, backwards, cursor = _extent(asked)
    where = given(asked.get("where")) or {}
    question = Ask(
        limit=limit,
        backwards=backwards,
        order=sort_inputs.keys(asked.get("order_by")),
        where=where,
        where_key=msgspec.json.encode(where, order="sorted") if where else b"",
        search=(asked.get("search") or "").strip(),
        include=frozenset(name for name in listing.hides if asked.get(f"include_{name}")),
    )
    return question, cursor


def positioned(listing: Listing[Any], question: Ask, actor: Actor, signer: Signer, cursor: str) -> Ask:
    """The question, from a cursor on. Raises BadCursor."""
    return replace(question, position=_position(listing, question, actor, signer, cursor))


def _extent(asked: dict[str, Any]) -> tuple[int, bool, str | None]:
    first, after, last, before = (asked.get(name) for name in ("first", "after", "last", "before"))
    if first is not None and last is not None:
        raise BadPage("give first or last, not both", ("first",))
    if (after is not None and (last is not None or before is not None)) or (before is not None and first is not None):
        raise BadPage("after goes with first, before goes with last", ("after",))
    backwards = last is not None or before is not None
    size = last if last is not None else first
    name = "last" if last is not None else "first"
    if size is not None and not 1 <= size <= listings.LARGEST_PAGE:
        raise BadPage(f"{name} is not between 1 and {listings.LARGEST_PAGE}", (name,))
    return size or listings.DEFAULT_PAGE, backwards, before if backwards else after


def connected(
    listing: Listing[Any],
    page: Slice[Any],
    question: Ask,
    actor: Actor,
    signer: Signer,
    count: Callable[[], Awaitable[int]],
    told: Any = None,
) -> Connected:
    """A page with its cursors, which are made only when they are asked for."""

    @cache
    def sealing() -> Callable[[Any], str]:
        names = [column.key for column, _ in listing.keys(question)]
        seal = sealer(listing, question, actor, signer)
        return lambda row: seal([getattr(row, name) for name in names])

    def cursor(item: Any) -> str:
        return sealing()(item if isinstance(item, Record) else item.row)

    return Connected(page, cursor, count, told)


def sealer(listing: Listing[Any], question: Ask, actor: Actor, signer: Signer) -> Callable[[list[Any]], str]:
    """Makes cursors of rows' sort values."""
    purpose = _purpose(listing, question, actor)
    return lambda position: signer.seal(purpose, msgspec.json.encode(position))


def _position(listing: Listing[Any], question: Ask, actor: Actor, signer: Signer, cursor: str) -> tuple[Any, ...]:
    value = signer.open(_purpose(listing, question, actor), cursor)
    if value is None:
        raise BadCursor("this cursor is not one of this list with this sort and filter")
    kinds: Any = tuple(_python_type(column) for column, _ in listing.keys(question))
    found: tuple[Any, ...] = msgspec.json.decode(value, type=tuple.__class_getitem__(kinds))
    return found


def _python_type(column: Any) -> type:
    kind: type = getattr(column.type, "impl", column.type).python_type
    return kind


def _purpose(listing: Listing[Any], question: Ask, actor: Actor) -> bytes:
    asked = [
        listing.table.__tablename__,
        actor.organization_id,
        [(column.key, descending) for column, descending in listing.keys(question)],
        question.where_key.decode(),
        question.search,
        sorted(question.include),
    ]
    return CURSOR_VERSION + hashlib.blake2b(msgspec.json.encode(asked), digest_size=16).digest()
