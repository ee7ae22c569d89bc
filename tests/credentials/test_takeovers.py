"""The day on which another version takes over: met by the jobs, by the first operation, and after a new time zone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.credentials import takeovers
from app.jobs import take_over
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.service import Service, Tenant

MIDNIGHT = datetime(2026, 12, 30, 10, tzinfo=UTC)
"""The first instant of the 31st of December on Kiritimati; in Pago Pago the 29th ends an hour later."""
SECOND = timedelta(seconds=1)
KIRITIMATI, PAGO_PAGO = "Pacific/Kiritimati", "Pacific/Pago_Pago"


@pytest.fixture
async def tenant(service: Service, clock: SettableClock) -> Tenant:
    """Provide an organization on Kiritimati, some days before a renewal begins on the 31st of December."""
    clock.set(MIDNIGHT - timedelta(days=20))
    return await Tenant.create(service, "Far", KIRITIMATI)


async def add_renewed(tenant: Tenant, number: int = 1) -> list[str]:
    """Add credentials that end on the 30th of December, with a renewal from the day after; return their ids."""
    worker = await tenant.add_worker()
    keys = []
    for _ in range(number):
        issuing = {"issueDate": "2025-12-31", "expiryDate": "2026-12-30"}
        keys.append(await tenant.add_credential(worker, issuing=issuing))
        await actions.add_version(tenant, keys[-1], issueDate="2026-12-31", expiryDate="2027-12-30")
    return keys


async def found(tenant: Tenant, where: dict[str, Any]) -> list[str]:
    """Return the ids of the credentials that a filter finds."""
    text = "query ($where: CredentialWhere) { credentials(where: $where) { nodes { id } } }"
    answer = await tenant.execute(text, {"where": where})
    return sorted(node["id"] for node in answer.data["credentials"]["nodes"])


async def expiries(tenant: Tenant, keys: list[str]) -> set[str]:
    """Return the last days of validity in the rows of credentials, with no operation of the graph."""
    return {str((await actions.credential_row(tenant, key)).expires_on) for key in keys}


async def test_the_jobs_meet_the_day_although_nobody_calls(tenant: Tenant, clock: SettableClock) -> None:
    [key] = await add_renewed(tenant)
    before = await tenant.rows()
    clock.set(MIDNIGHT - SECOND)
    await take_over.run(tenant.service.database)
    assert await tenant.rows() == before
    clock.set(MIDNIGHT)
    await take_over.run(tenant.service.database)
    row = await actions.credential_row(tenant, key)
    assert (row.effective_version_id, row.next_takeover_on) == (row.latest_version_id, None)
    assert (str(row.valid_from), str(row.expires_on)) == ("2026-12-31", "2027-12-30")
    after = await tenant.rows()
    assert (row.revision, row.updated_at) == (before["credentials"][0]["revision"], MIDNIGHT - timedelta(days=20))
    assert after["events"] == before["events"]
    assert await take_over.run(tenant.service.database) == 0


async def test_without_jobs_the_first_operation_of_the_day_meets_it_for_all(
    tenant: Tenant, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeovers, "MAX_PER_TRANSACTION", 2)
    keys = await add_renewed(tenant, 5)
    clock.set(MIDNIGHT - SECOND)
    assert await found(tenant, {"validity": {"eq": "EXPIRING_SOON"}}) == sorted(keys)
    clock.set(MIDNIGHT)
    assert await found(tenant, {"validity": {"eq": "VALID"}}) == sorted(keys)
    assert await expiries(tenant, keys) == {"2027-12-30"}


async def test_a_new_time_zone_takes_the_day_back_and_on(tenant: Tenant, clock: SettableClock) -> None:
    keys = await add_renewed(tenant, 2)
    clock.set(MIDNIGHT)
    for zone, day, validity in (
        (KIRITIMATI, "2027-12-30", "VALID"),
        (PAGO_PAGO, "2026-12-30", "EXPIRING_SOON"),
        (KIRITIMATI, "2027-12-30", "VALID"),
        (PAGO_PAGO, "2026-12-30", "EXPIRING_SOON"),
    ):
        await actions.update_settings(tenant, timeZone=zone)
        if zone == KIRITIMATI:  # on Pago Pago, the first operation meets the day
            await take_over.run(tenant.service.database)
        assert await found(tenant, {"validity": {"eq": validity}}) == keys
        assert await expiries(tenant, keys) == {day}
        assert await found(tenant, {"expiryDate": {"lt": "2027-01-01"}}) == (keys if day < "2027" else [])


async def test_an_archived_or_deleted_credential_is_in_line_when_it_comes_back(
    tenant: Tenant, clock: SettableClock
) -> None:
    keys = await add_renewed(tenant, 2)
    for verb, key in zip(("Archive", "Delete"), keys, strict=True):
        await actions.mutation_payload(tenant, f"credential{verb}", id=key)
    clock.set(MIDNIGHT)
    for verb, key in zip(("Unarchive", "Undelete"), keys, strict=True):
        await actions.mutation_payload(tenant, f"credential{verb}", id=key)
    assert await found(tenant, {"validity": {"eq": "VALID"}}) == sorted(keys)
