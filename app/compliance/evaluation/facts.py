"""What standings are judged by, as plain values: read off today's rows, or off the history of a past day."""

from datetime import date
from enum import StrEnum

import msgspec

from app.compliance.tables import Level, RuleScope, Severity
from app.credentials.tables import Approval, Intake, VerificationStatus
from app.registries.protocol import Eligibility


class CellStatus(StrEnum):
    """Whether a worker has what a rule asks, on a day."""

    SATISFIED = "SATISFIED"
    EXEMPT = "EXEMPT"
    EXPIRING = "EXPIRING"
    IN_REVIEW = "IN_REVIEW"
    GRACE = "GRACE"
    EXPIRED = "EXPIRED"
    INELIGIBLE = "INELIGIBLE"
    MISSING = "MISSING"


class Rule(msgspec.Struct, frozen=True):
    """What is asked."""

    id: str
    scope: RuleScope
    alternatives: tuple[str, ...]
    minimum: int
    level: Level
    severity: Severity
    effective_from: date
    effective_to: date | None = None
    grace_days: int = 0
    position_id: str | None = None
    org_unit_id: str | None = None
    worker_id: str | None = None
    excluded: frozenset[str] = frozenset()
    auto_request: bool = True
    retired: frozenset[str] = frozenset()
    """Those of its alternatives that are out of use."""


class Post(msgspec.Struct, frozen=True):
    """A position held from a day to a day, both included."""

    position_id: str
    from_date: date
    to_date: date | None = None

    def covers(self, day: date) -> bool:
        """Whether it is held on a day."""
        return self.from_date <= day and (self.to_date is None or day <= self.to_date)


class Held(msgspec.Struct, frozen=True):
    """A credential, neither archived nor deleted."""

    id: str
    type_id: str
    intake: Intake
    status: VerificationStatus
    eligibility: Eligibility | None
    latest_approval: Approval
    is_effective: bool
    """Whether some version of it is approved, or needs no approval."""
    valid_from: date | None
    expires_on: date
    """NEVER where it has no expiry."""
    soon_days: int
    """How many days before its expiry it counts as expiring."""


class Release(msgspec.Struct, frozen=True):
    """An exemption from a rule or from a type."""

    id: str
    from_date: date
    to_date: date | None = None
    rule_id: str | None = None
    type_id: str | None = None


class Situation(msgspec.Struct, frozen=True):
    """All that a worker's standing depends on, but for the rules and the day."""

    worker_id: str
    since: date
    """The day they began: the start of their employment, or that on which they were put on record."""
    units: tuple[str, ...] = ()
    """Their org unit and all above it."""
    unit_since: date | None = None
    posts: tuple[Post, ...] = ()
    held: tuple[Held, ...] = ()
    releases: tuple[Release, ...] = ()


class Cell(msgspec.Struct, frozen=True):
    """One rule for one worker on one day."""

    worker_id: str
    rule: Rule
    day: date
    status: CellStatus
    reason: str
    credential_id: str | None = None
    exemption_id: str | None = None
    wanted: tuple[str, ...] = ()
    """The types that would have to be provided: what requests are raised for."""
    changes_on: date = date.max
    """The next day on which it may be another by the mere passing of days."""

    @property
    def rule_id(self) -> str:
        """The rule's id."""
        return self.rule.id
