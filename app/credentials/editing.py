"""Updating and replacing a credential: its facts are those of its latest version."""

from app.access import Actor
from app.core.errors import Immutable, OwnerImmutable, Refused, allow, gathering
from app.core.fields import Absent, Changes, Given, at, between, snapshot
from app.credential_types.tables import CredentialType
from app.credentials import creation, fields, permissions, recheck_schedule, versions
from app.credentials.tables import Credential
from app.db import row_access
from app.db.database import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings

STANDING = ("verification.status", "verification.eligibility")
"""Where a credential stands: not for an update to overturn, once it is decided for good."""


async def update(session: Session, actor: Actor, given: Given) -> Credential:
    """Change what is given; what is absent stays, what is null is cleared."""
    return await _edit(session, actor, given, "keep")


async def replace(session: Session, actor: Actor, given: Given) -> Credential:
    """Write a credential anew: what is absent is cleared."""
    errors = fields.missing(given)
    with gathering(errors):
        fields.FIELDS.read(given, absent="clear")
    if errors:
        raise Refused(errors)
    return await _edit(session, actor, given, "clear")


async def _edit(session: Session, actor: Actor, given: Given, absent: Absent) -> Credential:
    credential = await row_access.claim(session, actor, Credential, given["id"], ("id",))
    allow(permissions.update(credential))
    row_access.expect(credential.revision, given.get("expectedRevision"))
    _check_immutable(credential, given)
    values = fields.FIELDS.read(given, absent=absent)
    creation.check_own(actor, values, {column: getattr(credential, column) for column in creation.OWN_START})
    kind = await row_access.find(session, actor, CredentialType, credential.credential_type_id, ("id",))
    if values.get("is_verifiable", True) is None:
        values["is_verifiable"] = kind.verification_source is not None
    after = {column: values.get(column, getattr(credential, column)) for column in Credential.model_fields}
    fields.check(kind, after, values)
    changes = fields.FIELDS.apply(credential, values)
    stated = any(path in changes for path in STANDING)
    if changes:
        if any(path in changes for path in fields.VERSIONED_PATHS):
            changes |= await _amend(session, actor, credential, kind, stated=stated)
        if stated:
            await _check_undecided(session, actor, credential)
            # What a registry or a reviewer found is not what is said now.
            found = snapshot(credential, fields.STANDING)
            credential.status_detail = credential.raw_status = None
            changes |= between(found, snapshot(credential, fields.STANDING))
        if "verification.isVerifiable" in changes:
            recheck_schedule.soon(credential, session.now)
        fields.grow(credential, session.now)
        await session.gather()
        event_log.record(
            session, actor, EventKind.CREDENTIAL_UPDATED, credential, changes, worker_id=credential.worker_id
        )
    return credential


async def _check_undecided(session: Session, actor: Actor, credential: Credential) -> None:
    organization = await settings.of(session, actor.organization_id)
    allow(permissions.edit_latest(credential, final=settings.decisions_are_final(organization)))


async def _amend(
    session: Session, actor: Actor, credential: Credential, kind: CredentialType, *, stated: bool
) -> Changes:
    version = await versions.latest_of(session, credential)
    organization = await settings.of(session, actor.organization_id)
    allow(permissions.edit_version(credential, version, final=settings.decisions_are_final(organization)))
    return await versions.amend(session, actor, credential, version, organization, kind, stated=stated)


def _check_immutable(credential: Credential, given: Given) -> None:
    if given.get("owners", {}) != {}:
        raise OwnerImmutable("owners change through link, unlink and transfer only", ("owners",))
    for path, now in ((fields.TYPE_CODE, credential.type_code), (fields.CATEGORY, credential.category)):
        found, value = at(given, path)
        if found and value != now:
            raise Immutable(f"{'.'.join(path)} never changes; create another credential", path)
