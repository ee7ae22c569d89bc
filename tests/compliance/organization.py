"""An organization to ask something of: rules, positions and credentials made through the service, on chosen days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests import calls
from tests.compliance import life
from tests.conftest import SettableClock
from tests.credentials.life import done
from tests.service import Service, Tenant

START = date(2026, 3, 2)
FIRST_AID, CPR = "FIRST_AID", "CPR"
TYPES = frozenset({FIRST_AID, CPR, "WWCC_NSW"})


def noon(days: int) -> datetime:
    """Noon, some days after the first."""
    return datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(days=days)


def certificate(worker: str, code: str = FIRST_AID, until: date | None = None, **given: Any) -> dict[str, Any]:
    """The input of a credential in force, with some members replaced."""
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
    for group, members in given.items():
        content[group] = {**content.get(group, {}), **members}
    return content


@dataclass(frozen=True)
class Asked:
    """An organization, and the clock that tells its day."""

    tenant: Tenant
    clock: SettableClock

    @classmethod
    async def found(cls, service: Service, name: str, clock: SettableClock) -> "Asked":
        """With a type for which expiring soon means what it means in the organization."""
        asked = cls(await Tenant.create(service, name, types=TYPES), clock)
        given = {"id": await asked.type(), "expiringSoonDays": None}
        await calls.mutate_ok(asked.tenant, "credentialTypeUpdate", "credentialType { id }", **given)
        return asked

    def go(self, days: int) -> date:
        """Let it be noon, some days after the first."""
        self.clock.set(noon(days))
        return START + timedelta(days=days)

    async def type(self, code: str = FIRST_AID) -> str:
        """The id of a credential type."""
        return await calls.credential_type_id(self.tenant, code)

    async def rule(self, *alternatives: str, **given: Any) -> str:
        """Add a rule for all workers; gives its id."""
        return await life.add_rule(self.tenant, *(alternatives or (FIRST_AID,)), **given)

    async def position(self, name: str = "Night Nurse", **given: Any) -> str:
        """Add a position; gives its id."""
        return await life.add_position(self.tenant, name, **given)

    async def assign(self, position: str, *workers: str, **given: Any) -> str:
        """Give workers a position; gives the first assignment's id."""
        return (await life.assign(self.tenant, position, *workers, **given))[0]

    async def unit(self, name: str = "Ward", parent: str | None = None) -> str:
        """Add a unit; gives its id."""
        return await life.add_unit(self.tenant, name, parent)

    async def credential(self, worker: str, code: str = FIRST_AID, until: date | None = None, **given: Any) -> str:
        """Add a credential in force; gives its id."""
        payload = await done(self.tenant, "credentialCreate", **certificate(worker, code, until, **given))
        return str(payload["credential"]["id"])

    async def cells(self, worker: str, as_of: date | None = None, key: Any = None) -> tuple[str | None, Any]:
        """A worker's standing and cells on a day."""
        text = (
            "query ($id: ID!, $day: Date) { worker(by: {id: $id}) { standing(asOf: $day) compliance(asOf: $day) "
            "{ status reason rule { id } credential { id } exemption { id } wanted { code } changesOn day } } }"
        )
        answer = await self.tenant.execute(text, {"id": worker, "day": as_of and as_of.isoformat()}, key=key)
        found = answer.data["worker"]
        return found["standing"], found["compliance"]

    async def standing(self, worker: str, as_of: date | None = None) -> str | None:
        """A worker's standing on a day."""
        return (await self.cells(worker, as_of))[0]
