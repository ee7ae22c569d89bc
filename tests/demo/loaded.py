"""A loaded demo organization: its API keys and its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import clock
from app.credential_types.tables import CredentialType
from app.credentials.tables import Credential, CredentialVersion
from app.db.database import Database
from app.db.records import Record
from app.demo import people
from app.events.tables import Event
from app.organizations import api_keys
from app.organizations.tables import OrgUnit
from app.workers.tables import Applicant, Worker

SYDNEY = ZoneInfo("Australia/Sydney")


@dataclass(frozen=True)
class LoadedDemo:
    """The API keys and the rows of a demo organization."""

    database: Database
    tokens: dict[str, str]
    owner: Actor
    rows: Mapping[Any, Sequence[Any]]
    today: date

    def get(self, table: type[Record], key: str | None) -> Any:
        """Return the row of a table with an id."""
        return next(row for row in self.rows[table] if row.id == key)


TABLES = (OrgUnit, Worker, Applicant, CredentialType, Credential, CredentialVersion, Event)


async def read_demo(database: Database, tokens: dict[str, str]) -> LoadedDemo:
    """Read a demo organization."""
    async with database.reading() as session:
        owner, _ = await api_keys.authenticate(session, tokens["owner"])
        rows: dict[type[Record], list[Any]] = {
            table: list(
                await session.scalars(
                    select(table).where(col(table.organization_id) == owner.organization_id).order_by(col(table.id))
                )
            )
            for table in TABLES
        }
    # The day of the load, which may be yesterday if midnight has passed since.
    today = clock.today(rows[Event][0].occurred_at, SYDNEY) - timedelta(days=people.FOUNDING_DAY)
    assert clock.today(clock.system(), SYDNEY) - today <= timedelta(days=1)
    return LoadedDemo(database, tokens, owner, rows, today)
