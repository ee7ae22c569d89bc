"""The demo organization of a served folder, for tests that only read it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core import clock
from app.db.database import Database
from app.settings import Settings
from tests.demo.loaded import LoadedDemo, read_demo


@pytest.fixture(scope="session")
async def served(served_folder: Path) -> AsyncIterator[LoadedDemo]:
    """The demo organization of the served folder; loading another one takes as long as hundreds of tests."""
    database = Database(Settings(data=served_folder).database(), clock.system)
    yield await read_demo(database, json.loads((served_folder / "demo-keys.json").read_text()))
    await database.close()
