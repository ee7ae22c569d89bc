"""Creating organizations, from the operator's command line."""

from app.access import Actor, ActorKind
from app.core import fields, ids
from app.core.errors import Invalid, Required
from app.core.text import is_blank
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations.fields import parse_time_zone
from app.organizations.tables import Organization

MAX_NAME_LENGTH = 200  # characters


async def create(session: Session, name: str, time_zone: str = "UTC", *, sandbox: bool = False) -> Organization:
    """Create an organization. In a sandbox its credentials are verified by the sandbox registry."""
    if is_blank(name):
        raise Required("name")
    try:
        name = fields.line(name, MAX_NAME_LENGTH)
    except ValueError as error:
        raise Invalid(f"name {error}", ("name",)) from None
    try:
        time_zone = parse_time_zone(time_zone)
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
        updated_at=session.now,
    )
    session.add(organization)
    await session.flush()  # what fills the organization next queries for it
    operator = Actor(key, ActorKind.SYSTEM, "operator", "Operator", frozenset())
    event_log.record(session, operator, EventKind.ORGANIZATION_CREATED, organization)
    return organization
