"""The callers for whom URLs were signed, as they are when the URLs are used.

A signed URL works like the key or token that requested it: a key that was revoked, replaced or has expired takes its
URLs along, and so does the deletion of a person's worker record. A token's roles are those at its issue, so a URL lasts
no longer than the token (`Actor.expires_at`).
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import col

from app.access import ALL_SCOPES, Actor, ActorKind, Role, Scope, scopes_of
from app.core.errors import MissingScope, Unauthenticated
from app.db.session import Session
from app.http.http_errors import HTTPError
from app.organizations import api_keys
from app.signing.signed_urls import UrlHolder
from app.workers.tables import Worker


async def find_actor(session: Session, holder: UrlHolder, scopes: Iterable[Scope], *, own: bool = False) -> Actor:
    """Return the caller for whom a URL was signed, restricted as `Actor.require_scope` does.

    Raises HTTPError 410 if the caller has ended, or lacks one of the scopes.
    """
    try:
        actor = await _find(session, holder)
        for scope in scopes:
            actor = actor.require_scope(scope, own=own)
    except (Unauthenticated, MissingScope):
        message = "the key or token that requested this URL has ended; request a new URL"
        raise HTTPError(410, "EXPIRED", message) from None
    return actor


async def _find(session: Session, holder: UrlHolder) -> Actor:
    kind = ActorKind(holder.kind)
    if kind is ActorKind.SERVICE:
        return await api_keys.find_actor(session, holder.organization_id, holder.id, holder.key_tag)
    if holder.worker_id and not await _is_present(session, holder):
        raise Unauthenticated("the worker of the token was deleted")
    roles = tuple(Role(role) for role in holder.roles)
    return Actor(
        organization_id=holder.organization_id,
        kind=kind,
        id=holder.id,
        name=holder.id,
        scopes=ALL_SCOPES if kind is ActorKind.SYSTEM else scopes_of(roles),
        roles=roles,
        worker_id=holder.worker_id or None,
    )


async def _is_present(session: Session, holder: UrlHolder) -> bool:
    statement = select(col(Worker.id)).where(
        col(Worker.organization_id) == holder.organization_id,
        col(Worker.id) == holder.worker_id,
        col(Worker.deleted_at).is_(None),
    )
    return (await session.scalars(statement)).one_or_none() is not None
