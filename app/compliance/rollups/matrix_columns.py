"""The columns of the compliance matrix: the rules that may apply to any worker of a list on a day.

They are found from where the list's workers are placed, without evaluating them, and so are the same on every page.
"""

from datetime import date

from sqlalchemy import Select, select
from sqlmodel import col

from app.access import Actor
from app.compliance import queries
from app.compliance.evaluation import day_context
from app.compliance.evaluation.day_context import DayContext
from app.compliance.evaluation.facts import RuleFacts
from app.compliance.tables import RequirementRule, RuleScope
from app.core import clock
from app.db.history import History
from app.db.session import Session
from app.lists.listings import Listing
from app.lists.page_request import PageRequest
from app.workers.queries import held_on
from app.workers.tables import Assignment, Worker


async def load(
    session: Session, actor: Actor, listing: Listing[Worker], request: PageRequest, day: date
) -> list[RequirementRule]:
    """Return the rules in force on a day that may apply to a worker of a list, by name.

    A rule of a unit or position that nobody of the list belongs to is left out, unless the day is past: placements on
    past days are known only by evaluating the workers.
    """
    request = await listing.resolve(session, actor, request)
    matching = listing.column_statement(session, actor, request, "id")
    units = set(await session.scalars(listing.column_statement(session, actor, request, "org_unit_id").distinct()))
    if not units:
        return []
    context = await day_context.load(session, actor.organization_id, day)
    rules = [rule for rule in context.rules.all() if rule.is_in_force(day)]
    is_past = day < clock.today(session.now, context.zone)
    if not is_past:
        rules = await _placed(session, actor, context, rules, matching, units)
    keys = {rule.id for rule in rules}
    keys.update(await session.scalars(_rules_about(actor, matching)))
    rows = await queries.rule_by_id.load(session, actor, sorted(keys))
    columns = [row for row in rows.values() if is_past or _is_in_force(row, day)]
    return sorted(columns, key=lambda rule: (rule.name_key, rule.id))


def _is_in_force(row: RequirementRule, day: date) -> bool:
    return (
        row.deleted_at is None and row.effective_from <= day and (row.effective_to is None or day <= row.effective_to)
    )


async def _placed(
    session: Session,
    actor: Actor,
    context: DayContext,
    rules: list[RuleFacts],
    matching: Select[str],
    units: set[str | None],
) -> list[RuleFacts]:
    """Return the rules for all workers, and those of the units and positions of the matching ones."""
    ancestors = {unit for key in units for unit in context.ancestors(key)}
    statement = select(col(Assignment.position_id)).where(
        col(Assignment.organization_id) == actor.organization_id,
        col(Assignment.worker_id).in_(matching),
        held_on(context.day),
    )
    positions = set(await session.scalars(statement.distinct()))
    return [
        rule
        for rule in rules
        if rule.scope is RuleScope.ALL_WORKERS or rule.org_unit_id in ancestors or rule.position_id in positions
    ]


def _rules_about(actor: Actor, matching: Select[str]) -> Select[str]:
    """Return the statement for the ids of rules that are or were about one of the matching workers alone."""
    return (
        select(col(History.row_id))
        .where(
            col(History.organization_id) == actor.organization_id,
            col(History.kind) == str(RequirementRule.__tablename__),
            col(History.worker_id).in_(matching),
        )
        .distinct()
    )
