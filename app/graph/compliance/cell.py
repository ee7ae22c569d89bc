"""The `ComplianceCell` type: one rule for one worker on one day."""

from datetime import date
from typing import Any

from app.access import Scope
from app.compliance import queries
from app.compliance.evaluation import evaluate
from app.compliance.evaluation.facts import Cell, CellStatus
from app.compliance.rollups.clearance import Reason
from app.compliance.tables import RequirementLevel, RequirementSeverity
from app.credential_types import queries as types
from app.credentials import queries as credentials
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.fields import edge
from app.graph.dsl.types import output, scalar
from app.graph.type_references import CREDENTIAL, EXEMPTION, RULE, WORKER
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.COMPLIANCE_READ, "own": True}


def changes_on(item: Cell | Reason) -> date | None:
    """Return the day on which a cell, or the reason that follows from one, changes; None if never."""
    day = evaluate.changes_on(item) if isinstance(item, Cell) else item.changes_on
    return None if day == date.max else day


@output
class ComplianceCell:
    """The evaluation of a requirement rule for a worker on a day, with its reason."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    rule: RULE | None = edge(queries.rule_by_id, "The requirement rule, as it is today.", key="rule_id", **READ)
    level: RequirementLevel = scalar(
        "The rule's level on the day: whether the worker's standing depended on it.",
        derived=lambda cell: cell.rule.level,
    )
    severity: RequirementSeverity = scalar("The rule's severity on the day.", derived=lambda cell: cell.rule.severity)
    as_of: date = scalar("The day of the evaluation.", column="day")
    status: CellStatus = scalar("The result of the evaluation.")
    reason: str = scalar("The reason for the status, as a sentence with the date it depends on.")
    credential: CREDENTIAL | None = edge(
        credentials.by_id,
        "The credential that decides the status: the one that satisfies the rule or falls short of it.",
        key="credential_id",
        scope=Scope.CREDENTIALS_READ,
        own=True,
    )
    exemption: EXEMPTION | None = edge(
        queries.exemption_by_id, "The exemption that applies.", key="exemption_id", **READ
    )
    wanted: list[CredentialType] | None = edge(
        types.by_id, "The credential types that the worker would need to provide.", key="wanted", scope=None
    )
    changes_on: date | None = scalar(
        "The next day on which the status changes, or the rule ceases to apply, by the passing of time alone; null if "
        "never.",
        derived=changes_on,
    )
