"""Asking for decisions on what people entered about themselves while approvals were off."""

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind
from app.core.fields import Changes, changes_between, snapshot
from app.credentials import amending, fields, own_changes, queries, version_sync
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion
from app.db import row_access
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings


async def ask_for_decisions(session: Session, organization_id: str) -> None:
    """Ask for decisions on what people entered about themselves while approvals were off, and nobody confirmed since.

    A check confirms a version of a type that needs no approval. The organization's change records the actor: the
    events of the credentials are the service's own.
    """
    organization = await settings.load(session, organization_id)
    actor = Actor(organization_id, ActorKind.SYSTEM, "approvals", "Approvals", frozenset())
    entered = (
        select(CredentialVersion)
        .join(
            Credential,
            (col(Credential.organization_id) == col(CredentialVersion.organization_id))
            & (col(Credential.latest_version_id) == col(CredentialVersion.id)),
        )
        .where(
            col(CredentialVersion.organization_id) == organization_id,
            col(CredentialVersion.entered_by_owner),
            col(CredentialVersion.approval) == ApprovalStatus.NOT_REQUIRED,
        )
    )
    keys = [version.credential_id for version in await session.scalars(entered)]
    await row_access.lock_all(session, actor, Credential, keys)
    for key in sorted(keys):
        # Read after the lock: somebody may have decided in the meantime.
        credential = await session.get_row(Credential, (organization_id, key))
        version = await version_sync.latest_version(session, credential)
        credential_type = await queries.type_of(session, credential)
        if version.approval is ApprovalStatus.NOT_REQUIRED and not own_changes.waits_for_check(
            organization, credential_type
        ):
            await _ask_for_decision(session, actor, credential, version)


async def _ask_for_decision(session: Session, actor: Actor, credential: Credential, version: CredentialVersion) -> None:
    before = snapshot(version, fields.DECISION_FIELDS)
    version.approval = ApprovalStatus.PENDING
    await version_sync.sync_credential(session, credential, version)
    changes: Changes = {"number": {"from": version.number, "to": version.number}}
    changes |= changes_between(before, snapshot(version, fields.DECISION_FIELDS))
    if credential.effective_version_id is None:
        changes |= await amending.reset_status(session, credential)
    fields.touch(credential, session.now)
    event_log.record(session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id)
