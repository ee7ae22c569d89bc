"""Versions that overlap, have gaps, come late or are decided anew: day by day, all of the service says the same."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.compliance import recount, version_world
from tests.conftest import SettableClock
from tests.service import Service

AHEAD = (0, 1, 2, 5, 20, 21, 30, 60, 90)
"""Days of a forecast, counted from the day of the question."""
WORLDS = [
    ("Pacific/Kiritimati", 1, date(2028, 2, 28)),
    ("Pacific/Pago_Pago", 2, date(2026, 12, 31)),
    ("America/New_York", 3, date(2026, 3, 6)),
]


@pytest.mark.parametrize(("zone", "seed", "first"), WORLDS, ids=[zone for zone, _, _ in WORLDS])
async def test_days_turn_out_as_they_were_forecast_and_stay(
    service: Service, clock: SettableClock, zone: str, seed: int, first: date
) -> None:
    world = await version_world.create_world(service, clock, zone, seed, first)
    database = service.database
    foreseen: dict[date, Any] = {}
    past: dict[date, Any] = {}
    for number, ahead in enumerate(AHEAD):
        day = first + timedelta(days=ahead)
        world.begin(day)
        if number % 2:
            await world.run_jobs()
        await world.check_today()
        await recount.settle_all(database, world.tenant.id)
        today = await world.on_day(day)
        assert foreseen.get(day, today) == today, day
        await world.check_clearance_and_requests()
        if number in (0, 5):
            await world.check_forecast(42)
        days = range(100) if number == 0 else (0, 1, 20)
        for later, anew in (await recount.recounted_sums(database, world.tenant.id, *days)).items():
            assert await recount.kept_sums(database, world.tenant.id, later) == anew, later
        for earlier, said in past.items():
            # A version in force on a past day follows from the decisions of today.
            assert {**await world.on_day(earlier), "effective": None} == {**said, "effective": None}, (day, earlier)
        past[day] = today
        if number in (2, 5):
            for _ in range(15):
                await world.step()
            await recount.settle_all(database, world.tenant.id)
            past[day] = await world.on_day(day)
            foreseen = {}
        if not foreseen:
            foreseen = {first + timedelta(days=later): None for later in AHEAD if later > ahead}
            foreseen = {later: await world.on_day(later) for later in foreseen}
