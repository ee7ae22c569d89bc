"""What is asked of a registry, and what it finds."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol


class StatusDetail(StrEnum):
    """What the last check or decision found, in the service's own words."""

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
    """Whether its holder may be engaged on the strength of a credential."""

    MAY_ENGAGE = "MAY_ENGAGE"
    MAY_NOT_ENGAGE = "MAY_NOT_ENGAGE"
    REVIEW_REQUIRED = "REVIEW_REQUIRED"
    IN_PROGRESS = "IN_PROGRESS"
    ERROR = "ERROR"


@dataclass(frozen=True)
class Inquiry:
    """What a registry is told of a credential and its holder."""

    type_code: str
    reference_number: str | None
    jurisdiction: str | None = None
    issue_date: date | None = None
    expiry_date: date | None = None
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: date | None = None


@dataclass(frozen=True)
class Finding:
    """What a registry found."""

    eligibility: Eligibility
    status_detail: StatusDetail | None
    raw_status: str | None = None
    """The registry's own word."""
    expiry_date: date | None = None
    problems: list[str] = field(default_factory=list)
    """What a person should look at."""


class Unavailable(Exception):
    """The registry could not be asked, or its answer could not be understood."""


class Misconfigured(ValueError):
    """A registry is described in a way that cannot be asked."""


class Registry(Protocol):
    """A registry, however it is reached."""

    adapter: str
    """The adapter's name: `http`, `manual` or `sandbox`."""

    async def check(self, inquiry: Inquiry) -> Finding:
        """Ask about one credential. Raises Unavailable."""
        ...

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """The finding that a pushed status stands for."""
        ...
