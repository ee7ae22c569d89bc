"""Operations made up from the schema, by chance: selections, fragments, conditions, arguments and variables."""

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

from tests.architecture.shapes import BACKREF, SCHEMA, is_connection, is_node

TOO_DEEP = 7
INSTANTS = ("2024-05-01T00:00:00Z", "2099-01-01T10:00:00.5+02:00", "2026-01-01T00:00:00Z")
DAYS = ("2024-05-01", "2099-05-01", "1990-01-02")


@dataclass(frozen=True)
class Pool:
    """Values to ask for."""

    ids: Sequence[str]
    texts: Sequence[str]
    cursors: list[str]
    """Those that earlier answers held."""


@dataclass(frozen=True)
class Made:
    """An operation, and how its variables may be given."""

    text: str
    variables: dict[str, Any]
    optional: Sequence[str]
    """Variables that may be left out."""

    def given(self, chance: Random) -> dict[str, Any]:
        """Some of its variables, conditions turned at random."""
        found = {
            name: value for name, value in self.variables.items() if name not in self.optional or chance.random() < 0.7
        }
        return {name: chance.random() < 0.5 if isinstance(value, bool) else value for name, value in found.items()}


@dataclass
class Maker:
    """Makes one operation."""

    chance: Random
    pool: Pool
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    optional: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    names: int = 0
    room: int = 40
    """How many more fields there may be."""

    def query(self) -> Made:
        """A query."""
        return self._made("query", self._selection(SCHEMA.query_type, 0))

    def mutation(self, name: str, key: str) -> Made:
        """A mutation, with a key that lets it be asked again."""
        assert SCHEMA.mutation_type is not None
        entry = SCHEMA.mutation_type.fields[name]
        kind = get_named_type(entry.args["input"].type)
        assert isinstance(kind, GraphQLInputObjectType)
        value = {**self._members(kind, 0), "idempotencyKey": key}
        self.declared.append(f"$input: {kind.name}!")
        self.variables["input"] = value
        payload = get_named_type(entry.type)
        return self._made("mutation", f"{{ {self._alias()}{name}(input: $input) {self._selection(payload, 1)} }}")

    def _made(self, word: str, selection: str) -> Made:
        head = f"{word} Made({', '.join(self.declared)})" if self.declared else word
        return Made(" ".join([head, selection, *self.fragments]), self.variables, tuple(self.optional))

    def _selection(self, kind: Any, depth: int) -> str:
        members = ["__typename"] if self._often(0.15) or isinstance(kind, GraphQLInterfaceType) else []
        fields = [(name, each) for name, each in kind.fields.items() if self._may(each, depth)]
        count = self.chance.randint(1, 3 if depth == 0 else 6)
        for name, each in self.chance.sample(fields, min(len(fields), count)):
            members.append(self._field(name, each, depth))
        if isinstance(kind, GraphQLInterfaceType) and self.room > 0:
            possible = self.chance.choice(SCHEMA.get_possible_types(kind))
            members.append(f"... on {possible.name} {self._condition()} {self._selection(possible, depth + 1)}")
        if not members:
            members.append("__typename")
        return f"{{ {' '.join(self._fragmented(kind, members))} }}"

    def _fragmented(self, kind: Any, members: list[str]) -> list[str]:
        """Some of the members in a fragment instead: in place, or named; on the type, or on an interface of it."""
        if len(members) < 2 or not self._often(0.25):
            return members
        cut = self.chance.randint(1, len(members) - 1)
        inside, rest = members[:cut], members[cut:]
        if self._often(0.5):
            self.names += 1
            self.fragments.append(f"fragment F{self.names} on {kind.name} {{ {' '.join(inside)} }}")
            spread = f"...F{self.names} {self._condition()}"
            return [spread, *rest, spread] if self._often(0.2) else [*rest, spread]
        on = f" on {kind.name}" if self._often(0.7) else ""
        return [
            f"...{on} {self._condition()} {{ {' '.join(inside)} }}",
            *rest,
            *(inside[:1] if self._often(0.3) else []),
        ]

    def _may(self, each: GraphQLField, depth: int) -> bool:
        named = get_named_type(each.type)
        return not is_composite_type(named) or (depth < TOO_DEEP and self.room > 0)

    def _field(self, name: str, each: GraphQLField, depth: int) -> str:
        self.room -= 1
        named = get_named_type(each.type)
        arguments = self._arguments(each)
        away = is_node(named) or is_connection(named)
        inner = self._selection(named, depth + (2 if away else 1)) if is_composite_type(named) else ""
        # What takes arguments, or has members, is the same as nothing else of this name.
        alias = self._alias() if arguments or inner or self._often(0.1) else ""
        return f"{alias}{name}{arguments} {self._condition()} {inner}"

    def _alias(self) -> str:
        self.names += 1
        return f"{self.chance.choice(('a', 'from', '_x', 'Name'))}{self.names}: "

    def _condition(self) -> str:
        if not self._often(0.06):
            return ""
        word = self.chance.choice(("include", "skip"))
        if self._often(0.3):
            return f"@{word}(if: {self.chance.choice(('true', 'false'))})"
        return f"@{word}(if: {self._variable('Boolean!', self._often(0.5))})"

    def _arguments(self, each: GraphQLField) -> str:
        given = []
        for name, argument in each.args.items():
            needed = isinstance(argument.type, GraphQLNonNull) and not self._has_default(argument)
            if name in ("first", "last", "after", "before"):
                continue
            if needed or self._often(0.3):
                given.append(f"{name}: {self._argument(argument.type, name, needed)}")
        if "first" in each.args:
            given += self._page()
        return f"({', '.join(given)})" if given else ""

    @staticmethod
    def _has_default(argument: Any) -> bool:
        return argument.default is not None

    def _page(self) -> list[str]:
        size = (
            f"{self.chance.choice(('first', 'first', 'last'))}: {self._argument_text('Int', self.chance.randint(1, 4))}"
        )
        match self.chance.random():
            case luck if luck < 0.03:
                return [f"first: {self.chance.choice((0, -1, 101, 3))}", "last: 2"][: self.chance.randint(1, 2)]
            case luck if luck < 0.05:
                return ["first: null"]
            case luck if luck < 0.2:
                cursor = self.chance.choice([*self.pool.cursors[-30:], "bad", "b2s="])
                name = "after" if "first" in size else "before"
                return [size, f"{name}: {self._argument_text('String', cursor)}"]
        return [size]

    def _argument(self, kind: Any, name: str, needed: bool) -> str:
        if not needed and self._often(0.08):
            return "null"
        return self._argument_text(str(kind), self._value(kind, 0, name), kind)

    def _argument_text(self, kind: str, value: Any, of: Any = None) -> str:
        """A value in the text, or in a variable."""
        return self._variable(kind, value) if self._often(0.5) else self._literal(value, of)

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        default = ""
        if not kind.endswith("!"):
            self.optional.append(name)
            if self._often(0.2) and isinstance(value, int | str) and kind in ("Int", "String", "ID"):
                default = f" = {json.dumps(value)}"
        self.declared.append(f"${name}: {kind}{default}")
        self.variables[name] = value
        return f"${name}"

    def _literal(self, value: Any, kind: Any = None) -> str:
        kind = get_nullable_type(kind) if kind is not None else None
        if isinstance(value, list):
            item = kind.of_type if isinstance(kind, GraphQLList) else None
            return f"[{', '.join(self._literal(each, item) for each in value)}]"
        if isinstance(value, dict):
            members = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
            return (
                f"{{{', '.join(f'{name}: {self._literal(each, members[name].type)}' for name, each in value.items())}}}"
            )
        return str(value) if isinstance(kind, GraphQLEnumType) and value is not None else json.dumps(value)

    def _value(self, kind: Any, depth: int, name: str) -> Any:
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLList):
            return [self._value(kind.of_type, depth, name) for _ in range(self.chance.randint(0 if depth else 1, 3))]
        if isinstance(kind, GraphQLInputObjectType):
            return self._members(kind, depth)
        if isinstance(kind, GraphQLEnumType):
            return self.chance.choice(list(kind.values))
        match kind.name:
            case "ID":
                return self.chance.choice(self.pool.ids)
            case "Boolean":
                return self._often(0.5)
            case "Int":
                return self.chance.randint(0, 3)
            case "Date":
                return self.chance.choice(DAYS)
            case "DateTime":
                return self.chance.choice(INSTANTS)
            case "Moment":
                return self.chance.choice(DAYS + INSTANTS)
        return self.chance.choice(self.pool.texts)

    def _members(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if kind.extensions[BACKREF].is_one_of:
            name = self.chance.choice(list(kind.fields))
            return {name: self._value(kind.fields[name].type, depth + 1, name)}
        found: dict[str, Any] = {}
        for name, member in kind.fields.items():
            needed = isinstance(member.type, GraphQLNonNull) and not self._has_default(member)
            deep = name in ("AND", "OR", "NOT") and depth > 3
            if needed or (not deep and self._often(min(0.5, 2 / len(kind.fields)))):
                found[name] = None if not needed and self._often(0.05) else self._value(member.type, depth + 1, name)
        return found

    def _often(self, share: float) -> bool:
        return self.chance.random() < share
