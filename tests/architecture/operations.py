"""Random operations generated from the schema: selections, fragments, conditions, arguments and variables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from tests.architecture.shapes import SCHEMA, is_connection, is_node

MAX_DEPTH = 7
INSTANTS = ("2024-05-01T00:00:00Z", "2099-01-01T10:00:00.5+02:00", "2026-01-01T00:00:00Z")
DAYS = ("2024-05-01", "2099-05-01", "1990-01-02")


@dataclass(frozen=True)
class ValuePool:
    """Values for arguments."""

    ids: Sequence[str]
    texts: Sequence[str]
    cursors: list[str]
    """The cursors of earlier responses."""


@dataclass(frozen=True)
class GeneratedOperation:
    """An operation and the values of its variables."""

    text: str
    variables: dict[str, Any]
    optional: Sequence[str]
    """The variables that a request may leave out."""

    def choose_variables(self, random: Random) -> dict[str, Any]:
        """Return the variables of one request: some optional ones are left out, and booleans are random."""
        sent = {
            name: value for name, value in self.variables.items() if name not in self.optional or random.random() < 0.7
        }
        return {name: random.random() < 0.5 if isinstance(value, bool) else value for name, value in sent.items()}


@dataclass
class OperationGenerator:
    """Generates one operation."""

    random: Random
    pool: ValuePool
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    optional: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    name_count: int = 0
    fields_left: int = 40
    """The number of fields that may still be added."""

    def query(self) -> GeneratedOperation:
        """Return a query."""
        return self._operation("query", self._selection(SCHEMA.query_type, 0))

    def mutation(self, name: str, key: str) -> GeneratedOperation:
        """Return a mutation with an idempotency key, so that it can run twice."""
        assert SCHEMA.mutation_type is not None
        field = SCHEMA.mutation_type.fields[name]
        input_type = get_named_type(field.args["input"].type)
        assert isinstance(input_type, GraphQLInputObjectType)
        value = {**self._members(input_type, 0), "idempotencyKey": key}
        self.declared.append(f"$input: {input_type.name}!")
        self.variables["input"] = value
        payload = get_named_type(field.type)
        return self._operation("mutation", f"{{ {self._alias()}{name}(input: $input) {self._selection(payload, 1)} }}")

    def _operation(self, operation_type: str, selection: str) -> GeneratedOperation:
        head = f"{operation_type} Generated({', '.join(self.declared)})" if self.declared else operation_type
        return GeneratedOperation(" ".join([head, selection, *self.fragments]), self.variables, tuple(self.optional))

    def _selection(self, named_type: Any, depth: int) -> str:
        members = ["__typename"] if self._chance(0.15) or isinstance(named_type, GraphQLInterfaceType) else []
        fields = [item for item in named_type.fields.items() if self._may_select(item[1], depth)]
        count = self.random.randint(1, 3 if depth == 0 else 6)
        for name, definition in self.random.sample(fields, min(len(fields), count)):
            members.append(self._field(name, definition, depth))
        if isinstance(named_type, GraphQLInterfaceType) and self.fields_left > 0:
            possible = self.random.choice(SCHEMA.get_possible_types(named_type))
            members.append(f"... on {possible.name} {self._condition()} {self._selection(possible, depth + 1)}")
        if not members:
            members.append("__typename")
        return f"{{ {' '.join(self._move_to_fragment(named_type, members))} }}"

    def _move_to_fragment(self, named_type: Any, members: list[str]) -> list[str]:
        """Move some members into a fragment at random: inline or named, with a type condition or without."""
        if len(members) < 2 or not self._chance(0.25):
            return members
        cut = self.random.randint(1, len(members) - 1)
        inside, rest = members[:cut], members[cut:]
        if self._chance(0.5):
            self.name_count += 1
            self.fragments.append(f"fragment F{self.name_count} on {named_type.name} {{ {' '.join(inside)} }}")
            spread = f"...F{self.name_count} {self._condition()}"
            return [spread, *rest, spread] if self._chance(0.2) else [*rest, spread]
        on = f" on {named_type.name}" if self._chance(0.7) else ""
        return [
            f"...{on} {self._condition()} {{ {' '.join(inside)} }}",
            *rest,
            *(inside[:1] if self._chance(0.3) else []),
        ]

    def _may_select(self, field: GraphQLField, depth: int) -> bool:
        named = get_named_type(field.type)
        return not is_composite_type(named) or (depth < MAX_DEPTH and self.fields_left > 0)

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        self.fields_left -= 1
        named = get_named_type(field.type)
        arguments = self._arguments(field)
        is_edge = is_node(named) or is_connection(named)
        inner = self._selection(named, depth + (2 if is_edge else 1)) if is_composite_type(named) else ""
        # A field with arguments or a selection could not be merged with another one of the same response name.
        alias = self._alias() if arguments or inner or self._chance(0.1) else ""
        return f"{alias}{name}{arguments} {self._condition()} {inner}"

    def _alias(self) -> str:
        self.name_count += 1
        return f"{self.random.choice(('a', 'from', '_x', 'Name'))}{self.name_count}: "

    def _condition(self) -> str:
        if not self._chance(0.06):
            return ""
        directive = self.random.choice(("include", "skip"))
        if self._chance(0.3):
            return f"@{directive}(if: {self.random.choice(('true', 'false'))})"
        return f"@{directive}(if: {self._variable('Boolean!', self._chance(0.5))})"

    def _arguments(self, field: GraphQLField) -> str:
        arguments = []
        for name, argument in field.args.items():
            is_required = isinstance(argument.type, GraphQLNonNull) and not self._has_default(argument)
            if name in ("first", "last", "after", "before"):
                continue
            if is_required or self._chance(0.3):
                arguments.append(f"{name}: {self._argument(argument.type, name, is_required)}")
        if "first" in field.args:
            arguments += self._page_arguments()
        return f"({', '.join(arguments)})" if arguments else ""

    @staticmethod
    def _has_default(argument: Any) -> bool:
        return argument.default is not None

    def _page_arguments(self) -> list[str]:
        size = (
            f"{self.random.choice(('first', 'first', 'last'))}: {self._argument_text('Int', self.random.randint(1, 4))}"
        )
        match self.random.random():
            case number if number < 0.03:
                return [f"first: {self.random.choice((0, -1, 101, 3))}", "last: 2"][: self.random.randint(1, 2)]
            case number if number < 0.05:
                return ["first: null"]
            case number if number < 0.2:
                cursor = self.random.choice([*self.pool.cursors[-30:], "bad", "b2s="])
                name = "after" if "first" in size else "before"
                return [size, f"{name}: {self._argument_text('String', cursor)}"]
        return [size]

    def _argument(self, input_type: Any, name: str, is_required: bool) -> str:
        if not is_required and self._chance(0.08):
            return "null"
        return self._argument_text(str(input_type), self._value(input_type, 0, name), input_type)

    def _argument_text(self, type_text: str, value: Any, input_type: Any = None) -> str:
        """Return a value as a literal or as a variable."""
        return self._variable(type_text, value) if self._chance(0.5) else self._literal(value, input_type)

    def _variable(self, type_text: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        default = ""
        if not type_text.endswith("!"):
            self.optional.append(name)
            if self._chance(0.2) and isinstance(value, int | str) and type_text in ("Int", "String", "ID"):
                default = f" = {json.dumps(value)}"
        self.declared.append(f"${name}: {type_text}{default}")
        self.variables[name] = value
        return f"${name}"

    def _literal(self, value: Any, input_type: Any = None) -> str:
        input_type = get_nullable_type(input_type) if input_type is not None else None
        if isinstance(value, list):
            item_type = input_type.of_type if isinstance(input_type, GraphQLList) else None
            return f"[{', '.join(self._literal(item, item_type) for item in value)}]"
        if isinstance(value, dict):
            fields = input_type.fields if isinstance(input_type, GraphQLInputObjectType) else {}
            members = [f"{name}: {self._literal(item, fields[name].type)}" for name, item in value.items()]
            return f"{{{', '.join(members)}}}"
        return str(value) if isinstance(input_type, GraphQLEnumType) and value is not None else json.dumps(value)

    def _value(self, input_type: Any, depth: int, name: str) -> Any:
        input_type = get_nullable_type(input_type)
        if isinstance(input_type, GraphQLList):
            return [
                self._value(input_type.of_type, depth, name) for _ in range(self.random.randint(0 if depth else 1, 3))
            ]
        if isinstance(input_type, GraphQLInputObjectType):
            return self._members(input_type, depth)
        if isinstance(input_type, GraphQLEnumType):
            return self.random.choice(list(input_type.values))
        match input_type.name:
            case "ID":
                return self.random.choice(self.pool.ids)
            case "Boolean":
                return self._chance(0.5)
            case "Int":
                return self.random.randint(0, 3)
            case "Date":
                return self.random.choice(DAYS)
            case "DateTime":
                return self.random.choice(INSTANTS)
            case "Moment":
                return self.random.choice(DAYS + INSTANTS)
        return self.random.choice(self.pool.texts)

    def _members(self, input_type: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if input_type.is_one_of:
            name = self.random.choice(list(input_type.fields))
            return {name: self._value(input_type.fields[name].type, depth + 1, name)}
        members: dict[str, Any] = {}
        for name, member in input_type.fields.items():
            is_required = isinstance(member.type, GraphQLNonNull) and not self._has_default(member)
            too_deep = name in ("AND", "OR", "NOT") and depth > 3
            if is_required or (not too_deep and self._chance(min(0.5, 2 / len(input_type.fields)))):
                is_null = not is_required and self._chance(0.05)
                members[name] = None if is_null else self._value(member.type, depth + 1, name)
        return members

    def _chance(self, share: float) -> bool:
        return self.random.random() < share
