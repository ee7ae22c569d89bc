"""Linking, unlinking and transferring a credential.

A credential has one slot for a worker and one for an applicant. A transfer between two owners of the same type replaces
the slot's owner; a transfer from an applicant to a worker empties one slot and fills the other, as after a hire.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core.errors import AlreadyLinked, Deleted, InputPath, OwnerMismatch, Required, raise_if_refused
from app.core.fields import Changes, Input
from app.credentials import permissions
from app.credentials.queries import OWNER_SPECS
from app.credentials.tables import Credential, OwnerType
from app.db import row_access
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.workers import references
from app.workers.tables import Applicant, Worker

OWNER_SLOTS = {OwnerType.WORKER: "worker_id", OwnerType.APPLICANT: "applicant_id"}


class OwnershipStatus(StrEnum):
    """The outcome of an ownership change for one credential."""

    LINKED = "LINKED"
    UNLINKED = "UNLINKED"
    TRANSFERRED = "TRANSFERRED"
    NOOP = "NOOP"
    SKIPPED = "SKIPPED"


@replayable
@dataclass(frozen=True)
class Owned:
    """A credential and the outcome of its ownership change."""

    credential: Credential
    status: OwnershipStatus


@dataclass(frozen=True)
class Owner:
    """A worker or applicant as an owner of credentials."""

    type: OwnerType
    person: Worker | Applicant

    @property
    def slot(self) -> str:
        """The column of a credential that holds the id of an owner of this type."""
        return OWNER_SLOTS[self.type]

    def holds(self, credential: Credential) -> bool:
        """Return whether this person owns the credential."""
        return bool(getattr(credential, self.slot) == self.person.id)

    def __str__(self) -> str:
        return f"{self.type.value.lower()} {self.person.id}"


async def link(session: Session, actor: Actor, input: Input) -> Owned:
    """Add an owner to a credential."""
    to = await owner_of(session, actor, input, "to")
    credential = await _lock(session, actor, input)
    return await link_to(session, actor, credential, to)


async def transfer(session: Session, actor: Actor, input: Input) -> Owned:
    """Move a credential from one owner to another."""
    source = await owner_of(session, actor, input, "from")
    to = await owner_of(session, actor, input, "to")
    credential = await _lock(session, actor, input)
    return await transfer_to(session, actor, credential, source, to)


async def unlink(session: Session, actor: Actor, input: Input) -> Owned:
    """Remove an owner from a credential. The last owner cannot be removed."""
    credential = await _lock(session, actor, input)
    slot: OwnerType = input["ownerType"]
    if not await _is_owner_visible(session, actor, credential, slot):
        raise_if_refused(permissions.own(credential))
        return Owned(credential, OwnershipStatus.NOOP)
    raise_if_refused(permissions.unlink(credential, slot))
    worker_id = credential.worker_id
    _set(session, actor, credential, {OWNER_SLOTS[slot]: None}, EventKind.CREDENTIAL_UNLINKED, worker_id)
    return Owned(credential, OwnershipStatus.UNLINKED)


async def link_to(session: Session, actor: Actor, credential: Credential, to: Owner) -> Owned:
    """Link a locked credential to an owner."""
    raise_if_refused(permissions.own(credential))
    if to.holds(credential):
        return Owned(credential, OwnershipStatus.NOOP)
    await _check_receiver(session, actor, to)
    await _check_free(session, credential, to)
    _set(session, actor, credential, {to.slot: to.person.id}, EventKind.CREDENTIAL_LINKED)
    return Owned(credential, OwnershipStatus.LINKED)


async def transfer_to(session: Session, actor: Actor, credential: Credential, source: Owner, to: Owner) -> Owned:
    """Transfer a locked credential."""
    raise_if_refused(permissions.own(credential))
    if not source.holds(credential):
        raise OwnerMismatch(f"the credential is not owned by {source}", ("from",))
    if source.person.id == to.person.id:
        return Owned(credential, OwnershipStatus.NOOP)
    await _check_receiver(session, actor, to)
    if source.type is not to.type:
        await _check_free(session, credential, to)
    slots = {source.slot: None, to.slot: to.person.id}
    _set(session, actor, credential, slots, EventKind.CREDENTIAL_TRANSFERRED, credential.worker_id)
    return Owned(credential, OwnershipStatus.TRANSFERRED)


async def owner_of(session: Session, actor: Actor, input: Input, name: str) -> Owner:
    """Return the owner that the reference under `name` in the input identifies."""
    path: InputPath = (name,)
    reference = input.get(name)
    if reference is None:
        raise Required(name)
    spec = OWNER_SPECS[reference["type"]]
    person = await references.find(session, actor, spec, reference, path)
    if name == "to" and person.deleted_at is not None:
        raise Deleted(f"{name}: the {spec.table.noun()} is deleted", path)
    return Owner(reference["type"], person)


async def _lock(session: Session, actor: Actor, input: Input) -> Credential:
    credential = await row_access.find_for_update(session, actor, Credential, input["id"], ("id",))
    row_access.check_revision(credential.revision, input.get("expectedRevision"))
    return credential


async def _is_owner_visible(session: Session, actor: Actor, credential: Credential, slot: OwnerType) -> bool:
    """Report whether the slot has an owner that the actor can see. To the actor, an invisible owner does not exist."""
    table: Any = OWNER_SPECS[slot].table
    statement = select(col(table.id)).where(
        actor.visible_rows(table), col(table.id) == getattr(credential, OWNER_SLOTS[slot])
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def _check_receiver(session: Session, actor: Actor, to: Owner) -> None:
    """Refuse a credential that people give to themselves. The settings are read only for them."""
    if to.person.id == actor.worker_id:
        organization = await settings.load(session, actor.organization_id)
        raise_if_refused(
            permissions.receive(to.person.id, policy=settings.review_policy(organization, actor.worker_id))
        )


async def _check_free(session: Session, credential: Credential, to: Owner) -> None:
    owner_id = getattr(credential, to.slot)
    if owner_id in (None, to.person.id):
        return
    person = await session.get_row(OWNER_SPECS[to.type].table, (credential.organization_id, owner_id))
    # The refusal carries the owner and outlives the transaction; a rollback would expire the row.
    session.expunge(person)
    noun = OWNER_SPECS[to.type].table.noun()
    raise AlreadyLinked(f"the credential already has another {noun}; unlink or transfer it", ("to",), owner=person)


def _set(
    session: Session,
    actor: Actor,
    credential: Credential,
    slots: dict[str, str | None],
    event_kind: EventKind,
    worker_id: str | None = None,
) -> None:
    names = {"worker_id": "owners.worker", "applicant_id": "owners.applicant"}
    changes: Changes = {}
    for column, after in slots.items():
        changes[names[column]] = {"from": getattr(credential, column), "to": after}
        setattr(credential, column, after)
    row_access.touch(credential, session.now)
    event_log.record(session, actor, event_kind, credential, changes, worker_id=credential.worker_id or worker_id)
