"""Gathering what workers are judged by, and judging them: few statements, however many workers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import day_context, evaluate
from app.compliance.evaluation.day_context import Frame
from app.compliance.evaluation.facts import Cell, Held, Post, Release, Rule, Situation
from app.compliance.evaluation.snapshots import (
    Kept,
    KeptAssignment,
    KeptCredential,
    KeptExemption,
    KeptRule,
    KeptWorker,
)
from app.core import clock
from app.core.errors import Invalid
from app.core.fields import EARLIEST, LATEST
from app.db.database import Session
from app.lists.key_lists import among
from app.workers.tables import EmploymentStatus, Standing, Worker

ASKED = frozenset({EmploymentStatus.PENDING, EmploymentStatus.ACTIVE, EmploymentStatus.ON_LEAVE})
"""Of whom something is asked."""
AT_ONCE = 1_000
"""Workers gathered at a time."""
ABOUT: tuple[type[Kept], ...] = (KeptWorker, KeptAssignment, KeptCredential, KeptExemption, KeptRule)


class Gathered(msgspec.Struct, frozen=True):
    """One worker on a day: the facts to judge by, and all that is on record."""

    worker: KeptWorker
    situation: Situation | None
    """None where nothing is asked of them."""
    rules: list[Rule]
    """Those that may ask them on some day."""
    posts: tuple[Post, ...]
    credentials: list[KeptCredential]


class Judged(msgspec.Struct, frozen=True):
    """A worker's cells on a day, and what follows from them."""

    worker_id: str
    day: date
    cells: list[Cell]
    standing: Standing
    changes_on: date


def check_day(day: date | None, name: str = "asOf") -> None:
    """Refuse a day that is no likely one."""
    if day is not None and not EARLIEST <= day <= LATEST:
        raise Invalid(f"{name} is not between {EARLIEST} and {LATEST}", (name,))


async def gather(frame: Frame, workers: Sequence[str]) -> dict[str, Gathered]:
    """All that some workers are judged by, for those there were on the day."""
    rows = await frame.source.about(ABOUT, workers)
    posts, credentials, releases, rules = (
        _by_worker(rows[kind]) for kind in (KeptAssignment, KeptCredential, KeptExemption, KeptRule)
    )
    found: dict[str, Gathered] = {}
    for worker in rows[KeptWorker]:
        situation = None
        held_posts = tuple(Post(row.position_id, row.from_date, row.to_date) for row in posts[worker.id])
        if worker.deleted_at is None and worker.status in ASKED:
            situation = Situation(
                worker_id=worker.id,
                since=worker.start_date or clock.today(worker.created_at, frame.zone),
                units=frame.above(worker.org_unit_id),
                unit_since=worker.org_unit_since,
                posts=held_posts,
                held=tuple(held(row, frame) for row in credentials[worker.id] if row.is_live),
                releases=tuple(_release(row) for row in releases[worker.id] if row.revoked_at is None),
            )
        own = [day_context.rule_of(row, frame.retired) for row in rules[worker.id] if row.deleted_at is None]
        asking = [] if situation is None else frame.rules.for_(situation, own)
        found[worker.id] = Gathered(worker, situation, asking, held_posts, credentials[worker.id])
    return found


def judge(situation: Situation, rules: Sequence[Rule], day: date) -> Judged:
    """A worker's cells and standing on a day."""
    cells = evaluate.cells(situation, rules, day)
    changes_on = evaluate.changes_on(situation, rules, cells, day)
    return Judged(situation.worker_id, day, cells, evaluate.standing(cells), changes_on)


async def judged(session: Session, actor: Actor, keys: Sequence[str], day: date | None) -> dict[str, Judged]:
    """Worker → their cells and standing on a day, for those that the actor sees and of whom anything is asked."""
    check_day(day)
    statement = select(col(Worker.id)).where(actor.sees(Worker), among(col(Worker.id), keys, session.dialect))
    seen = list(await session.scalars(statement))
    there = await day_context.of(session, actor.organization_id, day)
    return {
        key: judge(found.situation, found.rules, there.day)
        for key, found in (await gather(there, seen)).items()
        if found.situation is not None
    }


def held(row: KeptCredential, frame: Frame) -> Held:
    """A credential as standings are judged by it."""
    return Held(
        id=row.id,
        type_id=row.credential_type_id,
        intake=row.intake,
        status=row.status,
        eligibility=row.eligibility,
        latest_approval=row.latest_approval,
        is_effective=row.effective_version_id is not None,
        valid_from=row.valid_from,
        expires_on=row.expires_on,
        soon_days=frame.soon(row.credential_type_id),
    )


def _release(row: KeptExemption) -> Release:
    return Release(row.id, row.from_date, row.to_date, row.rule_id, row.credential_type_id)


def _by_worker(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.worker_id].append(row)
    return found
