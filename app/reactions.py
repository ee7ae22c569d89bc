"""What follows from what: for each kind of fact, what is done about it before the transaction is committed."""

from app.core.database import Session
from app.events import ledger


async def follow(session: Session) -> None:
    """Do what follows from all that the transaction recorded, and from what that records in turn."""
    while events := ledger.taken(session):
        for _event in events:
            pass
