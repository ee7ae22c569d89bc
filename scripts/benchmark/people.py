"""The workers and org units of the measured organization, drawn from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from app.core import ids
from app.core.text import fold
from app.demo import names
from app.organizations.tables import OrgUnit, OrgUnitKind
from app.workers import fields
from app.workers.tables import ConnectionState, EmploymentStatus, Worker, WorkerType

WORKERS = 20_000
UNITS = 40
REPORTS = 20
"""Workers for each manager."""
FOUNDED_DAYS_AGO = 1_500

_NAMES = [(first, last) for group in names.ALL for first in group.first for last in group.last]
_JOBS = ("Support Worker", "Registered Nurse", "Educator", "Electrician", "Driver", "Site Supervisor", "Coordinator")
_STATUSES = (EmploymentStatus.ACTIVE,) * 17 + (EmploymentStatus.ON_LEAVE, EmploymentStatus.TERMINATED) * 1
_MAILBOX = frozenset("abcdefghijklmnopqrstuvwxyz.")

Row = dict[str, Any]


@dataclass
class Draw:
    """A source of chance and of ids, the same for the same day."""

    random: Random
    today: date
    _made: int = 0

    def id(self, prefix: str) -> str:
        """A new id, in the form of the service's own, in the order of drawing."""
        self._made += 1
        chance = "".join(self.random.choices(ids.ALPHABET, k=ids.RANDOM_CHARACTERS))
        return f"{prefix}_{self._made:0{ids.TIME_CHARACTERS}}{chance}"

    def instant(self, day: date) -> datetime:
        """Some time of a working day; whole milliseconds, which every server can tell."""
        seconds = self.random.randrange(8 * 3_600, 17 * 3_600)
        start = datetime.combine(day, time(), UTC)
        return start + timedelta(seconds=seconds, milliseconds=self.random.randrange(1, 1_000))

    def days_ago(self, least: int, most: int) -> date:
        """A day in the past."""
        return self.today - timedelta(days=self.random.randint(least, most))


def units(draw: Draw, organization_id: str) -> list[Row]:
    """One company with its departments, in the order that their foreign keys need."""
    founded = draw.instant(draw.today - timedelta(days=FOUNDED_DAYS_AGO))
    rows: list[Row] = []
    for number in range(UNITS):
        name = "Head Office" if number == 0 else f"Department {number:02}"
        rows.append(
            {
                "organization_id": organization_id,
                "id": draw.id(OrgUnit.prefix),
                "kind": OrgUnitKind.DEPARTMENT if number else OrgUnitKind.COMPANY,
                "name": name,
                "name_key": fold(name),
                "parent_id": rows[0]["id"] if number else None,
                "created_at": founded,
                "last_updated": founded,
            }
        )
    return rows


def workers(draw: Draw, organization_id: str, in_units: list[Row]) -> Iterator[Row]:
    """All workers, managers before their reports."""
    manager: str | None = None
    for number in range(WORKERS):
        worker = _worker(draw, organization_id, number, in_units)
        worker.manager_id = manager
        if number % REPORTS == 0:
            manager = worker.id
        yield {name: getattr(worker, name) for name in Worker.model_fields}


def _worker(draw: Draw, organization_id: str, number: int, in_units: list[Row]) -> Worker:
    random = draw.random
    first, last = random.choice(_NAMES)
    recorded = draw.instant(draw.days_ago(1_000, FOUNDED_DAYS_AGO - 1))
    mailbox = "".join(letter for letter in f"{first}.{last}".lower() if letter in _MAILBOX)
    worker = Worker(
        organization_id=organization_id,
        id=draw.id(Worker.prefix),
        display_name=f"{first} {last}",
        first_name=first,
        last_name=last,
        birth_date=draw.days_ago(20 * 365, 65 * 365),
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
        org_unit_id=random.choice(in_units)["id"],
        country="Australia",
        zip_code=f"{random.randrange(2_000, 7_000)}",
        state_or_province=random.choice(("NSW", "VIC", "QLD", "WA", "SA")),
        connection_state=ConnectionState.ACCEPTED,
        created_at=recorded,
        last_updated=recorded,
    )
    fields.refresh(worker)
    return worker
