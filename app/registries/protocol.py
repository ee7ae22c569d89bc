"""The interface of a registry adapter: the inquiry, and the errors an adapter raises."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from app.registries.findings import Finding


@dataclass(frozen=True)
class Inquiry:
    """The facts about a credential and its holder that a registry may be asked with."""

    type_code: str
    reference_number: str | None
    jurisdiction: str | None = None
    issue_date: date | None = None
    expiry_date: date | None = None
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: date | None = None


class RegistryUnavailable(Exception):
    """The registry could not be asked, or its answer could not be understood."""


class Misconfigured(ValueError):
    """The description of a registry is incomplete or contradictory."""


class RegistryAdapter(Protocol):
    """The connection to one registry."""

    name: str
    """The adapter's name: `http`, `manual` or `sandbox`."""

    async def check(self, inquiry: Inquiry) -> Finding:
        """Ask the registry about one credential. Raises RegistryUnavailable."""
        ...

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """Return the finding for a status that the registry pushed."""
        ...
