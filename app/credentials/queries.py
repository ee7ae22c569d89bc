"""Reads of credentials and their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlmodel import col

from app.access import Actor, Scope
from app.core import clock
from app.core.errors import MissingScope, NotFound
from app.core.fields import check_day
from app.credential_types.tables import CredentialType
from app.credentials import effective_version, permissions, validity_sql
from app.credentials.tables import (
    NEVER,
    REVIEW_QUEUE_CONDITION,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    OwnerType,
    VersionChange,
)
from app.db.principal import Principal
from app.db.session import Session
from app.lists import filters
from app.lists.key_lists import in_keys
from app.lists.listings import Listing, Lookup
from app.lists.where_references import Reference
from app.workers import people, references
from app.workers import queries as workers
from app.workers.people import PersonSpec
from app.workers.tables import Worker

OWNER_COLUMNS = {
    OwnerType.WORKER: col(Credential.worker_id),
    OwnerType.APPLICANT: col(Credential.applicant_id),
}
OWNER_SPECS: dict[OwnerType, PersonSpec[Any]] = {
    OwnerType.WORKER: people.WORKER,
    OwnerType.APPLICANT: people.APPLICANT,
}


@filters.timeless
def _owned_by(value: Mapping[str, Any], _actor: Principal) -> ColumnElement[bool]:
    owned: ColumnElement[bool] = OWNER_COLUMNS[value["type"]] == value["id"]
    return owned


def _held_by_workers(condition: ColumnElement[bool], actor: Principal) -> ColumnElement[bool]:
    """Match credentials held by workers who match. Workers whom the actor may not read must not be guessed."""
    if not actor.reads_workers:
        raise MissingScope(Scope.WORKERS_READ.value)
    holders = select(col(Worker.id)).where(col(Worker.organization_id) == actor.organization_id, condition)
    return col(Credential.worker_id).in_(holders)


def _searched_columns(actor: Principal) -> list[Any]:
    """Return the columns of text that an actor may search. Owners whom the actor may not read must not be guessed."""
    columns: list[Any] = [col(Credential.search_text)]
    if actor.reads_workers:
        columns.append(col(Credential.worker_text))
    if actor.reads_applicants:
        columns.append(col(Credential.applicant_text))
    return columns


def _stated_owner(owner: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the owner by the id that the reference states; None if the owner has to be found."""
    if owner.get("id") is None or owner.get("externalId") is not None:
        return None
    return {"type": owner["type"], "id": str(owner["id"])}


async def _find_owner(session: Session, actor: Actor, owner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the owner by id. An external id that two people share is refused, not guessed."""
    stated = _stated_owner(owner)
    if stated is not None:
        return stated
    try:
        person = await references.find(session, actor, OWNER_SPECS[owner["type"]], owner, ("where", "owner"))
    except NotFound:
        return {"type": owner["type"], "id": ""}
    return {"type": owner["type"], "id": person.id}


def _is_present(actor: Principal) -> ColumnElement[bool]:
    """Match credentials that are not deleted, and not all of whose owners are: of the owners that the actor can see."""
    living_owner = col(Credential.living_owner)
    is_owned = living_owner == OwnerType.WORKER if actor.is_restricted else living_owner.is_not(None)
    return and_(col(Credential.deleted_at).is_(None), is_owned)


by_id = Lookup(Credential, col(Credential.id))
listing = Listing(
    Credential,
    filters={
        "id": filters.exact(col(Credential.id)),
        "owner": _owned_by,
        "type": filters.exact(col(Credential.type_code)),
        "category": filters.exact(col(Credential.category)),
        "jurisdiction": filters.exact(col(Credential.jurisdiction)),
        "referenceNumber": filters.exact(col(Credential.reference_number)),
        "status": filters.exact(col(Credential.status)),
        "eligibility": filters.exact(col(Credential.eligibility)),
        "statusDetail": filters.exact(col(Credential.status_detail)),
        "validity": validity_sql.matches,
        "approval": filters.exact(col(Credential.latest_approval)),
        "intake": filters.exact(col(Credential.intake)),
        "issueDate": filters.days(col(Credential.valid_from)),
        "expiryDate": filters.days(col(Credential.expires_on), absent=NEVER),
        "createdAt": filters.instants(col(Credential.created_at)),
        "updatedAt": filters.instants(col(Credential.updated_at)),
        "archivedAt": filters.instants(col(Credential.archived_at)),
        "deletedAt": filters.instants(col(Credential.deleted_at)),
        "worker": filters.nested(workers.EMPLOYMENT_FILTERS, _held_by_workers),
    },
    orders={
        "updatedAt": col(Credential.updated_at),
        "createdAt": col(Credential.created_at),
        "expiryDate": col(Credential.expires_on),
        "displayName": col(Credential.display_name_key),
    },
    default_order=(("updatedAt", True),),
    search=filters.words_in(_searched_columns),
    default_conditions={
        "deleted": _is_present,
        "archived": col(Credential.archived_at).is_(None),
    },
    references={"owner": Reference(_stated_owner, _find_owner)},
)
is_provided = or_(
    col(Credential.intake).not_in(permissions.UNANSWERED), col(Credential.latest_approval) == ApprovalStatus.REJECTED
)
"""The condition for credentials that somebody provided. One that went back to its worker after a rejection was."""
held = replace(listing, default_conditions={**listing.default_conditions, "requested": is_provided})
by_worker = held.per_parent(col(Credential.worker_id))
by_applicant = held.per_parent(col(Credential.applicant_id))

review_queue = replace(
    listing,
    orders={"waitingSince": col(Credential.latest_version_at)},
    default_order=(("waitingSince", False),),
    # SQLAlchemy renders a typed boolean as `condition = 1` for SQLite, which then does not use the partial index.
    base_condition=literal_column(REVIEW_QUEUE_CONDITION),
)

version_by_id = Lookup(CredentialVersion, col(CredentialVersion.id))
versions = Listing(
    CredentialVersion,
    filters={},
    orders={"number": col(CredentialVersion.number)},
    default_order=(("number", True),),
)
versions_by_credential = versions.per_parent(col(CredentialVersion.credential_id))


async def effective_on(
    session: Session, actor: Actor, keys: Sequence[str], day: date | None
) -> dict[str, CredentialVersion]:
    """Return the version in force on a day, today by default, by credential id.

    It follows from the versions as they are decided now, on past days too.
    """
    check_day(day)
    day = day or clock.today(session.now, actor.time_zone)
    columns = (col(Credential.effective_version_id), col(Credential.valid_from), col(Credential.expires_on))
    statement = select(col(Credential.id), col(Credential.periods), *columns).where(
        actor.visible_rows(Credential), in_keys(col(Credential.id), keys, session.dialect_name)
    )
    version_ids: dict[str, str] = {}
    for credential_id, *stored in await session.execute(statement):
        periods = effective_version.from_document(*stored)
        in_force = effective_version.in_force([period for period in periods if period.decided], day)
        if in_force is not None:
            version_ids[credential_id] = in_force.version_id
    versions = await version_by_id.load(session, actor, list(version_ids.values()))
    return {key: versions[version_id] for key, version_id in version_ids.items() if version_id in versions}


changes = Listing(
    VersionChange,
    filters={"field": filters.exact(col(VersionChange.field))},
    orders={"changedAt": col(VersionChange.changed_at)},
    default_order=(("changedAt", True),),
)
change_by_id = Lookup(VersionChange, col(VersionChange.id))
changes_by_version = changes.per_parent(col(VersionChange.version_id))


async def type_of(session: Session, credential: Credential) -> CredentialType:
    """Return the type of a credential."""
    return await session.get_row(CredentialType, (credential.organization_id, credential.credential_type_id))
