"""Resolvers of declared fields, for operations that graphql-core runs instead of a plan. They load in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from app.access import Actor, Scope
from app.core.errors import MissingScope
from app.graph.dsl import connections, node_types, page_arguments
from app.graph.dsl.context import BatchQuery, Context, Info
from app.graph.dsl.declarations import EdgeDeclaration, PermissionValue
from app.lists import filters
from app.lists.listings import ChildListing, Listing
from app.lists.page_request import PageRequest

PagePresenter = Callable[[list[Any], PageRequest], Awaitable[tuple[list[Any], Any]]]
"""Return the items to show for a page's rows, each with its row as `row`, and the connection's `extra`."""
ListSelector = Callable[..., Awaitable[tuple[Listing[Any], PagePresenter]]]
"""Return the list that a field's own arguments select, called with (context, actor, **arguments), and its presenter."""


def edge_resolver(
    load: BatchQuery | None, declaration: EdgeDeclaration, argument_names: tuple[str, ...]
) -> Callable[..., Any]:
    """Return the resolver of an edge to one row or value; to a list of them if the key column holds a list."""

    async def compute(loading: Awaitable[Any], row: Any, context: Context) -> Any:
        assert declaration.value is not None
        return declaration.value(row, await loading, context)

    def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        context = info.context
        # The scope is checked before the key is read. A caller without it must not learn whether there is a target.
        actor = context.permitted_actor(declaration.scope, own=declaration.own)
        values = [arguments.get(name) for name in argument_names]
        if declaration.with_arguments is not None:
            if any(value is not None for value in values):
                return context.load(declaration.with_arguments, actor, root.id, *values)
            values = []
        key = getattr(root, declaration.key)
        if key is None:
            return None
        if load is None:
            return None if declaration.value is None else declaration.value(root, None, context)
        if isinstance(key, list | tuple):
            return _gather_existing(context.load(load, actor, item, *values) for item in key)
        loading = context.load(load, actor, key, *values)
        return loading if declaration.value is None else compute(loading, root, context)

    return resolve


async def _gather_existing(loads: Iterable[Awaitable[Any]]) -> list[Any]:
    """Return the loaded rows, without those that do not exist or that the actor may not see."""
    return [row for row in await asyncio.gather(*loads) if row is not None]


def connection_resolver(batch: ChildListing[Any], declaration: EdgeDeclaration) -> Callable[..., Any]:
    """Return the resolver of a connection to the children of a row."""

    def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        context = info.context
        actor = context.permitted_actor(declaration.scope, own=declaration.own)
        request = page_arguments.to_request(batch.listing, arguments, actor, context.signer)
        key = getattr(root, declaration.key)

        def count() -> Awaitable[int]:
            return context.load(batch.count, actor, key, request)

        async def connect() -> connections.ConnectionPage:
            await _settle_if_filtered(context, batch.listing, request)
            page = await context.load(batch.load, actor, key, request)
            return connections.connection_page(batch.listing, page, request, actor, context.signer, count)

        return connect()

    return resolve


def any_node_resolver(key: str) -> Callable[..., Any]:
    """Return the resolver of a field that leads to the rows of any node's id, or list of ids, in a column."""

    async def resolve(root: Any, info: Info) -> Any:
        value = getattr(root, key)
        if isinstance(value, list):
            return await _gather_existing(node_types.load_node(info.context, id) for id in value)
        return await node_types.load_node(info.context, value)

    return resolve


def permission_resolver(declaration: PermissionValue) -> Callable[..., Any]:
    """Return the resolver of a permission: False without the scope, else as the rule decides for the row."""

    async def check_visible(row: Any, actor: Actor, context: Context) -> bool:
        return await context.load(declaration.by_id.load, actor, row.id) is not None and declaration.allows(row, actor)

    def resolve(root: Any, info: Info) -> Any:
        context = info.context
        try:
            actor = context.permitted_actor(declaration.scope, own=declaration.own, contractors=declaration.contractors)
        except MissingScope:
            return False
        return declaration.allows(root, actor) if actor is context.actor else check_visible(root, actor, context)

    return resolve


def list_resolver(
    source: Listing[Any], select_list: ListSelector | None, argument_names: tuple[str, ...]
) -> Callable[..., Any]:
    """Return a function that loads a page of a root list, or of the list that the arguments so named select."""

    async def load_page(context: Context, actor: Actor, **arguments: Any) -> connections.ConnectionPage:
        values = {name: arguments.pop(name, None) for name in argument_names}
        listing, present = (source, None) if select_list is None else await select_list(context, actor, **values)
        request = page_arguments.to_request(listing, arguments, actor, context.signer)
        await _settle_if_filtered(context, listing, request)

        def count() -> Awaitable[int]:
            return context.run_query(listing.count, actor, request)

        page = await context.run_query(listing.page, actor, request)
        extra = None
        if present is not None:
            items, extra = await present(page.rows, request)
            page = replace(page, rows=items)
        return connections.connection_page(listing, page, request, actor, context.signer, count, extra)

    return load_page


def settling_actor(context: Context, listing: Listing[Any], request: PageRequest) -> Actor | None:
    """Return the actor for whom counts must be settled before the list is read; None if no filter depends on them.

    Raises MissingScope: filters on settled columns reveal compliance.
    """
    if request.where and listing.settlement_filters & filters.names_in(request.where):
        return context.permitted_actor(Scope.COMPLIANCE_READ, own=True)
    return None


async def _settle_if_filtered(context: Context, listing: Listing[Any], request: PageRequest) -> None:
    actor = settling_actor(context, listing, request)
    if actor is not None:
        await context.settle(actor)
