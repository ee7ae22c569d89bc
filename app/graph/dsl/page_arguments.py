"""The arguments of a connection field, and the page request that they stand for."""

from typing import Any

import msgspec
import strawberry

from app.access import Actor
from app.core.errors import BadPage
from app.graph.compat import StrawberryAnnotation, StrawberryArgument
from app.graph.dsl import cursors, sort_inputs
from app.graph.dsl.types import to_data
from app.lists.listings import Listing
from app.lists.page_request import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, PageRequest
from app.signing.sealed_tokens import Signer

INCLUDED = {
    "deleted": "deleted items too, and the items of deleted people",
    "requested": "credentials too that were requested, and that nobody has provided yet",
}
"""The items that an argument includes, where its name does not say it all."""


def declare(listing: Listing[Any], *, where: Any = None, order: Any = None) -> list[StrawberryArgument]:
    """Return the arguments of a connection field."""
    arguments = [
        _argument(
            "first",
            int | None,
            "Return the first items of the list: 0 to 100, by default 25. With 0 the page is empty.",
        ),
        _argument("after", str | None, "Return only items after this cursor. Goes with `first`."),
        _argument("last", int | None, "Return the last items of the list: 0 to 100."),
        _argument("before", str | None, "Return only items before this cursor. Goes with `last`."),
    ]
    if listing.search is not None:
        arguments.append(
            _argument(
                "search",
                str | None,
                "Return only items that contain every word of this text in names, emails, ids, job titles, numbers or "
                "codes, ignoring case and accents. Credentials are also found by the names, emails and external id of "
                "their owners, if the viewer may read these. At most 254 characters.",
            )
        )
    if where is not None:
        arguments.append(_argument("where", where | None, "Return only items that match this filter."))
    if order is not None:
        arguments.append(_argument("order_by", list[order] | None, "Sort the items by up to four keys, in this order."))
    arguments += [
        _argument(f"include_{name}", bool, f"If true, return {INCLUDED.get(name, f'{name} items too')}.", default=False)
        for name in listing.default_conditions
    ]
    return arguments


def _argument(name: str, annotation: Any, description: str, default: Any = strawberry.UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=default,
    )


def to_request(listing: Listing[Any], arguments: dict[str, Any], actor: Actor, signer: Signer) -> PageRequest:
    """Return the page request of some arguments. Raises BadPage and BadCursor."""
    request, cursor = parse(listing, arguments)
    return request if cursor is None else cursors.start_at(listing, request, actor, signer, cursor)


def parse(listing: Listing[Any], arguments: dict[str, Any]) -> tuple[PageRequest, str | None]:
    """Return the page request without its position, and the cursor to start at. Neither depends on the actor.

    Raises BadPage.
    """
    limit, backwards, cursor = _page_bounds(arguments)
    where = to_data(arguments.get("where")) or {}
    request = PageRequest(
        limit=limit,
        backwards=backwards,
        order=sort_inputs.parse_sort_keys(arguments.get("order_by")),
        where=where,
        where_key=msgspec.json.encode(where, order="sorted") if where else b"",
        search=(arguments.get("search") or "").strip(),
        include=frozenset(name for name in listing.default_conditions if arguments.get(f"include_{name}")),
    )
    return request, cursor


def _page_bounds(arguments: dict[str, Any]) -> tuple[int, bool, str | None]:
    first, after, last, before = (arguments.get(name) for name in ("first", "after", "last", "before"))
    if first is not None and last is not None:
        raise BadPage("first and last exclude each other; send one of them", ("first",))
    if (after is not None and (last is not None or before is not None)) or (before is not None and first is not None):
        raise BadPage("after goes with first, before goes with last", ("after",))
    backwards = last is not None or before is not None
    size = last if last is not None else first
    name = "last" if last is not None else "first"
    if size is not None and not 0 <= size <= MAX_PAGE_SIZE:
        raise BadPage(f"{name} is not between 0 and {MAX_PAGE_SIZE}", (name,))
    return DEFAULT_PAGE_SIZE if size is None else size, backwards, before if backwards else after
