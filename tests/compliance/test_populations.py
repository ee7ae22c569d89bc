"""Lists and counts speak of the same people and credentials, in a world of deleted, departed and archived ones."""

from datetime import timedelta
from typing import Any

import pytest

from app.access import ALL_SCOPES, ORGANIZATION_WIDE_SCOPES
from tests.calls import mutate_ok, query_nodes, run_query
from tests.compliance.organization import FIRST_AID, START, DatedOrganization
from tests.credentials import actions
from tests.service import Tenant

COUNTED = {"intake": {"in": ["DIRECT", "SUBMITTED", "COMPLETED"]}}
PEOPLE = ("active", "gone", "terminated", "inactive", "elsewhere")


class World:
    """People in every state, each with credentials in every state."""

    def __init__(self, organization: DatedOrganization) -> None:
        self.organization = organization
        self.tenant: Tenant = organization.tenant
        self.people: dict[str, str] = {}
        self.applicants: dict[str, str] = {}
        self.unit = ""

    async def build(self) -> None:
        """Add people and credentials, and delete some of them."""
        await actions.update_settings(self.tenant, approvalsEnabled=True)
        of_type = {"id": await self.organization.type(), "approvalRequired": True}
        await mutate_ok(self.tenant, "credentialTypeUpdate", "credentialType { id }", **of_type)
        self.unit = await self.organization.unit("Ward")
        await self.organization.rule(FIRST_AID)
        for name in PEOPLE:
            unit = {} if name == "elsewhere" else {"orgUnit": self.unit}
            self.people[name] = await self.tenant.add_worker(name, employment=unit)
            await self._add_credentials(worker={"id": self.people[name]})
        for name in ("present", "left"):
            self.applicants[name] = await actions.add_applicant(self.tenant, name)
            await self._add_credentials(applicant={"id": self.applicants[name]})
            for worker in ("active", "gone"):
                owners = {"worker": {"id": self.people[worker]}, "applicant": {"id": self.applicants[name]}}
                await self._add_credentials(**owners)
        for name in ("terminated", "inactive"):
            employment = {"status": name.upper()}
            await mutate_ok(
                self.tenant, "workerUpdate", "worker { id }", worker={"id": self.people[name]}, employment=employment
            )
        await self.remove()

    async def _add_credentials(self, **owners: Any) -> None:
        owners = {"worker": None, **owners}
        tenant, last = self.tenant, START + timedelta(days=20)
        for _ in range(2):
            await self.organization.credential("", FIRST_AID, last, owners=owners)
        archived = await self.organization.credential("", FIRST_AID, last, owners=owners)
        await actions.mutation_payload(tenant, "credentialArchive", id=archived)
        deleted = await self.organization.credential("", FIRST_AID, last, owners=owners)
        await actions.mutation_payload(tenant, "credentialDelete", id=deleted)

    async def remove(self) -> None:
        """Delete the people who go."""
        for noun, key in (("worker", self.people["gone"]), ("applicant", self.applicants["left"])):
            await mutate_ok(self.tenant, f"{noun}Delete", f"{noun} {{ id }}", **{noun: {"id": key}})

    async def bring_back(self) -> None:
        """Restore the people who went."""
        for noun, key in (("worker", self.people["gone"]), ("applicant", self.applicants["left"])):
            await mutate_ok(self.tenant, f"{noun}Undelete", f"{noun} {{ id }}", **{noun: {"id": key}})

    async def counts(self, *, key: str | None = None, where: dict[str, Any] = COUNTED, **scope: Any) -> dict[str, int]:
        """Return every count of the credentials of a scope."""
        summary = await run_query(self.tenant, "complianceSummary", "total byValidity { count }", key=key, **scope)
        forecast = await run_query(self.tenant, "expiryForecast", "spans { total }", key=key, by="MONTH", **scope)
        narrowed = {**where, **({"owner": scope["owner"]} if "owner" in scope else {})}
        listed = await run_query(
            self.tenant, "credentials", "nodes { id } totalCount { count }", key=key, where=narrowed, first=100
        )
        queued = await run_query(
            self.tenant, "reviewQueue", "nodes { id } totalCount { count }", key=key, where=narrowed, first=100
        )
        credentials, queue = listed.data["credentials"], queued.data["reviewQueue"]
        return {
            "summary": summary.data["complianceSummary"]["total"],
            "validity": sum(row["count"] for row in summary.data["complianceSummary"]["byValidity"]),
            "forecast": sum(span["total"] for span in forecast.data["expiryForecast"]["spans"]),
            "list": len(credentials["nodes"]),
            "list count": credentials["totalCount"]["count"],
            "queue": len(queue["nodes"]),
            "queue count": queue["totalCount"]["count"],
        }


@pytest.fixture
async def world(organization: DatedOrganization) -> World:
    """Create a world in which every credential waits for a review."""
    world = World(organization)
    await world.build()
    return world


async def agreed(world: World, **scope: Any) -> int:
    """Return the number on which all counts of a scope agree."""
    counts = await world.counts(**scope)
    assert len(set(counts.values())) == 1, (scope, counts)
    return counts["list"]


async def test_every_count_agrees_with_every_list(world: World) -> None:
    owners = {name: {"type": "WORKER", "id": key} for name, key in world.people.items()}
    owners |= {name: {"type": "APPLICANT", "id": key} for name, key in world.applicants.items()}
    expected = {
        "active": 6,
        "gone": 2,  # what the living applicant holds too
        "terminated": 2,
        "inactive": 2,
        "elsewhere": 2,
        "present": 6,
        "left": 2,  # what the living worker holds too
    }
    assert {name: await agreed(world, owner=owner) for name, owner in owners.items()} == expected
    # All but those of the deleted worker and the deleted applicant alone, and of both together.
    assert await agreed(world) == 16
    key = await world.tenant.create_key(*(ALL_SCOPES - ORGANIZATION_WIDE_SCOPES), org_unit=world.unit)
    assert await agreed(world, key=key) == 10
    await world.bring_back()
    assert await agreed(world) == 22
    await world.remove()
    assert await agreed(world) == 16


async def test_deleted_people_come_back_where_a_list_is_asked_for_them(world: World) -> None:
    tenant, gone = world.tenant, world.people["gone"]
    position = await world.organization.position("Nurse")
    await world.bring_back()
    await world.organization.assign(position, gone)
    requirement = {"credentialType": FIRST_AID}
    await mutate_ok(
        tenant, "exemptionGrant", "exemption { id }", worker={"id": gone}, requirement=requirement, reason="Away."
    )
    await actions.add_requested(tenant, worker=gone)
    await world.remove()
    where = {"worker": {"eq": gone}}
    for field, arguments in (
        ("exemptions", {"where": where}),
        ("credentialRequests", {"where": where}),
        ("credentials", {"where": {"owner": {"type": "WORKER", "id": gone}, "validity": {"eq": "EXPIRING_SOON"}}}),
    ):
        hidden = await query_nodes(tenant, field, "id", **arguments)
        shown = await query_nodes(tenant, field, "id", includeDeleted=True, **arguments)
        assert len(shown) > len(hidden) == (2 if field == "credentials" else 0), field
    for argument, numbers in (("", [0, 0, 0]), ("(includeDeleted: true)", [1, 2, 1])):
        names = ("exemptions", "requests", "assignments")
        lists = " ".join(f"{name}{argument} {{ nodes {{ id }} }}" for name in names)
        worker = await run_query(tenant, "worker", lists, by={"id": gone})
        assert [len(worker.data["worker"][name]["nodes"]) for name in names] == numbers
    for selection, number in (("assignments", 0), ("assignments(includeDeleted: true)", 1)):
        [node] = await query_nodes(tenant, "positions", f"{selection} {{ totalCount {{ count }} }}")
        assert node["assignments"]["totalCount"]["count"] == number
    matrix = await query_nodes(tenant, "complianceMatrix", "worker { id } standing cells { status }")
    evaluated = {row["worker"]["id"]: row for row in matrix}
    assert gone not in evaluated
    for name in ("terminated", "inactive"):
        row = evaluated[world.people[name]]
        assert (row["standing"], set(row["cells"])) == (None, {None})
    gaps = await query_nodes(tenant, "gapsByWorker", "worker { id }")
    assert {row["worker"]["id"] for row in gaps}.isdisjoint(
        world.people[name] for name in ("gone", "terminated", "inactive")
    )
