"""Reads of organizations, units and API keys."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import col

from app.db.session import Session
from app.lists import filters
from app.lists.listings import Listing, Lookup
from app.organizations.tables import ApiKey, Organization, OrgUnit

by_id = Lookup(Organization, col(Organization.id))

unit_by_id = Lookup(OrgUnit, col(OrgUnit.id))
units = Listing(
    OrgUnit,
    filters={
        "name": filters.text(col(OrgUnit.name_key)),
        "type": filters.exact(col(OrgUnit.kind)),
        "parent": filters.exact(col(OrgUnit.parent_id)),
        "root": filters.timeless(
            lambda value, _actor: col(OrgUnit.parent_id).is_(None) if value else col(OrgUnit.parent_id).is_not(None)
        ),
    },
    orders={"name": col(OrgUnit.name_key), "createdAt": col(OrgUnit.created_at)},
    default_order=(("name", False),),
)
units_by_parent = units.per_parent(col(OrgUnit.parent_id))

key_by_id = Lookup(ApiKey, col(ApiKey.id))
keys = Listing(
    ApiKey,
    filters={
        "name": filters.text(col(ApiKey.name_key)),
        "active": filters.momentary(lambda value, _actor, now: _active(now) if value else ~_active(now)),
    },
    orders={"name": col(ApiKey.name_key), "createdAt": col(ApiKey.created_at)},
    default_order=(("createdAt", True),),
)


def _active(now: datetime) -> ColumnElement[bool]:
    expires = col(ApiKey.expires_at)
    return and_(col(ApiKey.revoked_at).is_(None), or_(expires.is_(None), expires > now))


async def all_organizations(session: Session) -> list[Organization]:
    """Return every organization of the installation, across tenants, for the operator's command line."""
    return list(await session.scalars(select(Organization).order_by(col(Organization.created_at))))
