"""The job that brings credentials in line with the version in force, on the day on which another one takes over."""

from app.credentials import takeovers
from app.db.database import Database
from app.db.session import Session
from app.jobs import concurrency


async def run(database: Database) -> int:
    """Bring one transaction's worth of credentials of each organization up to date; return their number."""
    async with database.reading() as session:
        organization_ids = await takeovers.organizations_with_takeovers(session)
    numbers: list[int] = []

    async def take_over(session: Session, organization_id: str) -> None:
        numbers.append(await takeovers.take_over(session, organization_id))

    await concurrency.run_for_each_organization(database, organization_ids, take_over, "taking over failed")
    return sum(numbers)
