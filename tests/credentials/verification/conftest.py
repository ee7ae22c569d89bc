"""Fixtures of verification tests: separate databases, a registry, and an organization that uses it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.database import Database
from app.settings import Settings
from tests import checks as harness
from tests import databases
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry


@pytest.fixture(scope="package", params=databases.KINDS)
async def checked_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """Provide a database only for verification tests, since the job loop handles all its organizations."""
    url = await databases.new_url(request.param, request, tmp_path_factory.mktemp("checked"))
    async with databases.open_migrated(url, session_clock) as database:
        yield database


@pytest.fixture
async def checks(
    checked_database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> AsyncIterator[VerificationHarness]:
    """Provide an organization that is not in sandbox mode."""
    async with harness.open_harness(checked_database, settings, tmp_path, fake) as checks:
        yield checks
    await harness.delete_all_rows(checked_database)


@pytest.fixture
async def sandbox(
    checked_database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> AsyncIterator[VerificationHarness]:
    """Provide an organization in sandbox mode."""
    async with harness.open_harness(checked_database, settings, tmp_path, fake, sandbox=True) as checks:
        yield checks
    await harness.delete_all_rows(checked_database)
