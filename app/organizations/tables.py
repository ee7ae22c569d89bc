"""Tables of organizations, org units and API keys."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Select, UniqueConstraint, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Field, col

from app.db.records import Document, Key, Record, SortKey, Visibility, enum_column


class ApprovalFinality(StrEnum):
    """The finality of decisions about versions."""

    REVERSIBLE = "REVERSIBLE"
    FINAL = "FINAL"


class OrgUnitType(StrEnum):
    """The type of an org unit."""

    SITE = "SITE"
    COMPANY = "COMPANY"
    CONTRACTOR = "CONTRACTOR"
    DEPARTMENT = "DEPARTMENT"
    TEAM = "TEAM"


REMINDER_DAYS = (60, 30, 14, 7, 1, 0)
"""Days before an expiry date at which reminders are sent, unless the organization chooses others."""


class Organization(Record, table=True):
    """A tenant and its settings. It belongs to itself, so `organization_id` equals `id`."""

    __tablename__ = "organizations"
    __table_args__ = (UniqueConstraint("organization_id", name="organizations_self"),)
    prefix: ClassVar[str] = "org"
    history_columns = ("time_zone", "expiring_soon_days")

    name: str = Field(max_length=200)
    time_zone: str = Field(default="UTC", max_length=64)
    sandbox: bool = False
    """True if the sandbox registry verifies its credentials; fixed at creation."""
    approvals_enabled: bool = False
    approval_finality: ApprovalFinality = Field(
        default=ApprovalFinality.REVERSIBLE, sa_type=enum_column(ApprovalFinality)
    )
    resubmit_on_reject: bool = False
    self_review_allowed: bool = False
    """True if people may decide about their own credentials and exemptions."""
    expiring_soon_days: int = 30
    reminder_days: list[int] = Field(default_factory=lambda: list(REMINDER_DAYS), sa_type=Document)
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        return true()


class OrgUnit(Record, table=True):
    """A site, company, contractor, department or team; units form a tree."""

    __tablename__ = "org_units"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["org_units.organization_id", "org_units.id"],
            name="org_units_parent",
        ),
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="org_units_organization"),
        Index("org_units_by_name", "organization_id", "name_key", "id"),
        Index("org_units_by_parent", "organization_id", "parent_id", "name_key", "id"),
    )
    prefix: ClassVar[str] = "unit"
    history_columns = ("parent_id",)

    kind: OrgUnitType = Field(sa_type=enum_column(OrgUnitType))
    name: str = Field(max_length=200)
    name_key: str = Field(sa_type=SortKey)
    parent_id: str | None = Field(default=None, sa_type=Key)
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @classmethod
    def visible_to(cls, visibility: Visibility) -> ColumnElement[bool]:
        if visibility.org_unit_id is None:
            return super().visible_to(visibility)
        return col(cls.id).in_(subtree_ids(visibility.organization_id, visibility.org_unit_id))


class ApiKey(Record, table=True):
    """The API key of a program. Only a hash of the secret is stored.

    After a rotation the previous secret is valid until `previous_expires_at`.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organizations.organization_id"], name="api_keys_organization"),
        Index("api_keys_by_creation", "organization_id", "created_at", "id"),
        Index("api_keys_by_name", "organization_id", "name_key", "id"),
    )
    prefix: ClassVar[str] = "key"

    name: str = Field(max_length=200)
    name_key: str = Field(sa_type=SortKey)
    scopes: list[str] = Field(sa_type=Document)
    org_unit_id: str | None = Field(default=None, sa_type=Key)
    secret_hash: str = Field(max_length=64)
    previous_secret_hash: str | None = Field(default=None, max_length=64)
    previous_expires_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    created_by: str = Field(max_length=200)
    created_at: datetime


def subtree_ids(organization_id: str, *roots: str) -> Select[Any]:
    """Return the query of the ids of units and all units under them."""
    root = aliased(OrgUnit)
    return _with_descendants(organization_id, root, col(root.id).in_(roots))


def contractor_subtree_ids(organization_id: str) -> Select[Any]:
    """Return the query of the ids of all contractors and all units under them."""
    root = aliased(OrgUnit)
    return _with_descendants(organization_id, root, col(root.kind) == OrgUnitType.CONTRACTOR)


def _with_descendants(organization_id: str, root: Any, is_root: ColumnElement[bool]) -> Select[Any]:
    # Aliases keep these units apart from those of a surrounding query on the same table.
    child = aliased(OrgUnit)
    roots: Select[Any] = select(col(root.id).label("id")).where(col(root.organization_id) == organization_id, is_root)
    tree = roots.cte(recursive=True)
    children = (
        select(col(child.id))
        .join(tree, col(child.parent_id) == tree.c.id)
        .where(col(child.organization_id) == organization_id)
    )
    return select(tree.union(children).c.id)
