"""API keys: creating, rotating and revoking them, and authenticating their tokens.

A token is `cgk_`, the 16 characters of the organization's id, the 16 of the key's id, `_`, and a secret of 43
characters (256 bits). The ids find the row inside its organization; the secret is compared with a stored hash.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlmodel import col

from app.access import ORGANIZATION_WIDE_SCOPES, Actor, ActorKind, Scope
from app.core import fields, ids
from app.core.errors import Invalid, KeyEnded, NotPermitted, Required, Unauthenticated
from app.core.fields import Input, InputFields
from app.core.text import fold
from app.db import row_access
from app.db.idempotency import replayable
from app.db.session import Session
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.organizations.tables import ApiKey, Organization, OrgUnit

MAX_OVERLAP = timedelta(hours=24)
USE_RECORD_INTERVAL = timedelta(minutes=1)  # one write per key and minute, however often the key is used
TAG_LENGTH = 16  # characters of a secret's hash that identify the secret in a signed URL
SECRET_CHARACTERS = 43  # 256 bits in base 62

_TOKEN = re.compile(r"cgk_([0-9A-Za-z]{16})([0-9A-Za-z]{16})_([0-9A-Za-z]{43})")


FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.InputField(("scopes",), "scopes", frozenset, required=True),
    )
)


@replayable
@dataclass(frozen=True)
class IssuedKey:
    """A key with its token, which is returned only once."""

    api_key: ApiKey
    token: str | None = field(metadata={"secret": True})


async def create(session: Session, actor: Actor, input: Input) -> IssuedKey:
    """Create a key. Raises NotPermitted for scopes or units beyond those of the actor."""
    values = FIELDS.parse(input, absent="clear")
    name, scopes = values["name"], values["scopes"]
    if not scopes:
        raise Required("scopes")
    expires_at = input.get("expiresAt")
    if expires_at is not None and expires_at <= session.now:
        raise Invalid("expiresAt is not in the future", ("expiresAt",))
    unit = input.get("orgUnit")
    if unit is not None:
        await row_access.find(session, actor, OrgUnit, unit, ("orgUnit",))
    _check_grant(actor, scopes, unit)
    await row_access.find(session, actor, Organization, actor.organization_id, ("organization",))
    key = ApiKey(
        organization_id=actor.organization_id,
        id=ids.new(ApiKey.prefix),
        name=name,
        name_key=fold(name),
        scopes=sorted(scope.value for scope in scopes),
        org_unit_id=unit,
        secret_hash="",
        expires_at=expires_at,
        created_by=actor.id,
        created_at=session.now,
    )
    token = _set_new_secret(key)
    session.add(key)
    event_log.record(session, actor, EventKind.API_KEY_CREATED, key)
    return IssuedKey(key, token)


async def rotate(session: Session, actor: Actor, input: Input) -> IssuedKey:
    """Replace the secret of a key. The previous secret stays valid for the overlap, at most 24 hours."""
    key = await row_access.find_for_update(session, actor, ApiKey, input["id"], ("id",))
    _check_active(key, session.now)
    _check_scopes_held(actor, key)
    overlap = timedelta(minutes=input.get("overlapMinutes") or 0)
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise Invalid("overlapMinutes is not between 0 and 1440", ("overlapMinutes",))
    key.previous_secret_hash = key.secret_hash if overlap else None
    key.previous_expires_at = session.now + overlap if overlap else None
    token = _set_new_secret(key)
    event_log.record(session, actor, EventKind.API_KEY_ROTATED, key)
    return IssuedKey(key, token)


async def revoke(session: Session, actor: Actor, input: Input) -> ApiKey:
    """Revoke a key, including its previous secret, from now on. A revoked key stays as it is.

    Raises NotPermitted for a key with scopes that the actor lacks: it could otherwise end the keys of its superiors.
    """
    key = await row_access.find_for_update(session, actor, ApiKey, input["id"], ("id",))
    _check_scopes_held(actor, key)
    if key.revoked_at is None:
        key.revoked_at = session.now
        event_log.record(session, actor, EventKind.API_KEY_REVOKED, key)
    return key


async def authenticate(session: Session, token: str) -> tuple[Actor, ApiKey]:
    """Return the actor and the key of a token.

    Raises Unauthenticated if the token is malformed, unknown, revoked or expired.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise Unauthenticated("the API key is malformed")
    organization_id, key_id, secret = f"org_{match[1]}", f"key_{match[2]}", match[3]
    return await _find_actor(session, organization_id, key_id, _hash(secret))


async def find_actor(session: Session, organization_id: str, key_id: str, key_tag: str) -> Actor:
    """Return the actor of a key whose secret has a fingerprint. Raises as `authenticate` does."""
    actor, _ = await _find_actor(session, organization_id, key_id, key_tag)
    return actor


async def _find_actor(session: Session, organization_id: str, key_id: str, proof: str) -> tuple[Actor, ApiKey]:
    """Return the actor and the key for the hash of its secret, or for the beginning of the hash."""
    row = (
        await session.execute(
            select(ApiKey, Organization)
            .join(Organization, col(Organization.organization_id) == ApiKey.organization_id)
            .where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key_id)
        )
    ).one_or_none()
    ends = None if row is None else _ends_of(row[0], proof, session.now)
    if row is None or ends is None:
        raise Unauthenticated("the API key is not valid")
    key, organization = row
    if status(key, session.now) != "active":
        raise Unauthenticated(f"the API key is {status(key, session.now)}")
    actor = Actor(
        organization_id=organization_id,
        kind=ActorKind.SERVICE,
        id=key.id,
        name=key.name,
        scopes=frozenset(Scope(scope) for scope in key.scopes),
        org_unit_id=key.org_unit_id,
        time_zone=ZoneInfo(organization.time_zone),
        expiring_soon_days=organization.expiring_soon_days,
        review_policy=settings.review_policy(organization, None),
        key_tag=proof[:TAG_LENGTH],
        expires_at=min(ends, default=None),
    )
    return actor, key


def cacheable_until(key: ApiKey, now: datetime, max_age: timedelta) -> datetime:
    """Return the time until which an authenticated token may be cached: until the key ends or its use is due."""
    recorded = now if key.last_used_at is None or is_use_due(key, now) else key.last_used_at
    ends = [end for end in (key.expires_at, key.previous_expires_at) if end is not None]
    return min([now + max_age, recorded + USE_RECORD_INTERVAL, *ends])


def is_use_due(key: ApiKey, now: datetime) -> bool:
    """Return True if the last recorded use is older than `USE_RECORD_INTERVAL`, so that this use should be recorded."""
    return key.last_used_at is None or now - key.last_used_at >= USE_RECORD_INTERVAL


async def record_use(session: Session, organization_id: str, key_id: str) -> None:
    """Record that a key is used now, unless another process recorded a use within the interval."""
    last_used_at = col(ApiKey.last_used_at)
    await session.execute(
        update(ApiKey)
        .where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key_id)
        .where(or_(last_used_at.is_(None), last_used_at <= session.now - USE_RECORD_INTERVAL))
        .values(last_used_at=session.now)
    )


def status(key: ApiKey, now: datetime) -> str:
    """Return `active`, `revoked` or `expired`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _set_new_secret(key: ApiKey) -> str:
    secret = ids.to_base62(secrets.randbits(256), SECRET_CHARACTERS)
    key.secret_hash = _hash(secret)
    return f"cgk_{key.organization_id.removeprefix('org_')}{key.id.removeprefix('key_')}_{secret}"


def _ends_of(key: ApiKey, proof: str, now: datetime) -> list[datetime] | None:
    """Return the times at which a secret of the key ends; None if it is no valid secret of the key."""
    ends = [] if key.expires_at is None else [key.expires_at]
    length = max(len(proof), TAG_LENGTH)
    if hmac.compare_digest(proof, key.secret_hash[:length]):
        return ends
    previous, expires_at = key.previous_secret_hash, key.previous_expires_at
    if previous is None or expires_at is None or now >= expires_at:
        return None
    return [*ends, expires_at] if hmac.compare_digest(proof, previous[:length]) else None


def _hash(secret: str) -> str:
    # The secret is 256 random bits, which no search can find from a plain hash. A slow hash would only cost time.
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_active(key: ApiKey, now: datetime) -> None:
    if status(key, now) != "active":
        raise KeyEnded(f"the key is {status(key, now)}", ("id",))


def _check_grant(actor: Actor, scopes: frozenset[Scope], unit: str | None) -> None:
    if Scope.SELF_CREDENTIALS in scopes:
        raise Invalid("scopes: SELF_CREDENTIALS is for people who are linked to a worker, not for keys", ("scopes",))
    _check_held(actor, scopes, "grant")
    if unit is None and actor.org_unit_id is not None:
        raise NotPermitted("orgUnit: your key is restricted to a unit; choose that unit or one under it", ("orgUnit",))
    wide = sorted(scope.value for scope in scopes & ORGANIZATION_WIDE_SCOPES)
    if unit is not None and wide:
        raise Invalid(f"a key restricted to a unit cannot hold {', '.join(wide)}", ("scopes",))


def _check_scopes_held(actor: Actor, key: ApiKey) -> None:
    """Refuse to rotate or revoke a key that has a scope, or a range of visible rows, that the actor lacks."""
    held = set(key.scopes)
    # A scope that the service does not know (any more) grants nothing, and must not keep a key from being revoked.
    _check_held(actor, frozenset(scope for scope in Scope if scope.value in held), "manage a key with")
    if key.org_unit_id is None and actor.org_unit_id is not None:
        raise NotPermitted("id: your key is restricted to a unit, and this key is not", ("id",))


def _check_held(actor: Actor, scopes: frozenset[Scope], verb: str) -> None:
    lacking = sorted(scope.value for scope in scopes - actor.scopes)
    if lacking:
        raise NotPermitted(f"scopes: you cannot {verb} a scope that you do not hold: {', '.join(lacking)}", ("scopes",))
