"""API keys: making, rotating and revoking them, and telling who a token belongs to.

A token is `cgk_`, the organization's and the key's 16 characters, `_`, and 43 characters of secret (256 bits).
The public part finds the row inside its organization; the secret is compared with a stored hash.
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

from app.access import ORGANIZATION_WIDE, Actor, ActorKind, Scope
from app.core import fields, ids
from app.core.errors import Invalid, KeyEnded, NotPermitted, Required, Unauthenticated
from app.core.fields import Fields, Given
from app.core.text import fold
from app.db import row_access
from app.db.database import Session
from app.db.idempotency import outcome
from app.events import event_log
from app.events.event_kinds import EventKind
from app.organizations import settings
from app.organizations.tables import ApiKey, Organization, OrgUnit

LONGEST_OVERLAP = timedelta(hours=24)
USE_NOTED_EVERY = timedelta(minutes=1)
SECRET_CHARACTERS = 43

_TOKEN = re.compile(r"cgk_([0-9A-Za-z]{16})([0-9A-Za-z]{16})_([0-9A-Za-z]{43})")


FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.Field(("scopes",), "scopes", frozenset, required=True),
    )
)


@outcome
@dataclass(frozen=True)
class IssuedKey:
    """A key with its token, which is shown this once."""

    api_key: ApiKey
    token: str | None = field(metadata={"secret": True})


async def create(session: Session, actor: Actor, given: Given) -> IssuedKey:
    """Make a key that can do no more than its maker."""
    values = FIELDS.read(given, absent="clear")
    name, scopes = values["name"], values["scopes"]
    if not scopes:
        raise Required("scopes")
    expires_at = given.get("expiresAt")
    if expires_at is not None and expires_at <= session.now:
        raise Invalid("expiresAt is not in the future", ("expiresAt",))
    unit = given.get("orgUnit")
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
    token = _renew(key)
    session.add(key)
    await session.gather()
    event_log.record(session, actor, EventKind.API_KEY_CREATED, key)
    return IssuedKey(key, token)


async def rotate(session: Session, actor: Actor, given: Given) -> IssuedKey:
    """Give a key a new secret; the old one works on for the overlap, 24 hours at most."""
    key = await row_access.claim(session, actor, ApiKey, given["id"], ("id",))
    _check_live(key, session.now)
    _check_grant(actor, frozenset(Scope(scope) for scope in key.scopes), key.org_unit_id)
    overlap = timedelta(minutes=given.get("overlapMinutes") or 0)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid("overlapMinutes is not between 0 and 1440", ("overlapMinutes",))
    key.previous_secret_hash = key.secret_hash if overlap else None
    key.previous_expires_at = session.now + overlap if overlap else None
    token = _renew(key)
    event_log.record(session, actor, EventKind.API_KEY_ROTATED, key)
    return IssuedKey(key, token)


async def revoke(session: Session, actor: Actor, given: Given) -> ApiKey:
    """End a key, its previous secret too, from this moment."""
    key = await row_access.claim(session, actor, ApiKey, given["id"], ("id",))
    if key.revoked_at is None:
        key.revoked_at = session.now
        event_log.record(session, actor, EventKind.API_KEY_REVOKED, key)
    return key


async def authenticate(session: Session, token: str) -> tuple[Actor, ApiKey]:
    """Who a token belongs to. Raises Unauthenticated for one that is malformed, unknown, revoked or expired."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise Unauthenticated("the API key is malformed")
    organization_id, key_id, secret = f"org_{match[1]}", f"key_{match[2]}", match[3]
    found = (
        await session.execute(
            select(ApiKey, Organization)
            .join(Organization, col(Organization.organization_id) == ApiKey.organization_id)
            .where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key_id)
        )
    ).one_or_none()
    if found is None or not _matches(found[0], secret, session.now):
        raise Unauthenticated("the API key is not valid")
    key, organization = found
    if state(key, session.now) != "active":
        raise Unauthenticated(f"the API key is {state(key, session.now)}")
    actor = Actor(
        organization_id=organization_id,
        kind=ActorKind.SERVICE,
        id=key.id,
        name=key.name,
        scopes=frozenset(Scope(scope) for scope in key.scopes),
        org_unit_id=key.org_unit_id,
        time_zone=ZoneInfo(organization.time_zone),
        expiring_soon_days=organization.expiring_soon_days,
        decisions_are_final=settings.decisions_are_final(organization),
    )
    return actor, key


def good_until(key: ApiKey, now: datetime, longest: timedelta) -> datetime:
    """Until when what a token of the key gave now may be believed: it ends, and its use has to be noted again."""
    noted = now if key.last_used_at is None or use_is_due(key, now) else key.last_used_at
    ends = [end for end in (key.expires_at, key.previous_expires_at) if end is not None]
    return min([now + longest, noted + USE_NOTED_EVERY, *ends])


def use_is_due(key: ApiKey, now: datetime) -> bool:
    """Whether a use of the key should be noted: at most once a minute, to spare the database."""
    return key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY


async def note_use(session: Session, organization_id: str, key_id: str) -> None:
    """Remember that a key was used now."""
    last = col(ApiKey.last_used_at)
    await session.execute(
        update(ApiKey)
        .where(col(ApiKey.organization_id) == organization_id, col(ApiKey.id) == key_id)
        .where(or_(last.is_(None), last <= session.now - USE_NOTED_EVERY))
        .values(last_used_at=session.now)
    )


def state(key: ApiKey, now: datetime) -> str:
    """`active`, `revoked` or `expired`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _renew(key: ApiKey) -> str:
    secret = ids.encode(secrets.randbits(256), SECRET_CHARACTERS)
    key.secret_hash = _hash(secret)
    return f"cgk_{key.organization_id.removeprefix('org_')}{key.id.removeprefix('key_')}_{secret}"


def _matches(key: ApiKey, secret: str, now: datetime) -> bool:
    given = _hash(secret)
    if hmac.compare_digest(given, key.secret_hash):
        return True
    previous, until = key.previous_secret_hash, key.previous_expires_at
    return previous is not None and until is not None and now < until and hmac.compare_digest(given, previous)


def _hash(secret: str) -> str:
    # The secret is 256 random bits, so a plain hash cannot be searched; a slow one would only slow us.
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_live(key: ApiKey, now: datetime) -> None:
    if state(key, now) != "active":
        raise KeyEnded(f"the key is {state(key, now)}", ("id",))


def _check_grant(actor: Actor, scopes: frozenset[Scope], unit: str | None) -> None:
    if Scope.SELF_CREDENTIALS in scopes:
        raise Invalid("scopes: self:credentials is for a person tied to a worker, not for a key", ("scopes",))
    lacking = sorted(scope.value for scope in scopes - actor.scopes)
    if lacking:
        raise NotPermitted(f"you cannot give what you do not hold: {', '.join(lacking)}", ("scopes",))
    if unit is None and actor.org_unit_id is not None:
        raise NotPermitted("your key is restricted to a unit; name one within it", ("orgUnit",))
    wide = sorted(scope.value for scope in scopes & ORGANIZATION_WIDE)
    if unit is not None and wide:
        raise Invalid(f"a key restricted to a unit cannot hold {', '.join(wide)}", ("scopes",))
