"""The workers and org units of the measured organization, generated from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from app.core import ids
from app.core.text import fold
from app.demo import names
from app.organizations.tables import OrgUnit, OrgUnitType
from app.workers import fields
from app.workers.tables import EmploymentStatus, InvitationState, Worker, WorkerType

WORKERS = 20_000
UNITS = 40
REPORTS_PER_MANAGER = 20
FOUNDED_DAYS_AGO = 1_500

_NAMES = [(first, last) for group in names.GROUPS for first in group.first for last in group.last]
_JOBS = ("Support Worker", "Registered Nurse", "Educator", "Electrician", "Driver", "Site Supervisor", "Coordinator")
_STATUSES = (EmploymentStatus.ACTIVE,) * 17 + (EmploymentStatus.ON_LEAVE, EmploymentStatus.TERMINATED) * 1
_MAILBOX = frozenset("abcdefghijklmnopqrstuvwxyz.")

Row = dict[str, Any]


@dataclass
class Generator:
    """A generator of random values and ids, the same on the same day."""

    random: Random
    today: date
    _id_count: int = 0

    def id(self, prefix: str) -> str:
        """Return a new id in the service's format, in ascending order."""
        self._id_count += 1
        random_part = "".join(self.random.choices(ids.ALPHABET, k=ids.RANDOM_CHARACTERS))
        return f"{prefix}_{self._id_count:0{ids.TIME_CHARACTERS}}{random_part}"

    def instant(self, day: date) -> datetime:
        """Return a random instant of a working day, in whole milliseconds, which every server can represent."""
        seconds = self.random.randrange(8 * 3_600, 17 * 3_600)
        start = datetime.combine(day, time(), UTC)
        return start + timedelta(seconds=seconds, milliseconds=self.random.randrange(1, 1_000))

    def days_ago(self, min_days: int, max_days: int) -> date:
        """Return a random day in the past."""
        return self.today - timedelta(days=self.random.randint(min_days, max_days))


def draw_units(generator: Generator, organization_id: str) -> list[Row]:
    """Return a company and its departments, parents first, as their foreign keys need."""
    founded = generator.instant(generator.today - timedelta(days=FOUNDED_DAYS_AGO))
    rows: list[Row] = []
    for number in range(UNITS):
        name = "Head Office" if number == 0 else f"Department {number:02}"
        rows.append(
            {
                "organization_id": organization_id,
                "id": generator.id(OrgUnit.prefix),
                "kind": OrgUnitType.DEPARTMENT if number else OrgUnitType.COMPANY,
                "name": name,
                "name_key": fold(name),
                "parent_id": rows[0]["id"] if number else None,
                "created_at": founded,
                "updated_at": founded,
            }
        )
    return rows


def draw_workers(generator: Generator, organization_id: str, units: list[Row]) -> Iterator[Row]:
    """Yield all workers, managers before their reports."""
    manager: str | None = None
    for number in range(WORKERS):
        worker = _worker(generator, organization_id, number, units)
        worker.manager_id = manager
        if number % REPORTS_PER_MANAGER == 0:
            manager = worker.id
        yield {name: getattr(worker, name) for name in Worker.model_fields}


def _worker(generator: Generator, organization_id: str, number: int, units: list[Row]) -> Worker:
    random = generator.random
    first, last = random.choice(_NAMES)
    recorded = generator.instant(generator.days_ago(1_000, FOUNDED_DAYS_AGO - 1))
    mailbox = "".join(letter for letter in f"{first}.{last}".lower() if letter in _MAILBOX)
    worker = Worker(
        organization_id=organization_id,
        id=generator.id(Worker.prefix),
        display_name=f"{first} {last}",
        first_name=first,
        last_name=last,
        birth_date=generator.days_ago(20 * 365, 65 * 365),
        work_email=f"{mailbox}{number}@example.com",
        phone=f"+61 4{random.randrange(10**8):08}",
        external_id=f"WD-{100_000 + number}",
        source_system="workday",
        job_title=random.choice(_JOBS),
        worker_type=random.choice((WorkerType.EMPLOYEE, WorkerType.EMPLOYEE, WorkerType.CONTRACTOR)),
        status=random.choice(_STATUSES),
        start_date=recorded.date(),
        team=f"Team {random.randrange(200)}",
        department=f"Department {random.randrange(UNITS):02}",
        org_unit_id=random.choice(units)["id"],
        country="Australia",
        zip_code=f"{random.randrange(2_000, 7_000)}",
        state_or_province=random.choice(("NSW", "VIC", "QLD", "WA", "SA")),
        invitation_state=InvitationState.ACCEPTED,
        created_at=recorded,
        updated_at=recorded,
    )
    fields.refresh(worker)
    return worker
