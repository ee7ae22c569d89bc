"""Declarations of fields that fetch: node, edge, permission, any_node, query, listing and mutation.

Each function takes a scope, so that no field can fetch without one; `any_node` uses the scope of each row's type. The
declaration is stored in the field's metadata (see `declarations`), for the executor and for the tests that check every
field. A field that fetches is nullable: if it is refused or fails, it is null with an error, and the rest of the
response stands.
"""

import inspect
from collections.abc import Awaitable, Callable, Generator
from copy import copy
from typing import Any, get_args, get_origin

import strawberry
from sqlalchemy.exc import IntegrityError

from app.access import Actor, Scope
from app.core.errors import DomainError, DomainErrorGroup
from app.db import unique_violations
from app.db.records import Record
from app.graph.compat import SchemaField, StrawberryAnnotation, StrawberryArgument, StrawberryField, StrawberryResolver
from app.graph.dsl import connections, node_types, page_arguments, resolvers
from app.graph.dsl.bulk_payload import BulkPayload, numbered
from app.graph.dsl.context import BatchQuery, Context, Info, MutationAction, Refusals
from app.graph.dsl.declarations import (
    DECLARATION,
    VALUE_DECLARATION,
    AnyNodeDeclaration,
    EdgeDeclaration,
    MutationDeclaration,
    NodeDeclaration,
    PermissionValue,
    QueryDeclaration,
)
from app.graph.dsl.types import Class, to_data
from app.graph.dsl.user_errors import UserError, to_user_errors
from app.lists.listings import ChildListing, Listing, Lookup


def node(by_id: Lookup[Any], *, scope: Scope | None, own: bool = False) -> Callable[[Class], Class]:
    """Declare an object type whose values are rows of a table. Without a scope, every caller may read it."""
    table: type[Record] = by_id.table

    def declare(cls: Class) -> Class:
        object_type: Any = cls
        object_type.is_type_of = staticmethod(lambda value, _info: isinstance(value, table))
        node_types.nodes_by_prefix[table.prefix] = NodeDeclaration(cls, by_id, scope, own)
        return strawberry.type(cls, description=inspect.getdoc(cls))

    return declare


def edge(
    batch: Lookup[Any] | ChildListing[Any] | BatchQuery | None,
    description: str,
    *,
    key: str,
    scope: Scope | None,
    own: bool = False,
    value: Callable[[Any, Any, Context], Any] | None = None,
    reads: tuple[str, ...] | None = None,
    target_reads: tuple[str, ...] | None = None,
    with_arguments: BatchQuery | None = None,
    where: Any = None,
    order: Any = None,
    **arguments: tuple[Any, str],
) -> Any:
    """Declare a field that leads from a row to others. `key` is the row's column with the key of the batch.

    The batch decides the shape of the field:
    - a `ChildListing` leads to a connection, filtered by `where` and sorted by `order`;
    - a `Lookup` leads to one row, or to a list of rows if the key column holds a list;
    - a function `batch(session, actor, keys, *arguments)` computes a value for many keys at once;
    - None computes the value from the row alone.

    `value(row, target, context)` converts the batch's result. `reads` and `target_reads` name the columns that it
    reads of the row and of the target, so that a query fetches no others. The default is all.
    Arguments are given as (type, description). With arguments, a `Lookup` needs `with_arguments`: the function
    `batch(session, actor, ids, *arguments)` that finds the row where the caller gives them.
    """
    declaration = EdgeDeclaration(batch, key, scope, own, value, reads, target_reads, with_arguments)
    if isinstance(batch, ChildListing):
        page_fields = page_arguments.declare(batch.listing, where=where, order=order)
        return _field(resolvers.connection_resolver(batch, declaration), description, declaration, page_fields)
    load = batch.load if isinstance(batch, Lookup) else batch
    resolve = resolvers.edge_resolver(load, declaration, tuple(arguments))
    return _field(resolve, description, declaration, _arguments(arguments))


def permission(
    description: str,
    by_id: Lookup[Any],
    scope: Scope,
    rule: Callable[..., DomainError | None],
    *,
    own: bool = False,
    contractors: bool = False,
    policy: bool = False,
    reads: tuple[str, ...] | None = None,
    deprecated: str | None = None,
) -> Any:
    """Declare a boolean field: True if the caller has the scope and the row's state allows the action.

    With `own` or `contractors`, a narrower scope is enough for some rows; the row is then looked up under that scope.
    With `policy`, the rule also takes the rules about decisions for the caller. `reads` names the columns that
    the rule reads. The default is all.
    """
    declaration = PermissionValue(by_id, scope, rule, own, contractors, policy, reads)

    return strawberry.field(
        resolver=resolvers.permission_resolver(declaration),
        description=description,
        metadata={VALUE_DECLARATION: declaration},
        deprecation_reason=deprecated,
    )


def any_node(key: str, description: str) -> Any:
    """Declare a field that leads to rows of any type, by the id or ids in a column, under each type's own scope."""
    return _field(resolvers.any_node_resolver(key), description, AnyNodeDeclaration(key), [])


def query(
    name: str,
    resolve: Callable[..., Any],
    description: str,
    *,
    scope: Scope | None,
    own: bool = False,
    **arguments: tuple[Any, str],
) -> StrawberryField:
    """Declare a field of the query root, resolved by `resolve(context, actor, **arguments)`.

    `resolve` returns a `DeferredLoad` or a list of them, or is a coroutine or a read program. Its return annotation is
    the field's type. Arguments are given as (type, description).
    """

    async def resolve_root(info: Info, **values: Any) -> Any:
        actor = info.context.permitted_actor(scope, own=own)
        return await node_types.resolve_deferred(info.context, actor, resolve(info.context, actor, **values))

    returns = inspect.signature(resolve).return_annotation
    if get_origin(returns) is Generator:
        returns = get_args(returns)[-1]
    declaration = QueryDeclaration(scope, own, resolve=resolve)
    return _named(name, _field(resolve_root, description, declaration, _arguments(arguments), returns))


def _arguments(arguments: dict[str, tuple[Any, str]]) -> list[StrawberryArgument]:
    """Return the declared arguments by their Python names. A name that is a Python keyword ends in an underscore."""
    return [
        StrawberryArgument(
            python_name=name,
            graphql_name=name.rstrip("_") if name.endswith("_") else None,
            type_annotation=StrawberryAnnotation(annotation),
            description=description,
        )
        for name, (annotation, description) in arguments.items()
    ]


def listing(
    name: str,
    source: Listing[Any],
    item_type: Any,
    description: str,
    *,
    scope: Scope | None,
    own: bool = False,
    where: Any = None,
    order: Any = None,
    select_list: resolvers.ListSelector | None = None,
    returns: Any = None,
    **arguments: tuple[Any, str],
) -> StrawberryField:
    """Declare a field of the query root that returns a connection to a whole list.

    With arguments of its own, given as (type, description), the field shows the list that `select_list` returns for
    them. That list has the filters and sort keys of `source`.
    """

    load_page = resolvers.list_resolver(source, select_list, tuple(arguments))

    async def resolve_root(info: Info, **values: Any) -> Any:
        return await load_page(info.context, info.context.permitted_actor(scope, own=own), **values)

    declared_arguments = [*page_arguments.declare(source, where=where, order=order), *_arguments(arguments)]
    returns = returns or connections.Connection[item_type] | None
    declaration = QueryDeclaration(scope, own, source, None if select_list is None else load_page)
    return _named(name, _field(resolve_root, description, declaration, declared_arguments, returns))


def mutation(
    name: str,
    action: MutationAction,
    input_type: Any,
    description: str,
    *,
    scope: Scope,
    own: bool = False,
    contractors: bool = False,
    after_commit: Callable[[Context, Actor, Any], Awaitable[Any]] | None = None,
    **members: tuple[Any, str],
) -> StrawberryField:
    """Declare a field of the mutation root: one action in one transaction, with one input and its own payload.

    `after_commit` continues with the action's result outside of any transaction.

    The members of the payload are given as (type, description). A single member is the action's result itself; several
    members are its attributes or, for a dict, its items.
    """
    payload = _payload(name, members)
    single = next(iter(members)) if len(members) == 1 else None

    async def perform(context: Context, input: Any) -> Any:
        actor = context.permitted_actor(scope, own=own, contractors=contractors)
        result = await context.run_action(actor, name, action, to_data(input))
        if after_commit is not None and not isinstance(result, Refusals):
            try:
                result = await after_commit(context, actor, result)
            except (DomainError, DomainErrorGroup, IntegrityError) as error:
                result = Refusals(unique_violations.to_domain_errors(error))
        if isinstance(result, Refusals):
            return payload(**dict.fromkeys(members), errors=to_user_errors(result.errors))
        if single:
            values = {single: result}
        else:
            values = result if isinstance(result, dict) else {member: getattr(result, member) for member in members}
        if "results" in members:
            values = {**values, "results": numbered(values["results"])}
        return payload(**values, errors=[])

    async def resolve_root(info: Info, input: Any) -> Any:
        return await info.context.run_once(info.path.key, perform, input)

    argument = StrawberryArgument(
        python_name="input",
        graphql_name=None,
        type_annotation=StrawberryAnnotation(input_type),
        description=f"The input of `{name}`.",
    )
    declaration = MutationDeclaration(action, scope, own, perform)
    return _named(name, _field(resolve_root, description, declaration, [argument], payload | None))


def old_name(name: str, field: StrawberryField) -> StrawberryField:
    """Declare the deprecated name of a mutation that was renamed. It has the input and the payload of the mutation."""
    renamed = copy(field)
    renamed.description = f"The old name of `{field.python_name}`."
    renamed.deprecation_reason = f"Use `{field.python_name}`."
    return _named(name, renamed)


def _payload(mutation_name: str, members: dict[str, tuple[Any, str]]) -> Any:
    name = f"{mutation_name[0].upper()}{mutation_name[1:]}Payload"
    fields = {member: (annotation | None, description) for member, (annotation, description) in members.items()}
    fields["errors"] = (list[UserError], "The errors that refused the mutation; empty if it succeeded.")
    namespace: dict[str, Any] = {
        field: SchemaField(description=description) for field, (_, description) in fields.items()
    }
    namespace["__annotations__"] = {field: annotation for field, (annotation, _) in fields.items()}
    bases = (BulkPayload,) if "results" in members else ()
    return strawberry.type(type(name, bases, namespace), name=name, description=f"The payload of `{mutation_name}`.")


def _field(
    resolve: Callable[..., Any],
    description: str,
    declaration: EdgeDeclaration | AnyNodeDeclaration | QueryDeclaration | MutationDeclaration,
    arguments: list[StrawberryArgument],
    returns: Any = None,
) -> StrawberryField:
    field = SchemaField(
        base_resolver=StrawberryResolver(resolve),
        type_annotation=None if returns is None else StrawberryAnnotation(returns),
        description=description,
        metadata={DECLARATION: declaration},
    )
    field.arguments = arguments
    return field


def _named(name: str, field: StrawberryField) -> StrawberryField:
    field.python_name = field.graphql_name = name
    return field
