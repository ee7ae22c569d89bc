"""Access control: scopes, roles, actors, and the rows that an actor can see."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_
from sqlmodel import col

from app.core.errors import MissingScope
from app.db.prepared_statements import Slot
from app.db.records import Record, Visibility
from app.signing.signed_urls import UrlHolder


class Scope(StrEnum):
    """A permission of a caller: a noun and a verb."""

    WORKERS_READ = "WORKERS_READ"
    WORKERS_WRITE = "WORKERS_WRITE"
    CREDENTIALS_READ = "CREDENTIALS_READ"
    CREDENTIALS_WRITE = "CREDENTIALS_WRITE"
    CREDENTIALS_REVIEW = "CREDENTIALS_REVIEW"
    CREDENTIALS_VERIFY = "CREDENTIALS_VERIFY"
    CREDENTIALS_PURGE = "CREDENTIALS_PURGE"
    CONTRACTORS_MANAGE = "CONTRACTORS_MANAGE"
    TYPES_WRITE = "TYPES_WRITE"
    REQUIREMENTS_WRITE = "REQUIREMENTS_WRITE"
    COMPLIANCE_READ = "COMPLIANCE_READ"
    WEBHOOKS_MANAGE = "WEBHOOKS_MANAGE"
    IMPORTS_WRITE = "IMPORTS_WRITE"
    EXPORTS_READ = "EXPORTS_READ"
    AUDIT_READ = "AUDIT_READ"
    KEYS_MANAGE = "KEYS_MANAGE"
    ORGANIZATION_MANAGE = "ORGANIZATION_MANAGE"
    SELF_CREDENTIALS = "SELF_CREDENTIALS"


class Role(StrEnum):
    """A named set of scopes."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    REVIEWER = "REVIEWER"
    INTEGRATION = "INTEGRATION"
    AUDITOR = "AUDITOR"
    WORKER = "WORKER"


ALL_SCOPES = frozenset(Scope) - {Scope.SELF_CREDENTIALS}

ROLES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: ALL_SCOPES,
    Role.ADMIN: ALL_SCOPES - {Scope.CREDENTIALS_PURGE, Scope.ORGANIZATION_MANAGE},
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

ORGANIZATION_WIDE_SCOPES = frozenset(
    {
        Scope.TYPES_WRITE,
        Scope.REQUIREMENTS_WRITE,
        Scope.WEBHOOKS_MANAGE,
        Scope.AUDIT_READ,
        Scope.KEYS_MANAGE,
        Scope.ORGANIZATION_MANAGE,
    }
)
"""Scopes over records that belong to no org unit. A key restricted to a unit cannot hold them."""


class ActorKind(StrEnum):
    """The kind of an actor: a program, a person, or the service itself."""

    SERVICE = "SERVICE"
    PERSON = "PERSON"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """The organization's rules about decisions, for one actor."""

    decisions_are_final: bool = False
    own_worker_id: str | None = None
    """The actor's own worker record, about which they may not decide; None if they have none, or may."""

    def is_own(self, worker_id: str | None) -> bool:
        """Return True if a worker is the actor themselves, about whom they may not decide."""
        return self.own_worker_id is not None and self.own_worker_id == worker_id


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of an operation: its organization, its scopes, and restrictions on the rows that it can see."""

    organization_id: str
    kind: ActorKind
    id: str
    name: str
    scopes: frozenset[Scope]
    roles: tuple[Role, ...] = ()
    worker_id: str | None = None
    """The worker record of a person, if there is one."""
    org_unit_id: str | None = None
    """The unit that a key is restricted to, with all units under it."""
    only_self: bool = False
    """True if the actor acts by `SELF_CREDENTIALS` alone, and so sees only their own records."""
    only_contractors: bool = False
    """True if the actor acts by `CONTRACTORS_MANAGE` alone, and so sees only workers of contractors."""
    time_zone: ZoneInfo = field(default=ZoneInfo("UTC"))
    expiring_soon_days: int = 30
    review_policy: ReviewPolicy = field(default=ReviewPolicy())
    key_tag: str = field(default="", compare=False)
    """The fingerprint of the secret by which an API key was used; empty for others."""
    expires_at: datetime | None = field(default=None, compare=False)
    """The time at which the key or token ends; None if it does not."""

    def __hash__(self) -> int:
        # Actors are cache keys. Hashing the ids is cheap; `__eq__` separates actors with different scopes.
        return hash((self.organization_id, self.id))

    def require_scope(self, scope: Scope, *, own: bool = False, contractors: bool = False) -> "Actor":
        """Return the actor, restricted as needed, for a field that requires a scope. Raises MissingScope.

        With `own`, the field is open to workers for their own records: `SELF_CREDENTIALS` is enough, and the actor is
        restricted to them. With `contractors`, `CONTRACTORS_MANAGE` is enough, and the actor is restricted to workers
        of contractors.
        """
        if scope in self.scopes:
            return self
        if own and self.worker_id and Scope.SELF_CREDENTIALS in self.scopes:
            return replace(self, only_self=True)
        if contractors and Scope.CONTRACTORS_MANAGE in self.scopes:
            return replace(self, only_contractors=True)
        raise MissingScope(scope.value)

    def visible_rows(self, table: type[Record]) -> ColumnElement[bool]:
        """Return the condition for the rows of a table that the actor can see. Every query starts from it."""
        own_organization = col(table.organization_id) == self.organization_id
        return and_(own_organization, *(table.visible_to(restriction) for restriction in self._restrictions()))

    @property
    def reads_workers(self) -> bool:
        """True if the actor may read the workers that it sees."""
        return self.only_self or Scope.WORKERS_READ in self.scopes

    @property
    def reads_applicants(self) -> bool:
        """True if the actor may read applicants, who belong to no unit."""
        return self.reads_workers and not self.is_restricted

    @property
    def is_restricted(self) -> bool:
        """True if the actor sees some workers only, and no applicants."""
        return bool(self._restrictions())

    @property
    def visibility_key(self) -> tuple[bool, ...]:
        """The kinds of restriction on the actor. Actors with equal keys share prepared statements."""
        return self.only_self, self.only_contractors, self.org_unit_id is not None, Scope.WORKERS_READ in self.scopes

    def template(self) -> "Actor":
        """Return an actor with the same restrictions and with slots in place of its ids, to prepare a statement.

        `slot_values` holds the values of the slots.
        """
        return replace(
            self,
            organization_id=Slot("organization"),
            worker_id=self.worker_id and Slot("worker"),
            org_unit_id=self.org_unit_id and Slot("unit"),
        )

    @property
    def slot_values(self) -> dict[str, str | None]:
        """The values of the slots of `template`."""
        return {"organization": self.organization_id, "worker": self.worker_id, "unit": self.org_unit_id}

    @property
    def log_id(self) -> str:
        """The id for log lines. A person's subject may be their email address or name: the log has a digest of it.

        The event log has the subject itself, under the same request id.
        """
        if self.kind is not ActorKind.PERSON:
            return self.id
        return f"person_{sha256(f'{self.organization_id} {self.id}'.encode()).hexdigest()[:16]}"

    @property
    def url_holder(self) -> UrlHolder:
        """The actor as the holder of a signed URL."""
        roles = [role.value for role in self.roles]
        return UrlHolder(self.organization_id, self.kind.value, self.id, self.key_tag, self.worker_id or "", roles)

    def _restrictions(self) -> list[Visibility]:
        """Return the restrictions on the actor; a visible row satisfies all of them."""
        if self.only_self:
            return [Visibility(self.organization_id, worker_id=self.worker_id)]
        restrictions: list[Visibility] = []
        if self.org_unit_id:
            restrictions.append(Visibility(self.organization_id, org_unit_id=self.org_unit_id))
        if self.only_contractors:
            restrictions.append(Visibility(self.organization_id, contractors=True))
        return restrictions


def scopes_of(roles: tuple[Role, ...]) -> frozenset[Scope]:
    """Return all scopes of the given roles."""
    return frozenset().union(*(ROLES[role] for role in roles))
