"""Compliance roll-ups that are lists: the matrix of workers and rules, and the gaps in it."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries
from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.rollups import counting, gaps, matrix_columns, scope
from app.compliance.tables import RequirementRule as RuleRow
from app.core import clock
from app.core.fields import check_day
from app.graph.compliance.cell import READ, ComplianceCell
from app.graph.compliance.rollups import SCOPE_ARGUMENTS, scope_input
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing
from app.graph.dsl.resolvers import PagePresenter
from app.graph.dsl.types import output, scalar
from app.graph.type_references import RULE, WORKER
from app.graph.workers.listing import PersonOrder, WorkerWhere
from app.lists.listings import Listing
from app.lists.page_request import PageRequest
from app.workers import queries as workers
from app.workers.tables import Standing
from app.workers.tables import Worker as WorkerRow


@dataclass(frozen=True)
class EvaluatedWorker:
    """A worker's row with the evaluation on the day of a roll-up; without standing and cells if not evaluated."""

    row: WorkerRow
    standing: Standing | None
    cells: list[Cell]
    aligned: list[Cell | None] = field(default_factory=list)
    """A cell, or None, for each column of the matrix."""

    @property
    def worker_id(self) -> str:
        """The worker's id."""
        return self.row.id


@dataclass(frozen=True)
class RuleShortfall:
    """A rule's row with the number of workers who do not meet the rule, by status."""

    row: RuleRow
    counts: gaps.ByStatus

    @property
    def rule_id(self) -> str:
        """The rule's id."""
        return self.row.id

    def count(self, status: CellStatus) -> int:
        """Return the number of workers with a status."""
        return self.counts.get(status, 0)


@output
class MatrixRow:
    """One worker's row of the compliance matrix."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    standing: Standing | None = scalar("The worker's standing on the day; null where `Worker.standing` is null.")
    cells: list[ComplianceCell | None] = scalar(
        "One item for each of the connection's `rules`, in their order: the cell, or null where the rule does not "
        "apply to the worker on the day.",
        column="aligned",
    )


@output
class MatrixConnection(Connection[MatrixRow]):
    """One page of the compliance matrix."""

    as_of: date = scalar("The day that the matrix is evaluated for.", derived=lambda page: page.extra[0])
    rules: list[RULE] | None = scalar(
        "The columns of the matrix, the same on every page: the rules in force on the day, by name. Of rules of units "
        "and positions, only those to which some worker of the list belongs; on a past day, all. Up to 500.",
        derived=lambda page: page.extra[1],
    )


@output
class WorkerGaps:
    """A worker who does not meet some mandatory rules."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    gaps: list[ComplianceCell] = scalar(
        "The cells of mandatory rules that are expired, ineligible or missing.", column="cells"
    )


@output
class RuleGaps:
    """A mandatory rule that some workers do not meet."""

    rule: RULE | None = edge(queries.rule_by_id, "The rule.", key="rule_id", **READ)
    workers: int = scalar(
        "The number of workers who do not meet the rule.", derived=lambda row: sum(row.counts.values())
    )
    missing: int = scalar(
        "The number of workers who provided nothing.", derived=lambda row: row.count(CellStatus.MISSING)
    )
    expired: int = scalar(
        "The number of workers with an expired credential.", derived=lambda row: row.count(CellStatus.EXPIRED)
    )
    ineligible: int = scalar(
        "The number of workers with an ineligible credential.", derived=lambda row: row.count(CellStatus.INELIGIBLE)
    )


async def _evaluate(context: Context, actor: Actor, rows: list[WorkerRow], day: date) -> list[EvaluatedWorker]:
    keys = [row.id for row in rows]
    evaluations = await context.run_query(worker_facts.evaluate_workers, actor, keys, day) if keys else {}
    return [
        EvaluatedWorker(row, evaluations[row.id].standing, evaluations[row.id].cells)
        if row.id in evaluations
        else EvaluatedWorker(row, None, [])
        for row in rows
    ]


async def _matrix(context: Context, actor: Actor, as_of: date | None) -> tuple[Listing[Any], PagePresenter]:
    check_day(as_of)
    day = as_of or clock.today(context.database.clock(), actor.time_zone)

    async def present(rows: list[WorkerRow], request: PageRequest) -> tuple[list[EvaluatedWorker], Any]:
        evaluated = await _evaluate(context, actor, rows, day)
        columns = await context.run_query(matrix_columns.load, actor, workers.listing, request, day)
        aligned = []
        for worker in evaluated:
            cells = {cell.rule.id: cell for cell in worker.cells}
            aligned.append(replace(worker, aligned=[cells.get(rule.id) for rule in columns]))
        return aligned, (day, columns)

    return workers.listing, present


async def _gaps_by_worker(context: Context, actor: Actor, **arguments: Any) -> tuple[Listing[Any], PagePresenter]:
    rollup_scope = await context.run_query(scope.resolve, actor, scope_input(**arguments))
    if rollup_scope.day == rollup_scope.today:
        await context.settle(actor)

    async def present(rows: list[WorkerRow], _request: PageRequest) -> tuple[list[EvaluatedWorker], None]:
        evaluated = await _evaluate(context, actor, rows, rollup_scope.day)
        return [
            replace(worker, cells=[cell for cell in worker.cells if counting.is_gap(cell)]) for worker in evaluated
        ], None

    return await context.run_query(gaps.worker_listing, actor, rollup_scope), present


async def _gaps_by_rule(context: Context, actor: Actor, **arguments: Any) -> tuple[Listing[Any], PagePresenter]:
    rollup_scope = await context.run_query(scope.resolve, actor, scope_input(**arguments))
    if rollup_scope.has_counters:
        await context.settle(actor)
    counts = await context.run_query(gaps.count_by_rule, actor, rollup_scope)

    async def present(rows: list[RuleRow], _request: PageRequest) -> tuple[list[RuleShortfall], None]:
        return [RuleShortfall(row, counts.get(row.id, {})) for row in rows], None

    return await context.run_query(gaps.rule_listing, actor, counts), present


QUERIES = [
    listing(
        "complianceMatrix",
        workers.listing,
        MatrixRow,
        "List workers with a cell for each rule that applies to them. The filters are those of `workers` "
        "and use present data; the cells are those of the day `asOf`.",
        where=WorkerWhere,
        order=PersonOrder,
        select_list=_matrix,
        returns=Annotated["MatrixConnection", strawberry.lazy("app.graph.compliance.matrix")] | None,
        as_of=SCOPE_ARGUMENTS["as_of"],
        **READ,
    ),
    listing(
        "gapsByWorker",
        replace(workers.listing, default_conditions={}),
        WorkerGaps,
        "List the workers who do not meet a mandatory rule, with their gaps.",
        where=WorkerWhere,
        order=PersonOrder,
        select_list=_gaps_by_worker,
        **READ,
        **SCOPE_ARGUMENTS,
    ),
    listing(
        "gapsByRule",
        gaps.RULES,
        RuleGaps,
        "List the mandatory rules that some workers do not meet, by name, with the number of those workers.",
        select_list=_gaps_by_rule,
        **READ,
        **SCOPE_ARGUMENTS,
    ),
]
