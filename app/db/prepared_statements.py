"""Statements that SQLAlchemy compiles once; each run only fills in the values of their slots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Dialect, Select, bindparam
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel.sql.sqltypes import UTCDateTime

from app.db.read_batch import Read

SLOT_MARK = "\ue000"
"""The first character of every slot's text: one of Unicode's private use area, which no value begins with."""

Converter = Callable[[Any], Any] | None
"""A function between a value and the driver's form of it; None if the two are the same."""


class Slot(str):
    """Stands in a statement for a value that is known when it runs."""

    __slots__ = ()

    def __new__(cls, name: str) -> "Slot":
        """Return the slot of a name."""
        return super().__new__(cls, SLOT_MARK + name)

    def __str__(self) -> str:
        return self

    @property
    def name(self) -> str:
        """The name of the value."""
        return self[1:]


class Unpreparable(Exception):
    """A slot's text became part of a longer text, so that its value cannot be filled in later."""


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A statement as the driver takes it: its text, its constant values, and the places of the other values."""

    text: str
    constants: Sequence[Any]
    """A value for each place; None where a slot is."""
    slots: Sequence[tuple[int, str, Converter]]
    """For each slot its place, its name and the converter of its values."""
    width: int
    """The number of columns of a row."""
    slot_index: Mapping[str, int]
    """The place of each slot by its name."""

    def read(self, values: Mapping[str, Any]) -> Read:
        """Return the statement with the values of its slots, as a read with one plan for all values."""
        return Read(self.text, self.bind(values), self.width, generic_plan=True)

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return all values in the order of their places, from the values of the slots."""
        bound = list(self.constants)
        for place, name, convert in self.slots:
            value = values[name]
            bound[place] = value if convert is None else convert(value)
        return bound


def prepare(statement: ClauseElement, dialect: Dialect) -> PreparedStatement:
    """Compile a statement. Raises Unpreparable if a slot's text became part of a longer one."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    constants: list[Any] = []
    slots: list[tuple[int, str, Converter]] = []
    for place, name in enumerate(compiled.positiontup or ()):
        value, convert = compiled.params[name], _bind_converter(compiled, name, dialect)
        if isinstance(value, Slot):
            slots.append((place, value.name, convert))
            constants.append(None)
        elif isinstance(value, str) and SLOT_MARK in value:
            raise Unpreparable(value)
        else:
            constants.append(value if convert is None else convert(value))
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    slot_index = {name: place for place, name, _ in slots}
    return PreparedStatement(compiled.string, constants, slots, len(columns), slot_index)


@lru_cache(1_000)
def result_converter(type_: TypeEngine[Any], dialect: Dialect) -> Converter:
    """Return the converter from a driver's value to the domain's, for a column of a type; None if they are the same."""
    converter: Converter = type_.dialect_impl(dialect).result_processor(dialect, None)
    if isinstance(type_, UTCDateTime) and dialect.name == "postgresql":
        return None  # asyncpg returns instants in UTC
    return converter


def _bind_converter(compiled: SQLCompiler, name: str, dialect: Dialect) -> Converter:
    # The members of a list are bound under the list's name and their number.
    parameter = compiled.binds.get(name)
    if parameter is None:
        parameter = compiled.binds[name.rpartition("_")[0]]
    # The driver takes a list of texts as it is.
    return None if isinstance(parameter.type, ARRAY) else parameter.type.dialect_impl(dialect).bind_processor(dialect)


def slot(name: str, column: Any) -> BindParameter[Any]:
    """Return a parameter with a slot, for a value of a column's type."""
    return bindparam(name, Slot(name), column.type)


class Statement:
    """A statement whose values are all slots, built and compiled once for each dialect.

    `make` builds it from the name of a dialect.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._made: dict[str, Any] = {}
        self._prepared: dict[str, PreparedStatement] = {}

    def for_dialect(self, dialect_name: str) -> Any:
        """Return the statement for a session to execute, which takes the values as named parameters."""
        if dialect_name not in self._made:
            self._made[dialect_name] = self._make(dialect_name)
        return self._made[dialect_name]

    def read(self, dialect: Dialect, **values: Any) -> Read:
        """Return the statement as a read, with values for all its slots."""
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            prepared = self._prepared[dialect.name] = prepare(self.for_dialect(dialect.name), dialect)
        return prepared.read(values)
