"""The files of an SQLite database, which hold everything about everybody, secrets among it."""

from pathlib import Path

from sqlalchemy import URL

from app.core import private_files

COMPANIONS = ("-wal", "-shm", "-journal")
"""The endings of the files beside the database's, which SQLite creates with the mode of the database's."""


def protect(url: URL) -> None:
    """Close the files of a database to other accounts; create the first before SQLite does with the umask's mode."""
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        return
    private_files.touch(Path(name))
    for ending in COMPANIONS:
        private_files.restrict(Path(f"{name}{ending}"))
