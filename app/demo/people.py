"""The demo organization's people, drawn as a plan: who they are, and what became of their records.

Every day of a plan is counted from today (-1 is yesterday), so that the plan is the same whenever it is drawn.
"""

import unicodedata
from dataclasses import dataclass
from random import Random

from app.demo import names
from app.demo.job_titles import BY_TITLE, Job
from app.demo.units import BY_NAME, PLACES, Place, above
from app.workers.tables import ConnectionState, EmploymentStatus

FOUNDED = -830
KNOWN_FOR = 40
"""Every worker has been on record for this many days at least, so that each has a history."""
APPLICANTS = 20
FIRST_APPLICANT = 55_021

MAILBOX = frozenset("abcdefghijklmnopqrstuvwxyz.")
JORDAN, PRIYA = ("Jordan", "Avery"), ("Priya", "Raman")
JORDANS_NUMBER = 100_482
JORDANS_FIRST_DAY = -520

FATES = (
    *[EmploymentStatus.ON_LEAVE] * 6,
    *[EmploymentStatus.TERMINATED] * 5,
    *[EmploymentStatus.INACTIVE] * 2,
    *[EmploymentStatus.PENDING] * 3,
)
DELETED = 3
ANSWERS = {
    ConnectionState.ACCEPTED: 64,
    ConnectionState.PENDING: 20,
    ConnectionState.CREATED: 12,
    ConnectionState.REJECTED: 4,
}


@dataclass(eq=False, slots=True)
class Person:
    """A worker, or an applicant where there is no place."""

    first: str
    last: str
    born: int
    recorded: int
    """The day on which they were put on record."""
    place: Place | None = None
    title: str = ""
    leads: bool = False
    started: int = 0
    number: int = 0
    connection: ConnectionState = ConnectionState.CREATED
    status: EmploymentStatus = EmploymentStatus.ACTIVE
    changed: int | None = None
    """The day on which their status came to be, if it was not so from the start."""
    deleted: int | None = None
    exemplar: bool = False
    """Whether it is Jordan, the one whom the examples ask for by name."""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def mailbox(self) -> str:
        """The name as an email address has it."""
        plain = unicodedata.normalize("NFKD", f"{self.first}.{self.last}").lower()
        return "".join(character for character in plain if character in MAILBOX)

    @property
    def external_id(self) -> str:
        """The id in the system that they come from."""
        return f"WD-{self.number}" if self.place else f"ATS-{self.number}"

    @property
    def job(self) -> Job:
        """What they do."""
        return BY_TITLE[self.title]

    @property
    def reports_to(self) -> Place | None:
        """The place whose lead is their manager; the top has none."""
        if self.place is None or (self.leads and self.place is PLACES[0]):
            return None
        if not self.leads:
            return self.place
        return BY_NAME[self.place.parent] if self.place.parent else PLACES[0]

    @property
    def levels(self) -> list[str]:
        """The names of the places they belong to, the topmost first."""
        return [place.name for place in reversed(above(self.place))] if self.place else []


def draw_workers(random: Random, taken: set[tuple[str, str]]) -> list[Person]:
    """All workers, leads before their people, numbered in the order they were put on record."""
    taken |= {JORDAN, PRIYA}
    workers = [_lead(random, taken, place) for place in PLACES]
    workers += [
        _employee(random, taken, place, title)
        for place in PLACES
        for title, count in place.staff.items()
        for _ in range(count)
    ]
    jordan = next(worker for worker in workers if worker.title == "Support Worker")
    jordan.first, jordan.last = JORDAN
    jordan.exemplar = True
    jordan.started, jordan.recorded = JORDANS_FIRST_DAY, JORDANS_FIRST_DAY - 5
    _decide_fates(random, [worker for worker in workers if not worker.leads and worker is not jordan])
    workers.sort(key=lambda worker: worker.recorded)  # stable: the leads stay in front
    for worker in workers:
        worker.connection = random.choices(list(ANSWERS), list(ANSWERS.values()))[0]
    jordan.connection = ConnectionState.ACCEPTED
    first_number = JORDANS_NUMBER - workers.index(jordan)
    for number, worker in enumerate(workers, first_number):
        worker.number = number
    return workers


def draw_applicants(random: Random, taken: set[tuple[str, str]]) -> list[Person]:
    """All applicants, numbered in the order they applied."""
    days = sorted(-random.randint(3, 60) for _ in range(APPLICANTS))
    return [
        Person(*names.draw(random, taken), _born(random), day, number=number)
        for number, day in enumerate(days, FIRST_APPLICANT)
    ]


def _lead(random: Random, taken: set[tuple[str, str]], place: Place) -> Person:
    first, last = PRIYA if place.name == "People and Compliance" else names.draw(random, taken)
    started = FOUNDED - random.randint(200, 3_000)
    return Person(first, last, _born(random), FOUNDED + 1, place, place.lead, True, started)


def _employee(random: Random, taken: set[tuple[str, str]], place: Place, title: str) -> Person:
    first, last = names.draw(random, taken)
    was_there = random.random() < 0.6
    started = FOUNDED - random.randint(10, 2_500) if was_there else -random.randint(KNOWN_FOR + 10, -FOUNDED - 10)
    recorded = FOUNDED + 2 if was_there else started - 5
    return Person(first, last, _born(random), recorded, place, title, False, started)


def _born(random: Random) -> int:
    return -random.randint(21 * 365, 63 * 365)


def _decide_fates(random: Random, workers: list[Person]) -> None:
    chosen = random.sample(workers, len(FATES) + DELETED)
    for worker, status in zip(chosen, FATES, strict=False):
        worker.status = status
        if status is EmploymentStatus.PENDING:
            worker.recorded, worker.started = -KNOWN_FOR, random.randint(5, 20)
        else:
            worker.changed = max(-random.randint(5, 200), worker.started + 20)
    for worker in chosen[len(FATES) :]:
        worker.deleted = -random.randint(4, 15)
