"""The version check at every start, written without Alembic, whose import takes much longer than the check."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from app.db.database import Database

REVISIONS_FOLDER = Path(__file__).parent / "versions"
VERSION_TABLE = "alembic_version"
"""The table in which Alembic stores a database's version."""


def newest() -> str:
    """Return the last revision. Revision files are numbered, and their names start with the revision's id."""
    return max(file.name.partition("_")[0] for file in REVISIONS_FOLDER.glob("*.py"))


async def is_newest(database: Database) -> bool:
    """Return whether the database has the newest version."""
    async with database.engine.begin() as connection:
        return await connection.run_sync(_versions) == [newest()]


def _versions(connection: Connection) -> list[str]:
    if not inspect(connection).has_table(VERSION_TABLE):
        return []
    return list(connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")))
