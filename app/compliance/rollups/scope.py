"""The scope of a roll-up: an organization, an org unit with its subtree, a position, or one owner, on a day."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import ColumnElement, select, true
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.worker_facts import BATCH_SIZE, WorkerOnDay
from app.compliance.rollups import owner_counts
from app.compliance.rollups.owner_counts import OwnerCounts
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.fields import Input, check_day
from app.credentials import queries as credentials
from app.credentials.tables import Credential, OwnerType
from app.db import row_access
from app.db.history import History
from app.db.session import Session
from app.lists.key_lists import in_keys
from app.organizations.tables import OrgUnit, subtree_ids
from app.workers import references
from app.workers.queries import held_on
from app.workers.tables import Assignment, Position, Worker

ARGUMENTS = ("orgUnit", "position", "owner")


class RollupScope(msgspec.Struct, frozen=True):
    """The day and the population of a roll-up; by default everyone the actor can see."""

    day: date
    today: date
    units: tuple[str, ...] | None = None
    """A unit and all units below it, as they are today."""
    unit_id: str | None = None
    position_id: str | None = None
    worker_id: str | None = None
    applicant_id: str | None = None

    @property
    def has_counters(self) -> bool:
        """Return whether counters exist for this scope: today's, for an organization or a unit."""
        narrowed_to = self.position_id or self.worker_id or self.applicant_id
        return self.day == self.today and narrowed_to is None


def default(actor: Actor, input: Input, now: datetime) -> RollupScope | None:
    """Return the scope of input that names no population: all that the actor sees. None if it needs a query."""
    day, today = _days(actor, input, now)
    if _chosen_argument(input):
        return None
    if actor.only_self:
        return RollupScope(day, today, worker_id=actor.worker_id)
    return RollupScope(day, today) if actor.org_unit_id is None else None


async def resolve(session: Session, actor: Actor, input: Input) -> RollupScope:
    """Return the scope that the input asks for.

    `input` has asOf, and up to one of orgUnit, position and owner. Raises NotFound for one that the actor does not see.
    """
    scope = default(actor, input, session.now)
    if scope is not None:
        return scope
    scope = RollupScope(*_days(actor, input, session.now))
    match _chosen_argument(input):
        case "position":
            position = await row_access.find(session, actor, Position, input["position"], ("position",))
            return msgspec.structs.replace(scope, position_id=position.id)
        case "owner":
            return await _with_owner(session, actor, input["owner"], scope)
        case "orgUnit":
            return await _with_unit(session, actor, await _unit_id(session, actor, input["orgUnit"], scope), scope)
    assert actor.org_unit_id is not None
    return await _with_unit(session, actor, actor.org_unit_id, scope)


def _days(actor: Actor, input: Input, now: datetime) -> tuple[date, date]:
    """Return the requested day, and today."""
    check_day(input.get("asOf"))
    today = clock.today(now, actor.time_zone)
    return input.get("asOf") or today, today


def _chosen_argument(input: Input) -> str | None:
    """Return the argument that narrows the population, or None. Raises Invalid if there are several."""
    names = [name for name in ARGUMENTS if input.get(name) is not None]
    if len(names) > 1:
        raise Invalid(f"{names[1]}: use only one of {', '.join(ARGUMENTS)}", (names[1],))
    return names[0] if names else None


async def _unit_id(session: Session, actor: Actor, key: str, scope: RollupScope) -> str:
    """Return the id of a unit that exists or, for a past day, existed at some time."""
    try:
        return (await row_access.find(session, actor, OrgUnit, key, ("orgUnit",))).id
    except NotFound:
        conditions = (col(History.organization_id) == actor.organization_id, col(History.row_id) == key)
        was_recorded = (
            select(conditions[0]).where(*conditions, col(History.kind) == str(OrgUnit.__tablename__)).limit(1)
        )
        is_past = scope.day < scope.today and actor.org_unit_id is None
        if is_past and await session.scalar(was_recorded):
            return key
        raise


async def _with_unit(session: Session, actor: Actor, unit_id: str, scope: RollupScope) -> RollupScope:
    units = tuple(await session.scalars(subtree_ids(actor.organization_id, unit_id)))
    return msgspec.structs.replace(scope, units=units, unit_id=unit_id)


async def _with_owner(session: Session, actor: Actor, owner: Input, scope: RollupScope) -> RollupScope:
    person_spec = credentials.OWNER_SPECS[owner["type"]]
    person = await references.find(session, actor, person_spec, owner, ("owner",))
    if owner["type"] is OwnerType.WORKER:
        return msgspec.structs.replace(scope, worker_id=person.id)
    return msgspec.structs.replace(scope, applicant_id=person.id)


async def load_workers(
    session: Session, actor: Actor, context: DayContext, scope: RollupScope
) -> AsyncIterator[WorkerOnDay]:
    """Yield the workers of a scope that the actor sees, loaded in batches."""
    if scope.applicant_id is not None:
        return
    candidates = await _candidates(context, scope)
    after, is_limited = "", actor.only_self or actor.org_unit_id is not None
    while page := await _next_page(context, candidates, after):
        visible = await _visible_ids(session, actor, page) if is_limited else page
        for worker in (await worker_facts.load(context, visible)).values():
            if _is_inside(worker, context, scope):
                yield worker
        after = page[-1]


async def load_owner_counts(
    session: Session, actor: Actor, context: DayContext, scope: RollupScope
) -> AsyncIterator[OwnerCounts]:
    """Yield the counts of the workers and applicants of a scope that the actor sees."""
    if scope.applicant_id is not None:
        yield await owner_counts.load_applicant(context, scope.applicant_id)
        return
    async for worker in load_workers(session, actor, context, scope):
        is_asked_alone = scope.worker_id is not None and not actor.is_restricted
        if is_asked_alone and worker.worker.deleted_at is not None:
            yield await owner_counts.for_deleted_worker(context, worker)
        else:
            yield owner_counts.for_worker(context, worker)
    is_whole_organization = scope.units is None and scope.position_id is None and scope.worker_id is None
    if is_whole_organization:
        for counts in await owner_counts.load_all_applicants(context):
            yield counts


async def _candidates(context: DayContext, scope: RollupScope) -> list[str] | None:
    """Return the ids of workers who may belong to a scope, in order; None for all workers."""
    if scope.worker_id is not None:
        return [scope.worker_id]
    if scope.position_id is not None:
        return sorted(await context.source.position_holders(scope.position_id))
    if scope.unit_id is not None:
        return sorted(await context.source.unit_members(list(context.subtree(scope.unit_id))))
    return None


async def _next_page(context: DayContext, candidates: Sequence[str] | None, after: str) -> list[str]:
    if candidates is None:
        return await context.source.worker_ids(after, BATCH_SIZE)
    return [key for key in candidates if key > after][:BATCH_SIZE]


async def _visible_ids(session: Session, actor: Actor, keys: Sequence[str]) -> list[str]:
    statement = select(col(Worker.id)).where(
        actor.visible_rows(Worker), in_keys(col(Worker.id), keys, session.dialect_name)
    )
    return list(await session.scalars(statement))


def _is_inside(worker: WorkerOnDay, context: DayContext, scope: RollupScope) -> bool:
    """Return whether a worker belonged to a scope on the day."""
    if scope.position_id is not None:
        return any(
            assignment.position_id == scope.position_id and assignment.covers(context.day)
            for assignment in worker.assignments
        )
    if scope.unit_id is not None:
        return scope.unit_id in context.ancestors(worker.worker.org_unit_id)
    return True


def worker_condition(session: Session, actor: Actor, scope: RollupScope) -> ColumnElement[bool]:
    """Return the condition for the workers of a scope today, whether or not the actor sees them."""
    if scope.worker_id is not None or scope.applicant_id is not None:
        return col(Worker.id) == (scope.worker_id or "")
    if scope.units is not None:
        return in_keys(col(Worker.org_unit_id), scope.units, session.dialect_name)
    if scope.position_id is not None:
        holders = select(col(Assignment.worker_id)).where(
            col(Assignment.organization_id) == actor.organization_id,
            col(Assignment.position_id) == scope.position_id,
            held_on(scope.day),
        )
        return col(Worker.id).in_(holders)
    return true()


def credential_conditions(session: Session, actor: Actor, scope: RollupScope) -> list[ColumnElement[bool]]:
    """Return the conditions for the credentials of a scope today, for a query that joins their workers.

    Of two owners, the one who lives counts. A unit and a position have workers only.
    """
    is_of_workers = actor.is_restricted or scope.units is not None or scope.position_id is not None
    living_owner = col(Credential.living_owner)
    is_owned = living_owner == OwnerType.WORKER if is_of_workers else living_owner.is_not(None)
    if scope.applicant_id is not None:
        return [is_owned, col(Credential.applicant_id) == scope.applicant_id]
    return [is_owned, worker_condition(session, actor, scope)]
