"""Whether a database has the newest version, told without Alembic: to read that takes much longer than to ask."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from app.db.database import Database

REVISIONS = Path(__file__).parent / "versions"
KEPT = "alembic_version"
"""The table in which Alembic keeps a database's version."""


def newest() -> str:
    """The last revision: a file is named after its own, and they are numbered."""
    return max(file.name.partition("_")[0] for file in REVISIONS.glob("*.py"))


async def is_newest(database: Database) -> bool:
    """Whether there is nothing to migrate."""
    async with database.engine.begin() as connection:
        return await connection.run_sync(_versions) == [newest()]


def _versions(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(KEPT):
        return []
    return list(connection.scalars(text(f"SELECT version_num FROM {KEPT}")))
