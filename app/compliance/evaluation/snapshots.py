"""What is known of rows on any day: their kept columns, a struct for each kind of row."""

from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from app.compliance.tables import Exemption, Level, RequirementRule, RuleScope, Severity
from app.credential_types.tables import Category, CredentialType
from app.credentials.tables import Approval, Credential, Intake, VerificationStatus
from app.db.records import Record
from app.organizations.tables import Organization, OrgUnit
from app.registries.protocol import Eligibility
from app.workers.tables import Applicant, Assignment, EmploymentStatus, Worker


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A row's kept columns."""

    id: str


class KeptOrganization(Kept, frozen=True, kw_only=True):
    """An organization's."""

    time_zone: str
    expiring_soon_days: int


class KeptUnit(Kept, frozen=True, kw_only=True):
    """An org unit's."""

    parent_id: str | None


class KeptType(Kept, frozen=True, kw_only=True):
    """A credential type's."""

    expiring_soon_days: int | None
    archived_at: datetime | None = None


class KeptRule(Kept, frozen=True, kw_only=True):
    """A requirement rule's."""

    scope: RuleScope
    position_id: str | None
    org_unit_id: str | None
    worker_id: str | None
    excluded: frozenset[str]
    alternatives: tuple[str, ...]
    minimum: int
    level: Level
    severity: Severity
    grace_days: int
    effective_from: date
    effective_to: date | None
    deleted_at: datetime | None
    auto_request: bool = True


class KeptWorker(Kept, frozen=True, kw_only=True):
    """A worker's."""

    org_unit_id: str | None
    org_unit_since: date | None
    status: EmploymentStatus
    start_date: date | None
    created_at: datetime
    deleted_at: datetime | None


class KeptApplicant(Kept, frozen=True, kw_only=True):
    """An applicant's."""

    deleted_at: datetime | None


class KeptAssignment(Kept, frozen=True, kw_only=True):
    """An assignment's."""

    position_id: str
    worker_id: str
    from_date: date
    to_date: date | None


class KeptExemption(Kept, frozen=True, kw_only=True):
    """An exemption's."""

    worker_id: str
    rule_id: str | None
    credential_type_id: str | None
    from_date: date
    to_date: date | None
    revoked_at: datetime | None


class KeptCredential(Kept, frozen=True, kw_only=True):
    """A credential's."""

    worker_id: str | None
    applicant_id: str | None
    credential_type_id: str
    category: Category
    jurisdiction: str | None
    intake: Intake
    status: VerificationStatus
    eligibility: Eligibility | None
    latest_approval: Approval
    effective_version_id: str | None
    valid_from: date | None
    expires_on: date
    archived_at: datetime | None
    deleted_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether it is neither archived nor deleted."""
        return self.archived_at is None and self.deleted_at is None


TABLES: dict[type[Kept], type[Record]] = {
    KeptOrganization: Organization,
    KeptUnit: OrgUnit,
    KeptType: CredentialType,
    KeptRule: RequirementRule,
    KeptWorker: Worker,
    KeptApplicant: Applicant,
    KeptAssignment: Assignment,
    KeptExemption: Exemption,
    KeptCredential: Credential,
}
KINDS = {str(table.__tablename__): kept for kept, table in TABLES.items()}

K = TypeVar("K", bound=Kept)
Rows = dict[type[Kept], list[Any]]
