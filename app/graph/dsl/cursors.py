"""Cursors: the sort values of a row, sealed for one list, organization, sort order and filter."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from app.access import Actor
from app.core.errors import BadCursor
from app.lists.listings import Listing
from app.lists.page_request import PageRequest
from app.signing.sealed_tokens import Signer

CURSOR_VERSION = b"cursor 2:"
"""The start of every cursor's purpose. A new version invalidates all cursors."""


def sealer(listing: Listing[Any], request: PageRequest, actor: Actor, signer: Signer) -> Callable[[list[Any]], str]:
    """Return a function that makes a cursor of a row's sort values."""
    purpose = _purpose(listing, request, actor)
    return lambda position: signer.seal(purpose, msgspec.json.encode(position))


def start_at(listing: Listing[Any], request: PageRequest, actor: Actor, signer: Signer, cursor: str) -> PageRequest:
    """Return the request with its position set from a cursor. Raises BadCursor."""
    value = signer.open(_purpose(listing, request, actor), cursor)
    if value is None:
        raise BadCursor("this cursor is not one of this list with this sort and filter; start from the first page")
    types: Any = tuple(_python_type(column) for column, _ in listing.sort_keys(request))
    position: tuple[Any, ...] = msgspec.json.decode(value, type=tuple.__class_getitem__(types))
    return replace(request, position=position)


def _python_type(column: Any) -> type:
    python_type: type = getattr(column.type, "impl", column.type).python_type
    return python_type


def _purpose(listing: Listing[Any], request: PageRequest, actor: Actor) -> bytes:
    """Return a digest of the list and the request, so that a cursor opens only for the list that it was made for."""
    scope = [
        listing.table.__tablename__,
        actor.organization_id,
        [(column.key, descending) for column, descending in listing.sort_keys(request)],
        request.where_key.decode(),
        request.search,
        sorted(request.include),
    ]
    return CURSOR_VERSION + hashlib.blake2b(msgspec.json.encode(scope), digest_size=16).digest()
