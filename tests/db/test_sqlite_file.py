"""The files of an SQLite database: their modes, and the durability of commits."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core import clock
from app.db.database import Database
from app.db.engine.connection_pool import Synchronous
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.main import open_database
from app.migrations import migrator
from app.settings import Settings

LEVELS = {"FULL": 2, "NORMAL": 1}
"""SQLite's numbers for the values of `synchronous`."""


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that closes nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


async def levels(database: Database) -> set[int]:
    """Return the values of `synchronous` on every way to the file."""
    pragma = "PRAGMA synchronous"
    async with database.writing() as session:
        found = {(await session.execute(text(pragma))).scalar_one()}
    async with database.reading() as session:
        found.add((await session.execute(text(pragma))).scalar_one())
    async with database.engine.connect() as connection:
        found.add((await connection.execute(text(pragma))).scalar_one())
    found.add(await database.read_executor.run(read_one(pragma)))
    return {int(level) for level in found}


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.parametrize("setting", [None, "FULL", "NORMAL"])
async def test_commits_wait_for_the_disk_unless_a_setting_says_otherwise(
    tmp_path: Path, setting: Synchronous | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if setting is not None:
        monkeypatch.setenv("CREDGRAPH_SQLITE_SYNCHRONOUS", setting)
    database = open_database(Settings(data=tmp_path))
    assert await levels(database) == {LEVELS[setting or "FULL"]}
    await database.close()


def test_no_other_durability_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDGRAPH_SQLITE_SYNCHRONOUS", "OFF")
    with pytest.raises(ValueError, match="sqlite_synchronous"):
        Settings()


def read_one(statement: str = "SELECT 1") -> ReadProgram[Any]:
    """Read one value through the read executor."""
    [[[value]]] = yield [Read(statement, ())]
    return value


@pytest.fixture(params=[None, 0o644, 0o666])
def open_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder that everybody may read, empty or with the database of an earlier release."""
    tmp_path.chmod(0o777)
    if request.param is not None:
        for ending in ("", "-wal", "-shm"):
            file = tmp_path / f"own.sqlite{ending}"
            file.touch()
            file.chmod(request.param)
    return tmp_path


@pytest.fixture
async def opened(open_folder: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{open_folder / 'own.sqlite'}", clock.system)
    await migrator.upgrade(database)
    yield database
    await database.close()


async def test_the_files_are_closed_to_others(opened: Database, open_folder: Path) -> None:
    async with opened.writing() as session:
        await session.execute(text("UPDATE organizations SET name = 'x'"))
    await opened.read_executor.run(read_one())
    assert modes(open_folder) == dict.fromkeys(("own.sqlite", "own.sqlite-wal", "own.sqlite-shm"), 0o600)
