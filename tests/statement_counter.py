"""A counter of the statements that the service sends to its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.db import read_executor


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Record the statements of every engine and read executor, except those that only begin or end transactions."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    read_executor.observers.append(statements.append)
    try:
        yield statements
    finally:
        read_executor.observers.remove(statements.append)
        event.remove(Engine, "before_cursor_execute", record)
