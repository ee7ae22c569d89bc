"""Snapshots: the columns of a row that history keeps, as one struct per table. Any day can be read as snapshots."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from app.compliance.tables import Exemption, RequirementLevel, RequirementRule, RequirementSeverity, RuleScope
from app.credential_types.tables import CredentialCategory, CredentialType
from app.credentials import effective_version
from app.credentials.effective_version import Period
from app.credentials.tables import ApprovalStatus, Credential, IntakeStatus, VerificationStatus
from app.db.records import Record
from app.organizations.tables import Organization, OrgUnit
from app.registries.findings import Eligibility
from app.workers.tables import Applicant, Assignment, EmploymentStatus, Worker


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The id of a row, the base of every snapshot."""

    id: str


class OrganizationSnapshot(Snapshot, frozen=True, kw_only=True):
    """An organization's kept columns."""

    time_zone: str
    expiring_soon_days: int


class OrgUnitSnapshot(Snapshot, frozen=True, kw_only=True):
    """An org unit's kept columns."""

    parent_id: str | None


class CredentialTypeSnapshot(Snapshot, frozen=True, kw_only=True):
    """A credential type's kept columns."""

    expiring_soon_days: int | None
    archived_at: datetime | None = None


class RuleSnapshot(Snapshot, frozen=True, kw_only=True):
    """A requirement rule's kept columns."""

    scope: RuleScope
    position_id: str | None
    org_unit_id: str | None
    worker_id: str | None
    excluded: frozenset[str]
    alternatives: tuple[str, ...]
    minimum: int
    level: RequirementLevel
    severity: RequirementSeverity
    grace_days: int
    effective_from: date
    effective_to: date | None
    deleted_at: datetime | None
    auto_request: bool = True


class WorkerSnapshot(Snapshot, frozen=True, kw_only=True):
    """A worker's kept columns."""

    org_unit_id: str | None
    org_unit_since: date | None
    status: EmploymentStatus
    start_date: date | None
    end_date: date | None = None
    created_at: datetime
    deleted_at: datetime | None


class ApplicantSnapshot(Snapshot, frozen=True, kw_only=True):
    """An applicant's kept columns."""

    deleted_at: datetime | None


class AssignmentSnapshot(Snapshot, frozen=True, kw_only=True):
    """An assignment's kept columns."""

    position_id: str
    worker_id: str
    from_date: date
    to_date: date | None


class ExemptionSnapshot(Snapshot, frozen=True, kw_only=True):
    """An exemption's kept columns."""

    worker_id: str
    rule_id: str | None
    credential_type_id: str | None
    from_date: date
    to_date: date | None
    revoked_at: datetime | None


class CredentialSnapshot(Snapshot, frozen=True, kw_only=True, dict=True):
    """A credential's kept columns."""

    worker_id: str | None
    applicant_id: str | None
    credential_type_id: str
    category: CredentialCategory
    jurisdiction: str | None
    intake: IntakeStatus
    status: VerificationStatus
    eligibility: Eligibility | None
    latest_approval: ApprovalStatus
    effective_version_id: str | None
    valid_from: date | None
    expires_on: date
    archived_at: datetime | None
    deleted_at: datetime | None
    periods: tuple[Any, ...] = ()

    @cached_property
    def decided(self) -> tuple[Period, ...]:
        """The periods of the decided versions, oldest first."""
        return tuple(period for period in self._all_periods if period.decided)

    @cached_property
    def pending(self) -> Period | None:
        """The period of the latest version while it waits for a decision."""
        if self.latest_approval is not ApprovalStatus.PENDING:
            return None
        if not self.periods and self.decided:
            # An entry from before periods were recorded. It does not say the dates of a renewal that waits.
            return Period("", None, decided=False)
        return next((period for period in self._all_periods if not period.decided), None)

    def on(self, day: date) -> Period:
        """Return the period in force on a day, or that of the latest version if none is decided."""
        return effective_version.in_force(self.decided, day) or self._all_periods[0]

    def expiry_days(self, day: date) -> Iterator[date]:
        """Yield the days, from `day` on, on which it expires: no version holds the day after."""
        return effective_version.expiry_days(self.decided or [self.on(day)], day)

    @property
    def _all_periods(self) -> list[Period]:
        return effective_version.from_document(
            self.periods, self.effective_version_id, self.valid_from, self.expires_on
        )

    @property
    def is_live(self) -> bool:
        """Return whether the credential is neither archived nor deleted."""
        return self.archived_at is None and self.deleted_at is None


TABLES: dict[type[Snapshot], type[Record]] = {
    OrganizationSnapshot: Organization,
    OrgUnitSnapshot: OrgUnit,
    CredentialTypeSnapshot: CredentialType,
    RuleSnapshot: RequirementRule,
    WorkerSnapshot: Worker,
    ApplicantSnapshot: Applicant,
    AssignmentSnapshot: Assignment,
    ExemptionSnapshot: Exemption,
    CredentialSnapshot: Credential,
}
SNAPSHOTS = {str(table.__tablename__): snapshot for snapshot, table in TABLES.items()}
"""Snapshot types by table name."""

SnapshotT = TypeVar("SnapshotT", bound=Snapshot)
SnapshotRows = dict[type[Snapshot], list[Any]]
