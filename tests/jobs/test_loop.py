"""The job loop: it survives failures, and runs, stops and recovers as a process of its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import reactions
from app.credentials.verification import attempts
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.db.database import Database
from app.jobs import loop
from app.main import open_storage
from app.migrations import migrator
from app.registries.registry_set import RegistrySet
from app.settings import Settings
from tests import checks as harness
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, ReceivedRequest, Reply, json_reply

ROOT = Path(__file__).parent.parent.parent
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def checks(
    own_database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> AsyncIterator[VerificationHarness]:
    """An organization with a registry."""
    async with harness.open_harness(own_database, settings, tmp_path, fake) as opened:
        yield opened


async def only(checks: VerificationHarness, key: str) -> VerificationAttempt:
    """Return a credential's only check."""
    (attempt,) = await checks.attempts(key)
    return attempt


async def ended(checks: VerificationHarness, key: str) -> VerificationAttempt:
    """Return a credential's only check, after waiting for its end."""
    while (attempt := await only(checks, key)).outcome is VerificationOutcome.PENDING:  # noqa: ASYNC110 - another process sets it
        await asyncio.sleep(0.02)
    return attempt


async def damage(checks: VerificationHarness, table: str, column: str, key: str, value: str = "NONSENSE") -> None:
    """Write a value that the service never writes and cannot read."""
    async with checks.database.writing() as session:
        await session.execute(text(f"UPDATE {table} SET {column} = :value WHERE id = :id"), {"value": value, "id": key})


async def test_a_check_that_fails_does_not_stop_the_others(checks: VerificationHarness, fake: FakeRegistry) -> None:
    keys = [await checks.add(f"N{number}") for number in range(6)]

    async def answer(asked: ReceivedRequest) -> Reply:
        return Reply(status=500) if asked.target.endswith("N2") else json_reply()

    fake.handle_with(answer)
    await checks.run_jobs()
    outcomes = [(await only(checks, key)).outcome for key in keys]
    assert outcomes == [
        VerificationOutcome.ERROR if number == 2 else VerificationOutcome.COMPLETED for number in range(6)
    ]


async def test_a_check_that_breaks_does_not_stop_the_others(checks: VerificationHarness) -> None:
    first, second, third = [await checks.add(f"N{number}") for number in range(3)]
    broken = (await only(checks, second)).id
    await damage(checks, "verification_attempts", "requested_by_kind", broken)
    await checks.run_jobs()
    for key in (first, third):
        assert (await only(checks, key)).outcome is VerificationOutcome.COMPLETED
    await damage(checks, "verification_attempts", "requested_by_kind", broken, "SYSTEM")
    await checks.run_jobs()
    assert (await only(checks, second)).outcome is VerificationOutcome.COMPLETED


async def test_an_organization_that_breaks_does_not_stop_the_others(
    checks: VerificationHarness, clock: SettableClock
) -> None:
    clock.set(NOON)
    organizations = [await checks.create_another(), checks, await checks.create_another("Third")]
    keys = [await organization.add_checked() for organization in organizations]
    await damage(checks, "credentials", "status", keys[1])
    clock.advance(timedelta(days=7))
    await checks.run_jobs()
    assert [len(await organization.attempts(key)) for organization, key in zip(organizations, keys, strict=True)] == [
        2,
        1,
        2,
    ]
    await damage(checks, "credentials", "status", keys[1], "ACTIVE")
    await checks.run_jobs()
    assert len(await checks.attempts(keys[1])) == 2


async def test_a_failed_run_is_followed_by_another(
    settings: Settings, tmp_path: Path, fake: FakeRegistry, session_clock: SettableClock
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'late.sqlite'}", session_clock, before_commit=reactions.react)
    registries = RegistrySet()
    task = asyncio.create_task(loop.run_forever(database, registries, open_storage(settings)))
    await asyncio.sleep(0)
    await migrator.upgrade(database)
    async with harness.open_harness(database, settings, tmp_path, fake) as checks:
        attempt = await ended(checks, await checks.add())
    assert attempt.outcome is VerificationOutcome.REVIEW_REQUIRED
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await registries.close()
    await database.close()


@asynccontextmanager
async def process(checks: VerificationHarness, folder: Path, *command: str) -> AsyncIterator[Process]:
    """Run a command in a process of its own, on the same database and registry."""
    environment = {
        "DATABASE_URL": checks.database.url.render_as_string(hide_password=False)
        .replace("+aiosqlite", "")
        .replace("+asyncpg", ""),
        "CREDGRAPH_DATA": str(folder),
        "CREDGRAPH_REGISTRIES": str(folder / "registries.json"),
        "PYTHONPATH": str(ROOT),
    }
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", *command, env={**os.environ, **environment}, stdout=PIPE, stderr=PIPE, cwd=folder
    )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            running.kill()
        await running.communicate()


async def test_a_process_makes_what_waits_until_it_is_interrupted(
    checks: VerificationHarness, fake: FakeRegistry, tmp_path: Path
) -> None:
    fake.reply_with(json_reply("LAPSED"))
    before = await checks.add("N1")
    async with process(checks, tmp_path, "jobs") as running:
        assert (await ended(checks, before)).raw_status == "LAPSED"
        later = await checks.add("N2")
        assert (await ended(checks, later)).raw_status == "LAPSED"
        running.send_signal(signal.SIGINT)
        _, errors = await running.communicate()
    assert (running.returncode, b"Traceback" in errors) == (0, False)
    assert sorted(asked.target for asked in fake.received) == ["/licences/N1", "/licences/N2"]


async def test_a_process_that_is_terminated_while_it_asks_gives_its_check_back(
    checks: VerificationHarness, fake: FakeRegistry, tmp_path: Path
) -> None:
    received = fake.hang()
    key = await checks.add()
    async with process(checks, tmp_path, "jobs") as running:
        await received.acquire()
        running.terminate()
        _, errors = await running.communicate()
    assert (running.returncode, b"Traceback" in errors) == (0, False)
    attempt = await only(checks, key)
    assert (attempt.outcome, attempt.leased_until, attempt.tries) == (VerificationOutcome.PENDING, None, 0)


async def test_a_check_of_a_process_that_died_is_made_by_another(
    checks: VerificationHarness, fake: FakeRegistry, tmp_path: Path, clock: SettableClock
) -> None:
    received = fake.hang()
    key = await checks.add()
    async with process(checks, tmp_path, "jobs") as running:
        await received.acquire()
        running.kill()
        await running.communicate()
    fake.reply_with(json_reply())
    await checks.run_jobs()
    attempt = await only(checks, key)
    assert (attempt.outcome, attempt.tries) == (VerificationOutcome.PENDING, 1)
    clock.advance(attempts.LEASE_DURATION + timedelta(seconds=1))
    await checks.run_jobs()
    attempt = await only(checks, key)
    assert (attempt.outcome, attempt.tries) == (VerificationOutcome.COMPLETED, 2)


async def test_the_service_on_an_embedded_database_makes_the_checks_itself(
    settings: Settings, tmp_path: Path, fake: FakeRegistry, session_clock: SettableClock
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'served.sqlite'}", session_clock, before_commit=reactions.react)
    await migrator.upgrade(database)
    async with harness.open_harness(database, settings, tmp_path, fake) as checks:
        key = await checks.add()
        async with process(checks, tmp_path, "serve", "--port", "0", "--no-demo"):
            assert (await ended(checks, key)).outcome is VerificationOutcome.COMPLETED
    assert len(fake.received) == 1
    await database.close()
