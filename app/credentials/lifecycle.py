"""Archiving, restoring, deleting, undeleting and purging a credential."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.access import Actor
from app.core.errors import DomainError, raise_if_refused
from app.core.fields import Changes, Input
from app.credentials import permissions, recheck_schedule
from app.credentials.files import removals
from app.credentials.tables import Credential
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind

LifecycleRule = Callable[[Credential], DomainError | None]


async def archive(session: Session, actor: Actor, input: Input) -> Credential:
    """Archive a credential. It leaves default lists and compliance, and raises no notices."""
    columns = {"archived_at": session.now, "archived_by": actor.id, "next_check_at": None}
    return await _set_columns(session, actor, input, permissions.archive, EventKind.CREDENTIAL_ARCHIVED, columns)


async def unarchive(session: Session, actor: Actor, input: Input) -> Credential:
    """Bring an archived credential back."""
    columns = {"archived_at": None, "archived_by": None}
    credential = await _set_columns(
        session, actor, input, permissions.unarchive, EventKind.CREDENTIAL_RESTORED, columns
    )
    await recheck_schedule.resume(session, credential)
    return credential


async def delete(session: Session, actor: Actor, input: Input) -> Credential:
    """Mark a credential as deleted. It leaves all lists but can be undeleted."""
    columns = {"deleted_at": session.now, "next_check_at": None}
    return await _set_columns(session, actor, input, permissions.delete, EventKind.CREDENTIAL_DELETED, columns)


async def undelete(session: Session, actor: Actor, input: Input) -> Credential:
    """Undelete a credential."""
    columns: dict[str, datetime | None] = {"deleted_at": None}
    credential = await _set_columns(
        session, actor, input, permissions.undelete, EventKind.CREDENTIAL_UNDELETED, columns
    )
    await recheck_schedule.resume(session, credential)
    return credential


async def purge(session: Session, actor: Actor, input: Input) -> str:
    """Remove an archived credential permanently, with its versions, checks and files. Return its id.

    The events of the credential stay.
    """
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(permissions.purge(credential, confirmed=input.get("confirm") is True))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    owners = {"owners.worker": credential.worker_id, "owners.applicant": credential.applicant_id}
    changes: Changes = {name: {"from": key, "to": None} for name, key in owners.items() if key is not None}
    event_log.record(session, actor, EventKind.CREDENTIAL_PURGED, credential, changes, worker_id=credential.worker_id)
    await removals.schedule_for_credential(session, credential.organization_id, credential.id)
    await session.delete(credential)
    return credential.id


async def _set_columns(
    session: Session, actor: Actor, input: Input, rule: LifecycleRule, event_kind: EventKind, columns: dict[str, Any]
) -> Credential:
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    raise_if_refused(rule(credential))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    for column, value in columns.items():
        setattr(credential, column, value)
    row_access.touch(credential, session.now)
    event_log.record(session, actor, event_kind, credential, worker_id=credential.worker_id)
    return credential
