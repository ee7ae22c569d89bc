"""What is kept of standings and counts equals a recount, after whatever happened in whatever order, on whatever day."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest

from app.compliance import settlement
from app.db.database import Database
from app.jobs import settle as job
from app.main import create_app
from app.settings import Settings
from tests import calls, checks
from tests.compliance import recount
from tests.compliance.organization import CPR, FIRST_AID, START, Asked, noon
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
class Walk:
    """Somebody who does whatever comes to mind, one thing after another."""

    asked: Asked
    random: Random
    day: int = 0
    known: dict[str, list[str]] = field(default_factory=dict)
    accepted: int = 0

    def one(self, kind: str) -> str:
        """The id of some row, or one that does not exist."""
        return self.random.choice(self.known.get(kind) or [f"{PREFIXES[kind]}_{calls.UNKNOWN_ID}"])

    def one_or_none(self, kind: str) -> str | None:
        """The id of some row, if there is any."""
        return self.one(kind) if self.known.get(kind) else None

    def on(self, least: int, most: int) -> str:
        """A day around today."""
        return (START + timedelta(days=self.day + self.random.randint(least, most))).isoformat()

    async def call(self, name: str, kind: str = "", /, **given: Any) -> None:
        """Make a call, which may well be refused."""
        member = kind or "__typename"
        payload = await calls.mutate(self.asked.tenant, name, f"{member} {{ id }}" if kind else "", **given)
        if not payload["errors"]:
            self.accepted += 1
            if name.endswith(("Create", "Grant")) and payload.get(kind):
                self.known.setdefault(kind, []).append(payload[kind]["id"])

    async def step(self) -> None:
        """Do something."""
        await self.random.choice(STEPS)(self)


async def _add_worker(walk: Walk) -> None:
    employment = {
        "orgUnit": walk.one_or_none("orgUnit"),
        "status": walk.random.choice(["ACTIVE", "PENDING", "TERMINATED"]),
    }
    identity = {"displayName": f"Worker {walk.random.random()}"}
    await walk.call("workerCreate", "worker", identity=identity, employment=employment)


async def _add_applicant(walk: Walk) -> None:
    await walk.call("applicantCreate", "applicant", identity={"displayName": f"Applicant {walk.random.random()}"})


async def _change_worker(walk: Walk) -> None:
    changes = [
        {"orgUnit": walk.one("orgUnit")},
        {"orgUnit": None},
        {"status": walk.random.choice(["ACTIVE", "TERMINATED", "ON_LEAVE"])},
        {"startDate": walk.on(-20, 20)},
    ]
    employment = walk.random.choice(changes)
    await walk.call("workerUpdate", "worker", worker={"id": walk.one("worker")}, employment=employment)


async def _delete_person(walk: Walk) -> None:
    verb, kind = walk.random.choice(["Delete", "Restore"]), walk.random.choice(["worker", "applicant"])
    await walk.call(f"{kind}{verb}", kind, **{kind: {"id": walk.one(kind)}})


async def _add_credential(walk: Walk) -> None:
    slots = walk.random.choice([("worker",), ("worker",), ("worker", "applicant"), ("applicant",)])
    owners = {slot: {"id": walk.one(slot)} for slot in slots}
    issuing = {
        "issueDate": walk.on(-300, 15) if walk.random.random() < 0.8 else None,
        "expiryDate": walk.on(15, 90) if walk.random.random() < 0.8 else None,
        "jurisdiction": walk.random.choice(["NSW", "VIC", None]),
    }
    code = walk.random.choice(CODES)
    await walk.call(
        "credentialCreate",
        "credential",
        identification={
            "displayName": code,
            "credentialType": code,
            "category": "SCREENING" if code == "WWCC_NSW" else "CERTIFICATION",
            "referenceNumber": "WWC1234567E",
        },
        issuing=issuing,
        verification={"status": walk.random.choice(["ACTIVE", "PENDING"])},
        owners=owners,
    )


async def _change_credential(walk: Walk) -> None:
    verb = walk.random.choice(
        ["Approve", "Reject", "Archive", "Restore", "Delete", "Undelete", "Purge", "Suspend", "Renew", "Transfer"]
    )
    key = walk.one("credential")
    if verb == "Suspend":
        status = walk.random.choice(["SUSPENDED", "ACTIVE", "EXPIRED"])
        await walk.call("credentialUpdate", "credential", id=key, verification={"status": status})
    elif verb == "Renew":
        await walk.call("credentialVersionAdd", "", id=key, issueDate=walk.on(-5, 5), expiryDate=walk.on(20, 200))
    elif verb == "Transfer":
        ends = {name: {"type": "WORKER", "id": walk.one("worker")} for name in ("from", "to")}
        await walk.call("credentialTransfer", "", id=key, **ends)
    elif verb == "Purge":
        await walk.call("credentialPurge", "", id=key, confirm=True)
    else:
        await walk.call(f"credential{verb}", "credential", id=key)


async def _add_rule(walk: Walk) -> None:
    target: dict[str, Any] = walk.random.choice(
        [
            {"scope": "ALL_WORKERS"},
            {"scope": "ORG_UNIT", "orgUnit": walk.one("orgUnit")},
            {"scope": "POSITION", "position": walk.one("position")},
            {"scope": "WORKER", "worker": walk.one("worker")},
        ]
    )
    await walk.call(
        "requirementRuleCreate",
        "requirementRule",
        name="Rule",
        alternatives=walk.random.sample(CODES, walk.random.randint(1, 2)),
        level=walk.random.choice(["MANDATORY", "MANDATORY", "OPTIONAL"]),
        graceDays=walk.random.choice([0, 5]),
        effectiveFrom=walk.on(-10, 10),
        effectiveTo=walk.random.choice([None, walk.on(11, 40)]),
        autoRequest=walk.random.random() < 0.7,
        **target,
    )


async def _change_rule(walk: Walk) -> None:
    key = walk.one("requirementRule")
    if walk.random.random() < 0.4:
        await walk.call("requirementRuleDelete", "requirementRule", id=key)
        return
    excluded = walk.random.choice([[], [walk.one("worker")], [walk.one("orgUnit")]])
    await walk.call("requirementRuleUpdate", "requirementRule", id=key, excluded=excluded, graceDays=3)


async def _place(walk: Walk) -> None:
    what = walk.random.choice(["unit", "move", "position", "assign", "assign", "unassign"])
    if what == "unit":
        await walk.call("orgUnitCreate", "orgUnit", name="Unit", kind="TEAM", parent=walk.one_or_none("orgUnit"))
    elif what == "move":
        await walk.call("orgUnitUpdate", "orgUnit", id=walk.one("orgUnit"), parent=walk.one("orgUnit"))
    elif what == "position":
        await walk.call("positionCreate", "position", name="Position")
    elif what == "assign":
        payload = await calls.mutate(
            walk.asked.tenant,
            "positionAssign",
            "results { assignment { id } }",
            position=walk.one("position"),
            workers=[walk.one("worker")],
            **{"from": walk.on(-5, 10)},
        )
        found = [row["assignment"]["id"] for row in payload["results"] or [] if row["assignment"]]
        walk.known.setdefault("assignment", []).extend(found)
    else:
        await walk.call("positionUnassign", "", id=walk.one("assignment"), to=walk.on(-3, 20))


async def _exempt(walk: Walk) -> None:
    if walk.random.random() < 0.3:
        await walk.call("exemptionRevoke", "exemption", id=walk.one("exemption"))
        return
    of: dict[str, Any] = walk.random.choice(
        [{"credentialType": walk.random.choice(CODES)}, {"rule": walk.one("requirementRule")}]
    )
    worker = {"id": walk.one("worker")}
    await walk.call("exemptionGrant", "exemption", worker=worker, reason="Why not", to=walk.on(0, 30), requirement=of)


async def _settings(walk: Walk) -> None:
    chosen: dict[str, Any] = walk.random.choice(
        [
            {"expiringSoonDays": walk.random.choice([10, 30, 50])},
            {"timeZone": walk.random.choice(["UTC", "Pacific/Kiritimati", "Pacific/Niue"])},
            {"approvalsEnabled": walk.random.random() < 0.5},
        ]
    )
    await walk.call("organizationUpdate", "organization", **chosen)


async def _wait(walk: Walk) -> None:
    walk.day += walk.random.choice([1, 2, 7, 25])
    walk.asked.go(walk.day)


async def _settle_some(walk: Walk) -> None:
    async with walk.asked.tenant.service.database.writing("some") as session:
        await settlement.settle(session, walk.asked.tenant.id, walk.random.randint(1, 3))


Step = Callable[[Walk], Awaitable[None]]
STEPS: list[Step] = [
    *[_add_worker] * 2,
    _add_applicant,
    *[_change_worker] * 3,
    _delete_person,
    *[_add_credential] * 6,
    *[_change_credential] * 8,
    *[_add_rule] * 2,
    _change_rule,
    *[_place] * 3,
    _exempt,
    _settings,
    *[_wait] * 2,
    *[_settle_some] * 2,
]


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_kept_equals_a_recount(asked: Asked, seed: int) -> None:
    walk = Walk(asked, Random(seed))
    for step in (_add_worker, _add_worker, _place, _add_rule):
        await step(walk)
    for number in range(140):
        await walk.step()
        if number % 35 == 34:
            await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
            await recount.assert_right(asked.tenant.service.database, asked.tenant.id)
    assert walk.accepted > 50
    walk.asked.go(walk.day + 400)
    await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
    await recount.assert_right(asked.tenant.service.database, asked.tenant.id)


async def test_settling_again_changes_nothing(asked: Asked) -> None:
    walk = Walk(asked, Random(99))
    for _ in range(60):
        await walk.step()
    await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
    before = await asked.tenant.rows()
    async with asked.tenant.service.database.writing("again") as session:
        keys = [row["id"] for row in before["workers"] + before["applicants"]]
        await settlement.mark(session, asked.tenant.id, keys)
    await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
    assert await asked.tenant.rows() == before


async def test_a_change_of_standing_is_recorded_once(asked: Asked) -> None:
    worker = await asked.tenant.add_worker()
    await asked.rule(FIRST_AID, autoRequest=False)
    until = START + timedelta(days=100)
    await asked.credential(worker, until=until)
    for days in (0, 60, 75, 99, 101, 120):
        asked.go(days)
        await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
    rows = await calls.event_rows(asked.tenant)
    told = [row["changes"]["standing"] for row in rows if row["kind"] == "compliance.standingChanged"]
    assert told == [
        {"from": "COMPLIANT", "to": "NON_COMPLIANT"},
        {"from": "NON_COMPLIANT", "to": "COMPLIANT"},
        {"from": "COMPLIANT", "to": "AT_RISK"},
        {"from": "AT_RISK", "to": "NON_COMPLIANT"},
    ]


@pytest.fixture
async def houses(
    database: Database,
    settings: Settings,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    clock: SettableClock,
) -> AsyncIterator[tuple[Asked, Asked]]:
    """Two organizations in a database of their own, for the job works for all that there are."""
    clock.set(noon(0))
    async with checks.new_own_database(database.dialect.name, request, tmp_path_factory, clock) as own:
        transport = httpx.ASGITransport(create_app(settings, own))
        async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
            service = Service(client, own)
            yield await Asked.found(service, "Asked", clock), await Asked.found(service, "Other", clock)


async def test_the_job_settles_every_organization_and_the_passing_of_days(houses: tuple[Asked, Asked]) -> None:
    asked, other = houses
    workers = []
    for there in (asked, other):
        workers.append(await there.tenant.add_worker())
        await there.rule(FIRST_AID, autoRequest=False)
        await there.credential(workers[-1], until=START + timedelta(days=50))
    while await job.run(asked.tenant.service.database):
        pass
    for days, standing in ((0, "COMPLIANT"), (20, "AT_RISK"), (51, "NON_COMPLIANT")):
        asked.go(days)
        await job.run(asked.tenant.service.database)
        for there in (asked, other):
            found, judged = await recount.standings(asked.tenant.service.database, there.tenant.id)
            assert found == judged
            assert {value.value for value in found.values()} == {standing}
            await recount.assert_right(asked.tenant.service.database, there.tenant.id)
    assert await job.run(asked.tenant.service.database) == 0


async def test_many_who_settle_at_once_count_once_and_lose_nothing(asked: Asked) -> None:
    workers = [await asked.tenant.add_worker(f"Worker {number}") for number in range(12)]
    await asked.rule(FIRST_AID, autoRequest=False)

    async def write(worker: str, code: str) -> None:
        await asked.credential(worker, code, START + timedelta(days=50))

    async def settle(limit: int) -> None:
        async def attempt() -> int:
            async with asked.tenant.service.database.writing("settler") as session:
                return await settlement.settle(session, asked.tenant.id, limit)

        await asked.tenant.service.database.run_with_retries(attempt)

    async def move(worker: str) -> None:
        await calls.mutate(asked.tenant, "workerUpdate", worker={"id": worker}, employment={"status": "ON_LEAVE"})

    await asyncio.gather(
        *(write(worker, code) for worker in workers for code in (FIRST_AID, CPR)),
        *(settle(limit) for limit in (1, 2, 3, 5, 8, 13, 50, 50)),
        *(move(worker) for worker in workers),
    )
    await recount.settle_all(asked.tenant.service.database, asked.tenant.id)
    await recount.assert_right(asked.tenant.service.database, asked.tenant.id)
    assert (await recount.kept(asked.tenant.service.database, asked.tenant.id))[""]["TOTAL", ""] == 24
