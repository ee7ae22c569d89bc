"""Link and transfer of many credentials: those named, or all that one owner holds now."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, not_, select
from sqlmodel import col

from app.access import Actor
from app.core.errors import DomainError, Required
from app.core.fields import Given
from app.credentials import ownership
from app.credentials.ownership import Owned, Owner, OwnershipStatus
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.database import Session
from app.db.idempotency import outcome


@outcome
@dataclass(frozen=True)
class OwnershipResult:
    """What became of one credential."""

    credential_id: str
    status: OwnershipStatus
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@outcome
@dataclass(frozen=True)
class OwnershipChanged:
    """What became of all, with totals."""

    results: list[OwnershipResult]
    total: int
    succeeded: int
    failed: int
    has_more: bool
    """Whether the owner holds more credentials than one call may carry; call again."""


async def link_all(session: Session, actor: Actor, given: Given) -> OwnershipChanged:
    """Give many credentials a further owner; each stands alone, at most 500 in one call."""
    to = await ownership.owner_of(session, actor, given, "to")
    source = await ownership.owner_of(session, actor, given, "from") if given.get("from") else None

    async def one(key: str) -> Owned:
        credential = await row_access.claim(session, actor, Credential, key, ("id",))
        return await ownership.link_to(session, actor, credential, to)

    keys, more = await _keys(session, actor, given, source, to, leave_out_held=True)
    return await _each(session, actor, keys, more, one)


async def transfer_all(session: Session, actor: Actor, given: Given) -> OwnershipChanged:
    """Move many credentials from one owner to another; each stands alone, at most 500 in one call."""
    source = await ownership.owner_of(session, actor, given, "from")
    to = await ownership.owner_of(session, actor, given, "to")

    async def one(key: str) -> Owned:
        credential = await row_access.claim(session, actor, Credential, key, ("id",))
        return await ownership.transfer_to(session, actor, credential, source, to)

    keys, more = await _keys(session, actor, given, source, to)
    return await _each(session, actor, keys, more, one)


async def _keys(
    session: Session, actor: Actor, given: Given, source: Owner | None, to: Owner, *, leave_out_held: bool = False
) -> tuple[list[str], bool]:
    """The credentials that are named, or those of `source`; on request without those that `to` holds already.

    Those that somebody else holds in the place of `to` come last: they will be skipped, and if they came first, a
    caller who calls again while there are more would meet the same ones each time.
    """
    named: list[str] | None = given.get("credentialIds")
    if named is not None:
        bulk.check_length(named, "credentialIds")
        return named, False
    if source is None:
        raise Required("credentialIds", message="credentialIds or from is required")
    holder = col(getattr(Credential, to.slot))
    held = holder.is_not_distinct_from(to.person.id)
    statement = (
        select(col(Credential.id))
        .where(actor.sees(Credential), col(Credential.deleted_at).is_(None))
        .where(getattr(Credential, source.slot) == source.person.id)
        .order_by(and_(holder.is_not(None), not_(held)), col(Credential.id))
        .limit(bulk.LIMIT + 1)
    )
    if leave_out_held:
        statement = statement.where(not_(held))
    found = list(await session.scalars(statement))
    return found[: bulk.LIMIT], len(found) > bulk.LIMIT


async def _each(
    session: Session, actor: Actor, keys: list[str], more: bool, action: bulk.Action[Owned]
) -> OwnershipChanged:
    await row_access.lock(session, actor, Credential, keys)
    done = await bulk.each(session, keys, action, path="credentialIds")
    results = [
        OwnershipResult(key, OwnershipStatus.SKIPPED, errors=found)
        if isinstance(found, list)
        else OwnershipResult(key, found.status, found.credential)
        for key, found in zip(keys, done, strict=True)
    ]
    failed = sum(result.status is OwnershipStatus.SKIPPED for result in results)
    return OwnershipChanged(results, len(results), len(results) - failed, failed, more)
