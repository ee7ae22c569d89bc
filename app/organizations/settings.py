"""An organization's settings: founding it, and changing what it has chosen."""

from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind
from app.core import fields, ids
from app.core.errors import Invalid, Required
from app.core.fields import Fields, Given
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.tables import ApprovalFinality, Organization

MOST_REMINDERS = 12
NO_PLACES = frozenset({"Factory", "localtime"})
"""What a database of time zones may list besides the places: whatever this machine is set to."""


@cache
def _time_zones() -> frozenset[str]:
    """Their names; to list them walks through a folder of files."""
    return frozenset(available_timezones() - NO_PLACES)


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("is not a time zone of the IANA database, such as Australia/Sydney")
    return value


def _reminder_days(value: list[int]) -> list[int]:
    if len(value) > MOST_REMINDERS or any(not 0 <= day <= 365 for day in value):
        raise ValueError(f"is not a list of at most {MOST_REMINDERS} numbers of days from 0 to 365")
    return sorted(set(value), reverse=True)


FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.Field(("timeZone",), "time_zone", _time_zone, required=True),
        fields.flag("approvalsEnabled", "approvals_enabled", required=True),
        fields.choice("approvalFinality", "approval_finality", required=True),
        fields.flag("resubmitOnReject", "resubmit_on_reject", required=True),
        fields.whole("expiringSoonDays", "expiring_soon_days", least=0, most=365, required=True),
        fields.Field(("reminderDays",), "reminder_days", _reminder_days, required=True),
    )
)


async def found(session: Session, name: str, time_zone: str = "UTC", *, sandbox: bool = False) -> Organization:
    """Add an organization."""
    name = name.strip()
    if not name:
        raise Required("name")
    try:
        time_zone = _time_zone(time_zone)
    except ValueError as error:
        raise Invalid(f"timeZone {error}", ("timeZone",)) from None
    key = ids.new(Organization.prefix)
    organization = Organization(
        organization_id=key,
        id=key,
        name=name,
        time_zone=time_zone,
        sandbox=sandbox,
        created_at=session.now,
        last_updated=session.now,
    )
    session.add(organization)
    await session.flush()
    founder = Actor(key, ActorKind.SYSTEM, "operator", "Operator", frozenset())
    event_log.record(session, founder, EventKind.ORGANIZATION_CREATED, organization)
    return organization


async def all_organizations(session: Session) -> list[Organization]:
    """Every organization of the installation, across tenants, for the operator's command line."""
    return list(await session.scalars(select(Organization).order_by(col(Organization.created_at))))


async def update(session: Session, actor: Actor, given: Given) -> Organization:
    """Change the settings that are given."""
    organization = await row_access.claim(session, actor, Organization, actor.organization_id, ("organization",))
    row_access.expect(organization.revision, given.get("expectedRevision"))
    changes = FIELDS.apply(organization, FIELDS.read(given, absent="keep"))
    if changes:
        organization.revision += 1
        organization.last_updated = session.now
        event_log.record(session, actor, EventKind.ORGANIZATION_UPDATED, organization, changes)
    return organization


def want(session: Session, organization_id: str) -> None:
    """Have an organization read with the next row that is found, for `of` will be asked for it."""
    session.want(Organization, (organization_id, organization_id))


async def of(session: Session, organization_id: str) -> Organization:
    """An organization with what it has chosen; read once in a session."""
    organization = await session.row(Organization, (organization_id, organization_id))
    # A session forgets rows that nobody holds.
    session.info[Organization, organization_id] = organization
    return organization


def decisions_are_final(organization: Organization) -> bool:
    """Whether a reviewer's decision cannot be taken back."""
    return organization.approval_finality is ApprovalFinality.FINAL
