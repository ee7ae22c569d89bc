"""What tests of verification share: databases of their own, a registry, and an organization that it verifies for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db.database import Database
from app.settings import Settings
from tests import checks as harness
from tests import registry
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
async def checked_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session_clock: SettableClock
) -> AsyncIterator[Database]:
    """A database that only tests of verification share, since the job loop works for all organizations in it."""
    async with harness.new_own_database(request.param, request, tmp_path_factory, session_clock) as found:
        yield found


@pytest.fixture
async def fake() -> AsyncIterator[FakeRegistry]:
    """A registry, which finds everything valid until told otherwise."""
    async with registry.running_registry() as found:
        yield found


@pytest.fixture
async def checks(
    checked_database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> AsyncIterator[VerificationHarness]:
    """An organization in earnest."""
    async with harness.open_harness(checked_database, settings, tmp_path, fake) as found:
        yield found
    await harness.delete_all_rows(checked_database)


@pytest.fixture
async def sandbox(
    checked_database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> AsyncIterator[VerificationHarness]:
    """An organization in sandbox mode."""
    async with harness.open_harness(checked_database, settings, tmp_path, fake, sandbox=True) as found:
        yield found
    await harness.delete_all_rows(checked_database)
