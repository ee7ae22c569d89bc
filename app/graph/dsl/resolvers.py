"""How what the words declare is resolved where no plan answers: object by object, loading in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.core.errors import MissingScope
from app.graph.dsl import connections, node_types
from app.graph.dsl.context import Batch, Context
from app.graph.dsl.declarations import Edge
from app.graph.dsl.value_declarations import Permission
from app.lists import filters
from app.lists.listings import Ask, Children, Listing

Info = strawberry.Info[Context, None]

Showing = Callable[[list[Any]], Awaitable[tuple[list[Any], Any]]]
"""Gives what a page's rows are shown as, each with its row as `row`, and what the connection itself tells."""
Chosen = Callable[..., Awaitable[tuple[Listing[Any], Showing]]]
"""Gives the list that some arguments ask for, and how its rows are shown."""


def to_one(load: Batch | None, declared: Edge, names: tuple[str, ...]) -> Callable[..., Any]:
    """Gives what a batch finds for the key of a row, or for each of its keys; `names` are those of the arguments."""

    async def computed(found: Awaitable[Any], row: Any, context: Context) -> Any:
        assert declared.value is not None
        return declared.value(row, await found, context)

    def resolve(root: Any, info: Info, **asked: Any) -> Any:
        context = info.context
        # Refused before the key is looked at: whoever lacks the scope must not learn whether there is one.
        actor = context.permitted(declared.scope, own=declared.own)
        key = getattr(root, declared.key)
        if key is None:
            return None
        if load is None:
            return None if declared.value is None else declared.value(root, None, context)
        arguments = [asked.get(name) for name in names]
        if isinstance(key, list | tuple):
            return _several(context.load(load, actor, item, *arguments) for item in key)
        found = context.load(load, actor, key, *arguments)
        return found if declared.value is None else computed(found, root, context)

    return resolve


async def _several(loads: Iterable[Awaitable[Any]]) -> list[Any]:
    """What some keys lead to, without those that lead nowhere or out of sight."""
    return [row for row in await asyncio.gather(*loads) if row is not None]


def to_many(batch: Children[Any], declared: Edge) -> Callable[..., Any]:
    """Gives a page of the rows below a row."""

    def resolve(root: Any, info: Info, **asked: Any) -> Any:
        context = info.context
        actor = context.permitted(declared.scope, own=declared.own)
        question = connections.ask(batch.listing, asked, actor, context.signer)
        key = getattr(root, declared.key)

        def count() -> Awaitable[int]:
            return context.load(batch.counts, actor, key, question)

        async def connect() -> connections.Connected:
            await _keep_up(context, batch.listing, question)
            page = await context.load(batch.load, actor, key, question)
            return connections.connected(batch.listing, page, question, actor, context.signer, count)

        return connect()

    return resolve


def to_anything(key: str) -> Callable[..., Any]:
    """Gives the row of the id in a column, whatever its kind, or those of the ids in it."""

    async def resolve(root: Any, info: Info) -> Any:
        found = getattr(root, key)
        if isinstance(found, list):
            return await _several(node_types.find_node(info.context, item) for item in found)
        return await node_types.find_node(info.context, found)

    return resolve


def permitted(declared: Permission) -> Callable[..., Any]:
    """Gives whether the caller could do something to a row."""

    async def narrowed(row: Any, actor: Actor, context: Context) -> bool:
        return await context.load(declared.by_id.load, actor, row.id) is not None and declared.allows(row, actor)

    def resolve(root: Any, info: Info) -> Any:
        context = info.context
        try:
            actor = context.permitted(declared.scope, own=declared.own, contractors=declared.contractors)
        except MissingScope:
            return False
        return declared.allows(root, actor) if actor is context.actor else narrowed(root, actor, context)

    return resolve


def whole(source: Listing[Any], chosen: Chosen | None, names: tuple[str, ...]) -> Callable[..., Any]:
    """Gives a page of a whole list, or of one that the arguments `names` choose."""

    async def show(context: Context, actor: Actor, **asked: Any) -> connections.Connected:
        further = {name: asked.pop(name, None) for name in names}
        found, shown = (source, None) if chosen is None else await chosen(context, actor, **further)
        question = connections.ask(found, asked, actor, context.signer)
        await _keep_up(context, found, question)

        def count() -> Awaitable[int]:
            return context.look(found.count, actor, question)

        page = await context.look(found.page, actor, question)
        told = None
        if shown is not None:
            items, told = await shown(page.rows)
            page = replace(page, rows=items)
        return connections.connected(found, page, question, actor, context.signer, count, told)

    return show


def keeper(context: Context, source: Listing[Any], question: Ask) -> Actor | None:
    """For whom to settle before a list is read that asks for what is kept. Raises MissingScope."""
    if question.where and source.kept & filters.names(question.where):
        return context.permitted(Scope.COMPLIANCE_READ, own=True)
    return None


async def _keep_up(context: Context, source: Listing[Any], question: Ask) -> None:
    actor = keeper(context, source, question)
    if actor is not None:
        await context.settled(actor)
