"""Archive and restore, delete and undelete, purge."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.access import Actor
from app.core.errors import DomainError, allow
from app.core.fields import Changes, Given
from app.credentials import permissions, recheck_schedule
from app.credentials.files import removals
from app.credentials.tables import Credential
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind

Rule = Callable[[Credential], DomainError | None]


async def archive(session: Session, actor: Actor, given: Given) -> Credential:
    """Put a credential away: it leaves default lists and compliance, and raises no notice."""
    marks = {"archived_at": session.now, "archived_by": actor.id, "next_check_at": None}
    return await _mark(session, actor, given, permissions.archive, EventKind.CREDENTIAL_ARCHIVED, marks)


async def restore(session: Session, actor: Actor, given: Given) -> Credential:
    """Take a credential out of the archive."""
    marks = {"archived_at": None, "archived_by": None}
    credential = await _mark(session, actor, given, permissions.restore, EventKind.CREDENTIAL_RESTORED, marks)
    await recheck_schedule.resume(session, credential)
    return credential


async def delete(session: Session, actor: Actor, given: Given) -> Credential:
    """Mark a credential deleted: it leaves the lists."""
    marks = {"deleted_at": session.now, "next_check_at": None}
    return await _mark(session, actor, given, permissions.delete, EventKind.CREDENTIAL_DELETED, marks)


async def undelete(session: Session, actor: Actor, given: Given) -> Credential:
    """Undo a deletion."""
    marks: dict[str, datetime | None] = {"deleted_at": None}
    credential = await _mark(session, actor, given, permissions.undelete, EventKind.CREDENTIAL_UNDELETED, marks)
    await recheck_schedule.resume(session, credential)
    return credential


async def purge(session: Session, actor: Actor, given: Given) -> str:
    """Remove an archived credential for good, with its versions, checks and files; its events stay. Gives its id."""
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(permissions.purge(credential, confirmed=given.get("confirm") is True))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    owners = {"owners.worker": credential.worker_id, "owners.applicant": credential.applicant_id}
    changes: Changes = {name: {"from": key, "to": None} for name, key in owners.items() if key is not None}
    event_log.record(session, actor, EventKind.CREDENTIAL_PURGED, credential, changes, worker_id=credential.worker_id)
    await removals.forget_all(session, credential.organization_id, credential.id)
    await session.delete(credential)
    await session.flush()
    return credential.id


async def _mark(
    session: Session, actor: Actor, given: Given, rule: Rule, fact: EventKind, marks: dict[str, Any]
) -> Credential:
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(rule(credential))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    for column, value in marks.items():
        setattr(credential, column, value)
    credential.revision += 1
    credential.last_updated = session.now
    event_log.record(session, actor, fact, credential, worker_id=credential.worker_id)
    return credential
