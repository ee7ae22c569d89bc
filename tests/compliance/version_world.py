"""A world of credentials whose versions overlap, have gaps, come late and are decided anew, with what is expected."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col

from app.credentials.tables import Credential
from app.jobs import settle, take_over
from tests import calls
from tests.compliance.organization import START
from tests.conftest import SettableClock
from tests.credentials.actions import TICKET, add_type, update_settings
from tests.service import Service, Tenant, credential_input

CREDENTIALS = """{ credentials(first: 100, includeArchived: true) { nodes {
    id validity effectiveVersion { id } latestVersion { id }
    versions(first: 20) { nodes { id number issueDate expiryDate approval { status } } } } } }"""
ON_DAY = """query ($day: Date!) {
    credentials(first: 100, includeArchived: true) { nodes { id effectiveVersion(asOf: $day) { id } } }
    workers(first: 100) { nodes { id standing(asOf: $day) compliance(asOf: $day) { status reason credential { id } } } }
    complianceSummary(asOf: $day) {
        byValidity { value count } byStanding { value count } total } }"""
TICKETS = {"credentialType": TICKET, "category": "CERTIFICATION", "referenceNumber": "T-1"}
DECISIONS = ("credentialApprove", "credentialReject")
VALIDITIES = ("NO_EXPIRY", "NOT_YET_VALID", "VALID", "EXPIRING_SOON", "EXPIRED")


@dataclass
class World:
    """An organization far from UTC, with workers whose credentials have versions of any dates."""

    tenant: Tenant
    clock: SettableClock
    zone: ZoneInfo
    random: Random
    workers: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    day: date = START

    def begin(self, day: date) -> None:
        """Set the clock to the first second of a day in the organization's time zone."""
        self.day = day
        self.clock.set(datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC))

    def dates(self) -> dict[str, str | None]:
        """Return the dates of a version: of the past, of today or to come, of one day or of many, or without an end."""
        first = self.random.choice([None, -400, -60, -1, 0, 1, 5, 20, self.random.randint(-60, 60)])
        last = self.random.choice([None, 0, 1, 19, 20, 365, self.random.randint(0, 90)])
        issued = None if first is None else self.day + timedelta(days=first)
        expires = None if last is None else (issued or self.day) + timedelta(days=last)
        dates = {"issueDate": issued, "expiryDate": expires}
        return {name: None if day is None else day.isoformat() for name, day in dates.items()}

    async def call(self, name: str, selection: str = "credential { id }", **input: Any) -> Any:
        """Run a mutation, which may be refused."""
        return await calls.mutate(self.tenant, name, selection, **input)

    async def step(self) -> None:
        """Change a credential at random."""
        key = self.random.choice(self.keys)
        name = self.random.choice(
            [*["Add", "Approve"] * 3, "Edit", "Reject", "decide", "Archive", *["Unarchive"] * 3, "Transfer"]
        )
        text = "query ($id: ID!) { credential(by: {id: $id}) { owners { worker { id } } versions { nodes { id } } } }"
        shown = (await self.tenant.execute(text, {"id": key})).data["credential"]
        version = self.random.choice(shown["versions"]["nodes"])["id"]
        if name == "Add":
            await self.call("credentialVersionAdd", "version { id }", id=key, **self.dates())
        elif name == "Edit":
            latest = shown["versions"]["nodes"][0]["id"]
            await self.call("credentialVersionEdit", "version { id }", id=latest, **self.dates())
        elif name == "decide":
            await self.call(self.random.choice(DECISIONS), id=key, version=version)
        elif name == "Transfer":
            owners = {"type": "WORKER", "id": shown["owners"]["worker"]["id"]}
            to = {"type": "WORKER", "id": self.random.choice(self.workers)}
            await self.call("credentialTransfer", "status", **{"id": key, "from": owners, "to": to})
        else:
            await self.call(f"credential{name}", id=key)

    async def on_day(self, day: date) -> dict[str, Any]:
        """Return what the service says about a day."""
        data = (await self.tenant.execute(ON_DAY, {"day": day.isoformat()})).data
        summary = data["complianceSummary"]
        return {
            "effective": {
                node["id"]: node["effectiveVersion"] for node in data["credentials"]["nodes"] if node["id"] in self.keys
            },
            "workers": {node["id"]: (node["standing"], node["compliance"]) for node in data["workers"]["nodes"]},
            "validity": {row["value"]: row["count"] for row in summary["byValidity"] if row["count"]},
            "standing": {row["value"]: row["count"] for row in summary["byStanding"] if row["count"]},
            "total": summary["total"],
        }

    async def check_today(self) -> None:
        """Assert that credentials, filters, counts and clearance follow from the versions in force today."""
        answer = await self.tenant.execute(CREDENTIALS)
        nodes = {node["id"]: node for node in answer.data["credentials"]["nodes"]}
        shown = {}
        for key, node in nodes.items():
            version = version_on(node["versions"]["nodes"], self.day)
            assert node["effectiveVersion"] == (version and {"id": version["id"]}), (self.day, node)
            shown[key] = shown_on(node, self.day)
            assert node["validity"] == validity_on(shown[key], self.day), (self.day, node)
        for validity in VALIDITIES:
            where = {"validity": {"eq": validity}}
            found = await self.list(where)
            assert found == {key for key, node in nodes.items() if node["validity"] == validity}, (self.day, validity)
        for days in (0, 20):
            day = (self.day + timedelta(days=days)).isoformat()
            found = await self.list({"expiryDate": {"lt": day}})
            assert found == {key for key, version in shown.items() if (version["expiryDate"] or "9999") < day}, day

    async def list(self, where: dict[str, Any]) -> set[str]:
        """Return the ids of the credentials that a filter finds."""
        selection = "credentials(first: 100, includeArchived: true, where: $where) { nodes { id } }"
        answer = await self.tenant.execute(f"query ($where: CredentialWhere) {{ {selection} }}", {"where": where})
        return {node["id"] for node in answer.data["credentials"]["nodes"]}

    async def check_clearance_and_requests(self) -> None:
        """Assert that clearance says what cells say, and that exactly what is wanted is asked for, once."""
        text = """{ workers(first: 100) { nodes { id standing
            compliance { status reason wanted { code } credential { id } } } }
            complianceMatrix(first: 100) { nodes { worker { id } standing cells { status reason } } }
            credentialRequests(first: 100, where: { open: true }) { nodes { worker { id } } } }"""
        data = (await self.tenant.execute(text)).data
        open_requests = Counter(node["worker"]["id"] for node in data["credentialRequests"]["nodes"])
        matrix = {row["worker"]["id"]: row for row in data["complianceMatrix"]["nodes"]}
        for node in data["workers"]["nodes"]:
            [cell] = node["compliance"]
            row = matrix[node["id"]]
            assert (row["standing"], row["cells"]) == (
                node["standing"],
                [{"status": cell["status"], "reason": cell["reason"]}],
            )
            # A request from before the only credential was rejected stays open.
            allowed = {1} if cell["wanted"] else {0}
            allowed |= {0} if cell["status"] == "INELIGIBLE" else set()
            assert open_requests[node["id"]] in allowed, (self.day, node, open_requests[node["id"]])
            text = "query ($w: WorkerBy!) { clearance(worker: $w) { standing cells { status reason } } }"
            clearance = (await self.tenant.execute(text, {"w": {"id": node["id"]}})).data["clearance"]
            assert clearance == {"standing": row["standing"], "cells": row["cells"]}

    async def check_forecast(self, days: int) -> None:
        """Assert that the forecast of the next days counts what changes from one of them to the next."""
        on_days = [self.day + timedelta(days=number) for number in range(days + 1)]
        answer = await self.tenant.execute(CREDENTIALS.replace(", includeArchived: true", ""))
        held = [node for node in answer.data["credentials"]["nodes"] if node["id"] in self.keys]
        standings, expired = [], []
        for day in on_days:
            text = "query ($day: Date!) { workers(first: 100) { nodes { id standing(asOf: $day) } } }"
            nodes = (await self.tenant.execute(text, {"day": day.isoformat()})).data["workers"]["nodes"]
            standings.append({node["id"] for node in nodes if node["standing"] == "NON_COMPLIANT"})
            expired.append({node["id"] for node in held if validity_on(shown_on(node, day), day) == "EXPIRED"})
        text = """query ($to: Date!) { expiryForecast(by: WEEK, endsOn: $to) {
            spans { startsOn endsOn total turningNonCompliant workers { id } } } }"""
        answer = await self.tenant.execute(text, {"to": on_days[-2].isoformat()})
        for span in answer.data["expiryForecast"]["spans"]:
            numbers = [
                number for number, day in enumerate(on_days) if span["startsOn"] <= day.isoformat() <= span["endsOn"]
            ]
            turning = {key for number in numbers if number for key in standings[number] - standings[number - 1]}
            assert {node["id"] for node in span["workers"]} == turning, (self.day, span)
            assert span["turningNonCompliant"] == len(turning), (self.day, span)
            ends = [key for number in numbers for key in expired[number + 1] - expired[number]]
            assert span["total"] == len(ends), (self.day, span)

    async def run_jobs(self) -> None:
        """Run the jobs until nothing is left to do, with nobody calling."""
        database = self.tenant.service.database
        while await take_over.run(database) + await settle.run(database):
            pass


def version_on(versions: list[dict[str, Any]], day: date) -> dict[str, Any] | None:
    """Return the version in force on a day, in the words of the specification."""
    newest_first = sorted(versions, key=lambda version: -version["number"])
    decided = [v for v in newest_first if v["approval"]["status"] in ("APPROVED", "NOT_REQUIRED")]
    begun = [v for v in decided if v["issueDate"] is None or v["issueDate"] <= day.isoformat()]
    holding = [v for v in begun if v["expiryDate"] is None or v["expiryDate"] >= day.isoformat()]
    first_to_begin = sorted(decided, key=lambda version: version["issueDate"] or "")
    return next(iter([*holding, *begun, *first_to_begin]), None)


def shown_on(credential: dict[str, Any], day: date) -> dict[str, Any]:
    """Return the version whose dates a credential shows on a day: the one in force, or else the latest."""
    versions: list[dict[str, Any]] = credential["versions"]["nodes"]
    return version_on(versions, day) or max(versions, key=lambda version: int(version["number"]))


def validity_on(version: dict[str, Any], day: date) -> str:
    """Return the validity of a version's dates on a day, with 20 days before expiry."""
    if version["issueDate"] is not None and version["issueDate"] > day.isoformat():
        return "NOT_YET_VALID"
    if version["expiryDate"] is None:
        return "NO_EXPIRY"
    if version["expiryDate"] < day.isoformat():
        return "EXPIRED"
    return "EXPIRING_SOON" if version["expiryDate"] <= (day + timedelta(days=20)).isoformat() else "VALID"


async def create_world(service: Service, clock: SettableClock, zone: str, seed: int, first: date) -> World:
    """Create workers with one or two credentials each, and a rule that asks for one."""
    tenant = await Tenant.create(service, "Far", zone, types=frozenset())
    world = World(tenant, clock, ZoneInfo(zone), Random(seed))
    world.begin(first)
    await update_settings(tenant, approvalsEnabled=True, expiringSoonDays=20)
    await add_type(tenant)
    rule = {"name": "Needed", "scope": "ALL_WORKERS", "alternatives": [TICKET], "graceDays": seed % 3}
    await calls.mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **rule)
    for number in range(8):
        worker = await tenant.add_worker()
        world.workers.append(worker)
        for _ in range(1 + number % 2):
            content = credential_input(worker, identification=TICKETS, issuing=world.dates())
            made = await world.call("credentialCreate", **{**content, "verification": {"status": "ACTIVE"}})
            world.keys.append(made["credential"]["id"])
            await world.call("credentialApprove", id=world.keys[-1])
            await world.call("credentialVersionAdd", "version { id }", id=world.keys[-1], **world.dates())
            if number % 3:
                await world.call("credentialApprove", id=world.keys[-1])
    for _ in range(60):
        await world.step()
    statement = select(func.count()).where(col(Credential.organization_id) == tenant.id, col(Credential.periods) != [])
    async with service.database.reading() as session:
        assert (await session.scalar(statement) or 0) > 6
    return world
