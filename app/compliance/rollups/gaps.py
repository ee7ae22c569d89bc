"""What is missing: which mandatory rules are not met by how many workers, and which workers fall short.

A gap is a cell of a mandatory rule that is expired, ineligible or missing, and so makes its worker non-compliant.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import col

from app.access import Actor
from app.compliance import queries
from app.compliance.evaluation import day_context, worker_facts
from app.compliance.evaluation.facts import CellStatus
from app.compliance.rollups import counters, counting, scope
from app.compliance.rollups.counting import Dimension
from app.compliance.rollups.scope import Extent
from app.compliance.tables import RequirementRule
from app.db.database import Session
from app.lists.key_lists import among
from app.lists.listings import Listing
from app.workers import queries as workers
from app.workers.tables import Standing, Worker

RULES = replace(queries.rules, filters={}, orders={"name": queries.rules.orders["name"]}, hides={})
"""Rules by name, deleted ones among them: they may have asked on the day."""
ByStatus = Mapping[CellStatus, int]
ByRule = Mapping[str, ByStatus]


async def by_rule(session: Session, actor: Actor, extent: Extent) -> ByRule:
    """Rule → how many workers fall short of it, and how. Of rules that all meet there is none."""
    if extent.is_kept:
        kept = await counters.counts(session, actor.organization_id, extent.units, extent.day, [Dimension.GAP])
        return _split({value: number for (_, value), number in kept.items()})
    found: Counter[str] = Counter()
    frame = await day_context.of(session, actor.organization_id, extent.day)
    async for worker in scope.workers(session, actor, frame, extent):
        if worker.situation is not None:
            cells = worker_facts.judge(worker.situation, worker.rules, frame.day).cells
            found.update(counting.gap(cell.rule.id, cell.status) for cell in cells if counting.is_gap(cell))
    return _split(found)


def _split(counts: Mapping[str, int]) -> dict[str, ByStatus]:
    found: dict[str, dict[CellStatus, int]] = defaultdict(dict)
    for value, number in counts.items():
        rule_id, _, status = value.partition(" ")
        found[rule_id][CellStatus(status)] = number
    return dict(found)


async def rules(session: Session, actor: Actor, found: ByRule) -> Listing[RequirementRule]:
    """The list of the rules that some workers fall short of."""
    these = among(col(RequirementRule.id), sorted(found), session.dialect)
    return replace(RULES, base=these)


async def short(session: Session, actor: Actor, extent: Extent) -> Listing[Worker]:
    """The list of the workers who fall short: today by their kept standing, on any other day by judging them all."""
    if extent.day == extent.today:
        non_compliant = col(Worker.standing) == Standing.NON_COMPLIANT
        return replace(workers.listing, hides={}, base=non_compliant & scope.within(session, actor, extent))
    frame = await day_context.of(session, actor.organization_id, extent.day)
    found = [
        worker.worker.id
        async for worker in scope.workers(session, actor, frame, extent)
        if worker.situation is not None
        and worker_facts.judge(worker.situation, worker.rules, frame.day).standing is Standing.NON_COMPLIANT
    ]
    return replace(workers.listing, base=among(col(Worker.id), found, session.dialect), hides={})
