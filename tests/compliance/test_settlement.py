"""Kept standings and counts match a recount after random calls in random order on random days."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from app.compliance import settlement
from app.db.database import Database
from app.jobs import settle as job
from app.main import create_app
from app.settings import Settings
from tests import calls, databases
from tests.compliance import recount
from tests.compliance.organization import CPR, FIRST_AID, START, DatedOrganization, noon
from tests.conftest import SettableClock
from tests.service import Service

CODES = (FIRST_AID, CPR, "WWCC_NSW")
PREFIXES = {
    "worker": "wkr",
    "applicant": "app",
    "orgUnit": "unit",
    "position": "pos",
    "assignment": "pasn",
    "credential": "cred",
    "requirementRule": "rule",
    "exemption": "exm",
}


@dataclass
class RandomCalls:
    """A sequence of random calls."""

    organization: DatedOrganization
    random: Random
    day: int = 0
    ids_by_type: dict[str, list[str]] = field(default_factory=dict)
    accepted: int = 0

    def any_id(self, type_name: str) -> str:
        """Return the id of a random row, or an unknown id."""
        return self.random.choice(self.ids_by_type.get(type_name) or [f"{PREFIXES[type_name]}_{calls.UNKNOWN_ID}"])

    def any_id_or_none(self, type_name: str) -> str | None:
        """Return the id of a random row, or None."""
        return self.any_id(type_name) if self.ids_by_type.get(type_name) else None

    def day_near(self, least: int, most: int) -> str:
        """Return a random day around today."""
        return (START + timedelta(days=self.day + self.random.randint(least, most))).isoformat()

    async def call(self, name: str, type_name: str = "", /, **given: Any) -> None:
        """Make a call, which may be refused."""
        member = type_name or "__typename"
        payload = await calls.mutate(self.organization.tenant, name, f"{member} {{ id }}" if type_name else "", **given)
        if not payload["errors"]:
            self.accepted += 1
            if name.endswith(("Create", "Grant")) and payload.get(type_name):
                self.ids_by_type.setdefault(type_name, []).append(payload[type_name]["id"])

    async def step(self) -> None:
        """Make one random step."""
        await self.random.choice(STEPS)(self)


async def _add_worker(calls_: RandomCalls) -> None:
    employment = {
        "orgUnit": calls_.any_id_or_none("orgUnit"),
        "status": calls_.random.choice(["ACTIVE", "PENDING", "TERMINATED"]),
    }
    identity = {"displayName": f"Worker {calls_.random.random()}"}
    await calls_.call("workerCreate", "worker", identity=identity, employment=employment)


async def _add_applicant(calls_: RandomCalls) -> None:
    await calls_.call("applicantCreate", "applicant", identity={"displayName": f"Applicant {calls_.random.random()}"})


async def _change_worker(calls_: RandomCalls) -> None:
    changes = [
        {"orgUnit": calls_.any_id("orgUnit")},
        {"orgUnit": None},
        {"status": calls_.random.choice(["ACTIVE", "TERMINATED", "ON_LEAVE"])},
        {"startDate": calls_.day_near(-20, 20)},
    ]
    employment = calls_.random.choice(changes)
    await calls_.call("workerUpdate", "worker", worker={"id": calls_.any_id("worker")}, employment=employment)


async def _delete_person(calls_: RandomCalls) -> None:
    verb, type_name = calls_.random.choice(["Delete", "Undelete"]), calls_.random.choice(["worker", "applicant"])
    await calls_.call(f"{type_name}{verb}", type_name, **{type_name: {"id": calls_.any_id(type_name)}})


async def _add_credential(calls_: RandomCalls) -> None:
    slots = calls_.random.choice([("worker",), ("worker",), ("worker", "applicant"), ("applicant",)])
    owners = {slot: {"id": calls_.any_id(slot)} for slot in slots}
    issuing = {
        "issueDate": calls_.day_near(-300, 15) if calls_.random.random() < 0.8 else None,
        "expiryDate": calls_.day_near(15, 90) if calls_.random.random() < 0.8 else None,
        "jurisdiction": calls_.random.choice(["NSW", "VIC", None]),
    }
    code = calls_.random.choice(CODES)
    await calls_.call(
        "credentialCreate",
        "credential",
        identification={
            "displayName": code,
            "credentialType": code,
            "category": "SCREENING" if code == "WWCC_NSW" else "CERTIFICATION",
            "referenceNumber": "WWC1234567E",
        },
        issuing=issuing,
        verification={"status": calls_.random.choice(["ACTIVE", "PENDING"])},
        owners=owners,
    )


async def _change_credential(calls_: RandomCalls) -> None:
    verb = calls_.random.choice(
        ["Approve", "Reject", "Archive", "Unarchive", "Delete", "Undelete", "Purge", "Suspend", "Renew", "Transfer"]
    )
    key = calls_.any_id("credential")
    if verb == "Suspend":
        status = calls_.random.choice(["SUSPENDED", "ACTIVE", "EXPIRED"])
        await calls_.call("credentialUpdate", "credential", id=key, verification={"status": status})
    elif verb == "Renew":
        await calls_.call(
            "credentialVersionAdd", "", id=key, issueDate=calls_.day_near(-5, 5), expiryDate=calls_.day_near(20, 200)
        )
    elif verb == "Transfer":
        ends = {name: {"type": "WORKER", "id": calls_.any_id("worker")} for name in ("from", "to")}
        await calls_.call("credentialTransfer", "", id=key, **ends)
    elif verb == "Purge":
        await calls_.call("credentialPurge", "", id=key, confirm=True)
    else:
        await calls_.call(f"credential{verb}", "credential", id=key)


async def _add_rule(calls_: RandomCalls) -> None:
    target: dict[str, Any] = calls_.random.choice(
        [
            {"scope": "ALL_WORKERS"},
            {"scope": "ORG_UNIT", "orgUnit": calls_.any_id("orgUnit")},
            {"scope": "POSITION", "position": calls_.any_id("position")},
            {"scope": "WORKER", "worker": calls_.any_id("worker")},
        ]
    )
    await calls_.call(
        "requirementRuleCreate",
        "requirementRule",
        name="Rule",
        alternatives=calls_.random.sample(CODES, calls_.random.randint(1, 2)),
        level=calls_.random.choice(["MANDATORY", "MANDATORY", "OPTIONAL"]),
        graceDays=calls_.random.choice([0, 5]),
        startsOn=calls_.day_near(-10, 10),
        endsOn=calls_.random.choice([None, calls_.day_near(11, 40)]),
        autoRequest=calls_.random.random() < 0.7,
        **target,
    )


async def _change_rule(calls_: RandomCalls) -> None:
    key = calls_.any_id("requirementRule")
    if calls_.random.random() < 0.4:
        await calls_.call("requirementRuleDelete", "requirementRule", id=key)
        return
    excluded = calls_.random.choice([[], [calls_.any_id("worker")], [calls_.any_id("orgUnit")]])
    await calls_.call("requirementRuleUpdate", "requirementRule", id=key, excluded=excluded, graceDays=3)


async def _change_placement(calls_: RandomCalls) -> None:
    what = calls_.random.choice(["unit", "move", "position", "assign", "assign", "unassign"])
    if what == "unit":
        await calls_.call("orgUnitCreate", "orgUnit", name="Unit", type="TEAM", parent=calls_.any_id_or_none("orgUnit"))
    elif what == "move":
        await calls_.call("orgUnitUpdate", "orgUnit", id=calls_.any_id("orgUnit"), parent=calls_.any_id("orgUnit"))
    elif what == "position":
        await calls_.call("positionCreate", "position", name="Position")
    elif what == "assign":
        payload = await calls.mutate(
            calls_.organization.tenant,
            "positionAssign",
            "results { assignment { id } }",
            position=calls_.any_id("position"),
            workers=[calls_.any_id("worker")],
            startsOn=calls_.day_near(-5, 10),
        )
        kept = [row["assignment"]["id"] for row in payload["results"] or [] if row["assignment"]]
        calls_.ids_by_type.setdefault("assignment", []).extend(kept)
    else:
        await calls_.call("positionUnassign", "", id=calls_.any_id("assignment"), endsOn=calls_.day_near(-3, 20))


async def _change_exemption(calls_: RandomCalls) -> None:
    if calls_.random.random() < 0.3:
        await calls_.call("exemptionRevoke", "exemption", id=calls_.any_id("exemption"))
        return
    of: dict[str, Any] = calls_.random.choice(
        [{"credentialType": calls_.random.choice(CODES)}, {"rule": calls_.any_id("requirementRule")}]
    )
    worker = {"id": calls_.any_id("worker")}
    await calls_.call(
        "exemptionGrant", "exemption", worker=worker, reason="Why not", endsOn=calls_.day_near(0, 30), requirement=of
    )


async def _change_settings(calls_: RandomCalls) -> None:
    chosen: dict[str, Any] = calls_.random.choice(
        [
            {"expiringSoonDays": calls_.random.choice([10, 30, 50])},
            {"timeZone": calls_.random.choice(["UTC", "Pacific/Kiritimati", "Pacific/Niue"])},
            {"approvalsEnabled": calls_.random.random() < 0.5},
        ]
    )
    await calls_.call("organizationUpdate", "organization", **chosen)


async def _advance_clock(calls_: RandomCalls) -> None:
    calls_.day += calls_.random.choice([1, 2, 7, 25])
    calls_.organization.advance_to(calls_.day)


async def _settle_some(calls_: RandomCalls) -> None:
    async with calls_.organization.tenant.service.database.writing("some") as session:
        await settlement.settle(session, calls_.organization.tenant.id, calls_.random.randint(1, 3))


Step = Callable[[RandomCalls], Awaitable[None]]
STEPS: list[Step] = [
    *[_add_worker] * 2,
    _add_applicant,
    *[_change_worker] * 3,
    _delete_person,
    *[_add_credential] * 6,
    *[_change_credential] * 8,
    *[_add_rule] * 2,
    _change_rule,
    *[_change_placement] * 3,
    _change_exemption,
    _change_settings,
    *[_advance_clock] * 2,
    *[_settle_some] * 2,
]


@pytest.mark.parametrize("seed", range(2))
async def test_kept_counts_match_a_recount(organization: DatedOrganization, seed: int) -> None:
    calls_ = RandomCalls(organization, Random(seed))
    for step in (_add_worker, _add_worker, _change_placement, _add_rule):
        await step(calls_)
    for number in range(140):
        await calls_.step()
        if number % 35 == 34:
            await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
            await recount.assert_matches_recount(organization.tenant.service.database, organization.tenant.id)
    assert calls_.accepted > 50
    calls_.organization.advance_to(calls_.day + 400)
    await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
    await recount.assert_matches_recount(organization.tenant.service.database, organization.tenant.id)


async def test_settling_again_changes_nothing(organization: DatedOrganization) -> None:
    calls_ = RandomCalls(organization, Random(99))
    for _ in range(60):
        await calls_.step()
    await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
    before = await organization.tenant.rows()
    async with organization.tenant.service.database.writing("again") as session:
        keys = [row["id"] for row in before["workers"] + before["applicants"]]
        await settlement.mark(session, organization.tenant.id, keys)
    await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
    assert await organization.tenant.rows() == before


async def test_a_change_of_standing_is_recorded_once(organization: DatedOrganization) -> None:
    worker = await organization.tenant.add_worker()
    await organization.rule(FIRST_AID, autoRequest=False)
    until = START + timedelta(days=100)
    await organization.credential(worker, until=until)
    for days in (0, 60, 75, 99, 101, 120):
        organization.advance_to(days)
        await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
    rows = await calls.event_rows(organization.tenant)
    changes = [row["changes"]["standing"] for row in rows if row["kind"] == "compliance.standingChanged"]
    assert changes == [
        {"from": "COMPLIANT", "to": "NON_COMPLIANT"},
        {"from": "NON_COMPLIANT", "to": "COMPLIANT"},
        {"from": "COMPLIANT", "to": "AT_RISK"},
        {"from": "AT_RISK", "to": "NON_COMPLIANT"},
    ]


@pytest.fixture
async def two_organizations(
    database: Database,
    settings: Settings,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: SettableClock,
) -> AsyncIterator[tuple[DatedOrganization, DatedOrganization]]:
    """Create two organizations in a database of their own, because the job settles all organizations."""
    clock.set(noon(0))
    url = await databases.new_url(database.dialect.name, request, tmp_path)
    async with databases.open_migrated(url, clock) as own:
        transport = httpx.ASGITransport(create_app(settings, own))
        async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
            service = Service(client, own)
            yield (
                await DatedOrganization.create(service, "Asked", clock),
                await DatedOrganization.create(service, "Other", clock),
            )


async def test_the_job_settles_all_organizations_as_days_pass(
    two_organizations: tuple[DatedOrganization, DatedOrganization],
) -> None:
    organization, other = two_organizations
    workers = []
    for current in (organization, other):
        workers.append(await current.tenant.add_worker())
        await current.rule(FIRST_AID, autoRequest=False)
        await current.credential(workers[-1], until=START + timedelta(days=50))
    while await job.run(organization.tenant.service.database):
        pass
    for days, standing in ((0, "COMPLIANT"), (20, "AT_RISK"), (51, "NON_COMPLIANT")):
        organization.advance_to(days)
        await job.run(organization.tenant.service.database)
        for current in (organization, other):
            kept, evaluated = await recount.standings(organization.tenant.service.database, current.tenant.id)
            assert kept == evaluated
            assert {value.value for value in kept.values()} == {standing}
            await recount.assert_matches_recount(organization.tenant.service.database, current.tenant.id)
    assert await job.run(organization.tenant.service.database) == 0


async def test_concurrent_settlements_count_each_change_once(organization: DatedOrganization) -> None:
    workers = [await organization.tenant.add_worker(f"Worker {number}") for number in range(12)]
    await organization.rule(FIRST_AID, autoRequest=False)

    async def write(worker: str, code: str) -> None:
        await organization.credential(worker, code, START + timedelta(days=50))

    async def settle(limit: int) -> None:
        async def attempt() -> int:
            async with organization.tenant.service.database.writing("settler") as session:
                return await settlement.settle(session, organization.tenant.id, limit)

        await organization.tenant.service.database.run_with_retries(attempt)

    async def move(worker: str) -> None:
        await calls.mutate(
            organization.tenant, "workerUpdate", worker={"id": worker}, employment={"status": "ON_LEAVE"}
        )

    await asyncio.gather(
        *(write(worker, code) for worker in workers for code in (FIRST_AID, CPR)),
        *(settle(limit) for limit in (1, 2, 3, 5, 8, 13, 50, 50)),
        *(move(worker) for worker in workers),
    )
    await recount.settle_all(organization.tenant.service.database, organization.tenant.id)
    await recount.assert_matches_recount(organization.tenant.service.database, organization.tenant.id)
    assert (await recount.kept_sums(organization.tenant.service.database, organization.tenant.id))[""][
        "TOTAL", ""
    ] == 24
