"""Load the facts of workers and evaluate them. The number of statements does not depend on the number of workers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.compliance.evaluation import day_context, evaluate
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.facts import (
    AssignmentFacts,
    Cell,
    CredentialFacts,
    ExemptionFacts,
    RuleFacts,
    WorkerFacts,
)
from app.compliance.evaluation.snapshots import (
    AssignmentSnapshot,
    CredentialSnapshot,
    ExemptionSnapshot,
    RuleSnapshot,
    Snapshot,
    WorkerSnapshot,
)
from app.core import clock
from app.core.fields import check_day
from app.db.session import Session
from app.lists.key_lists import in_keys
from app.workers.tables import EmploymentStatus, Standing, Worker

EVALUATED_STATUSES = frozenset({EmploymentStatus.PENDING, EmploymentStatus.ACTIVE, EmploymentStatus.ON_LEAVE})
"""Workers of any other employment status are not evaluated: rules concern people at work, and those about to start."""
BATCH_SIZE = 1_000
"""The number of workers loaded together, which bounds memory."""
WORKER_SNAPSHOTS: tuple[type[Snapshot], ...] = (
    WorkerSnapshot,
    AssignmentSnapshot,
    CredentialSnapshot,
    ExemptionSnapshot,
    RuleSnapshot,
)


class WorkerOnDay(msgspec.Struct, frozen=True):
    """One worker on a day: the facts to evaluate, and the recorded rows."""

    worker: WorkerSnapshot
    facts: WorkerFacts | None
    """None for a deleted worker, one whose employment status no rule applies to, or one whose employment has ended."""
    rules: list[RuleFacts]
    """Rules that may apply to the worker on some day."""
    assignments: tuple[AssignmentFacts, ...]
    credentials: list[CredentialSnapshot]

    def evaluate(self, day: date) -> "WorkerEvaluation | None":
        """Evaluate the worker on a day; None for a worker without facts."""
        return None if self.facts is None else evaluate_worker(self.facts, self.rules, day)


class WorkerEvaluation(msgspec.Struct, frozen=True):
    """A worker's cells on a day, the standing that follows, and the next day on which either may change."""

    worker_id: str
    day: date
    cells: list[Cell]
    standing: Standing
    changes_on: date


async def load(context: DayContext, worker_ids: Sequence[str]) -> dict[str, WorkerOnDay]:
    """Return the facts of workers by id, without the workers who did not exist on the day."""
    rows = await context.source.about_workers(WORKER_SNAPSHOTS, worker_ids)
    assignments, credentials, exemptions, rules = (
        _by_worker(rows[snapshot])
        for snapshot in (AssignmentSnapshot, CredentialSnapshot, ExemptionSnapshot, RuleSnapshot)
    )
    workers: dict[str, WorkerOnDay] = {}
    for worker in rows[WorkerSnapshot]:
        facts = None
        worker_assignments = tuple(
            AssignmentFacts(row.position_id, row.from_date, row.to_date) for row in assignments[worker.id]
        )
        if _is_evaluated(worker, context.day):
            facts = WorkerFacts(
                worker_id=worker.id,
                since=worker.start_date or clock.today(worker.created_at, context.zone),
                until=worker.end_date,
                units=context.ancestors(worker.org_unit_id),
                unit_since=worker.org_unit_since,
                assignments=worker_assignments,
                credentials=tuple(credential_facts(row, context) for row in credentials[worker.id] if row.is_live),
                exemptions=tuple(_exemption_facts(row) for row in exemptions[worker.id] if row.revoked_at is None),
            )
        own_rules = [
            day_context.rule_facts(row, context.archived_types) for row in rules[worker.id] if row.deleted_at is None
        ]
        applicable = [] if facts is None else context.rules.for_worker(facts, own_rules)
        workers[worker.id] = WorkerOnDay(worker, facts, applicable, worker_assignments, credentials[worker.id])
    return workers


def _is_evaluated(worker: WorkerSnapshot, day: date) -> bool:
    """Return whether rules concern a worker on a day."""
    has_ended = worker.end_date is not None and worker.end_date < day
    return worker.deleted_at is None and worker.status in EVALUATED_STATUSES and not has_ended


def evaluate_worker(worker: WorkerFacts, rules: Sequence[RuleFacts], day: date) -> WorkerEvaluation:
    """Evaluate a worker against rules on a day."""
    cells = evaluate.cells(worker, rules, day)
    changes_on = evaluate.next_change(worker, rules, cells, day)
    return WorkerEvaluation(worker.worker_id, day, cells, evaluate.standing(cells), changes_on)


async def evaluate_workers(
    session: Session, actor: Actor, keys: Sequence[str], day: date | None
) -> dict[str, WorkerEvaluation]:
    """Evaluate the workers that the actor sees on a day, by id; without workers to whom no rule can apply."""
    check_day(day)
    statement = select(col(Worker.id)).where(
        actor.visible_rows(Worker), in_keys(col(Worker.id), keys, session.dialect_name)
    )
    visible = list(await session.scalars(statement))
    context = await day_context.load(session, actor.organization_id, day)
    workers = await load(context, visible)
    return {
        key: evaluation for key, worker in workers.items() if (evaluation := worker.evaluate(context.day)) is not None
    }


def credential_facts(row: CredentialSnapshot, context: DayContext) -> CredentialFacts:
    """Return the facts of a credential."""
    return CredentialFacts(
        id=row.id,
        type_id=row.credential_type_id,
        intake=row.intake,
        status=row.status,
        eligibility=row.eligibility,
        latest_approval=row.latest_approval,
        decided=row.decided,
        pending=row.pending,
        soon_days=context.soon_days_of(row.credential_type_id),
    )


def _exemption_facts(row: ExemptionSnapshot) -> ExemptionFacts:
    return ExemptionFacts(row.id, row.from_date, row.to_date, row.rule_id, row.credential_type_id)


def _by_worker(rows: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.worker_id].append(row)
    return grouped
