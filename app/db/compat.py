"""The private parts of SQLAlchemy, SQLModel and aiosqlite that this package relies on.

Nothing else in the package uses them. `tests/db/test_compat.py` holds each function to what it promises, and
`pyproject.toml` caps the libraries' versions, so that an upgrade that changes one of these parts fails a test.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.util import await_only
from sqlmodel import SQLModel

Returned = TypeVar("Returned")


def add_persistent(session: Session, mapper: Mapper[Any], identity: Any, values: Mapping[str, Any]) -> Any:
    """Return a new object for a row that was read, as an unchanged object of the session.

    SQLAlchemy: `ClassManager.new_instance`, the instance's `__dict__` as the store of loaded values,
    `InstanceState.key` and `.session_id`, `Session.hash_key` and `identity_map.add`. It repeats what the ORM's own
    loader does. The public way (`make_transient_to_detached`, then `Session.add`) expires or checks every attribute.
    """
    instance = mapper.class_manager.new_instance()
    instance.__dict__.update(values)
    state = instance_state(instance)
    state.key, state.session_id = identity, session.hash_key
    session.identity_map.add(state)
    return instance


def mark_persistent(session: Session, rows: Iterable[object]) -> None:
    """Mark new and changed objects as written: clean, and known by their primary keys.

    SQLAlchemy: `Session._register_persistent`, which `Session.flush` calls after its own statements. There is no
    public way to say that somebody else has written an object.
    """
    session._register_persistent({instance_state(row) for row in rows})


def original_values(row: object) -> Mapping[str, Any]:
    """Return the values that changed attributes had when the row was last read or written.

    SQLAlchemy: `InstanceState.committed_state`. The public `attributes.get_history` builds an object per attribute,
    and a changed row is asked for each of its thirty columns.
    """
    return instance_state(row).committed_state


def is_expired(row: object) -> bool:
    """Report whether the values of an object have to be read again, as after a savepoint was rolled back.

    SQLAlchemy: `attributes.instance_state`, the internal form of `inspect(row)`, which checks the type first.
    """
    return instance_state(row).expired


def wait(awaitable: Awaitable[Returned]) -> Returned:
    """Wait for an awaitable inside the synchronous code that SQLAlchemy runs in a greenlet.

    SQLAlchemy: `util.await_only`, by which its own async drivers are built.
    """
    return await_only(awaitable)


@cache
def _defaults(table: type[SQLModel]) -> dict[str, Any]:
    """Return the defaults of a table's columns by name: values, or functions that make them."""
    optional = {name: field for name, field in table.model_fields.items() if not field.is_required()}
    return {name: field.default_factory or field.default for name, field in optional.items()}


def init_record(record: SQLModel, values: dict[str, Any]) -> None:
    """Fill in a new record with values and defaults, in place of `SQLModel.__init__`.

    SQLModel: tables validate nothing in `__init__`, and the instance's `__dict__` holds the values. SQLAlchemy: a
    pending object is inserted with what its `__dict__` holds, whether or not its attributes were set one by one.
    """
    for name, default in _defaults(type(record)).items():
        if name not in values:
            values[name] = default() if callable(default) else default
    record.__dict__.update(values)


set_attribute = object.__setattr__
"""Set an attribute of a record, in place of `SQLModel.__setattr__`.

SQLModel: for a table, its `__setattr__` only reaches SQLAlchemy's instrumented attribute, by a longer way.
"""


async def run_in_connection_thread(
    connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], Returned]
) -> Returned:
    """Run a function on the connection's own thread, after everything it was asked before, even if that was cancelled.

    aiosqlite: `Connection._execute` and `._conn`. The public methods hop to the thread once for every cursor,
    execution and fetch; this hops once for a whole batch.
    """
    result: Returned = await connection._execute(lambda: work(connection._conn))  # type: ignore[no-untyped-call]
    return result
