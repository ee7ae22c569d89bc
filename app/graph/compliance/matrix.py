"""The roll-ups of compliance that are lists: the matrix of workers and rules, and the gaps in it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries
from app.compliance.evaluation import worker_facts
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.rollups import counting, gaps, scope
from app.compliance.tables import RequirementRule as RuleRow
from app.core import clock
from app.graph.compliance.cell import READ, ComplianceCell
from app.graph.compliance.rollups import EXTENT, named
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing
from app.graph.dsl.resolvers import Showing
from app.graph.dsl.types import output, scalar
from app.graph.references import RULE, WORKER
from app.graph.workers.listing import PersonOrder, WorkerWhere
from app.lists.listings import Listing
from app.workers import queries as workers
from app.workers.tables import Standing
from app.workers.tables import Worker as WorkerRow


@dataclass(frozen=True)
class Judged:
    """A worker's row in a roll-up."""

    row: WorkerRow
    standing: Standing | None
    cells: list[Cell]

    @property
    def worker_id(self) -> str:
        """The worker's id."""
        return self.row.id


@dataclass(frozen=True)
class Short:
    """A rule's row among the gaps."""

    row: RuleRow
    found: gaps.ByStatus

    @property
    def rule_id(self) -> str:
        """The rule's id."""
        return self.row.id

    def of(self, status: CellStatus) -> int:
        """How many workers fall short in one way."""
        return self.found.get(status, 0)


@output
class MatrixRow:
    """A worker's row of the matrix."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    standing: Standing | None = scalar("Where they stand on the day; null where `Worker.standing` is.")
    cells: list[ComplianceCell] = scalar("A cell for each rule that applies to them on the day.")


@output
class MatrixConnection(Connection[MatrixRow]):
    """One page of the matrix."""

    as_of: date = scalar("The day.", derived=lambda page: page.told[0])
    rules: list[RULE] | None = scalar(
        "The rules that apply to somebody on the page, by name: the columns.", derived=lambda page: page.told[1]
    )


@output
class WorkerGaps:
    """A worker who falls short of mandatory rules."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    gaps: list[ComplianceCell] = scalar(
        "The cells of mandatory rules that are expired, ineligible or missing.", column="cells"
    )


@output
class RuleGaps:
    """A mandatory rule that some workers fall short of."""

    rule: RULE | None = edge(queries.rule_by_id, "The rule.", key="rule_id", **READ)
    workers: int = scalar("How many workers fall short of it.", derived=lambda row: sum(row.found.values()))
    missing: int = scalar("Of whom nothing was provided.", derived=lambda row: row.of(CellStatus.MISSING))
    expired: int = scalar("Of whom it has expired.", derived=lambda row: row.of(CellStatus.EXPIRED))
    ineligible: int = scalar("Of whom it is ineligible.", derived=lambda row: row.of(CellStatus.INELIGIBLE))


async def _judge(context: Context, actor: Actor, rows: list[WorkerRow], day: date) -> list[Judged]:
    keys = [row.id for row in rows]
    found = await context.look(worker_facts.judged, actor, keys, day) if keys else {}
    return [
        Judged(row, found[row.id].standing, found[row.id].cells) if row.id in found else Judged(row, None, [])
        for row in rows
    ]


async def _matrix(context: Context, actor: Actor, as_of: date | None) -> tuple[Listing[Any], Showing]:
    worker_facts.check_day(as_of)
    day = as_of or clock.today(context.database.clock(), actor.time_zone)

    async def shown(rows: list[WorkerRow]) -> tuple[list[Judged], Any]:
        judged = await _judge(context, actor, rows, day)
        keys = sorted({cell.rule.id for row in judged for cell in row.cells})
        found = await context.look(queries.rule_by_id.load, actor, keys) if keys else {}
        columns = sorted(found.values(), key=lambda rule: (rule.name_key, rule.id))
        return judged, (day, columns)

    return workers.listing, shown


async def _short(context: Context, actor: Actor, **asked: Any) -> tuple[Listing[Any], Showing]:
    extent = await context.look(scope.find, actor, named(**asked))
    if extent.day == extent.today:
        await context.settled(actor)

    async def shown(rows: list[WorkerRow]) -> tuple[list[Judged], None]:
        judged = await _judge(context, actor, rows, extent.day)
        return [
            Judged(one.row, one.standing, [cell for cell in one.cells if counting.is_gap(cell)]) for one in judged
        ], None

    return await context.look(gaps.short, actor, extent), shown


async def _rules(context: Context, actor: Actor, **asked: Any) -> tuple[Listing[Any], Showing]:
    extent = await context.look(scope.find, actor, named(**asked))
    if extent.is_kept:
        await context.settled(actor)
    found = await context.look(gaps.by_rule, actor, extent)

    async def shown(rows: list[RuleRow]) -> tuple[list[Short], None]:
        return [Short(row, found.get(row.id, {})) for row in rows], None

    return await context.look(gaps.rules, actor, found), shown


QUERIES = [
    listing(
        "complianceMatrix",
        workers.listing,
        MatrixRow,
        "Workers and, for each rule that applies to them, whether they have what it asks. The filters are those of "
        "`workers`, as they are today; the cells are those of the day.",
        where=WorkerWhere,
        order=PersonOrder,
        chosen=_matrix,
        returns=Annotated["MatrixConnection", strawberry.lazy("app.graph.compliance.matrix")] | None,
        as_of=EXTENT["as_of"],
        **READ,
    ),
    listing(
        "gapsByWorker",
        replace(workers.listing, hides={}),
        WorkerGaps,
        "The workers who fall short of a mandatory rule, with what they lack.",
        where=WorkerWhere,
        order=PersonOrder,
        chosen=_short,
        **READ,
        **EXTENT,
    ),
    listing(
        "gapsByRule",
        gaps.RULES,
        RuleGaps,
        "The mandatory rules that some workers fall short of, by name, and how many workers do.",
        chosen=_rules,
        **READ,
        **EXTENT,
    ),
]
