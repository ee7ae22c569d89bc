"""Settling what has changed: standings of workers, and the requests that follow from them."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlmodel import col

from app.access import Actor, ActorKind
from app.compliance import gathering, requests
from app.compliance.tables import Unsettled
from app.core import ids
from app.core.database import Session


async def mark(session: Session, organization_id: str, owner_ids: Iterable[str]) -> None:
    """Note that the standing or the counts of some owners may have changed."""
    rows = [
        {"organization_id": organization_id, "id": ids.new(Unsettled.prefix), "owner_id": key}
        for key in dict.fromkeys(owner_ids)
    ]
    if rows:
        await session.execute(insert(Unsettled), rows)


async def settle(session: Session, organization_id: str, limit: int) -> int:
    """Settle up to so many owners; gives how many."""
    statement = select(Unsettled).where(col(Unsettled.organization_id) == organization_id).limit(limit)
    marks = list(await session.scalars(statement))
    owners = sorted({mark.owner_id for mark in marks})
    actor = Actor(organization_id, ActorKind.SYSTEM, "compliance", "Compliance", frozenset())
    judged = await gathering.judged(session, actor, owners, None)
    cells = {key: judged[key].cells if key in judged else () for key in owners if key.startswith("wkr_")}
    await requests.reconcile(session, actor, organization_id, {key: list(found) for key, found in cells.items()})
    await session.execute(
        delete(Unsettled).where(
            col(Unsettled.organization_id) == organization_id, col(Unsettled.id).in_([mark.id for mark in marks])
        )
    )
    return len(owners)
