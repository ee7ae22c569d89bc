"""Compliance cells in the graph: one rule for one worker on one day."""

from datetime import date
from typing import Any

from app.access import Scope
from app.compliance import queries
from app.compliance.evaluation.facts import CellStatus
from app.compliance.tables import Level, Severity
from app.credential_types import queries as types
from app.credentials import queries as credentials
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.fields import edge
from app.graph.dsl.types import output, scalar
from app.graph.references import CREDENTIAL, EXEMPTION, RULE, WORKER
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.COMPLIANCE_READ, "own": True}


@output
class ComplianceCell:
    """Whether a worker has what a rule asks, on a day, and why."""

    worker: WORKER | None = edge(
        workers.by_id, "The worker who is asked.", key="worker_id", scope=Scope.WORKERS_READ, own=True
    )
    rule: RULE | None = edge(queries.rule_by_id, "The rule that asks, as it is today.", key="rule_id", **READ)
    level: Level = scalar("Whether standing depended on it that day.", derived=lambda cell: cell.rule.level)
    severity: Severity = scalar("How bad it was not to have it.", derived=lambda cell: cell.rule.severity)
    day: date = scalar("The day that is judged.")
    status: CellStatus = scalar("Whether they have it.")
    reason: str = scalar("Why, in a sentence with the date that it hinges on.")
    credential: CREDENTIAL | None = edge(
        credentials.by_id,
        "The credential that decides it: the one that satisfies the rule, or falls short of it.",
        key="credential_id",
        scope=Scope.CREDENTIALS_READ,
        own=True,
    )
    exemption: EXEMPTION | None = edge(
        queries.exemption_by_id, "The exemption that lets them off.", key="exemption_id", **READ
    )
    wanted: list[CredentialType] | None = edge(
        types.by_id, "The credential types that would have to be provided.", key="wanted", scope=None
    )
    changes_on: date | None = scalar(
        "The next day on which it may become another by the mere passing of days; null when never.",
        derived=lambda cell: None if cell.changes_on == date.max else cell.changes_on,
    )
