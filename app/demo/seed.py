"""Loading the demo organization: Harbour Health, with two years of people and credentials behind it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.access import EVERYTHING, ROLES, Actor, ActorKind, Role
from app.compliance import settlement
from app.core import clock
from app.credential_types import catalogue
from app.db.database import Database, Session
from app.demo import holdings, people, playback, timeline
from app.demo.playback import Evening
from app.demo.timeline import History
from app.organizations import api_keys, settings
from app.organizations.tables import Organization

NAME, TIME_ZONE = "Harbour Health", "Australia/Sydney"
SEED = 7
ROLES_WITH_KEYS = (Role.OWNER, Role.REVIEWER, Role.AUDITOR)
RECORDER = ("priya.raman@harbourhealth.example", "Priya Raman")
"""The person who recorded it all."""
DAILY_SINCE = -10
"""The day since which each day is settled; before, every twelve weeks is enough."""
SELDOM = 12 * 7


async def load(database: Database, evening: Callable[[Session, int], Awaitable[None]] | None = None) -> dict[str, str]:
    """Found the demo organization; gives its keys by role.

    What follows from a day's changes is done with them, and who stands where is settled: each day of late, and
    every twelve weeks before. `evening` is called at the end of each day.
    """
    async with database.writing("demo") as session:
        today = clock.today(session.now, ZoneInfo(TIME_ZONE))
        founded = timeline.instant(today + timedelta(days=people.FOUNDED), 0, ZoneInfo(TIME_ZONE))
        timeline.at(session, founded)
        organization = await settings.found(session, NAME, TIME_ZONE, sandbox=True)
        tokens = await _issue_keys(session, organization)
        kinds = await catalogue.stock(session, _actor(organization, ActorKind.SYSTEM, "setup", "Setup"))
        past = History(
            session,
            organization,
            _actor(organization, ActorKind.PERSON, *RECORDER),
            today,
            {kind.code: kind for kind in kinds},
        )

        async def end(day: int) -> None:
            if day >= DAILY_SINCE or day % SELDOM == 0:
                await database.follow(session)
                await settlement.settle(session, organization.id)
            if evening is not None:
                await evening(session, day)

        await _tell(past, end)
    return tokens


async def _issue_keys(session: Session, organization: Organization) -> dict[str, str]:
    actor = _actor(organization, ActorKind.SYSTEM, "setup", "Setup")
    tokens: dict[str, str] = {}
    for role in ROLES_WITH_KEYS:
        given = {"name": role.value.capitalize(), "scopes": ROLES[role]}
        tokens[role.value.lower()] = str((await api_keys.create(session, actor, given)).token)
    return tokens


async def _tell(past: History, end: Evening) -> None:
    random = Random(SEED)
    taken: set[tuple[str, str]] = set()
    workers = people.draw_workers(random, taken)
    applicants = people.draw_applicants(random, taken)
    kinds = {row["code"]: row for row in catalogue.read()}
    held = holdings.draw(random, kinds, workers, applicants)
    await playback.tell(past, [*workers, *applicants], held, random, end)


def _actor(organization: Organization, kind: ActorKind, key: str, name: str) -> Actor:
    return Actor(organization.id, kind, key, name, EVERYTHING, time_zone=ZoneInfo(TIME_ZONE))
