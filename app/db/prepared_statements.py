"""Statements that SQLAlchemy compiles once; only their values change from run to run."""

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

MARK = "\ue000"
"""Begins the text of every slot; nobody has a use for the character."""

Put = Callable[[Any], Any] | None
"""How a value is put for the driver; None when it is taken as it is."""


class Slot(str):
    """Stands in a statement for a value that is known when it runs."""

    __slots__ = ()

    def __new__(cls, name: str) -> "Slot":
        """The slot of a name."""
        return super().__new__(cls, MARK + name)

    def __str__(self) -> str:
        return self

    @property
    def name(self) -> str:
        """What the value is called."""
        return self[1:]


class Unfit(Exception):
    """A slot's value would be changed on its way into the statement, and so cannot be filled in later."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it: its text, its fixed values, and where the others go."""

    text: str
    fixed: Sequence[Any]
    slots: Sequence[tuple[int, str, Put]]
    width: int
    """How many columns its rows have."""
    places: Mapping[str, int]
    """The place of each slot."""

    def read(self, given: Mapping[str, Any]) -> Read:
        """The statement with its values, for a statement whose values are keys."""
        return Read(self.text, self.values(given), self.width, steady=True)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """All values, in their places."""
        found = list(self.fixed)
        for place, name, put in self.slots:
            value = given[name]
            found[place] = value if put is None else put(value)
        return found


def prepare(statement: ClauseElement, dialect: Dialect) -> Prepared:
    """Compile a statement. Raises Unfit."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    assert isinstance(compiled, SQLCompiler)
    fixed: list[Any] = []
    slots: list[tuple[int, str, Put]] = []
    for place, name in enumerate(compiled.positiontup or ()):
        value, put = compiled.params[name], _binding(compiled, name, dialect)
        if isinstance(value, Slot):
            slots.append((place, value.name, put))
            fixed.append(None)
        elif isinstance(value, str) and MARK in value:
            raise Unfit(value)
        else:
            fixed.append(value if put is None else put(value))
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    return Prepared(compiled.string, fixed, slots, len(columns), {name: place for place, name, _ in slots})


@lru_cache(1_000)
def python_value(kind: TypeEngine[Any], dialect: Dialect) -> Put:
    """What the domain knows a column's value as, of what the driver gives; None when it is that."""
    found: Put = kind.dialect_impl(dialect).result_processor(dialect, None)
    if isinstance(kind, UTCDateTime) and dialect.name == "postgresql":
        return None  # asyncpg gives instants in UTC
    return found


def _binding(compiled: SQLCompiler, name: str, dialect: Dialect) -> Put:
    # The members of a list are bound under its name and their number.
    bound = compiled.binds.get(name)
    if bound is None:
        bound = compiled.binds[name.rpartition("_")[0]]
    # A list of texts is taken as it is.
    return None if isinstance(bound.type, ARRAY) else bound.type.dialect_impl(dialect).bind_processor(dialect)


def slot(name: str, column: Any) -> BindParameter[Any]:
    """A parameter with a slot, for a value of a column's type."""
    return bindparam(name, Slot(name), column.type)


class Statement:
    """A statement of the domain, whose parameters all have slots: made and compiled once for each kind of database."""

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._made: dict[str, Any] = {}
        self._prepared: dict[str, Prepared] = {}

    def on(self, dialect: str) -> Any:
        """The statement for sessions of a kind of database, which take its parameters by their names."""
        if dialect not in self._made:
            self._made[dialect] = self._make(dialect)
        return self._made[dialect]

    def read(self, dialect: Dialect, **values: Any) -> Read:
        """The statement with values for all its slots, for what runs readings."""
        prepared = self._prepared.get(dialect.name)
        if prepared is None:
            prepared = self._prepared[dialect.name] = prepare(self.on(dialect.name), dialect)
        return prepared.read(values)
