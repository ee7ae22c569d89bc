"""The demo organization as it is served, for the tests that look at it."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core import clock
from app.db.database import Database
from app.settings import Settings
from tests.demo.loaded import Loaded, told


@pytest.fixture(scope="session")
async def served(served_folder: Path) -> AsyncIterator[Loaded]:
    """What the first start of the service loaded. To load it again takes as long as hundreds of tests."""
    database = Database(Settings(data=served_folder).database(), clock.system)
    yield await told(database, json.loads((served_folder / "demo-keys.json").read_text()))
    await database.close()
