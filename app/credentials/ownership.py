"""Who holds a credential: link, unlink and transfer.

A credential has one slot for a worker and one for an applicant. Transferring within a type swaps the slot's holder;
from an applicant to a worker it moves the credential over, as when somebody is hired.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core.errors import AlreadyLinked, Deleted, OwnerMismatch, Path, Required, allow
from app.core.fields import Changes, Given
from app.credentials import permissions
from app.credentials.tables import Credential, OwnerType
from app.db import row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.workers import people, references
from app.workers.people import Kind
from app.workers.tables import Applicant, Worker

KINDS: dict[OwnerType, Kind[Any]] = {OwnerType.WORKER: people.WORKER, OwnerType.APPLICANT: people.APPLICANT}
SLOTS = {OwnerType.WORKER: "worker_id", OwnerType.APPLICANT: "applicant_id"}


class OwnershipStatus(StrEnum):
    """What became of one credential."""

    LINKED = "LINKED"
    UNLINKED = "UNLINKED"
    TRANSFERRED = "TRANSFERRED"
    NOOP = "NOOP"
    SKIPPED = "SKIPPED"


@outcome
@dataclass(frozen=True)
class Owned:
    """A credential and what became of it."""

    credential: Credential
    status: OwnershipStatus


@dataclass(frozen=True)
class Owner:
    """A person in the role of an owner."""

    type: OwnerType
    person: Worker | Applicant

    @property
    def slot(self) -> str:
        """The column that holds such an owner's id."""
        return SLOTS[self.type]

    def holds(self, credential: Credential) -> bool:
        """Whether the credential is theirs."""
        return bool(getattr(credential, self.slot) == self.person.id)

    def __str__(self) -> str:
        return f"{self.type.value.lower()} {self.person.id}"


async def link(session: Session, actor: Actor, given: Given) -> Owned:
    """Give a credential a further owner."""
    to = await owner_of(session, actor, given, "to")
    credential = await _claim(session, actor, given)
    return await link_to(session, actor, credential, to)


async def transfer(session: Session, actor: Actor, given: Given) -> Owned:
    """Move a credential from one owner to another."""
    source = await owner_of(session, actor, given, "from")
    to = await owner_of(session, actor, given, "to")
    credential = await _claim(session, actor, given)
    return await transfer_to(session, actor, credential, source, to)


async def unlink(session: Session, actor: Actor, given: Given) -> Owned:
    """Take an owner away from a credential, which keeps the other."""
    credential = await _claim(session, actor, given)
    slot: OwnerType = given["ownerType"]
    if not await _sees_holder(session, actor, credential, slot):
        allow(permissions.own(credential))
        return Owned(credential, OwnershipStatus.NOOP)
    allow(permissions.unlink(credential, slot))
    worker_id = credential.worker_id
    _set(session, actor, credential, {SLOTS[slot]: None}, EventKind.CREDENTIAL_UNLINKED, worker_id)
    return Owned(credential, OwnershipStatus.UNLINKED)


async def link_to(session: Session, actor: Actor, credential: Credential, to: Owner) -> Owned:
    """Link a claimed credential to an owner."""
    allow(permissions.own(credential))
    if to.holds(credential):
        return Owned(credential, OwnershipStatus.NOOP)
    await _check_free(session, credential, to)
    _set(session, actor, credential, {to.slot: to.person.id}, EventKind.CREDENTIAL_LINKED)
    return Owned(credential, OwnershipStatus.LINKED)


async def transfer_to(session: Session, actor: Actor, credential: Credential, source: Owner, to: Owner) -> Owned:
    """Transfer a claimed credential."""
    allow(permissions.own(credential))
    if not source.holds(credential):
        raise OwnerMismatch(f"the credential is not owned by {source}", ("from",))
    if source.person.id == to.person.id:
        return Owned(credential, OwnershipStatus.NOOP)
    if source.type is not to.type:
        await _check_free(session, credential, to)
    slots = {source.slot: None, to.slot: to.person.id}
    _set(session, actor, credential, slots, EventKind.CREDENTIAL_TRANSFERRED, credential.worker_id)
    return Owned(credential, OwnershipStatus.TRANSFERRED)


async def owner_of(session: Session, actor: Actor, given: Given, name: str) -> Owner:
    """The person that a reference of the input names."""
    path: Path = (name,)
    reference = given.get(name)
    if reference is None:
        raise Required(name)
    kind = KINDS[reference["type"]]
    person = await references.find(session, actor, kind, reference, path)
    if name == "to" and person.deleted_at is not None:
        raise Deleted(f"{name}: the {kind.table.noun()} is deleted", path)
    return Owner(reference["type"], person)


async def _claim(session: Session, actor: Actor, given: Given) -> Credential:
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    return credential


async def _sees_holder(session: Session, actor: Actor, credential: Credential, slot: OwnerType) -> bool:
    """Whether somebody holds the slot; one whom the actor does not see is nobody to them."""
    table: Any = KINDS[slot].table
    statement = select(col(table.id)).where(actor.sees(table), col(table.id) == getattr(credential, SLOTS[slot]))
    return (await session.scalars(statement)).one_or_none() is not None


async def _check_free(session: Session, credential: Credential, to: Owner) -> None:
    holder = getattr(credential, to.slot)
    if holder in (None, to.person.id):
        return
    person = await session.row(KINDS[to.type].table, (credential.organization_id, holder))
    # The refusal outlives the transaction, which forgets the rows it had when it is rolled back.
    session.expunge(person)
    noun = KINDS[to.type].table.noun()
    raise AlreadyLinked(f"another {noun} holds the credential already", ("to",), owner=person)


def _set(
    session: Session,
    actor: Actor,
    credential: Credential,
    slots: dict[str, str | None],
    fact: EventKind,
    worker_id: str | None = None,
) -> None:
    names = {"worker_id": "owners.worker", "applicant_id": "owners.applicant"}
    changes: Changes = {}
    for column, after in slots.items():
        changes[names[column]] = {"from": getattr(credential, column), "to": after}
        setattr(credential, column, after)
    credential.revision += 1
    credential.last_updated = session.now
    event_log.record(session, actor, fact, credential, changes, worker_id=credential.worker_id or worker_id)
