"""Databases for tests: new empty ones, and marks for tests that run on only one kind."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app import reactions
from app.core.clock import Clock
from app.db.database import Database, url_of
from app.migrations import migrator

KINDS = ("sqlite", "postgresql")

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For behaviour that involves no database, or that is slow and the same on both."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


async def new_url(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of a new, empty database, `sqlite` or `postgresql`."""
    name = f"credgraph_{secrets.token_hex(6)}"
    if kind == "sqlite":
        return f"sqlite:///{folder / name}.sqlite"
    return await create_on_server(request.getfixturevalue("postgresql"), name)


async def create_on_server(server: str, name: str) -> str:
    """Create a database on a PostgreSQL server; return its URL."""
    engine = create_async_engine(url_of(server), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()
    return url_of(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def open_migrated(url: str, clock: Clock) -> AsyncIterator[Database]:
    """Migrate and open a database, with the service's reactions. No test cuts the power, so no commit waits for it."""
    database = Database(url, clock, synchronous="NORMAL", before_commit=reactions.react)
    await migrator.upgrade(database)
    yield database
    await database.close()
