"""An organization for tests of compliance: rules, positions and credentials created by calls, on chosen days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests import calls
from tests.compliance import requirement_calls
from tests.conftest import SettableClock
from tests.credentials.actions import mutation_payload
from tests.service import Service, Tenant

START = date(2026, 3, 2)
FIRST_AID, CPR = "FIRST_AID", "CPR"
TYPES = frozenset({FIRST_AID, CPR, "WWCC_NSW"})


def noon(days: int) -> datetime:
    """Return noon, a number of days after the first day."""
    return datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(days=days)


def certificate(worker: str, code: str = FIRST_AID, until: date | None = None, **input: Any) -> dict[str, Any]:
    """Return the input of a credential in force, with some fields replaced."""
    content: dict[str, Any] = {
        "identification": {
            "displayName": code,
            "credentialType": code,
            "category": "CERTIFICATION",
            "referenceNumber": "TP1-123456",
        },
        "issuing": {"issueDate": "2025-01-01", "expiryDate": None if until is None else until.isoformat()},
        "verification": {"status": "ACTIVE", "eligibility": "MAY_ENGAGE"},
        "owners": {"worker": {"id": worker}},
    }
    for group, members in input.items():
        content[group] = {**content.get(group, {}), **members}
    return content


@dataclass(frozen=True)
class DatedOrganization:
    """An organization and the clock of its day."""

    tenant: Tenant
    clock: SettableClock

    @classmethod
    async def create(cls, service: Service, name: str, clock: SettableClock) -> "DatedOrganization":
        """Create an organization with a type that uses the organization's days before expiry."""
        organization = cls(await Tenant.create(service, name, types=TYPES), clock)
        input = {"id": await organization.type(), "expiringSoonDays": None}
        await calls.mutate_ok(organization.tenant, "credentialTypeUpdate", "credentialType { id }", **input)
        return organization

    def advance_to(self, days: int) -> date:
        """Set the clock to noon, a number of days after the first day, and return the day."""
        self.clock.set(noon(days))
        return START + timedelta(days=days)

    async def type(self, code: str = FIRST_AID) -> str:
        """Return the id of a credential type."""
        return await calls.credential_type_id(self.tenant, code)

    async def rule(self, *alternatives: str, **input: Any) -> str:
        """Add a rule for all workers and return its id."""
        return await requirement_calls.add_rule(self.tenant, *(alternatives or (FIRST_AID,)), **input)

    async def position(self, name: str = "Night Nurse", **input: Any) -> str:
        """Add a position and return its id."""
        return await requirement_calls.add_position(self.tenant, name, **input)

    async def assign(self, position: str, *workers: str, **input: Any) -> str:
        """Assign workers to a position and return the id of the first assignment."""
        return (await requirement_calls.assign(self.tenant, position, *workers, **input))[0]

    async def unit(self, name: str = "Ward", parent: str | None = None) -> str:
        """Add a unit and return its id."""
        return await requirement_calls.add_unit(self.tenant, name, parent)

    async def credential(self, worker: str, code: str = FIRST_AID, until: date | None = None, **input: Any) -> str:
        """Add a credential in force and return its id."""
        payload = await mutation_payload(self.tenant, "credentialCreate", **certificate(worker, code, until, **input))
        return str(payload["credential"]["id"])

    async def cells(self, worker: str, as_of: date | None = None, key: Any = None) -> tuple[str | None, Any]:
        """Return a worker's standing and cells on a day."""
        text = (
            "query ($id: ID!, $day: Date) { worker(by: {id: $id}) { standing(asOf: $day) compliance(asOf: $day) "
            "{ status reason rule { id } credential { id } exemption { id } wanted { code } changesOn asOf } } }"
        )
        answer = await self.tenant.execute(text, {"id": worker, "day": as_of and as_of.isoformat()}, key=key)
        worker_data = answer.data["worker"]
        return worker_data["standing"], worker_data["compliance"]

    async def standing(self, worker: str, as_of: date | None = None) -> str | None:
        """Return a worker's standing on a day."""
        return (await self.cells(worker, as_of))[0]
