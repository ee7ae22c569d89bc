"""Standings and cells today, on future days, and on past days whatever was recorded since."""

from datetime import date, timedelta

import pytest

from app.access import ALL_SCOPES, Scope
from tests import calls
from tests.calls import Step, mutation_step
from tests.compliance.organization import CPR, FIRST_AID, START, DatedOrganization, certificate, noon
from tests.conftest import SettableClock
from tests.databases import on_postgresql, on_sqlite
from tests.service import Tenant
from tests.statement_counter import recorded_statements


async def set_up(organization: DatedOrganization) -> dict[str, str]:
    """Create a worker in a unit and a position, with rules of every scope, credentials and an exemption."""
    site = await organization.unit("Site")
    ward = await organization.unit("Ward", site)
    elsewhere = await organization.unit("Elsewhere")
    worker = await organization.tenant.add_worker(employment={"orgUnit": ward})
    another = await organization.tenant.add_worker("Somebody Else")
    position, other = await organization.position(), await organization.position("Cook")
    assignment = await organization.assign(position, worker)
    held = await organization.credential(worker, FIRST_AID, START + timedelta(days=200))
    rules = {
        "for all": await organization.rule(FIRST_AID, graceDays=3),
        "of unit": await organization.rule(CPR, scope="ORG_UNIT", orgUnit=site),
        "of position": await organization.rule(FIRST_AID, CPR, minimum=2, scope="POSITION", position=position),
        "of worker": await organization.rule(CPR, scope="WORKER", worker=worker, level="OPTIONAL"),
    }
    exemption = await calls.mutate_ok(
        organization.tenant,
        "exemptionGrant",
        "exemption { id }",
        worker={"id": worker},
        requirement={"rule": rules["of unit"]},
        reason="On her way",
        endsOn=(START + timedelta(days=60)).isoformat(),
    )
    return {
        "type": await organization.type(),
        "worker": worker,
        "another": another,
        "site": site,
        "ward": ward,
        "elsewhere": elsewhere,
        "position": position,
        "other": other,
        "assignment": assignment,
        "held": held,
        "exemption": str(exemption["id"]),
        **rules,
    }


LATER_CHANGES: dict[str, Step] = {
    "a credential is added": mutation_step("credentialCreate", **certificate("worker", CPR)),
    "one is archived": mutation_step("credentialArchive", id="held"),
    "one is deleted": mutation_step("credentialDelete", id="held"),
    "one is rejected": mutation_step("credentialReject", id="held"),
    "one is suspended": mutation_step("credentialUpdate", id="held", verification={"status": "SUSPENDED"}),
    "its version is edited": mutation_step(
        "credentialVersionAdd", id="held", referenceNumber="TP2", expiryDate="2026-03-20"
    ),
    "it goes to another": mutation_step(
        "credentialTransfer",
        id="held",
        **{"from": {"type": "WORKER", "id": "worker"}, "to": {"type": "WORKER", "id": "another"}},
    ),
    "the worker leaves": mutation_step("workerUpdate", worker={"id": "worker"}, employment={"status": "TERMINATED"}),
    "the worker is deleted": mutation_step("workerDelete", worker={"id": "worker"}),
    "the employment ends": mutation_step("workerUpdate", worker={"id": "worker"}, employment={"endDate": "2026-03-05"}),
    "the worker moves": mutation_step("workerUpdate", worker={"id": "worker"}, employment={"orgUnit": "elsewhere"}),
    "the worker began later": mutation_step(
        "workerUpdate", worker={"id": "worker"}, employment={"startDate": "2026-03-20"}
    ),
    "the unit moves": mutation_step("orgUnitUpdate", id="ward", parent="elsewhere"),
    "the position ends": mutation_step("positionUnassign", id="assignment"),
    "another position": mutation_step("positionMove", id="assignment", position="other"),
    "never held": mutation_step("positionUnassign", id="assignment", endsOn="2026-03-01"),
    "the exemption is revoked": mutation_step("exemptionRevoke", id="exemption"),
    "a rule is deleted": mutation_step("requirementRuleDelete", id="of position"),
    "a rule changes": mutation_step("requirementRuleUpdate", id="for all", alternatives=[CPR], graceDays=0),
    "a rule began later": mutation_step("requirementRuleUpdate", id="for all", startsOn="2026-03-12"),
    "a rule excludes them": mutation_step("requirementRuleUpdate", id="of position", excluded=["worker"]),
    "a rule is added": mutation_step(
        "requirementRuleCreate", name="New", scope="ALL_WORKERS", alternatives=[CPR], startsOn="2026-01-01"
    ),
    "soon is sooner": mutation_step("organizationUpdate", expiringSoonDays=365),
    "soon is sooner for a type": mutation_step("credentialTypeUpdate", id="type", expiringSoonDays=365),
    "days are others": mutation_step("organizationUpdate", timeZone="Pacific/Kiritimati"),
}


ON_POSTGRESQL = [
    "a credential is added",
    "the worker is deleted",
    "a rule is added",
    "its version is edited",
    "the worker moves",
    "the unit moves",
    "another position",
    "the exemption is revoked",
    "a rule changes",
    "soon is sooner for a type",
    "days are others",
]
"""Additions, deletions, and a change of each table with history."""


@on_sqlite
@pytest.mark.parametrize("change", LATER_CHANGES)
async def test_a_past_day_stays_as_it_was(organization: DatedOrganization, change: str) -> None:
    await assert_past_unchanged(organization, LATER_CHANGES[change])


@on_postgresql
@pytest.mark.parametrize("change", ON_POSTGRESQL)
async def test_a_past_day_stays_as_it_was_on_postgresql(organization: DatedOrganization, change: str) -> None:
    await assert_past_unchanged(organization, LATER_CHANGES[change])


async def assert_past_unchanged(organization: DatedOrganization, change: Step) -> None:
    """Assert that reports of past days stay the same after a change that affects today."""
    rows = await set_up(organization)
    days = [organization.advance_to(5), organization.advance_to(7)]
    before = {day: await organization.cells(rows["worker"], day) for day in days}
    assert before[days[1]][0] == "NON_COMPLIANT"
    assert len(before[days[1]][1]) == 4
    organization.advance_to(9)
    for day in days:
        assert await organization.cells(rows["worker"], day) == before[day]
    today = await organization.cells(rows["worker"])
    assert today == await organization.cells(rows["worker"], organization.advance_to(9))
    await change(organization.tenant, rows)
    assert await organization.cells(rows["worker"]) != today
    organization.advance_to(30)
    for day in days:
        assert await organization.cells(rows["worker"], day) == before[day]


async def test_each_scope_and_kind_of_cell(organization: DatedOrganization) -> None:
    rows = await set_up(organization)
    standing, cells = await organization.cells(rows["worker"])
    assert standing == "NON_COMPLIANT"
    cells_by_rule = {cell["rule"]["id"]: cell for cell in cells}
    everybody, unit = cells_by_rule[rows["for all"]], cells_by_rule[rows["of unit"]]
    assert (everybody["status"], everybody["credential"]) == ("SATISFIED", {"id": rows["held"]})
    assert (everybody["changesOn"], everybody["asOf"]) == ("2026-08-19", "2026-03-02")
    assert everybody["reason"] == "It is valid until 2026-09-18."
    assert (unit["status"], unit["exemption"], unit["credential"]) == ("EXEMPT", {"id": rows["exemption"]}, None)
    position = cells_by_rule[rows["of position"]]
    assert (position["status"], position["wanted"]) == ("MISSING", [{"code": CPR}])
    assert position["reason"] == "1 of 2 are in order. Nothing was provided; it is asked since 2026-03-02."
    assert cells_by_rule[rows["of worker"]]["status"] == "MISSING"


async def test_a_future_day_is_evaluated_with_the_facts_of_today(organization: DatedOrganization) -> None:
    worker = await organization.tenant.add_worker()
    await organization.rule(FIRST_AID, graceDays=10)
    assert await organization.standing(worker) == "AT_RISK"
    held = await organization.credential(worker, FIRST_AID, START + timedelta(days=100))
    expected = {0: "COMPLIANT", 69: "COMPLIANT", 70: "AT_RISK", 110: "AT_RISK", 111: "NON_COMPLIANT"}
    for days, standing in expected.items():
        assert await organization.standing(worker, START + timedelta(days=days)) == standing
    _, [cell] = await organization.cells(worker, START + timedelta(days=105))
    assert (cell["status"], cell["credential"]) == ("GRACE", {"id": held})
    assert cell["reason"] == "It expired on 2026-06-10. There is time until 2026-06-20."


async def test_no_standing_before_the_worker_existed(organization: DatedOrganization) -> None:
    organization.advance_to(3)
    worker = await organization.tenant.add_worker()
    await organization.rule()
    for day in (START - timedelta(days=400), START - timedelta(days=1), START, START + timedelta(days=2)):
        assert await organization.cells(worker, day) == (None, None)
    assert await organization.standing(worker) == "NON_COMPLIANT"


@pytest.mark.parametrize("status", ["INACTIVE", "TERMINATED"])
async def test_inactive_and_deleted_workers_have_no_standing(organization: DatedOrganization, status: str) -> None:
    await organization.rule()
    assert await organization.cells(await organization.tenant.add_worker(employment={"status": status})) == (None, None)
    deleted = await organization.tenant.add_worker("Somebody Else")
    await calls.mutate_ok(organization.tenant, "workerDelete", "worker { id }", worker={"id": deleted})
    assert await organization.cells(deleted) == (None, None)


@pytest.mark.parametrize("status", ["PENDING", "ACTIVE", "ON_LEAVE"])
async def test_active_workers_have_a_standing(organization: DatedOrganization, status: str) -> None:
    await organization.rule()
    assert (
        await organization.standing(await organization.tenant.add_worker(employment={"status": status}))
        == "NON_COMPLIANT"
    )


async def test_days_follow_the_time_zone_of_the_organization(organization: DatedOrganization) -> None:
    await calls.mutate_ok(
        organization.tenant, "organizationUpdate", "organization { id }", timeZone="Pacific/Kiritimati"
    )
    await organization.rule()
    begun = organization.advance_to(5)  # noon in Greenwich, and the next day there
    worker = await organization.tenant.add_worker()
    assert (await organization.cells(worker))[1][0]["asOf"] == str(begun + timedelta(days=1))
    organization.advance_to(9)
    assert await organization.standing(worker, begun) is None
    assert await organization.standing(worker, begun + timedelta(days=1)) == "NON_COMPLIANT"


@on_sqlite
@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1)])
@pytest.mark.parametrize("field", ["standing", "compliance { status }"])
async def test_a_day_out_of_range_is_refused(shared_tenant: Tenant, someone: str, day: date, field: str) -> None:
    name, _, selection = field.partition(" ")
    text = f"query ($id: ID!, $day: Date) {{ worker(by: {{id: $id}}) {{ {name}(asOf: $day) {selection} }} }}"
    answer = await shared_tenant.execute(text, {"id": someone, "day": day.isoformat()})
    assert answer.codes == ["INVALID"]
    assert answer.errors[0]["extensions"]["inputPath"] == ["asOf"]
    assert answer.body["data"] == {"worker": {name: None}}


async def test_the_scope_is_required(organization: DatedOrganization) -> None:
    worker = await organization.tenant.add_worker()
    key = await organization.tenant.create_key(*(ALL_SCOPES - {Scope.COMPLIANCE_READ}))
    text = "query ($id: ID!) { worker(by: {id: $id}) { standing compliance { status } } }"
    answer = await organization.tenant.execute(text, {"id": worker}, key=key)
    assert answer.codes == ["FORBIDDEN", "FORBIDDEN"]
    assert answer.body["data"] == {"worker": {"standing": None, "compliance": None}}


async def test_the_number_of_statements_does_not_depend_on_the_number_of_workers(
    organization: DatedOrganization,
) -> None:
    await set_up(organization)
    for number in range(8):
        await organization.credential(await organization.tenant.add_worker(f"Worker {number}"), CPR)
    organization.advance_to(9)
    text = """query ($first: Int, $day: Date) { workers(first: $first) { nodes {
      standing(asOf: $day)
      compliance(asOf: $day) { status rule { id } credential { id } exemption { id } wanted { id } worker { id } }
    } } }"""
    for day in (None, str(START + timedelta(days=1)), str(START + timedelta(days=40))):
        taken = {}
        for first in (1, 10):
            with recorded_statements() as statements:
                answer = await organization.tenant.execute(text, {"first": first, "day": day})
            taken[first] = len(statements)
            assert len(answer.data["workers"]["nodes"]) == first
        assert taken[10] <= taken[1] + 3, day  # edges that were empty for the first worker


async def test_a_day_ends_once_although_the_time_zone_changes(
    organization: DatedOrganization, clock: SettableClock
) -> None:
    day, question = START.isoformat(), "{ complianceSummary(asOf: %s) { byStanding { value count } } }"

    async def counted() -> int:
        answer = await organization.tenant.execute(question % f'"{day}"')
        return sum(row["count"] for row in answer.data["complianceSummary"]["byStanding"])

    async def move(time_zone: str, hours: int) -> None:
        clock.set(noon(0) + timedelta(hours=hours))
        await calls.mutate_ok(organization.tenant, "organizationUpdate", "organization { id }", timeZone=time_zone)

    await organization.tenant.add_worker()
    await move("Australia/Sydney", 10)  # in Sydney the day is over
    await organization.tenant.add_worker("Somebody Late")
    assert await counted() == 1
    await move("America/Los_Angeles", 11)  # in Los Angeles it continues
    assert await counted() == 2
    await organization.tenant.add_worker("Somebody Later")
    await move("Australia/Sydney", 12)
    await organization.tenant.add_worker("Somebody Last")
    assert await counted() == 1


async def test_past_days_of_a_deleted_unit_are_reported(organization: DatedOrganization, other_tenant: Tenant) -> None:
    organization.advance_to(0)
    unit = await organization.unit()
    worker = await organization.tenant.add_worker(employment={"orgUnit": unit})
    await organization.rule()
    organization.advance_to(3)
    text = """query ($unit: ID, $day: Date) { complianceSummary(orgUnit: $unit, asOf: $day) {
        byStanding { value count } } gapsByWorker(orgUnit: $unit, asOf: $day) { nodes { worker { id } } } }"""
    past = {"unit": unit, "day": (START + timedelta(days=1)).isoformat()}
    before = (await organization.tenant.execute(text, past)).data
    assert before["complianceSummary"]["byStanding"] == [{"value": "NON_COMPLIANT", "count": 1}]
    assert before["gapsByWorker"]["nodes"] == [{"worker": {"id": worker}}]
    given = {"worker": {"id": worker}, "employment": {"orgUnit": None}}
    await calls.mutate_ok(organization.tenant, "workerUpdate", "worker { id }", **given)
    await calls.mutate_ok(organization.tenant, "orgUnitDelete", "orgUnit { id }", id=unit)
    assert (await organization.tenant.execute(text, past)).data == before
    for tenant, variables in ((organization.tenant, {**past, "day": None}), (other_tenant, past)):
        assert (await tenant.execute(text, variables)).codes == ["NOT_FOUND"] * 2
