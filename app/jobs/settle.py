"""Settling where workers stand, and what is counted: what changes left behind, and what the passing of days does."""

import structlog

from app.compliance import settlement
from app.compliance.rollups import counters
from app.core import ids
from app.db.database import Database

log = structlog.get_logger("jobs")


async def run(database: Database) -> int:
    """Settle each organization that has something to settle, one transaction's worth; gives how many owners."""
    async with database.reading() as session:
        waiting = await settlement.organizations_to_settle(session)
    done = 0
    for organization_id in waiting:
        try:
            done += await _one(database, organization_id)
        except Exception:
            # Another turn tries again; the other organizations must not wait for it.
            log.exception("settling failed", organization=organization_id)
    return done


async def _one(database: Database, organization_id: str) -> int:
    async def attempt() -> int:
        async with database.writing(ids.new("req")) as session:
            settled = await settlement.settle(session, organization_id)
            if settled:
                await counters.sweep(session, organization_id)
            return settled

    return await database.retrying(attempt)
