"""The schema as the tests walk it: fields with arguments, what the words declared of them, selections of everything."""

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

from app.graph.dsl.declarations import (
    DECLARATION,
    AnyNodeDeclaration,
    EdgeDeclaration,
    MutationDeclaration,
    QueryDeclaration,
)
from app.graph.schema import core_schema

SCHEMA = core_schema()
BACKREF = "strawberry-definition"


class CannotBuild(Exception):
    """The tests do not know how to call this; they need to be taught, not to be quiet about it."""


@dataclass(frozen=True)
class Entry:
    """A field that is called: of the query root, the mutation root, or a type that has an id."""

    parent: str
    name: str

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"

    @property
    def type(self) -> GraphQLObjectType:
        """The type that has the field."""
        found = SCHEMA.get_type(self.parent)
        assert isinstance(found, GraphQLObjectType)
        return found

    @property
    def field(self) -> GraphQLField:
        """The field."""
        found: GraphQLField = self.type.fields[self.name]
        return found

    @property
    def declared(self) -> QueryDeclaration | MutationDeclaration | EdgeDeclaration | AnyNodeDeclaration | None:
        """What the word that made it declared of it."""
        definition = self.field.extensions.get(BACKREF)
        found: QueryDeclaration | MutationDeclaration | EdgeDeclaration | AnyNodeDeclaration | None = getattr(
            definition, "metadata", {}
        ).get(DECLARATION)
        return found

    @property
    def where_type(self) -> str | None:
        """The type of what it can be filtered by."""
        argument = self.field.args.get("where")
        return str(argument.type) if argument else None

    @property
    def is_list(self) -> bool:
        """Whether it gives a connection."""
        return is_connection(get_named_type(self.field.type))


def roots(parent: str) -> list[Entry]:
    """The fields of the query or the mutation root."""
    return [Entry(parent, name) for name in Entry(parent, "").type.fields]


def object_types() -> Iterator[GraphQLObjectType]:
    """Every object type but those of introspection."""
    for found in SCHEMA.type_map.values():
        if isinstance(found, GraphQLObjectType) and not found.name.startswith("__"):
            yield found


def edges() -> list[Entry]:
    """The fields below the roots that lead to other rows."""
    below = [found for found in object_types() if found.name not in ("Query", "Mutation")]
    entries = [Entry(parent.name, name) for parent in below for name in parent.fields]
    return [entry for entry in entries if entry.declared is not None]


def edges_with_arguments() -> list[Entry]:
    """The fields below the roots that take arguments; all of them belong to types that have an id."""
    entries = [
        Entry(parent.name, name)
        for parent in object_types()
        for name, field in parent.fields.items()
        if field.args and parent.name not in ("Query", "Mutation")
    ]
    for entry in entries:
        if not is_node(entry.type):
            raise CannotBuild(f"{entry} takes arguments, and {entry.parent} has no id to reach it by")
    return entries


def ways_to(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """How to get to a type's values: from a row, or from what a root gives, through groups of its own values."""
    found = SCHEMA.type_map[name]
    if is_node(found) or name == "Viewer":
        return [(name, ())]
    return [
        (start, (*path, step))
        for parent in object_types()
        for step, field in parent.fields.items()
        if get_named_type(field.type) is found and parent.name not in ("Query", "Mutation")
        for start, path in ways_to(parent.name)
    ]


def is_node(kind: GraphQLNamedType) -> bool:
    """Whether a type's values are rows of their own."""
    if isinstance(kind, GraphQLInterfaceType | GraphQLObjectType):
        return kind.name == "Node" or any(parent.name == "Node" for parent in kind.interfaces)
    return False


def is_connection(kind: GraphQLNamedType) -> bool:
    """Whether a type is a page of a list."""
    return kind.name.endswith("Connection")


@dataclass
class Everything:
    """Selections of all there is of a type's row, and of rows as many hops away from it.

    Each type's is a fragment, for it is spread in many places, and validation takes as long as the text is.
    """

    fragments: dict[str, str] = field(default_factory=dict)
    """The definitions of those that were spread, by their names."""

    def of(self, kind: GraphQLOutputType, hops: int) -> str:
        """The selection of a type; empty where there is nothing to select."""
        named = get_named_type(kind)
        if is_leaf_type(named):
            return ""
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            raise CannotBuild(f"a selection of {named}")
        name = f"{named.name}{hops}"
        if name not in self.fragments:
            members = " ".join(self._of(named, hops))
            self.fragments[name] = f"fragment {name} on {named.name} {{ {members} }}" if members else ""
        return f"{{ ...{name} }}" if self.fragments[name] else ""

    def _of(self, kind: GraphQLObjectType | GraphQLInterfaceType, hops: int) -> list[str]:
        if isinstance(kind, GraphQLObjectType):
            return self._members(kind, hops)
        return ["__typename", *self._members(kind, 0), *self._variants(kind, hops)]

    def _variants(self, interface: GraphQLInterfaceType, hops: int) -> list[str]:
        """What only the types behind an interface have, under names that cannot clash."""
        found = []
        for variant in SCHEMA.get_possible_types(interface):
            known = () if is_node(interface) else interface.fields
            own = self._members(variant, hops, prefix=f"{variant.name}_", but=known)
            if own:
                found.append(f"... on {variant.name} {{ {' '.join(own)} }}")
        return found

    def _members(
        self, kind: GraphQLObjectType | GraphQLInterfaceType, hops: int, *, prefix: str = "", but: Any = ()
    ) -> list[str]:
        found = []
        for name, member in kind.fields.items():
            target = get_named_type(member.type)
            away = is_node(target) or is_connection(target)
            if name in but or (away and hops == 0 and not _is_page(kind)):
                continue
            if any(is_required_argument(argument) for argument in member.args.values()):
                raise CannotBuild(f"{kind.name}.{name} needs arguments: teach `Everything` to give them")
            if _is_page(kind) and is_node(target) and "cursor" in kind.fields:
                inner = "{ id }"  # the page's nodes show the rest
            else:
                inner = self.of(target, hops - 1 if away and not _is_page(kind) else hops)
            if inner or is_leaf_type(target):
                found.append(f"{prefix}{name}: {name} {inner}" if prefix else f"{name} {inner}")
        return found


def _is_page(kind: GraphQLNamedType) -> bool:
    """Whether a type only wraps rows: going through it is no hop of its own."""
    return is_connection(kind) or (kind.name.endswith("Edge") and "cursor" in getattr(kind, "fields", {}))
