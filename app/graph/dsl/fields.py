"""The words that the graph is written in: node, edge, permission, anything, query, listing, mutation.

Each takes a scope, so that no field can fetch without one; for anything it is that of the kind. What a word declares is
kept on the field (`declared`), for the executor and for the tests that hold every field to the rules. Whatever fetches
is nullable: a refused or failed field is null beside its error, and takes nothing else of the answer with it.
"""

import inspect
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar, get_args, get_origin

import strawberry
from sqlalchemy.exc import IntegrityError
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from app.access import Actor, Scope
from app.core.errors import DomainError, Refused
from app.db import row_access
from app.db.records import Record
from app.graph.dsl import connections, node_types, resolvers
from app.graph.dsl.context import Action, Batch, Context, Refusals
from app.graph.dsl.declarations import WORD, AnyEdge, Edge, Mutation, Node, Query
from app.graph.dsl.types import Field, given
from app.graph.dsl.user_errors import UserError, shown
from app.graph.dsl.value_declarations import VALUE, Permission
from app.lists.listings import Children, Listing, Lookup

Class = TypeVar("Class", bound=type)
Info = strawberry.Info[Context, None]


def node(by_id: Lookup[Any], *, scope: Scope | None, own: bool = False) -> Callable[[Class], Class]:
    """A type whose values are rows of a table. Without a scope, every caller may read it."""
    table: type[Record] = by_id.table

    def declare(cls: Class) -> Class:
        declared: Any = cls
        declared.is_type_of = staticmethod(lambda value, _info: isinstance(value, table))
        node_types.nodes[table.prefix] = Node(cls, by_id, scope, own)
        return strawberry.type(cls, description=inspect.getdoc(cls))

    return declare


def edge(
    batch: Lookup[Any] | Children[Any] | Batch | None,
    description: str,
    *,
    key: str,
    scope: Scope | None,
    own: bool = False,
    value: Callable[[Any, Any, Context], Any] | None = None,
    reads: tuple[str, ...] | None = None,
    of: tuple[str, ...] | None = None,
    where: Any = None,
    order: Any = None,
    **arguments: tuple[Any, str],
) -> Any:
    """A field that leads from a row to others: its batch query, and the row's column that holds the key.

    `Children` lead to a connection; a `Lookup` to one row, or to several where the column holds a list of keys. Any
    other batch is a function that works something out for many keys at once: `batch(session, actor, keys, *arguments)`,
    with the arguments given as (type, description), in their order. There is none where all is made of the row itself.
    What a key's share is shown as, `value(row, found, context)` says, which looks at the columns `reads` of the row and
    `of` what was found, or may look at any.
    """
    declared = Edge(batch, key, scope, own, value, reads, of)
    if isinstance(batch, Children):
        asked = connections.arguments(batch.listing, where=where, order=order)
        return _field(resolvers.to_many(batch, declared), description, declared, asked)
    load = batch.load if isinstance(batch, Lookup) else batch
    return _field(resolvers.to_one(load, declared, tuple(arguments)), description, declared, _arguments(arguments))


def permission(
    description: str,
    by_id: Lookup[Any],
    scope: Scope,
    rule: Callable[..., DomainError | None],
    *,
    own: bool = False,
    contractors: bool = False,
    final: bool = False,
    reads: tuple[str, ...] | None = None,
) -> Any:
    """Whether the caller could do something to the row now: they hold the scope, and its state allows it.

    Where a narrower scope is enough for some rows (`own`, `contractors`), the row is looked up as that scope sees.
    A rule that depends on whether decisions are final is told. It looks at the columns `reads`, or may look at any.
    """
    declared = Permission(by_id, scope, rule, own, contractors, final, reads)

    return strawberry.field(resolver=resolvers.permitted(declared), description=description, metadata={VALUE: declared})


def anything(key: str, description: str) -> Any:
    """A field that leads to rows of whatever kind, by the id or the ids in a column. Each kind's scope is needed."""
    return _field(resolvers.to_anything(key), description, AnyEdge(key), [])


def query(
    name: str,
    resolve: Callable[..., Any],
    description: str,
    *,
    scope: Scope | None,
    own: bool = False,
    **arguments: tuple[Any, str],
) -> StrawberryField:
    """A field of the query root: `resolve(context, actor, **arguments)` finds it, or gives a `Find`, or a list of them.

    It is a coroutine or a `Reading`. Each argument is given as (type, description); what `resolve` is annotated to
    give is the field's type.
    """

    async def answer(info: Info, **asked: Any) -> Any:
        actor = info.context.permitted(scope, own=own)
        return await node_types.found(info.context, actor, resolve(info.context, actor, **asked))

    returns = inspect.signature(resolve).return_annotation
    if get_origin(returns) is Generator:
        returns = get_args(returns)[-1]
    return _named(name, _field(answer, description, Query(scope, own, resolve=resolve), _arguments(arguments), returns))


def _arguments(arguments: dict[str, tuple[Any, str]]) -> list[StrawberryArgument]:
    """Arguments by their names in Python: what is a word of Python has an underscore behind it."""
    return [
        StrawberryArgument(
            python_name=argument,
            graphql_name=argument.rstrip("_") if argument.endswith("_") else None,
            type_annotation=StrawberryAnnotation(annotation),
            description=says,
        )
        for argument, (annotation, says) in arguments.items()
    ]


def listing(
    name: str,
    source: Listing[Any],
    of: Any,
    description: str,
    *,
    scope: Scope | None,
    own: bool = False,
    where: Any = None,
    order: Any = None,
    chosen: resolvers.Chosen | None = None,
    returns: Any = None,
    **arguments: tuple[Any, str],
) -> StrawberryField:
    """A field of the query root that is a whole list.

    With further arguments, given as (type, description), `chosen(context, actor, **arguments)` gives the list that
    they ask for, with the filters and sorts of `source`, and how its rows are shown.
    """

    show = resolvers.whole(source, chosen, tuple(arguments))

    async def answer(info: Info, **asked: Any) -> Any:
        return await show(info.context, info.context.permitted(scope, own=own), **asked)

    asked = [*connections.arguments(source, where=where, order=order), *_arguments(arguments)]
    returns = returns or connections.Connection[of] | None
    declared = Query(scope, own, source, None if chosen is None else show)
    return _named(name, _field(answer, description, declared, asked, returns))


def mutation(
    name: str,
    action: Action,
    takes: Any,
    description: str,
    *,
    scope: Scope,
    own: bool = False,
    contractors: bool = False,
    then: Callable[[Context, Actor, Any], Awaitable[Any]] | None = None,
    **gives: tuple[Any, str],
) -> StrawberryField:
    """A field of the mutation root: one action in one transaction, with one input and a payload of its own.

    `then` goes on with the action's result once it is committed, outside any transaction.

    The payload's members are given as (type, description). With a single member it is the action's result itself,
    with several they are the result's attributes.
    """
    payload = _payload(f"{name[0].upper()}{name[1:]}Payload", gives)
    single = next(iter(gives)) if len(gives) == 1 else None

    async def perform(context: Context, input: Any) -> Any:
        actor = context.permitted(scope, own=own, contractors=contractors)
        result = await context.change(actor, name, action, given(input))
        if then is not None and not isinstance(result, Refusals):
            try:
                result = await then(context, actor, result)
            except (DomainError, Refused, IntegrityError) as error:
                result = Refusals(row_access.refusals_of(error))
        if isinstance(result, Refusals):
            return payload(**dict.fromkeys(gives), errors=shown(result.errors))
        if single:
            members = {single: result}
        else:
            members = result if isinstance(result, dict) else {member: getattr(result, member) for member in gives}
        return payload(**members, errors=[])

    async def resolve(info: Info, input: Any) -> Any:
        return await info.context.once(info.path.key, perform, input)

    asked = StrawberryArgument(
        python_name="input",
        graphql_name=None,
        type_annotation=StrawberryAnnotation(takes),
        description="What to do, and to which record.",
    )
    declared = Mutation(action, scope, own, perform)
    return _named(name, _field(resolve, description, declared, [asked], payload | None))


def _payload(name: str, gives: dict[str, tuple[Any, str]]) -> Any:
    members = {member: (annotation | None, says) for member, (annotation, says) in gives.items()}
    members["errors"] = (list[UserError], "Why it was refused; empty when it was done.")
    namespace: dict[str, Any] = {member: Field(description=says) for member, (_, says) in members.items()}
    namespace["__annotations__"] = {member: annotation for member, (annotation, _) in members.items()}
    verb = name.removesuffix("Payload")
    return strawberry.type(
        type(name, (), namespace), name=name, description=f"What `{verb[0].lower()}{verb[1:]}` gives back."
    )


def _field(
    resolve: Callable[..., Any],
    description: str,
    declared: Edge | AnyEdge | Query | Mutation,
    arguments: list[StrawberryArgument],
    returns: Any = None,
) -> StrawberryField:
    field = Field(
        base_resolver=StrawberryResolver(resolve),
        type_annotation=None if returns is None else StrawberryAnnotation(returns),
        description=description,
        metadata={WORD: declared},
    )
    field.arguments = arguments
    return field


def _named(name: str, field: StrawberryField) -> StrawberryField:
    field.python_name = field.graphql_name = name
    return field
