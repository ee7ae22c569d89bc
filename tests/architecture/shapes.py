"""The schema for tests that cover all of it: fields and their declarations, paths to types, full selections."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from app.graph.compat import definition_of
from app.graph.dsl.declarations import (
    DECLARATION,
    AnyNodeDeclaration,
    EdgeDeclaration,
    MutationDeclaration,
    QueryDeclaration,
)
from app.graph.schema import core_schema

SCHEMA = core_schema()

Declaration = QueryDeclaration | MutationDeclaration | EdgeDeclaration | AnyNodeDeclaration


class Untestable(Exception):
    """The tests cannot build a call or a selection. They have to be extended, and must not skip the field."""


@dataclass(frozen=True)
class FieldEntry:
    """A field to call: of the query root, of the mutation root, or of a type with an id."""

    parent: str
    name: str

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"

    @property
    def type(self) -> GraphQLObjectType:
        """The type that has the field."""
        object_type = SCHEMA.get_type(self.parent)
        assert isinstance(object_type, GraphQLObjectType)
        return object_type

    @property
    def field(self) -> GraphQLField:
        """The field in graphql-core's schema."""
        field: GraphQLField = self.type.fields[self.name]
        return field

    @property
    def declaration(self) -> Declaration | None:
        """The declaration of the field, if it leads to other rows or is a root's."""
        declaration: Declaration | None = getattr(definition_of(self.field), "metadata", {}).get(DECLARATION)
        return declaration

    @property
    def where_type(self) -> str | None:
        """The type of its argument `where`, if it has one."""
        argument = self.field.args.get("where")
        return str(argument.type) if argument else None

    @property
    def is_list(self) -> bool:
        """True if its value is a connection."""
        return is_connection(get_named_type(self.field.type))


def roots(parent: str) -> list[FieldEntry]:
    """Return the fields of the query root or the mutation root."""
    return [FieldEntry(parent, name) for name in FieldEntry(parent, "").type.fields]


def object_types() -> Iterator[GraphQLObjectType]:
    """Yield every object type except those of introspection."""
    for named_type in SCHEMA.type_map.values():
        if isinstance(named_type, GraphQLObjectType) and not named_type.name.startswith("__"):
            yield named_type


def edges() -> list[FieldEntry]:
    """Return the fields of types other than the roots that lead to other rows."""
    parents = [parent for parent in object_types() if parent.name not in ("Query", "Mutation")]
    entries = [FieldEntry(parent.name, name) for parent in parents for name in parent.fields]
    return [entry for entry in entries if entry.declaration is not None]


def edges_with_arguments() -> list[FieldEntry]:
    """Return the fields of types other than the roots that take arguments. All these types have an id."""
    entries = [
        FieldEntry(parent.name, name)
        for parent in object_types()
        for name, field in parent.fields.items()
        if field.args and parent.name not in ("Query", "Mutation")
    ]
    for entry in entries:
        if not is_node(entry.type):
            raise Untestable(f"{entry} takes arguments, and {entry.parent} has no id to reach it by")
    return entries


def paths_to(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return (type, path of fields) pairs that lead to a type's objects, each from a node or the viewer."""
    target = SCHEMA.type_map[name]
    if is_node(target) or name == "Viewer":
        return [(name, ())]
    return [
        (start, (*path, step))
        for parent in object_types()
        for step, field in parent.fields.items()
        if get_named_type(field.type) is target and parent.name not in ("Query", "Mutation")
        for start, path in paths_to(parent.name)
    ]


def is_node(named_type: GraphQLNamedType) -> bool:
    """Return whether a type's objects have an id."""
    if isinstance(named_type, GraphQLInterfaceType | GraphQLObjectType):
        return named_type.name == "Node" or any(parent.name == "Node" for parent in named_type.interfaces)
    return False


def is_connection(named_type: GraphQLNamedType) -> bool:
    """Return whether a type is a page of a list."""
    return named_type.name.endswith("Connection")


@dataclass
class FullSelection:
    """Selections of every field of a type's rows, and of the rows up to a number of edges away.

    The selection of a type is a fragment, because it is spread in many places and the time of validation grows with the
    text.
    """

    fragments: dict[str, str] = field(default_factory=dict)
    """Name → definition of each fragment that a selection spreads."""

    def of(self, output_type: GraphQLOutputType, hops: int) -> str:
        """Return the selection of a type; empty if it has no fields, or all of them are too many edges away."""
        named = get_named_type(output_type)
        if is_leaf_type(named):
            return ""
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            raise Untestable(f"cannot select from {named}")
        name = f"{named.name}{hops}"
        if name not in self.fragments:
            members = " ".join(self._all_members(named, hops))
            self.fragments[name] = f"fragment {name} on {named.name} {{ {members} }}" if members else ""
        return f"{{ ...{name} }}" if self.fragments[name] else ""

    def _all_members(self, named_type: GraphQLObjectType | GraphQLInterfaceType, hops: int) -> list[str]:
        if isinstance(named_type, GraphQLObjectType):
            return self._members(named_type, hops)
        return ["__typename", *self._members(named_type, 0), *self._variants(named_type, hops)]

    def _variants(self, interface: GraphQLInterfaceType, hops: int) -> list[str]:
        """Return the fields that the implementing types add to an interface, under aliases that cannot clash."""
        variants = []
        for variant in SCHEMA.get_possible_types(interface):
            selected = () if is_node(interface) else interface.fields
            own = self._members(variant, hops, prefix=f"{variant.name}_", excluding=selected)
            if own:
                variants.append(f"... on {variant.name} {{ {' '.join(own)} }}")
        return variants

    def _members(
        self, named_type: GraphQLObjectType | GraphQLInterfaceType, hops: int, *, prefix: str = "", excluding: Any = ()
    ) -> list[str]:
        members = []
        for name, member in named_type.fields.items():
            target = get_named_type(member.type)
            is_hop = (is_node(target) or is_connection(target)) and not _is_page(named_type)
            if name in excluding or (is_hop and hops == 0):
                continue
            if any(is_required_argument(argument) for argument in member.args.values()):
                raise Untestable(f"{named_type.name}.{name} needs arguments: extend FullSelection to give them")
            if _is_page(named_type) and is_node(target) and "cursor" in named_type.fields:
                inner = "{ id }"  # the connection's `nodes` select the rest
            else:
                inner = self.of(target, hops - 1 if is_hop else hops)
            if inner or is_leaf_type(target):
                members.append(f"{prefix}{name}: {name} {inner}" if prefix else f"{name} {inner}")
        return members


def _is_page(named_type: GraphQLNamedType) -> bool:
    """Return whether a type only wraps rows, so that its fields are no further away than it is."""
    return is_connection(named_type) or (
        named_type.name.endswith("Edge") and "cursor" in getattr(named_type, "fields", {})
    )
