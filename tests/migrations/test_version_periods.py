"""The revision that keeps the periods of versions: past days stay, and rows follow the version in force."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from sqlalchemy import text

from app import reactions
from app.core import clock as core_clock
from app.credentials import effective_version, takeovers
from app.credentials.effective_version import Period
from app.credentials.tables import NEVER, Credential
from app.db.database import Database
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests import databases
from tests.compliance import recount, requirement_calls, version_world
from tests.conftest import SettableClock
from tests.service import Service

BEFORE = "0008"
FIRST = date(2026, 3, 6)
DAYS = 12
COLUMNS = ("effective_version_id", "valid_from", "expires_on", "periods", "next_takeover_on")


@pytest.mark.parametrize("kind", databases.KINDS)
async def test_versions_from_before_have_periods_on_past_days_too(
    kind: str, tmp_path: Path, settings: Settings, clock: SettableClock, request: pytest.FixtureRequest
) -> None:
    url = await databases.new_url(kind, request, tmp_path)
    database = Database(url, clock, before_commit=reactions.react)
    await migrator.upgrade(database)
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        world = await version_world.create_world(Service(client, database), clock, "Pacific/Kiritimati", 7, FIRST)
        said: dict[date, Any] = {}
        for ahead in range(DAYS):
            world.begin(FIRST + timedelta(days=ahead))
            for _ in range(6):
                await world.step()
            await recount.settle_all(database, world.tenant.id)
            said[world.day] = {**await world.on_day(world.day), "effective": None}
        await world.run_jobs()
        before = await _columns(world)
        assert sum(row["periods"] != [] for row in before.values()) > 5
        await migrator._run(database, lambda config: command.downgrade(config, BEFORE))
        await _forget_periods(database)
        await migrator.upgrade(database)
        _assert_in_line(await _columns(world), core_clock.today(datetime.now(UTC), world.zone))
        async with database.writing("test") as session:
            await takeovers.make_all_due(session, world.tenant.id)
        await world.run_jobs()
        assert await _columns(world) == before
        for day, expected in said.items():
            assert {**await world.on_day(day), "effective": None} == expected, day
        await recount.assert_matches_recount(database, world.tenant.id)
    await database.close()


async def _columns(world: version_world.World) -> dict[str, Any]:
    """Return the columns of each credential that the revision fills."""
    rows = await requirement_calls.rows(world.tenant, Credential)
    return {row.id: {name: getattr(row, name) for name in COLUMNS} for row in rows}


def _assert_in_line(columns: dict[str, Any], today: date) -> None:
    """Assert that each credential with several versions shows the one in force, and knows its takeover."""
    for row in columns.values():
        periods = effective_version.from_document(row["periods"], None, None, NEVER)
        decided = [period for period in periods if period.decided]
        if row["periods"] and decided:
            takeover = effective_version.next_takeover(decided, today)
            shown = Period(row["effective_version_id"], row["valid_from"], row["expires_on"])
            assert shown == effective_version.in_force(decided, today)
            assert row["next_takeover_on"] == (None if takeover == NEVER else takeover)


async def _forget_periods(database: Database) -> None:
    """Leave in the history what the revision before recorded, and in rows of renewed credentials anything."""
    async with database.engine.begin() as connection:
        entries = await connection.execute(
            text("SELECT id, row_id, \"values\" FROM history WHERE kind = 'credentials' ORDER BY recorded_at, id")
        )
        last: dict[str, Any] = {}
        for key, row_id, stored in entries.all():
            values = json.loads(stored) if isinstance(stored, str) else stored
            del values["periods"]
            if last.get(row_id) == values:
                await connection.execute(text("DELETE FROM history WHERE id = :id"), {"id": key})
            else:
                change = text('UPDATE history SET "values" = :values WHERE id = :id')
                await connection.execute(change, {"id": key, "values": json.dumps(values)})
            last[row_id] = values
