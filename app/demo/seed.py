"""Load the demo organization: Harbour Health, with two years of history of its people and credentials."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.access import ALL_SCOPES, ROLES, Actor, ActorKind, Role
from app.compliance import settlement
from app.core import clock
from app.credential_types import catalogue
from app.db.database import Database
from app.db.session import Session
from app.demo import holdings, people, playback, timeline
from app.demo.playback import EndOfDay
from app.demo.timeline import DemoContext
from app.organizations import api_keys, founding
from app.organizations.tables import Organization

NAME, TIME_ZONE = "Harbour Health", "Australia/Sydney"
SEED = 7
ROLES_WITH_KEYS = (Role.OWNER, Role.REVIEWER, Role.AUDITOR)
RECORDER = ("priya.raman@harbourhealth.example", "Priya Raman")
"""The id and name of the actor of the whole history."""
DAILY_SETTLEMENT_SINCE = -10
SETTLEMENT_INTERVAL_DAYS = 12 * 7
"""Counts are settled every twelve weeks, and daily from `DAILY_SETTLEMENT_SINCE`: to settle each day takes minutes."""


async def load(
    database: Database, end_of_day: Callable[[Session, int], Awaitable[None]] | None = None
) -> dict[str, str]:
    """Create the demo organization with its history; return its API keys by role.

    Reactions run, and kept counts are settled, at the end of each recent day and every twelve weeks before that.
    `end_of_day` is called at the end of every day.
    """
    async with database.writing("demo") as session:
        today = clock.today(session.now, ZoneInfo(TIME_ZONE))
        founded = timeline.instant(today + timedelta(days=people.FOUNDING_DAY), 0, ZoneInfo(TIME_ZONE))
        timeline.set_time(session, founded)
        organization = await founding.create(session, NAME, TIME_ZONE, sandbox=True)
        tokens = await _issue_keys(session, organization)
        credential_types = await catalogue.install(session, _actor(organization, ActorKind.SYSTEM, "setup", "Setup"))
        context = DemoContext(
            session,
            organization,
            _actor(organization, ActorKind.PERSON, *RECORDER),
            today,
            {row.code: row for row in credential_types},
        )

        async def on_end_of_day(day: int) -> None:
            if day >= DAILY_SETTLEMENT_SINCE or day % SETTLEMENT_INTERVAL_DAYS == 0:
                await database.before_commit(session)
                await settlement.settle(session, organization.id)
            if end_of_day is not None:
                await end_of_day(session, day)

        await _play(context, on_end_of_day)
    return tokens


async def _issue_keys(session: Session, organization: Organization) -> dict[str, str]:
    actor = _actor(organization, ActorKind.SYSTEM, "setup", "Setup")
    tokens: dict[str, str] = {}
    for role in ROLES_WITH_KEYS:
        input = {"name": role.value.capitalize(), "scopes": ROLES[role]}
        tokens[role.value.lower()] = str((await api_keys.create(session, actor, input)).token)
    return tokens


async def _play(context: DemoContext, on_end_of_day: EndOfDay) -> None:
    random = Random(SEED)
    used_names: set[tuple[str, str]] = set()
    workers = people.draw_workers(random, used_names)
    applicants = people.draw_applicants(random, used_names)
    types = {row["code"]: row for row in catalogue.read()}
    drawn = holdings.draw_holdings(random, types, workers, applicants)
    await playback.play(context, [*workers, *applicants], drawn, random, on_end_of_day)


def _actor(organization: Organization, kind: ActorKind, actor_id: str, name: str) -> Actor:
    return Actor(organization.id, kind, actor_id, name, ALL_SCOPES, time_zone=ZoneInfo(TIME_ZONE))
