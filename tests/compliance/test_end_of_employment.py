"""Rules concern people at work: those who leave, and come back."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.calls import mutate_ok, query_nodes, run_query
from tests.compliance import recount
from tests.compliance.organization import FIRST_AID, START, DatedOrganization
from tests.compliance.requirement_calls import requested_codes
from tests.credentials.actions import add_requested

LAST_DAY = START + timedelta(days=10)


async def employ(organization: DatedOrganization, worker: str, **employment: Any) -> None:
    """Change a worker's employment."""
    await mutate_ok(organization.tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment=employment)


async def settle(organization: DatedOrganization) -> None:
    """Settle what the day has brought."""
    await recount.settle_all(organization.tenant.service.database, organization.tenant.id)


async def test_no_rule_applies_after_the_last_day(organization: DatedOrganization) -> None:
    await organization.rule()
    worker = await organization.tenant.add_worker(employment={"endDate": LAST_DAY.isoformat()})
    assert await requested_codes(organization.tenant, worker) == [FIRST_AID]
    for day in (START, LAST_DAY):
        standing, [cell] = await organization.cells(worker, day)
        assert (standing, cell["status"], cell["changesOn"]) == ("NON_COMPLIANT", "MISSING", "2026-03-13")
    assert await organization.cells(worker, LAST_DAY + timedelta(days=1)) == (None, None)
    organization.advance_to(10)
    await settle(organization)
    assert await organization.standing(worker) == "NON_COMPLIANT"
    organization.advance_to(11)
    await settle(organization)
    assert await organization.cells(worker) == (None, None)
    assert await requested_codes(organization.tenant, worker) == []
    assert await organization.standing(worker, LAST_DAY) == "NON_COMPLIANT"
    await recount.assert_matches_recount(organization.tenant.service.database, organization.tenant.id)


async def test_an_end_without_rules_is_met_too(organization: DatedOrganization) -> None:
    worker = await organization.tenant.add_worker(employment={"endDate": LAST_DAY.isoformat()})
    assert await organization.standing(worker) == "COMPLIANT"
    organization.advance_to(11)
    await settle(organization)
    summary = await run_query(organization.tenant, "complianceSummary", "byStanding { count }")
    assert summary.data["complianceSummary"]["byStanding"] == []


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ({"status": "TERMINATED"}, {"status": "ACTIVE"}),
        ({"status": "INACTIVE"}, {"status": "PENDING"}),
        ({"endDate": "2026-03-01"}, {"endDate": None}),
        ({"endDate": "2026-03-01"}, {"endDate": "2026-03-02"}),
        ({"status": "TERMINATED", "endDate": "2026-03-01"}, {"status": "ON_LEAVE", "endDate": "2027-03-01"}),
    ],
)
async def test_people_who_are_not_at_work_have_records_only(
    organization: DatedOrganization, away: dict[str, Any], back: dict[str, Any]
) -> None:
    tenant = organization.tenant
    await organization.rule()
    worker = await tenant.add_worker()
    await add_requested(tenant, "BY_PERSON", worker)
    held = await organization.credential(worker, "CPR", date(2026, 5, 1))
    place = {"worker": {"id": worker}}
    await employ(organization, worker, **away)
    assert await organization.cells(worker) == (None, None)
    assert await requested_codes(tenant, worker) == ["BY_PERSON"]
    [request] = await query_nodes(tenant, "credentialRequests", "id", where={"open": True})
    await mutate_ok(tenant, "credentialRequestRemind", "credentialRequest { id }", id=request["id"])
    assert await query_nodes(tenant, "gapsByWorker", "worker { id }") == []
    clearance = await run_query(tenant, "clearance", "cleared reasons { code }", **place)
    assert clearance.data["clearance"] == {
        "cleared": False,
        "reasons": [{"code": "NOT_AT_WORK"}],
    }
    owner = {"type": "WORKER", "id": worker}
    counted = {"owner": owner, "intake": {"eq": "DIRECT"}}
    assert await query_nodes(tenant, "credentials", "id", where=counted) == [{"id": held}]
    summary = await run_query(tenant, "complianceSummary", "total byStanding { count }", owner=owner)
    assert summary.data["complianceSummary"] == {"total": 1, "byStanding": []}
    await mutate_ok(tenant, "credentialUpdate", "credential { id }", id=held, identification={"displayName": "New"})
    await employ(organization, worker, **back)
    assert await organization.standing(worker) == "NON_COMPLIANT"
    assert await requested_codes(tenant, worker) == ["BY_PERSON", FIRST_AID]
