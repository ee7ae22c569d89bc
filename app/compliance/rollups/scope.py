"""Of whom a roll-up tells: an organization, an org unit with its subtree, a position, or one owner, on a day."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, select, true
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.worker_facts import AT_ONCE, Gathered
from app.compliance.rollups import owner_counts
from app.compliance.rollups.owner_counts import Portfolio
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.fields import Given
from app.credentials import queries as credentials
from app.credentials.tables import Credential, OwnerType
from app.db import row_access
from app.db.database import Session
from app.db.history import History
from app.lists.key_lists import among
from app.organizations.tables import OrgUnit, subtree
from app.workers import references
from app.workers.queries import held_on
from app.workers.tables import Assignment, Position, Worker

SCOPES = ("orgUnit", "position", "owner")


class Extent(msgspec.Struct, frozen=True):
    """A day, and of whom is told; of all that the actor sees where nobody is named."""

    day: date
    today: date
    units: tuple[str, ...] | None = None
    """A unit and all under it, as they are today."""
    unit_id: str | None = None
    position_id: str | None = None
    worker_id: str | None = None
    applicant_id: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether its counts are kept: today's, of an organization or a unit."""
        named = self.position_id or self.worker_id or self.applicant_id
        return self.day == self.today and named is None


def of_all(actor: Actor, given: Given, now: datetime) -> Extent | None:
    """What is asked for, where nobody is named: all that the actor sees. None where that has to be looked up."""
    day, today = _days(actor, given, now)
    if _named(given):
        return None
    if actor.only_self:
        return Extent(day, today, worker_id=actor.worker_id)
    return Extent(day, today) if actor.org_unit_id is None else None


async def find(session: Session, actor: Actor, given: Given) -> Extent:
    """What is asked for. `given` has asOf, and one at most of orgUnit, position and owner; each has to be in sight."""
    extent = of_all(actor, given, session.now)
    if extent is not None:
        return extent
    extent = Extent(*_days(actor, given, session.now))
    match _named(given):
        case "position":
            position = await row_access.find(session, actor, Position, given["position"], ("position",))
            return msgspec.structs.replace(extent, position_id=position.id)
        case "owner":
            return await _owner(session, actor, given["owner"], extent)
        case "orgUnit":
            return await _unit(session, actor, await _unit_id(session, actor, given["orgUnit"], extent), extent)
    assert actor.org_unit_id is not None
    return await _unit(session, actor, actor.org_unit_id, extent)


def _days(actor: Actor, given: Given, now: datetime) -> tuple[date, date]:
    """The day that is asked for, and today."""
    worker_facts.check_day(given.get("asOf"))
    today = clock.today(now, actor.time_zone)
    return given.get("asOf") or today, today


def _named(given: Given) -> str | None:
    """By what somebody is named."""
    named = [name for name in SCOPES if given.get(name) is not None]
    if len(named) > 1:
        raise Invalid(f"give one of {', '.join(SCOPES)} at most", (named[1],))
    return named[0] if named else None


async def _unit_id(session: Session, actor: Actor, key: str, extent: Extent) -> str:
    """The id of a unit that there is, or, for a day gone by, that there was."""
    try:
        return (await row_access.find(session, actor, OrgUnit, key, ("orgUnit",))).id
    except NotFound:
        mine = (col(History.organization_id) == actor.organization_id, col(History.row_id) == key)
        known = select(mine[0]).where(*mine, col(History.kind) == str(OrgUnit.__tablename__)).limit(1)
        past = extent.day < extent.today and actor.org_unit_id is None
        if past and await session.scalar(known):
            return key
        raise


async def _unit(session: Session, actor: Actor, unit_id: str, extent: Extent) -> Extent:
    units = tuple(await session.scalars(subtree(actor.organization_id, unit_id)))
    return msgspec.structs.replace(extent, units=units, unit_id=unit_id)


async def _owner(session: Session, actor: Actor, owner: Given, extent: Extent) -> Extent:
    kind = credentials.OWNER_KINDS[owner["type"]]
    found = await references.find(session, actor, kind, owner, ("owner",))
    if owner["type"] is OwnerType.WORKER:
        return msgspec.structs.replace(extent, worker_id=found.id)
    return msgspec.structs.replace(extent, applicant_id=found.id)


async def workers(session: Session, actor: Actor, frame: Frame, extent: Extent) -> AsyncIterator[Gathered]:
    """The workers of an extent whom the actor sees, gathered many at a time."""
    if extent.applicant_id is not None:
        return
    candidates = await _candidates(frame, extent)
    after, limited = "", actor.only_self or actor.org_unit_id is not None
    while some := await _next(frame, candidates, after):
        seen = await _seen(session, actor, some) if limited else some
        for found in (await worker_facts.gather(frame, seen)).values():
            if _inside(found, frame, extent):
                yield found
        after = some[-1]


async def owners(session: Session, actor: Actor, frame: Frame, extent: Extent) -> AsyncIterator[Portfolio]:
    """The workers and applicants of an extent whom the actor sees, with their counts."""
    if extent.applicant_id is not None:
        yield await owner_counts.of_applicant(frame, extent.applicant_id)
        return
    async for found in workers(session, actor, frame, extent):
        yield owner_counts.of_worker(frame, found)
    whole = extent.units is None and extent.position_id is None and extent.worker_id is None
    if whole:
        for portfolio in await owner_counts.of_all_applicants(frame):
            yield portfolio


async def _candidates(frame: Frame, extent: Extent) -> list[str] | None:
    """The workers who may belong to an extent, in the order of their ids; None for all."""
    if extent.worker_id is not None:
        return [extent.worker_id]
    if extent.position_id is not None:
        return sorted(await frame.source.holders(extent.position_id))
    if extent.unit_id is not None:
        return sorted(await frame.source.members(list(frame.below(extent.unit_id))))
    return None


async def _next(frame: Frame, candidates: Sequence[str] | None, after: str) -> list[str]:
    if candidates is None:
        return await frame.source.workers(after, AT_ONCE)
    return [key for key in candidates if key > after][:AT_ONCE]


async def _seen(session: Session, actor: Actor, keys: Sequence[str]) -> list[str]:
    statement = select(col(Worker.id)).where(actor.sees(Worker), among(col(Worker.id), keys, session.dialect))
    return list(await session.scalars(statement))


def _inside(found: Gathered, frame: Frame, extent: Extent) -> bool:
    """Whether a worker belonged to an extent on the day."""
    if extent.position_id is not None:
        return any(post.position_id == extent.position_id and post.covers(frame.day) for post in found.posts)
    if extent.unit_id is not None:
        return extent.unit_id in frame.above(found.worker.org_unit_id)
    return True


def within(session: Session, actor: Actor, extent: Extent) -> ColumnElement[bool]:
    """The workers of an extent today, as a condition; it does not say whom the actor sees."""
    if extent.worker_id is not None or extent.applicant_id is not None:
        return col(Worker.id) == (extent.worker_id or "")
    if extent.units is not None:
        return among(col(Worker.org_unit_id), extent.units, session.dialect)
    if extent.position_id is not None:
        held = select(col(Assignment.worker_id)).where(
            col(Assignment.organization_id) == actor.organization_id,
            col(Assignment.position_id) == extent.position_id,
            held_on(extent.day),
        )
        return col(Worker.id).in_(held)
    return true()


def held_within(session: Session, actor: Actor, extent: Extent) -> list[ColumnElement[bool]]:
    """The credentials of an extent's owners today, as conditions, where workers are joined to them."""
    if extent.applicant_id is not None:
        return [col(Credential.applicant_id) == extent.applicant_id]
    return [within(session, actor, extent)]
