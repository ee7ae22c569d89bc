"""Creating a credential directly."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import (
    Deleted,
    DomainError,
    Invalid,
    NotFound,
    NotPermitted,
    OwnerRequired,
    Refused,
    allow,
    gathering,
)
from app.core.fields import Given, at
from app.credential_types.tables import CredentialType
from app.credentials import fields, permissions, versions
from app.credentials.tables import NEVER, Credential, VerificationStatus
from app.credentials.verification import attempts
from app.credentials.verification.tables import Trigger, VerificationAttempt
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.workers import people, references
from app.workers.people import Kind

OWN_START = {"status": VerificationStatus.PENDING, "eligibility": None, "is_verifiable": None}
"""What a worker's own credential starts with, and others alone may change."""


@outcome
@dataclass(frozen=True)
class Created:
    """A credential that was provided, and by what its first check can be recognised."""

    credential: Credential
    attempt: VerificationAttempt | None

    @property
    def correlation_id(self) -> str | None:
        """The first check's, if a registry verifies the credential."""
        return self.attempt.correlation_id if self.attempt else None


async def create(session: Session, actor: Actor, given: Given) -> Created:
    """Add a credential with its first version, for a worker, an applicant or both.

    What a registry verifies gets a pending check, which runs after the commit.
    """
    kind, values, owners = await _read(session, actor, given)
    facts = {column: values.pop(column) for column in fields.VERSIONED}
    credential = Credential(
        organization_id=actor.organization_id,
        id=ids.new(Credential.prefix),
        credential_type_id=kind.id,
        type_code=kind.code,
        category=kind.category,
        expires_on=NEVER,
        created_at=session.now,
        last_updated=session.now,
        **owners,
        **values,
    )
    organization = await settings.of(session, actor.organization_id)
    versions.append(session, actor, credential, 1, versions.first_approval(organization, kind), facts)
    fields.refresh(credential)
    session.add(credential)
    await session.gather()
    stated = fields.FIELDS.stated(credential)
    stated |= {f"owners.{column.removesuffix('_id')}": {"from": None, "to": owner} for column, owner in owners.items()}
    event_log.record(session, actor, EventKind.CREDENTIAL_ADDED, credential, stated, worker_id=credential.worker_id)
    return await handed_in(session, actor, credential)


async def handed_in(session: Session, actor: Actor, credential: Credential) -> Created:
    """A credential that somebody provided, with a pending check if a registry verifies it."""
    if not credential.is_verifiable:
        return Created(credential, None)
    return Created(credential, await attempts.open_attempt(session, actor, credential, Trigger.ON_CREATE))


def check_own(actor: Actor, values: dict[str, Any], now: dict[str, Any]) -> None:
    """A worker submits their own credential; whether it counts is for others to say.

    `now` tells what each column is before the change.
    """
    if not actor.only_self:
        return
    for column, start in OWN_START.items():
        if column in values and values[column] != now.get(column, start):
            path = next(field.path for field in fields.FIELDS.all if field.column == column)
            raise NotPermitted(f"{'.'.join(path)} of your own credential is for others to set", path)


async def _read(session: Session, actor: Actor, given: Given) -> tuple[CredentialType, dict[str, Any], dict[str, Any]]:
    """The type, the columns and the owners that the input means, or every refusal at once."""
    errors = fields.missing(given)
    kind: CredentialType | None = None
    values: dict[str, Any] = {}
    owners: dict[str, Any] = {}
    with gathering(errors):
        values = fields.FIELDS.read(given, absent="clear")
        check_own(actor, values, OWN_START)
    with gathering(errors):
        kind = await _type(session, actor, given)
        _complete(kind, values, given)
    with gathering(errors):
        owners = await _owners(session, actor, given)
    if errors or kind is None:
        raise Refused(errors)
    return kind, values, owners


async def _type(session: Session, actor: Actor, given: Given) -> CredentialType | None:
    """The type that the input names by its code; its category must be the one that the input says."""
    code = str(at(given, fields.TYPE_CODE)[1] or "").strip()
    if not code:
        return None
    statement = select(CredentialType).where(actor.sees(CredentialType), col(CredentialType.code) == code)
    kind = (await session.scalars(statement)).one_or_none()
    if kind is None:
        name = ".".join(fields.TYPE_CODE)
        raise NotFound(f"{name}: there is no credential type {code}", fields.TYPE_CODE)
    category = at(given, fields.CATEGORY)[1]
    if category is not None and category is not kind.category:
        name = ".".join(fields.CATEGORY)
        raise Invalid(f"{name}: {kind.code} is a {kind.category.value}", fields.CATEGORY)
    allow(permissions.create(kind))
    return kind


def _complete(kind: CredentialType | None, values: dict[str, Any], given: Given) -> None:
    """Check what was read by what the type says, and fill in what it says where nothing is given."""
    if kind is None or not values:
        return
    if values["expiry_date"] is None and not at(given, ("issuing", "expiryDate"))[0]:
        values["expiry_date"] = versions.expected_expiry(kind, values["issue_date"])
    fields.check(kind, values, values)
    fields.fill(kind, values)


async def _owners(session: Session, actor: Actor, given: Given) -> dict[str, Any]:
    owners: dict[str, Any] = {}
    errors: list[DomainError] = []
    kinds: tuple[Kind[Any], ...] = (people.WORKER, people.APPLICANT)
    for kind in kinds:
        slot = kind.table.noun()
        _, reference = at(given, ("owners", slot))
        if reference is None:
            continue
        with gathering(errors):
            owner = await references.find(session, actor, kind, reference, ("owners", slot))
            if owner.deleted_at is not None:
                raise Deleted(f"owners.{slot}: the {slot} is deleted", ("owners", slot))
            owners[f"{slot}_id"] = owner.id
    if errors:
        raise Refused(errors)
    if not owners:
        raise OwnerRequired("owners needs at least one of worker and applicant", ("owners",))
    return owners
