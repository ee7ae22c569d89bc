"""The demo organization's people, drawn at random as a plan: identities, jobs, and changes to their records.

Every day of a plan is a number of days from today (-1 is yesterday), so that the plan is the same on every day.
"""

import unicodedata
from dataclasses import dataclass
from random import Random

from app.demo import names
from app.demo.job_titles import BY_TITLE, Job
from app.demo.units import UNITS, UNITS_BY_NAME, DemoUnit, with_ancestors
from app.workers.tables import EmploymentStatus, InvitationState

FOUNDING_DAY = -830
MIN_DAYS_ON_RECORD = 40  # every worker has at least this much history
APPLICANT_COUNT = 20
FIRST_APPLICANT_NUMBER = 55_021

MAILBOX_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz.")
JORDAN, PRIYA = ("Jordan", "Avery"), ("Priya", "Raman")
JORDANS_NUMBER = 100_482
JORDANS_FIRST_DAY = -520

NOT_ACTIVE = (
    *[EmploymentStatus.ON_LEAVE] * 6,
    *[EmploymentStatus.TERMINATED] * 5,
    *[EmploymentStatus.INACTIVE] * 2,
    *[EmploymentStatus.PENDING] * 3,
)
"""The employment statuses of the workers that are not active, one for each worker."""
DELETED_COUNT = 3
INVITATION_WEIGHTS = {
    InvitationState.ACCEPTED: 64,
    InvitationState.PENDING: 20,
    InvitationState.CREATED: 12,
    InvitationState.REJECTED: 4,
}
"""The states of a hundred workers' invitations."""


@dataclass(eq=False, slots=True)
class DemoPerson:
    """A worker, or an applicant if there is no unit."""

    first: str
    last: str
    born: int
    recorded: int
    """The day on which the person's record is created."""
    unit: DemoUnit | None = None
    title: str = ""
    is_lead: bool = False
    started: int = 0
    number: int = 0
    invitation: InvitationState = InvitationState.CREATED
    status: EmploymentStatus = EmploymentStatus.ACTIVE
    status_changed: int | None = None
    """The day on which the person gets `status`; None if the record is created with it."""
    deleted: int | None = None
    is_jordan: bool = False
    """True for Jordan Avery, the worker that the examples of the README ask for."""

    @property
    def name(self) -> str:
        """The first and last name."""
        return f"{self.first} {self.last}"

    @property
    def mailbox(self) -> str:
        """The local part of the person's email address."""
        plain = unicodedata.normalize("NFKD", f"{self.first}.{self.last}").lower()
        return "".join(character for character in plain if character in MAILBOX_CHARACTERS)

    @property
    def external_id(self) -> str:
        """The id in the person's source system."""
        return f"WD-{self.number}" if self.unit else f"ATS-{self.number}"

    @property
    def job(self) -> Job:
        """The job of the person's title."""
        return BY_TITLE[self.title]

    @property
    def reports_to(self) -> DemoUnit | None:
        """The unit whose lead is the person's manager; None for the lead of the topmost unit."""
        if self.unit is None or (self.is_lead and self.unit is UNITS[0]):
            return None
        if not self.is_lead:
            return self.unit
        return UNITS_BY_NAME[self.unit.parent] if self.unit.parent else UNITS[0]

    @property
    def levels(self) -> list[str]:
        """The names of the person's unit and the units above it, the topmost first."""
        return [unit.name for unit in reversed(with_ancestors(self.unit))] if self.unit else []


def draw_workers(random: Random, used_names: set[tuple[str, str]]) -> list[DemoPerson]:
    """Draw all workers, leads before their staff, numbered in the order of their records."""
    used_names |= {JORDAN, PRIYA}
    workers = [_draw_lead(random, used_names, unit) for unit in UNITS]
    workers += [
        _draw_employee(random, used_names, unit, title)
        for unit in UNITS
        for title, count in unit.staff.items()
        for _ in range(count)
    ]
    jordan = next(worker for worker in workers if worker.title == "Support Worker")
    jordan.first, jordan.last = JORDAN
    jordan.is_jordan = True
    jordan.started, jordan.recorded = JORDANS_FIRST_DAY, JORDANS_FIRST_DAY - 5
    _draw_changes(random, [worker for worker in workers if not worker.is_lead and worker is not jordan])
    workers.sort(key=lambda worker: worker.recorded)  # the sort is stable: the leads stay in front
    for worker in workers:
        worker.invitation = random.choices(list(INVITATION_WEIGHTS), list(INVITATION_WEIGHTS.values()))[0]
    jordan.invitation = InvitationState.ACCEPTED
    first_number = JORDANS_NUMBER - workers.index(jordan)
    for number, worker in enumerate(workers, first_number):
        worker.number = number
    return workers


def draw_applicants(random: Random, used_names: set[tuple[str, str]]) -> list[DemoPerson]:
    """Draw all applicants, numbered in the order of their applications."""
    days = sorted(-random.randint(3, 60) for _ in range(APPLICANT_COUNT))
    return [
        DemoPerson(*names.draw_name(random, used_names), _draw_birth(random), day, number=number)
        for number, day in enumerate(days, FIRST_APPLICANT_NUMBER)
    ]


def _draw_lead(random: Random, used_names: set[tuple[str, str]], unit: DemoUnit) -> DemoPerson:
    first, last = PRIYA if unit.name == "People and Compliance" else names.draw_name(random, used_names)
    started = FOUNDING_DAY - random.randint(200, 3_000)
    return DemoPerson(first, last, _draw_birth(random), FOUNDING_DAY + 1, unit, unit.lead_title, True, started)


def _draw_employee(random: Random, used_names: set[tuple[str, str]], unit: DemoUnit, title: str) -> DemoPerson:
    first, last = names.draw_name(random, used_names)
    if random.random() < 0.6:  # employed before the organization was founded here
        started = FOUNDING_DAY - random.randint(10, 2_500)
        recorded = FOUNDING_DAY + 2
    else:
        started = -random.randint(MIN_DAYS_ON_RECORD + 10, -FOUNDING_DAY - 10)
        recorded = started - 5
    return DemoPerson(first, last, _draw_birth(random), recorded, unit, title, False, started)


def _draw_birth(random: Random) -> int:
    return -random.randint(21 * 365, 63 * 365)


def _draw_changes(random: Random, workers: list[DemoPerson]) -> None:
    """Choose the workers that change status or are deleted, and the days on which they do."""
    chosen = random.sample(workers, len(NOT_ACTIVE) + DELETED_COUNT)
    for worker, status in zip(chosen, NOT_ACTIVE, strict=False):
        worker.status = status
        if status is EmploymentStatus.PENDING:
            worker.recorded, worker.started = -MIN_DAYS_ON_RECORD, random.randint(5, 20)
        else:
            worker.status_changed = max(-random.randint(5, 200), worker.started + 20)
    for worker in chosen[len(NOT_ACTIVE) :]:
        worker.deleted = -random.randint(4, 15)
