"""Organizations with little in them: quick to found, and to compare before and after a refusal."""

from app.access import ROLES, Role
from app.credential_types import catalogue, editing
from app.organizations import keys
from app.organizations import settings as organizations
from tests.service import Service, Tenant, operator

FEW = frozenset({"NPI", "PASSPORT", "WWCC_NSW", "WWCC_VIC"})


async def found(service: Service, name: str, time_zone: str = "UTC", *, types: frozenset[str] = frozenset()) -> Tenant:
    """Found an organization with an owner's key and these types of the catalogue, and nothing else."""
    async with service.database.writing("test") as session:
        organization = await organizations.found(session, name, time_zone)
        actor = operator(organization.id)
        issued = await keys.create(session, actor, {"name": "Owner", "scopes": ROLES[Role.OWNER]})
        for row in catalogue.read() if types else ():
            if row["code"] in types:
                await editing.create(session, actor, row)
    assert issued.token is not None
    return Tenant(service, organization.id, issued.token)
