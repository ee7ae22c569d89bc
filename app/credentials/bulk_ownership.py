"""Linking and transferring many credentials: those named, or all that one owner has."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, not_, select
from sqlmodel import col

from app.access import Actor
from app.core.errors import DomainError, Required
from app.core.fields import Input
from app.credentials import ownership, queries
from app.credentials.ownership import Owned, Owner, OwnershipStatus
from app.credentials.tables import Credential
from app.db import bulk, row_access
from app.db.idempotency import replayable
from app.db.session import Session


@replayable
@dataclass(frozen=True)
class OwnershipResult:
    """The outcome for one credential: the credential as changed, or the refusals."""

    credential_id: str
    status: OwnershipStatus
    credential: Credential | None = None
    errors: Sequence[DomainError] = field(default_factory=list)


@replayable
@dataclass(frozen=True)
class OwnershipChanged(bulk.BulkOutcome[OwnershipResult]):
    """The outcomes for all credentials, with totals."""

    has_more: bool
    """True if the owner has more credentials than one call may change; call again."""


async def link_all(session: Session, actor: Actor, input: Input) -> OwnershipChanged:
    """Add an owner to up to 500 credentials. A refused credential does not affect the others."""
    to = await ownership.owner_of(session, actor, input, "to")
    source = await ownership.owner_of(session, actor, input, "from") if input.get("from") else None

    async def link(key: str) -> Owned:
        credential = await row_access.find_for_update(session, actor, Credential, key, ("id",))
        return await ownership.link_to(session, actor, credential, to)

    keys, more = await _find_keys(session, actor, input, source, to, exclude_linked=True)
    return await _change_each(session, actor, keys, more, link)


async def transfer_all(session: Session, actor: Actor, input: Input) -> OwnershipChanged:
    """Move up to 500 credentials from one owner to another. A refused credential does not affect the others."""
    source = await ownership.owner_of(session, actor, input, "from")
    to = await ownership.owner_of(session, actor, input, "to")

    async def transfer(key: str) -> Owned:
        credential = await row_access.find_for_update(session, actor, Credential, key, ("id",))
        return await ownership.transfer_to(session, actor, credential, source, to)

    keys, more = await _find_keys(session, actor, input, source, to)
    return await _change_each(session, actor, keys, more, transfer)


async def _find_keys(
    session: Session, actor: Actor, input: Input, source: Owner | None, to: Owner, *, exclude_linked: bool = False
) -> tuple[list[str], bool]:
    """Return the ids of the named credentials or of those that `source` has, and whether there are more.

    What was only requested from `source` stays there, because nobody holds it. Credentials whose slot has an owner
    other than `to` come last. They will be skipped; if they came first, a caller who repeats the call until there are
    no more would get the same ones each time.
    """
    named: list[str] | None = input.get("credentialIds")
    if named is not None:
        bulk.check_length(named, "credentialIds")
        return named, False
    if source is None:
        raise Required("credentialIds", message="credentialIds or from is required")
    owner_id = col(getattr(Credential, to.slot))
    is_linked = owner_id.is_not_distinct_from(to.person.id)
    statement = (
        select(col(Credential.id))
        .where(actor.visible_rows(Credential), col(Credential.deleted_at).is_(None))
        .where(getattr(Credential, source.slot) == source.person.id, queries.is_provided)
        .order_by(and_(owner_id.is_not(None), not_(is_linked)), col(Credential.id))
        .limit(bulk.MAX_ITEMS + 1)
    )
    if exclude_linked:
        statement = statement.where(not_(is_linked))
    ids = list(await session.scalars(statement))
    return ids[: bulk.MAX_ITEMS], len(ids) > bulk.MAX_ITEMS


async def _change_each(
    session: Session, actor: Actor, keys: list[str], more: bool, action: bulk.IdAction[Owned]
) -> OwnershipChanged:
    await row_access.lock_all(session, actor, Credential, keys)
    outcomes = await bulk.run_each(session, keys, action, path="credentialIds")
    results = [
        OwnershipResult(key, OwnershipStatus.SKIPPED, errors=outcome)
        if isinstance(outcome, list)
        else OwnershipResult(key, outcome.status, outcome.credential)
        for key, outcome in zip(keys, outcomes, strict=True)
    ]
    return OwnershipChanged.of(results, has_more=more)
