"""The arguments of a field in a plan: what no variable is in is worked out once, the rest by the shortest way.

The shortest way takes that what has to have a value has one. Where it has none, graphql-core decides what follows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from app.graph.dsl.types import published
from app.graph.execution.run.executor import Run
from app.graph.execution.run.input_coercion import Convert, Inputs, Shape

NO_VARIABLES = VariableValues({}, {})
Coerced = Mapping[str, Any]
Build = Callable[[Coerced], Any]


class _Longer(Exception):
    """The shortest way does not lead there."""


@dataclass(slots=True)
class Arguments:
    """The arguments of one field of a document."""

    field: GraphQLField
    node: FieldNode
    definition: Any
    """The field as Strawberry has it."""
    inputs: Inputs
    constant: dict[str, Any] | None = None
    _builds: list[tuple[str, Build]] | None = None

    def __post_init__(self) -> None:
        given = {argument.name.value: argument.value for argument in self.node.arguments or ()}
        try:
            if not any(_varies(value) for value in given.values()):
                self.constant = self._by_graphql_core(NO_VARIABLES)
            else:
                self._builds = [build for each in self.definition.arguments for build in self._build(each, given)]
        except Exception:
            self.constant = self._builds = None  # what is wrong is told in its place, when it runs

    def of(self, run: Run) -> dict[str, Any]:
        """Their values. Raises GraphQLError."""
        if self.constant is not None:
            return self.constant
        if self._builds is not None:
            coerced = run.variables.coerced
            try:
                return {name: value for name, build in self._builds if (value := build(coerced)) is not Undefined}
            except _Longer:
                pass
        return self._by_graphql_core(run.variables)

    def _by_graphql_core(self, variables: VariableValues) -> dict[str, Any]:
        values = get_argument_values(self.field, self.node, variables)
        found: dict[str, Any] = {}
        for argument in self.definition.arguments:
            name = published(argument)
            if name in values:
                convert = self.inputs.converter(argument.type)
                found[argument.python_name] = values[name] if convert is None else convert(values[name])
        return found

    def _build(self, argument: Any, given: Mapping[str, ValueNode]) -> list[tuple[str, Build]]:
        name = published(argument)
        kind, convert = self.field.args[name].type, self.inputs.converter(argument.type)
        default = coerce_default_value(self.field.args[name])
        if name in given:
            return [(argument.python_name, _built(given[name], kind, default, convert, self.inputs, argument.type))]
        if default is Undefined:
            return []
        return [(argument.python_name, _fixed(default, convert))]


def _built(
    node: ValueNode, kind: Any, default: Any, convert: Convert | None, inputs: Inputs, python_type: Any
) -> Build:
    """Makes a value of the document, in Python's form, from the variables; Undefined for none. Raises _Longer."""
    if isinstance(node, VariableNode):
        return _of_variable(node.name.value, default, convert, never_null=isinstance(kind, GraphQLNonNull))
    if not _varies(node):
        value = coerce_input_literal(node, kind)
        if value is Undefined:
            raise _Longer
        return _fixed(value, convert)
    bare = get_nullable_type(kind)
    if not isinstance(bare, GraphQLInputObjectType) or not isinstance(node, ObjectValueNode):
        raise _Longer
    return _of_object(node, bare, inputs.shape(_class_of(python_type)), inputs)


def _nothing(_coerced: Coerced) -> Any:
    """The value of a variable that is neither sent nor has a default."""
    return Undefined


def _of_variable(name: str, default: Any, convert: Convert | None, *, never_null: bool) -> Build:
    instead = _nothing if default is Undefined else _fixed(default, convert)

    def build(coerced: Coerced) -> Any:
        value = coerced.get(name, Undefined)
        if value is Undefined and not (never_null and default is Undefined):
            return instead(coerced)
        if (value is None and never_null) or value is Undefined:
            raise _Longer
        return value if convert is None or value is None else convert(value)

    return build


def _of_object(node: ObjectValueNode, kind: GraphQLInputObjectType, shape: Shape, inputs: Inputs) -> Build:
    given = {member.name.value: member.value for member in node.fields}
    if shape.cls.__strawberry_definition__.is_one_of:
        return _of_one(node, kind, shape, inputs)
    builds: list[tuple[str, Build]] = []
    for name, member in kind.fields.items():
        python_name, python_type, convert = shape.members[name]
        default = coerce_default_value(member)
        if name in given:
            builds.append((python_name, _built(given[name], member.type, default, convert, inputs, python_type)))
        elif default is not Undefined:
            builds.append((python_name, _fixed(default, convert)))

    def build(coerced: Coerced) -> Any:
        given = dict(shape.absent)
        for name, made in builds:
            value = made(coerced)
            if value is not Undefined:
                given[name] = value
        return shape.cls(**given)

    return build


def _of_one(node: ObjectValueNode, kind: GraphQLInputObjectType, shape: Shape, inputs: Inputs) -> Build:
    """An object of which exactly one member is given."""
    [member] = node.fields
    name = member.name.value
    python_name, python_type, convert = shape.members[name]
    made = _built(member.value, kind.fields[name].type, Undefined, convert, inputs, python_type)

    def build(coerced: Coerced) -> Any:
        value = made(coerced)
        if value is None or value is Undefined:
            raise _Longer
        return shape.cls(**{**shape.absent, python_name: value})

    return build


def _fixed(value: Any, convert: Convert | None) -> Build:
    made = value if convert is None or value is None else convert(value)
    return lambda _: made


def _class_of(python_type: Any) -> Any:
    while hasattr(python_type, "of_type"):
        python_type = python_type.of_type
    return python_type.resolve_type() if hasattr(python_type, "resolve_type") else python_type


def _varies(value: ValueNode) -> bool:
    if isinstance(value, VariableNode):
        return True
    if isinstance(value, ListValueNode):
        return any(_varies(item) for item in value.values)
    return isinstance(value, ObjectValueNode) and any(_varies(member.value) for member in value.fields)
