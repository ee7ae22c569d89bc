"""The interface of the drivers' own connections, on which statements run in transactions that this package begins."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from app.db.engine.write_batch import Write
from app.db.read_batch import Read


class Driver(Protocol):
    """A driver's connection. Its errors are raised as the exceptions of SQLAlchemy."""

    async def fetch(self, read: Read) -> Sequence[Any]:
        """Run a read and return its rows."""

    async def fetch_batch(self, reads: Sequence[Read]) -> Sequence[Sequence[Any]]:
        """Run several reads in one round trip and return the rows of each."""

    async def write(self, writes: Sequence[Write]) -> Sequence[Any]:
        """Run writes in their order and return a truth value for each: true if it found or made a row."""

    @property
    def is_closed(self) -> bool:
        """True if the connection is known to have been closed."""

    async def begin(self) -> None:
        """Begin a transaction that writes."""

    async def begin_snapshot(self) -> None:
        """Begin a transaction that only reads, all from one state of the database."""

    async def commit(self, writes: Sequence[Write] = ()) -> Sequence[Any]:
        """Run the last writes and commit, unless an update did not find its row; returns what `write` returns."""

    async def rollback(self) -> None:
        """Roll the transaction back. Does nothing if the transaction has already ended."""


def to_sqlalchemy_error(error: asyncpg.PostgresError | sqlite3.Error, text: str) -> DBAPIError:
    """Return a driver's error as the exception that SQLAlchemy raises for it."""
    error_class = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError | sqlite3.IntegrityError):
        error_class = IntegrityError
    elif isinstance(error, sqlite3.OperationalError):
        error_class = OperationalError
    return error_class(text, None, error, hide_parameters=True)
