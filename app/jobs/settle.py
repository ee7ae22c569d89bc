"""The job that settles standings and counters: after changes, and as days pass."""

import structlog

from app.compliance import settlement
from app.compliance.rollups import counters
from app.core import ids
from app.db.database import Database

log = structlog.get_logger("jobs")


async def run(database: Database) -> int:
    """Settle one transaction's worth of owners in each organization with work; return the number of owners settled."""
    async with database.reading() as session:
        waiting = await settlement.organizations_to_settle(session)
    done = 0
    for organization_id in waiting:
        try:
            done += await _settle(database, organization_id)
        except Exception:
            # The next run tries again; the other organizations must not wait for this one.
            log.exception("settling failed", organization=organization_id)
    return done


async def _settle(database: Database, organization_id: str) -> int:
    async def attempt() -> int:
        async with database.writing(ids.new("req")) as session:
            settled = await settlement.settle(session, organization_id)
            if settled:
                await counters.delete_zeros(session, organization_id)
            return settled

    return await database.run_with_retries(attempt)
