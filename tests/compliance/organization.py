"""An organization to ask something of: rules, positions and credentials made through the service, on chosen days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.conftest import SettableClock
from tests.core import calls
from tests.service import Tenant

START = date(2026, 3, 2)
FIRST_AID, CPR = "FIRST_AID", "CPR"
TYPES = frozenset({FIRST_AID, CPR, "WWCC_NSW"})


def noon(days: int) -> datetime:
    """Noon, some days after the first."""
    return datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(days=days)


@dataclass(frozen=True)
class Asked:
    """An organization, and the clock that tells its day."""

    tenant: Tenant
    clock: SettableClock

    def go(self, days: int) -> date:
        """Let it be noon, some days after the first."""
        self.clock.set(noon(days))
        return START + timedelta(days=days)

    async def type(self, code: str = FIRST_AID) -> str:
        """The id of a credential type."""
        [found] = await calls.nodes(self.tenant, "credentialTypes", "id", where={"code": {"eq": code}})
        return str(found["id"])

    async def rule(self, *alternatives: str, **given: Any) -> str:
        """Add a rule for all workers; gives its id."""
        content = {"name": "Rule", "scope": "ALL_WORKERS", "alternatives": alternatives or (FIRST_AID,), **given}
        done = await calls.done(self.tenant, "requirementRuleCreate", "requirementRule { id }", **content)
        return str(done["id"])

    async def position(self, name: str = "Night Nurse", **given: Any) -> str:
        """Add a position; gives its id."""
        return str((await calls.done(self.tenant, "positionCreate", "position { id }", name=name, **given))["id"])

    async def assign(self, position: str, *workers: str, **given: Any) -> str:
        """Give workers a position; gives the first assignment's id."""
        payload = await calls.change(
            self.tenant,
            "positionAssign",
            "results { assignment { id } errors { message } }",
            position=position,
            workers=workers,
            **given,
        )
        assert payload["errors"] == []
        assert all(result["errors"] == [] for result in payload["results"])
        return str(payload["results"][0]["assignment"]["id"])

    async def unit(self, name: str = "Ward", parent: str | None = None) -> str:
        """Add a unit; gives its id."""
        given = {"name": name, "kind": "TEAM", "parent": parent}
        return str((await calls.done(self.tenant, "orgUnitCreate", "orgUnit { id }", **given))["id"])

    async def credential(self, worker: str, code: str = FIRST_AID, until: date | None = None, **given: Any) -> str:
        """Add a credential in force; gives its id."""
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
        done = await calls.change(self.tenant, "credentialCreate", "credential { id }", **content)
        assert done["errors"] == []
        return str(done["credential"]["id"])

    async def cells(self, worker: str, as_of: date | None = None, key: Any = None) -> tuple[str | None, Any]:
        """A worker's standing and cells on a day."""
        text = (
            "query ($id: ID!, $day: Date) { worker(by: {id: $id}) { standing(asOf: $day) compliance(asOf: $day) "
            "{ status reason rule { id } credential { id } exemption { id } wanted { code } changesOn day } } }"
        )
        answer = await self.tenant.ask(text, {"id": worker, "day": as_of and as_of.isoformat()}, key=key)
        found = answer.data["worker"]
        return found["standing"], found["compliance"]

    async def standing(self, worker: str, as_of: date | None = None) -> str | None:
        """A worker's standing on a day."""
        return (await self.cells(worker, as_of))[0]
