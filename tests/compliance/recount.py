"""Recount everything row by row, to compare with kept counts and standings."""

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
from app.credentials.tables import EFFECTIVE_APPROVALS, NEVER, Credential, CredentialVersion
from app.db.database import Database
from app.db.records import Record
from app.db.session import Session
from app.organizations import calendar
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Applicant, Worker

Sums = dict[str, Counter[tuple[str, str]]]
"""Numbers of each dimension and value, by unit (empty for the whole organization)."""


async def kept_sums(database: Database, organization_id: str, ahead: int = 0) -> Sums:
    """Return the kept sums, as of today or a number of days ahead."""
    async with database.reading() as session:
        day = await calendar.today(session, organization_id) + timedelta(days=ahead)
        units = [counters.WHOLE_ORGANIZATION, *await session.scalars(_ids(organization_id, OrgUnit))]
        sums_by_unit: Sums = {}
        for unit in units:
            sums = await counters.load_sums(session, organization_id, [unit], day, Dimension)
            sums_by_unit[unit] = Counter({(str(name), value): number for (name, value), number in sums.items()})
        return sums_by_unit


async def recounted_sums(database: Database, organization_id: str, *ahead: int) -> dict[int, Sums]:
    """Recount the sums_by_day of each day from all rows. Standings are those of today on every day."""
    async with database.reading() as session:
        today = await calendar.today(session, organization_id)
        context = await day_context.load(session, organization_id)
        tables = (Organization, OrgUnit, Worker, Applicant, CredentialType, Credential, CredentialVersion)
        rows: dict[type[Record], dict[str, Any]] = {
            table: await _rows(session, table, organization_id) for table in tables
        }
        workers = await worker_facts.load(context, list(rows[Worker]))
    sums_by_day: dict[int, Sums] = {}
    for number in ahead:
        sums_by_day[number] = {unit: Counter() for unit in ["", *rows[OrgUnit]]}
        for unit, name, value in _credential_counts(rows, today + timedelta(days=number)):
            for unit_key in {"", unit or ""}:
                sums_by_day[number][unit_key][name, value] += 1
    for key, worker in workers.items():
        for name, value in _worker_counts(worker, today):
            for unit_key in {"", rows[Worker][key].org_unit_id or ""}:
                for sums in sums_by_day.values():
                    sums[unit_key][name, value] += 1
    return sums_by_day


def _credential_counts(rows: dict[type[Record], dict[str, Any]], day: date) -> Iterator[tuple[str | None, str, str]]:
    """Yield the unit, dimension and value of each count of each credential on a day."""
    [organization] = rows[Organization].values()
    for credential in rows[Credential].values():
        owners = (rows[Worker].get(credential.worker_id), rows[Applicant].get(credential.applicant_id))
        owner = next((owner for owner in owners if owner is not None and owner.deleted_at is None), None)
        gone = owner is None or credential.archived_at or credential.deleted_at
        if gone or credential.intake.value in ("REQUESTED", "CANCELLED"):
            continue
        unit = getattr(owner, "org_unit_id", None)
        days_of_type = rows[CredentialType][credential.credential_type_id].expiring_soon_days
        soon = organization.expiring_soon_days if days_of_type is None else days_of_type
        first, last = _dates_on(credential, rows[CredentialVersion], day)
        yield unit, "TOTAL", ""
        yield unit, "STATUS", credential.status.value
        yield unit, "CATEGORY", credential.category.value
        yield unit, "JURISDICTION", credential.jurisdiction or ""
        yield unit, "ELIGIBILITY", credential.eligibility.value if credential.eligibility else ""
        yield unit, "VALIDITY", validity.validity_on(day, first, last, soon).value


def _dates_on(credential: Credential, versions: dict[str, Any], day: date) -> tuple[date | None, date | None]:
    """Return the dates of the version in force on a day, worked out from the versions; without one, the row's."""
    decided = [
        version
        for version in sorted(versions.values(), key=lambda version: version.number)
        if version.credential_id == credential.id and version.approval in EFFECTIVE_APPROVALS
    ]
    begun = [version for version in decided if (version.issue_date or date.min) <= day]
    holding = [version for version in begun if day <= (version.expiry_date or date.max)]
    first_to_begin = sorted(decided, key=lambda version: (version.issue_date or date.min, -version.number))
    for candidates in (holding[-1:], begun[-1:], first_to_begin[:1]):
        for version in candidates:
            return version.issue_date, version.expiry_date
    return credential.valid_from, None if credential.expires_on == NEVER else credential.expires_on


def _worker_counts(worker: WorkerOnDay, today: date) -> Iterator[tuple[str, str]]:
    """Yield the dimension and value of each count of a worker today."""
    if worker.facts is None:
        return
    evaluated = worker_facts.evaluate_worker(worker.facts, worker.rules, today)
    yield "STANDING", evaluated.standing.value
    for cell in evaluated.cells:
        if cell.rule.level.value == "MANDATORY" and cell.status.value in ("EXPIRED", "INELIGIBLE", "MISSING"):
            yield "GAP", f"{cell.rule.id} {cell.status.value}"


async def _rows(session: Session, table: type[Record], organization_id: str) -> dict[str, Any]:
    statement = select(table).where(col(table.organization_id) == organization_id)
    return {row.id: row for row in await session.scalars(statement)}


async def standings(database: Database, organization_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the kept standings of all workers, and their standings evaluated now."""
    async with database.reading() as session:
        context = await day_context.load(session, organization_id)
        statement = select(col(Worker.id), col(Worker.standing)).where(col(Worker.organization_id) == organization_id)
        kept = {row[0]: row[1] for row in await session.execute(statement)}
        workers = await worker_facts.load(context, list(kept))
    evaluated = {
        key: worker_facts.evaluate_worker(worker.facts, worker.rules, context.day).standing if worker.facts else None
        for key, worker in workers.items()
    }
    return kept, evaluated


async def settle_all(database: Database, organization_id: str) -> None:
    """Settle until nothing is left to settle."""
    for _ in range(100):
        async with database.writing("settle") as session:
            if not await settlement.settle(session, organization_id):
                return
    raise AssertionError("settling does not come to an end")


async def count_marks(database: Database, organization_id: str) -> int:
    """Return the number of marks."""
    async with database.reading() as session:
        statement = select(func.count()).select_from(Unsettled).where(col(Unsettled.organization_id) == organization_id)
        return await session.scalar(statement) or 0


async def assert_matches_recount(database: Database, organization_id: str) -> None:
    """Assert that kept standings and sums match a recount today and on later days, and that no sum is negative."""
    sums, evaluated = await standings(database, organization_id)
    assert sums == evaluated
    for ahead, anew in (await recounted_sums(database, organization_id, 0, 1, 20, 45, 400)).items():
        sums = await kept_sums(database, organization_id, ahead)
        assert sums == anew, ahead
        assert all(number > 0 for of_unit in sums.values() for number in of_unit.values())
    assert await count_marks(database, organization_id) == 0


def _ids(organization_id: str, table: Any) -> Any:
    return select(table.id).where(table.organization_id == organization_id)
