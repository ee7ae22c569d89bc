"""The facts that an evaluation depends on, as plain values from today's rows or from the history of a past day."""

from datetime import date
from enum import StrEnum

import msgspec

from app.compliance.tables import RequirementLevel, RequirementSeverity, RuleScope
from app.credentials.effective_version import Period
from app.credentials.tables import ApprovalStatus, IntakeStatus, VerificationStatus
from app.registries.findings import Eligibility


class CellStatus(StrEnum):
    """The state of one requirement of one worker on a day."""

    SATISFIED = "SATISFIED"
    EXEMPT = "EXEMPT"
    EXPIRING = "EXPIRING"
    IN_REVIEW = "IN_REVIEW"
    GRACE = "GRACE"
    EXPIRED = "EXPIRED"
    INELIGIBLE = "INELIGIBLE"
    MISSING = "MISSING"


class RuleFacts(msgspec.Struct, frozen=True):
    """A requirement rule: which credential types it asks for, of which workers, from when to when."""

    id: str
    scope: RuleScope
    alternatives: tuple[str, ...]
    minimum: int
    level: RequirementLevel
    severity: RequirementSeverity
    effective_from: date
    effective_to: date | None = None
    grace_days: int = 0
    position_id: str | None = None
    org_unit_id: str | None = None
    worker_id: str | None = None
    excluded: frozenset[str] = frozenset()
    auto_request: bool = True
    archived_types: frozenset[str] = frozenset()
    """The archived credential types among the alternatives."""

    def is_in_force(self, day: date) -> bool:
        """Return whether the rule is in force on a day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


class AssignmentFacts(msgspec.Struct, frozen=True):
    """A position that a worker holds, from a first day to a last day, both included."""

    position_id: str
    from_date: date
    to_date: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether the worker holds the position on a day."""
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)


class CredentialFacts(msgspec.Struct, frozen=True):
    """A credential that is neither archived nor deleted."""

    id: str
    type_id: str
    intake: IntakeStatus
    status: VerificationStatus
    eligibility: Eligibility | None
    latest_approval: ApprovalStatus
    decided: tuple[Period, ...]
    """The periods of the versions that are approved or need no approval, oldest version first."""
    pending: Period | None
    """The period of the latest version while it waits for a decision."""
    soon_days: int
    """The number of days before its expiry from which the credential counts as expiring."""


class ExemptionFacts(msgspec.Struct, frozen=True):
    """An exemption from a rule or from a credential type."""

    id: str
    from_date: date
    to_date: date | None = None
    rule_id: str | None = None
    type_id: str | None = None


class WorkerFacts(msgspec.Struct, frozen=True):
    """All facts that a worker's standing depends on, except the rules and the day."""

    worker_id: str
    since: date
    """The first day of employment; the day on which the worker was created if that is unknown."""
    until: date | None = None
    """The last day of employment; None if that is unknown."""
    units: tuple[str, ...] = ()
    """The worker's org unit and all units above it."""
    unit_since: date | None = None
    assignments: tuple[AssignmentFacts, ...] = ()
    credentials: tuple[CredentialFacts, ...] = ()
    exemptions: tuple[ExemptionFacts, ...] = ()


class Cell(msgspec.Struct, frozen=True):
    """The state of one rule for one worker on one day."""

    worker_id: str
    rule: RuleFacts
    day: date
    status: CellStatus
    reason: str
    credential_id: str | None = None
    exemption_id: str | None = None
    wanted: tuple[str, ...] = ()
    """The credential types that the worker lacks; requests are raised for these."""
    may_change_on: date = date.max
    """The next day on which the cell may change although no fact changes; `date.max` for never."""
    facts: WorkerFacts | None = None
    """The facts of the worker that the cell was evaluated from."""

    @property
    def rule_id(self) -> str:
        """Return the rule's id, the key of the cell's `rule` edge."""
        return self.rule.id
