"""Who calls and what they may do: actors, scopes, roles, and the rows they see."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from app.core.errors import MissingScope
from app.db.prepared_statements import Slot
from app.db.records import Reach, Record


class Scope(StrEnum):
    """What a caller may do, as `noun:verb`."""

    WORKERS_READ = "workers:read"
    WORKERS_WRITE = "workers:write"
    CREDENTIALS_READ = "credentials:read"
    CREDENTIALS_WRITE = "credentials:write"
    CREDENTIALS_REVIEW = "credentials:review"
    CREDENTIALS_VERIFY = "credentials:verify"
    CREDENTIALS_PURGE = "credentials:purge"
    CONTRACTORS_MANAGE = "contractors:manage"
    TYPES_WRITE = "types:write"
    REQUIREMENTS_WRITE = "requirements:write"
    COMPLIANCE_READ = "compliance:read"
    WEBHOOKS_MANAGE = "webhooks:manage"
    IMPORTS_WRITE = "imports:write"
    EXPORTS_READ = "exports:read"
    AUDIT_READ = "audit:read"
    KEYS_MANAGE = "keys:manage"
    ORGANIZATION_MANAGE = "organization:manage"
    SELF_CREDENTIALS = "self:credentials"


class Role(StrEnum):
    """A named set of scopes."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    REVIEWER = "REVIEWER"
    INTEGRATION = "INTEGRATION"
    AUDITOR = "AUDITOR"
    WORKER = "WORKER"


EVERYTHING = frozenset(Scope) - {Scope.SELF_CREDENTIALS}

ROLES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: EVERYTHING,
    Role.ADMIN: EVERYTHING - {Scope.CREDENTIALS_PURGE, Scope.ORGANIZATION_MANAGE},
    Role.REVIEWER: frozenset(
        {
            Scope.WORKERS_READ,
            Scope.CREDENTIALS_READ,
            Scope.CREDENTIALS_WRITE,
            Scope.CREDENTIALS_REVIEW,
            Scope.CREDENTIALS_VERIFY,
            Scope.COMPLIANCE_READ,
        }
    ),
    Role.INTEGRATION: frozenset(
        {
            Scope.WORKERS_READ,
            Scope.WORKERS_WRITE,
            Scope.CREDENTIALS_READ,
            Scope.CREDENTIALS_WRITE,
            Scope.CREDENTIALS_VERIFY,
            Scope.COMPLIANCE_READ,
            Scope.IMPORTS_WRITE,
            Scope.EXPORTS_READ,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Scope.WORKERS_READ,
            Scope.CREDENTIALS_READ,
            Scope.COMPLIANCE_READ,
            Scope.EXPORTS_READ,
            Scope.AUDIT_READ,
        }
    ),
    Role.WORKER: frozenset({Scope.SELF_CREDENTIALS}),
}

ORGANIZATION_WIDE = frozenset(
    {
        Scope.TYPES_WRITE,
        Scope.REQUIREMENTS_WRITE,
        Scope.WEBHOOKS_MANAGE,
        Scope.AUDIT_READ,
        Scope.KEYS_MANAGE,
        Scope.ORGANIZATION_MANAGE,
    }
)
"""Scopes over what belongs to no org unit; a key restricted to a unit cannot hold them."""


class ActorKind(StrEnum):
    """A program, a person, or the service itself."""

    SERVICE = "SERVICE"
    PERSON = "PERSON"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls, for which organization, and how far they see."""

    organization_id: str
    kind: ActorKind
    id: str
    name: str
    scopes: frozenset[Scope]
    roles: tuple[Role, ...] = ()
    worker_id: str | None = None
    """The worker that a person is."""
    org_unit_id: str | None = None
    """The unit, with its subtree, that a key is restricted to."""
    only_self: bool = False
    """Whether the actor acts by `self:credentials` alone, and so sees only their own."""
    only_contractors: bool = False
    """Whether the actor acts by `contractors:manage` alone, and so sees only contractors' workers."""
    time_zone: ZoneInfo = field(default=ZoneInfo("UTC"))
    expiring_soon_days: int = 30
    decisions_are_final: bool = False

    def __hash__(self) -> int:
        # Much is remembered by actor; what else there is of two of the same id is told apart by their equality.
        return hash((self.organization_id, self.id))

    def permitted(self, scope: Scope, *, own: bool = False, contractors: bool = False) -> "Actor":
        """The actor as a field that needs this scope sees them.

        Where a field is open to a worker's own records (`own`), someone with only `self:credentials` gets in,
        narrowed to what is theirs. Where one is open to those who manage contractors, `contractors:manage` is enough,
        narrowed to the workers of contractors. Raises MissingScope.
        """
        if scope in self.scopes:
            return self
        if own and self.worker_id and Scope.SELF_CREDENTIALS in self.scopes:
            return replace(self, only_self=True)
        if contractors and Scope.CONTRACTORS_MANAGE in self.scopes:
            return replace(self, only_contractors=True)
        raise MissingScope(scope.value)

    def sees(self, table: type[Record]) -> ColumnElement[bool]:
        """The condition that every query of a table starts from."""
        mine = col(table.organization_id) == self.organization_id
        return and_(mine, *(table.within(reach) for reach in self._reaches()))

    @property
    def reach(self) -> tuple[bool, ...]:
        """How far they see, whoever they are: statements for all of the same reach are the same."""
        return self.only_self, self.only_contractors, self.org_unit_id is not None

    def anybody(self) -> "Actor":
        """Whoever sees as far: with slots for the ids that `sees` compares with, whose values are `ids`."""
        return replace(
            self,
            organization_id=Slot("organization"),
            worker_id=self.worker_id and Slot("worker"),
            org_unit_id=self.org_unit_id and Slot("unit"),
        )

    @property
    def ids(self) -> dict[str, str | None]:
        """The values of the slots of `anybody`."""
        return {"organization": self.organization_id, "worker": self.worker_id, "unit": self.org_unit_id}

    def _reaches(self) -> list[Reach]:
        """How far they see; a row has to be within each."""
        if self.only_self:
            return [Reach(self.organization_id, worker_id=self.worker_id)]
        found: list[Reach] = []
        if self.org_unit_id:
            found.append(Reach(self.organization_id, org_unit_id=self.org_unit_id))
        if self.only_contractors:
            found.append(Reach(self.organization_id, contractors=True))
        return found


def scopes_of(roles: tuple[Role, ...]) -> frozenset[Scope]:
    """All scopes of some roles."""
    return frozenset().union(*(ROLES[role] for role in roles))
