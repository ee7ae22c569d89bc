"""The building blocks of the demo's history: steps on days, and the rows that the steps have created so far."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, auto
from zoneinfo import ZoneInfo

from app.access import Actor
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential
from app.db.session import Session
from app.demo.holdings import Holding
from app.demo.people import DemoPerson
from app.organizations.tables import Organization, OrgUnit
from app.workers.tables import Applicant, Worker


class Phase(IntEnum):
    """The order of the steps within a day: a row is created before the rows that refer to it."""

    UNITS = auto()
    PEOPLE = auto()
    PLACEMENT = auto()
    CREDENTIALS = auto()
    CHANGES = auto()
    REQUIREMENTS = auto()
    DELETIONS = auto()


@dataclass(frozen=True)
class Step:
    """One action of the history: its day, its phase within the day, and the call that performs it."""

    day: int
    phase: Phase
    run: Callable[[], Awaitable[object]]


@dataclass
class DemoContext:
    """The session and actor of the playback, with the rows created so far by their part of the plan."""

    session: Session
    organization: Organization
    actor: Actor
    today: date
    credential_types: dict[str, CredentialType]
    units: dict[str, OrgUnit] = field(default_factory=dict)
    unit_leads: dict[str, Worker] = field(default_factory=dict)
    people: dict[DemoPerson, Worker | Applicant] = field(default_factory=dict)
    credentials: dict[Holding, Credential] = field(default_factory=dict)

    def date(self, day: int) -> date:
        """Return the date of a day of the plan."""
        return self.today + timedelta(days=day)


def instant(day: date, second: float, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, that many seconds after a day begins in a time zone."""
    midnight = datetime.combine(day, time(), zone)
    return (midnight + timedelta(seconds=int(second))).astimezone(UTC)


def set_time(session: Session, moment: datetime) -> None:
    """Set the session's clock, so that the following actions are recorded at that instant."""
    session.clock = lambda: moment
    session.tick()
