"""The settings of an organization: reading and changing them."""

from app.access import Actor, ReviewPolicy
from app.core.fields import Input
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.fields import FIELDS
from app.organizations.tables import ApprovalFinality, Organization


async def update(session: Session, actor: Actor, input: Input) -> Organization:
    """Change the settings that the input contains."""
    key = actor.organization_id
    organization = await row_access.find_for_update(session, actor, Organization, key, ("organization",))
    row_access.check_revision(organization.revision, input.get("expectedRevision"))
    changes = FIELDS.apply(organization, FIELDS.parse(input, absent="keep"))
    if changes:
        row_access.touch(organization, session.now)
        event_log.record(session, actor, EventKind.ORGANIZATION_UPDATED, organization, changes)
    return organization


def prefetch(session: Session, organization_id: str) -> None:
    """Read an organization together with the next row, because `load` will need it."""
    session.prefetch(Organization, (organization_id, organization_id))


async def load(session: Session, organization_id: str) -> Organization:
    """Return an organization. A session reads it once."""
    return await session.get_row(Organization, (organization_id, organization_id))


def review_policy(organization: Organization, worker_id: str | None) -> ReviewPolicy:
    """Return the rules about decisions for an actor with this worker record, or with none."""
    return ReviewPolicy(
        organization.approval_finality is ApprovalFinality.FINAL,
        None if organization.self_review_allowed else worker_id,
    )
