"""Client documents generated from the schema: one operation per root field, and a fragment on every Node type."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_required_argument,
    print_ast,
)

MAX_DEPTH = 4  # objects within objects that an operation selects


@dataclass
class Operation:
    """An operation or fragment: its name, and its text."""

    name: str
    text: str


def operations(schema: GraphQLSchema) -> Iterator[Operation]:
    """Yield an operation for each root field, with all its arguments as variables."""
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert root is not None
        for name, root_field in root.fields.items():
            if root_field.deprecation_reason is None:
                yield _operation(schema, kind, name, root_field)


def node_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Return the types that `node(id)` returns."""
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    return sorted(schema.get_possible_types(node), key=lambda type_: type_.name)


def fields_of(schema: GraphQLSchema, type_: GraphQLObjectType) -> str:
    """Return a selection of everything in a type that takes no argument."""
    return _selection(schema, type_, MAX_DEPTH - 1)


def connection_fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    """Yield the connections of the query root and of all Node types: the parent, the field's name, and the field."""
    assert schema.query_type is not None
    for parent in (schema.query_type, *node_types(schema)):
        for name, parent_field in parent.fields.items():
            if is_connection(parent_field.type) and not _required(parent_field):
                yield parent, name, parent_field


def is_connection(type_: GraphQLOutputType) -> bool:
    """Return True for a page of a list."""
    return get_named_type(type_).name.endswith("Connection")


def capitalized(name: str) -> str:
    """Return a name with a capital at its beginning."""
    return name[0].upper() + name[1:]


def _operation(schema: GraphQLSchema, kind: str, name: str, root_field: GraphQLField) -> Operation:
    variables = [f"${argument}: {_variable(given)}" for argument, given in root_field.args.items()]
    declared = f"({', '.join(variables)})" if variables else ""
    passed = ", ".join(f"{argument}: ${argument}" for argument in root_field.args)
    title = capitalized(name) + capitalized(kind)
    selection = _selected(schema, root_field.type, MAX_DEPTH)
    text = f"{kind} {title}{declared} {{\n  {name}{f'({passed})' if passed else ''}{selection}\n}}\n"
    return Operation(title, text)


def _variable(argument: GraphQLArgument) -> str:
    node = argument.ast_node
    if node is None or node.default_value is None:
        return str(argument.type)
    # Relay takes no default for a variable of a non-null type.
    return f"{str(argument.type).removesuffix('!')} = {print_ast(node.default_value)}"


def _selected(schema: GraphQLSchema, type_: GraphQLOutputType, depth: int) -> str:
    named = get_named_type(type_)
    if isinstance(named, GraphQLScalarType | GraphQLEnumType):
        return ""
    if is_abstract_type(named):
        assert isinstance(named, GraphQLInterfaceType)
        if named.name == "Node":
            return _every_node(schema) if depth == MAX_DEPTH else " { __typename id }"
        own = " ".join(name for name, one in named.fields.items() if _is_leaf(one) and not _required(one))
        spread = " ".join(
            f"... on {possible.name} {{ {_extra(possible, named)} }}"
            for possible in schema.get_possible_types(named)
            if _extra(possible, named)
        )
        return f" {{ __typename {own} {spread} }}"
    assert isinstance(named, GraphQLObjectType)
    if depth == 0 or (depth < MAX_DEPTH - 2 and schema.type_map["Node"] in named.interfaces):
        identity = "id" if "id" in named.fields else ""
        return f" {{ __typename {identity} }}"
    return f" {{ {_selection(schema, named, depth - 1)} }}"


def _every_node(schema: GraphQLSchema) -> str:
    """Return a selection of everything in all Node types, without an alias."""
    spread = " ".join(f"... on {type_.name} {{ {fields_of(schema, type_)} }}" for type_ in node_types(schema))
    return f" {{ __typename {spread} }}"


def _extra(possible: GraphQLObjectType, interface: GraphQLInterfaceType) -> str:
    return " ".join(
        name for name, one in possible.fields.items() if _is_leaf(one) and not one.args and name not in interface.fields
    )


def _selection(schema: GraphQLSchema, type_: GraphQLObjectType, depth: int) -> str:
    selected = []
    for name, one in type_.fields.items():
        if one.deprecation_reason is not None or _required(one):
            continue
        if is_connection(one.type) and not type_.name.endswith("Payload"):
            if depth > 1:
                selected.append(f"{name}(first: 1) {{ totalCount {{ count }} nodes {{ __typename }} }}")
        elif depth > 0 or _is_leaf(one):
            selected.append(name + _selected(schema, one.type, depth))
    return " ".join(selected) or "__typename"


def _is_leaf(one: GraphQLField) -> bool:
    return isinstance(get_named_type(one.type), GraphQLScalarType | GraphQLEnumType)


def _required(one: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in one.args.values())
