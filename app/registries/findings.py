"""Findings of registries and reviewers about a credential."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class StatusDetail(StrEnum):
    """The result of the last check or decision."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    CANCELLED = "CANCELLED"
    NOT_FOUND = "NOT_FOUND"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    CONDITIONS = "CONDITIONS"
    DETAILS_MISMATCH = "DETAILS_MISMATCH"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    REJECTED = "REJECTED"


class Eligibility(StrEnum):
    """The eligibility of a credential's holder to be engaged."""

    MAY_ENGAGE = "MAY_ENGAGE"
    MAY_NOT_ENGAGE = "MAY_NOT_ENGAGE"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"
    IN_PROGRESS = "IN_PROGRESS"
    ERROR = "ERROR"


@dataclass(frozen=True)
class Finding:
    """The result of a check with a registry."""

    eligibility: Eligibility
    status_detail: StatusDetail | None
    raw_status: str | None = None
    """The status in the registry's own words."""
    expiry_date: date | None = None
    problems: list[str] = field(default_factory=list)
    """Remarks for a reviewer."""
