"""Counting everything anew, row by row, to hold what is kept against."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from app.compliance import settlement
from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.worker_facts import WorkerOnDay
from app.compliance.rollups import counters
from app.compliance.rollups.counting import Dimension
from app.compliance.tables import Unsettled
from app.credential_types.tables import CredentialType
from app.credentials import validity
from app.credentials.tables import NEVER, Credential
from app.db.database import Database
from app.db.records import Record
from app.db.session import Session
from app.organizations import calendar
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Applicant, Worker

Sums = dict[str, Counter[tuple[str, str]]]
"""By unit (empty for all): how many of each dimension and value."""


async def kept(database: Database, organization_id: str, ahead: int = 0) -> Sums:
    """The kept sums, as of today or some days ahead."""
    async with database.reading() as session:
        day = await calendar.today(session, organization_id) + timedelta(days=ahead)
        units = [counters.WHOLE_ORGANIZATION, *await session.scalars(_of(organization_id, OrgUnit))]
        found: Sums = {}
        for unit in units:
            sums = await counters.load_sums(session, organization_id, [unit], day, Dimension)
            found[unit] = Counter({(str(name), value): number for (name, value), number in sums.items()})
        return found


async def recounted(database: Database, organization_id: str, *ahead: int) -> dict[int, Sums]:
    """The same of each of these days, worked out from every row; standings are not foretold."""
    async with database.reading() as session:
        today = await calendar.today(session, organization_id)
        frame = await day_context.load(session, organization_id)
        tables = (Organization, OrgUnit, Worker, Applicant, CredentialType, Credential)
        rows: dict[type[Record], dict[str, Any]] = {
            table: await _rows(session, table, organization_id) for table in tables
        }
        gathered = await worker_facts.load(frame, list(rows[Worker]))
    found: dict[int, Sums] = {}
    for number in ahead:
        found[number] = {unit: Counter() for unit in ["", *rows[OrgUnit]]}
        for unit, name, value in _told(rows, today + timedelta(days=number)):
            for each in {"", unit or ""}:
                found[number][each][name, value] += 1
    for key, one in gathered.items():
        for name, value in _standing(one, today):
            for each in {"", rows[Worker][key].org_unit_id or ""}:
                for sums in found.values():
                    sums[each][name, value] += 1
    return found


def _told(rows: dict[type[Record], dict[str, Any]], day: date) -> Iterator[tuple[str | None, str, str]]:
    """What each credential counts as on a day, and the unit that it is counted in."""
    [organization] = rows[Organization].values()
    for credential in rows[Credential].values():
        owner = rows[Worker].get(credential.worker_id) or rows[Applicant][credential.applicant_id]
        gone = owner.deleted_at or credential.archived_at or credential.deleted_at
        if gone or credential.intake.value in ("REQUESTED", "CANCELLED"):
            continue
        unit = getattr(owner, "org_unit_id", None)
        days_of_type = rows[CredentialType][credential.credential_type_id].expiring_soon_days
        soon = organization.expiring_soon_days if days_of_type is None else days_of_type
        expires = None if credential.expires_on == NEVER else credential.expires_on
        yield unit, "TOTAL", ""
        yield unit, "STATUS", credential.status.value
        yield unit, "CATEGORY", credential.category.value
        yield unit, "JURISDICTION", credential.jurisdiction or ""
        yield unit, "ELIGIBILITY", credential.eligibility.value if credential.eligibility else ""
        yield unit, "VALIDITY", validity.validity_on(day, credential.valid_from, expires, soon).value


def _standing(one: WorkerOnDay, today: date) -> Iterator[tuple[str, str]]:
    """What a worker counts as today."""
    if one.facts is None:
        return
    judged = worker_facts.evaluate_worker(one.facts, one.rules, today)
    yield "STANDING", judged.standing.value
    for cell in judged.cells:
        if cell.rule.level.value == "MANDATORY" and cell.status.value in ("EXPIRED", "INELIGIBLE", "MISSING"):
            yield "GAP", f"{cell.rule.id} {cell.status.value}"


async def _rows(session: Session, table: type[Record], organization_id: str) -> dict[str, Any]:
    statement = select(table).where(col(table.organization_id) == organization_id)
    return {row.id: row for row in await session.scalars(statement)}


async def standings(database: Database, organization_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The kept standings of all workers, and the same worked out anew."""
    async with database.reading() as session:
        frame = await day_context.load(session, organization_id)
        statement = select(col(Worker.id), col(Worker.standing)).where(col(Worker.organization_id) == organization_id)
        found = {row[0]: row[1] for row in await session.execute(statement)}
        gathered = await worker_facts.load(frame, list(found))
    judged = {
        key: worker_facts.evaluate_worker(one.facts, one.rules, frame.day).standing if one.facts else None
        for key, one in gathered.items()
    }
    return found, judged


async def settle_all(database: Database, organization_id: str) -> None:
    """Settle until nothing is left."""
    for _ in range(100):
        async with database.writing("settle") as session:
            if not await settlement.settle(session, organization_id):
                return
    raise AssertionError("settling does not come to an end")


async def unsettled(database: Database, organization_id: str) -> int:
    """How many marks there are."""
    async with database.reading() as session:
        statement = select(func.count()).select_from(Unsettled).where(col(Unsettled.organization_id) == organization_id)
        return await session.scalar(statement) or 0


async def assert_right(database: Database, organization_id: str) -> None:
    """What is kept is what a recount gives, today and, of validities, on days to come; and no sum is negative."""
    found, judged = await standings(database, organization_id)
    assert found == judged
    for ahead, anew in (await recounted(database, organization_id, 0, 1, 20, 45, 400)).items():
        sums = await kept(database, organization_id, ahead)
        assert sums == anew, ahead
        assert all(number > 0 for of_unit in sums.values() for number in of_unit.values())
    assert await unsettled(database, organization_id) == 0


def _of(organization_id: str, table: Any) -> Any:
    return select(table.id).where(table.organization_id == organization_id)
