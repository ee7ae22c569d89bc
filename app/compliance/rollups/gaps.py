"""Gaps: the mandatory rules that workers fail, and the workers who fail them.

A gap is a cell of a mandatory rule that is expired, ineligible or missing, and so makes its worker non-compliant.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import col

from app.access import Actor
from app.compliance import queries
from app.compliance.evaluation import day_context
from app.compliance.evaluation.facts import CellStatus
from app.compliance.rollups import counters, counting, scope
from app.compliance.rollups.counting import Dimension
from app.compliance.rollups.scope import RollupScope
from app.compliance.tables import RequirementRule
from app.db.session import Session
from app.lists.key_lists import in_keys
from app.lists.listings import Listing
from app.workers import queries as workers
from app.workers.tables import Standing, Worker

RULES = replace(queries.rules, filters={}, orders={"name": queries.rules.orders["name"]}, default_conditions={})
"""Rules by name, including deleted ones, which may have applied on the day."""
ByStatus = Mapping[CellStatus, int]
ByRule = Mapping[str, ByStatus]


async def count_by_rule(session: Session, actor: Actor, rollup_scope: RollupScope) -> ByRule:
    """Return the number of failing workers by rule id and status, without rules that no worker fails."""
    if rollup_scope.has_counters:
        sums = await counters.load_sums(
            session, actor.organization_id, rollup_scope.units, rollup_scope.day, [Dimension.GAP]
        )
        return _split({value: number for (_, value), number in sums.items()})
    numbers: Counter[str] = Counter()
    context = await day_context.load(session, actor.organization_id, rollup_scope.day)
    async for worker in scope.load_workers(session, actor, context, rollup_scope):
        evaluation = worker.evaluate(context.day)
        cells = evaluation.cells if evaluation else []
        numbers.update(counting.gap_value(cell.rule.id, cell.status) for cell in cells if counting.is_gap(cell))
    return _split(numbers)


def _split(counts: Mapping[str, int]) -> dict[str, ByStatus]:
    numbers: dict[str, dict[CellStatus, int]] = defaultdict(dict)
    for value, number in counts.items():
        rule_id, _, status = value.partition(" ")
        numbers[rule_id][CellStatus(status)] = number
    return dict(numbers)


async def rule_listing(session: Session, actor: Actor, gaps: ByRule) -> Listing[RequirementRule]:
    """Return the listing of the rules with gaps."""
    has_gap = in_keys(col(RequirementRule.id), sorted(gaps), session.dialect_name)
    return replace(RULES, base_condition=has_gap)


async def worker_listing(session: Session, actor: Actor, rollup_scope: RollupScope) -> Listing[Worker]:
    """Return the listing of non-compliant workers: today by kept standing, on other days by evaluating all workers."""
    if rollup_scope.day == rollup_scope.today:
        non_compliant = col(Worker.standing) == Standing.NON_COMPLIANT
        return replace(
            workers.listing,
            default_conditions={},
            base_condition=non_compliant & scope.worker_condition(session, actor, rollup_scope),
        )
    context = await day_context.load(session, actor.organization_id, rollup_scope.day)
    worker_ids = [
        worker.worker.id
        async for worker in scope.load_workers(session, actor, context, rollup_scope)
        if (evaluation := worker.evaluate(context.day)) and evaluation.standing is Standing.NON_COMPLIANT
    ]
    return replace(
        workers.listing, base_condition=in_keys(col(Worker.id), worker_ids, session.dialect_name), default_conditions={}
    )
