"""Creating a credential without a request."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.access import Actor
from app.core import ids
from app.core.errors import (
    Deleted,
    DomainError,
    DomainErrorGroup,
    Invalid,
    NotFound,
    NotPermitted,
    OwnerRequired,
    SelfReview,
    collect_refusals,
    raise_if_refused,
)
from app.core.fields import Input, value_at
from app.credential_types.tables import CredentialType
from app.credentials import fields, own_changes, permissions, queries, validity, version_sync
from app.credentials.tables import NEVER, Credential, VerificationStatus
from app.credentials.verification import attempts, reports
from app.credentials.verification.tables import VerificationAttempt, VerificationTrigger
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.workers import references

SELF_SUBMITTED_DEFAULTS = {"status": VerificationStatus.PENDING, "eligibility": None, "is_verifiable": None}
"""The values of a credential that a worker submits for themselves. Only others may change them."""


@replayable
@dataclass(frozen=True)
class Created:
    """A credential that was created or submitted, with its first check if a registry verifies it."""

    credential: Credential
    attempt: VerificationAttempt | None

    @property
    def correlation_id(self) -> str | None:
        """The correlation id of the first check, if there is one."""
        return self.attempt.correlation_id if self.attempt else None


async def create(session: Session, actor: Actor, input: Input) -> Created:
    """Add a credential with its first version, for a worker, an applicant or both.

    A credential that a registry verifies gets a pending check, which runs after the commit.
    """
    credential_type, values, owners = await _read_input(session, actor, input)
    facts = {column: values.pop(column) for column in fields.VERSION_COLUMNS}
    credential = Credential(
        organization_id=actor.organization_id,
        id=ids.new(Credential.prefix),
        credential_type_id=credential_type.id,
        type_code=credential_type.code,
        category=credential_type.category,
        expires_on=NEVER,
        created_at=session.now,
        updated_at=session.now,
        **owners,
        **values,
    )
    organization = await settings.load(session, actor.organization_id)
    own = own_changes.is_own(actor, credential, organization)
    approval = version_sync.initial_approval(organization, credential_type, own=own)
    version_sync.append(session, actor, credential, 1, approval, facts, own=own)
    fields.refresh_search_columns(credential)
    session.add(credential)
    stated = fields.FIELDS.initial_changes(credential)
    stated |= {f"owners.{column.removesuffix('_id')}": {"from": None, "to": owner} for column, owner in owners.items()}
    event_log.record(session, actor, EventKind.CREDENTIAL_ADDED, credential, stated, worker_id=credential.worker_id)
    reported = reports.stated_at_creation(credential)
    reports.record(session, actor, credential, credential_type, reported)
    return await start_first_check(session, actor, credential)


async def start_first_check(session: Session, actor: Actor, credential: Credential) -> Created:
    """Start the first check of a credential, if a registry verifies it."""
    if not credential.is_verifiable:
        return Created(credential, None)
    return Created(credential, await attempts.open_attempt(session, actor, credential, VerificationTrigger.ON_CREATE))


async def check_self_submission(
    session: Session, actor: Actor, worker_id: str | None, values: dict[str, Any], current: dict[str, Any]
) -> None:
    """Refuse a verification status that people set on their own credential, which `worker_id` holds.

    `current` holds the columns before the change; an absent column has its initial value.
    """
    refusal: type[NotPermitted] = NotPermitted
    if not actor.only_self:
        if actor.worker_id is None or actor.worker_id != worker_id:
            return
        organization = await settings.load(session, actor.organization_id)
        if organization.self_review_allowed:
            return
        refusal = SelfReview
    for column, initial in SELF_SUBMITTED_DEFAULTS.items():
        if column in values and values[column] != current.get(column, initial):
            path = next(field.path for field in fields.FIELDS.all if field.column == column)
            raise refusal(f"{'.'.join(path)}: cannot be set on your own credential", path)


async def _read_input(
    session: Session, actor: Actor, input: Input
) -> tuple[CredentialType, dict[str, Any], dict[str, Any]]:
    """Return the type, the column values and the owners of an input. Raises DomainErrorGroup with every refusal."""
    errors = fields.missing_required(input)
    credential_type: CredentialType | None = None
    values: dict[str, Any] = {}
    owners: dict[str, Any] = {}
    with collect_refusals(errors):
        values = fields.FIELDS.parse(input, absent="clear")
    stated = dict(values)
    with collect_refusals(errors):
        credential_type = await _find_type(session, actor, input)
        _apply_type(credential_type, values, input)
    with collect_refusals(errors):
        owners = await _find_owners(session, actor, input)
        await check_self_submission(session, actor, owners.get("worker_id"), stated, SELF_SUBMITTED_DEFAULTS)
    if errors or credential_type is None:
        raise DomainErrorGroup(errors)
    return credential_type, values, owners


async def _find_type(session: Session, actor: Actor, input: Input) -> CredentialType | None:
    """Return the type that the input names by code; None if it names none. Its category must match the input."""
    code = str(value_at(input, fields.TYPE_CODE)[1] or "").strip()
    if not code:
        return None
    statement = select(CredentialType).where(actor.visible_rows(CredentialType), col(CredentialType.code) == code)
    credential_type = (await session.scalars(statement)).one_or_none()
    if credential_type is None:
        name = ".".join(fields.TYPE_CODE)
        raise NotFound(f"{name}: there is no credential type {code}", fields.TYPE_CODE)
    category = value_at(input, fields.CATEGORY)[1]
    if category is not None and category is not credential_type.category:
        name = ".".join(fields.CATEGORY)
        raise Invalid(
            f"{name}: {credential_type.code} has the category {credential_type.category.value}", fields.CATEGORY
        )
    raise_if_refused(permissions.create(credential_type))
    return credential_type


def _apply_type(credential_type: CredentialType | None, values: dict[str, Any], input: Input) -> None:
    """Check the values against the type, and fill in the type's defaults."""
    if credential_type is None or not values:
        return
    if values["expiry_date"] is None and not value_at(input, ("issuing", "expiryDate"))[0]:
        values["expiry_date"] = validity.expected_expiry(credential_type, values["issue_date"])
    fields.fit_jurisdiction(credential_type, values)
    fields.check(credential_type, values, values)
    fields.fill_defaults(credential_type, values)


async def _find_owners(session: Session, actor: Actor, input: Input) -> dict[str, Any]:
    owners: dict[str, Any] = {}
    errors: list[DomainError] = []
    for spec in queries.OWNER_SPECS.values():
        slot = spec.table.noun()
        _, reference = value_at(input, ("owners", slot))
        if reference is None:
            continue
        with collect_refusals(errors):
            owner = await references.find(session, actor, spec, reference, ("owners", slot))
            if owner.deleted_at is not None:
                raise Deleted(f"owners.{slot}: the {slot} is deleted", ("owners", slot))
            owners[f"{slot}_id"] = owner.id
    if errors:
        raise DomainErrorGroup(errors)
    if not owners:
        raise OwnerRequired("owners: at least one of worker and applicant is required", ("owners",))
    return owners
