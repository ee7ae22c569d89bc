"""Creating a credential directly."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import claims, ids
from app.core.database import Session
from app.core.errors import Deleted, DomainError, Invalid, NotFound, NotPermitted, OwnerRequired, Refused
from app.core.fields import Given, at
from app.core.idempotency import outcome
from app.credential_types.tables import CredentialType
from app.credentials import fields, states, verification, versions
from app.credentials.tables import NEVER, Credential, Trigger, VerificationAttempt, VerificationStatus
from app.events import ledger
from app.events.kinds import EventKind
from app.organizations.tables import Organization
from app.workers import people, references
from app.workers.people import Kind

OWN_START = {"status": VerificationStatus.PENDING, "eligibility": None}


@outcome
@dataclass(frozen=True)
class Created:
    """A new credential, and by what its first check can be recognised."""

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
    values = _read(given)
    kind = await type_of(session, actor, given)
    refusal = states.create(kind)
    if refusal is not None:
        raise refusal
    check_own(actor, values, OWN_START)
    owners = await _owners(session, actor, given)
    issued = values["issue_date"]
    if values["expiry_date"] is None and not at(given, ("issuing", "expiryDate"))[0]:
        values["expiry_date"] = versions.expected_expiry(kind, issued)
    fields.check(kind, values, values)
    fields.fill(kind, values)
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
    organization = await claims.find(session, actor, Organization, actor.organization_id, ("organization",))
    versions.append(session, actor, credential, 1, versions.first_approval(organization, kind), facts)
    fields.refresh(credential)
    session.add(credential)
    await session.flush()
    ledger.record(session, actor, EventKind.CREDENTIAL_ADDED, credential, worker_id=credential.worker_id)
    if not credential.is_verifiable:
        return Created(credential, None)
    return Created(credential, await verification.open_attempt(session, actor, credential, Trigger.ON_CREATE))


def check_own(actor: Actor, values: dict[str, Any], now: dict[str, Any]) -> None:
    """A worker submits their own credential; whether it counts is for others to say.

    `now` tells what each column is before the change.
    """
    if not actor.only_self:
        return
    for column, start in OWN_START.items():
        if column in values and values[column] != now.get(column, start):
            path = ("verification", column)
            raise NotPermitted(f"{'.'.join(path)} of your own credential is for others to set", path)


async def type_of(session: Session, actor: Actor, given: Given) -> CredentialType:
    """The type that the input names by its code; its category must be the one that the input says."""
    code = str(at(given, fields.TYPE_CODE)[1]).strip()
    statement = select(CredentialType).where(actor.sees(CredentialType), col(CredentialType.code) == code)
    kind = (await session.scalars(statement)).one_or_none()
    if kind is None:
        name = ".".join(fields.TYPE_CODE)
        raise NotFound(f"{name}: there is no credential type {code}", fields.TYPE_CODE)
    if at(given, fields.CATEGORY)[1] is not kind.category:
        name = ".".join(fields.CATEGORY)
        raise Invalid(f"{name}: {kind.code} is a {kind.category.value}", fields.CATEGORY)
    return kind


def _read(given: Given) -> dict[str, Any]:
    """The columns of the input, or every refusal at once."""
    errors: list[DomainError] = fields.missing(given)
    values: dict[str, Any] = {}
    try:
        values = fields.FIELDS.read(given, absent="clear")
    except Refused as refused:
        errors += refused.errors
    if all(at(given, ("owners", slot))[1] is None for slot in ("worker", "applicant")):
        errors.append(OwnerRequired("owners needs at least one of worker and applicant", ("owners",)))
    if errors:
        raise Refused(errors)
    return values


async def _owners(session: Session, actor: Actor, given: Given) -> dict[str, Any]:
    owners: dict[str, Any] = {}
    errors: list[DomainError] = []
    kinds: tuple[Kind[Any], ...] = (people.WORKER, people.APPLICANT)
    for kind in kinds:
        slot = kind.table.noun()
        _, reference = at(given, ("owners", slot))
        if reference is None:
            continue
        try:
            owner = await references.find(session, actor, kind, reference, ("owners", slot))
            if owner.deleted_at is not None:
                raise Deleted(f"owners.{slot}: the {slot} is deleted", ("owners", slot))
            owners[f"{slot}_id"] = owner.id
        except DomainError as error:
            errors.append(error)
    if errors:
        raise Refused(errors)
    return owners
