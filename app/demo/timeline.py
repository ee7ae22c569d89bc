"""What the telling of the demo's history is made of: steps on days, and the rows that came to be so far."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.access import Actor
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential
from app.db.database import Session
from app.demo.holdings import Holding
from app.demo.people import Person
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Applicant, Worker

UNITS, PEOPLE, PLACING, RECORDS, CHANGES, REQUIREMENTS, DELETIONS = range(7)
"""The order of a day's steps."""


@dataclass(frozen=True)
class Step:
    """Something that happens on a day; `turn` orders the kinds of steps within it."""

    day: int
    turn: int
    act: Callable[[], Awaitable[object]]


@dataclass
class History:
    """The rows that came to be so far."""

    session: Session
    organization: Organization
    actor: Actor
    today: date
    kinds: dict[str, CredentialType]
    units: dict[str, OrgUnit] = field(default_factory=dict)
    leads: dict[str, Worker] = field(default_factory=dict)
    people: dict[Person, Worker | Applicant] = field(default_factory=dict)
    credentials: dict[Holding, Credential] = field(default_factory=dict)

    def date(self, day: int) -> date:
        """A day of the plan in the calendar."""
        return self.today + timedelta(days=day)


def instant(day: date, second: float, zone: ZoneInfo) -> datetime:
    """An instant of a day in a time zone, in UTC."""
    midnight = datetime.combine(day, time(), zone)
    return (midnight + timedelta(seconds=int(second))).astimezone(UTC)


def at(session: Session, moment: datetime) -> None:
    """Let what follows happen at an instant."""
    session.clock = lambda: moment
    session.tick()
