"""Tokens of an OIDC issuer: checked against its keys, and turned into a person."""

from typing import Any
from zoneinfo import ZoneInfo

import jwt
from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind, Role, scopes_of
from app.core import ids
from app.core.errors import Unauthenticated
from app.db.database import Database, Session
from app.http.issuer import Keys
from app.organizations import settings as organizations
from app.organizations.tables import Organization
from app.settings import Settings
from app.workers.tables import Worker

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8_192
LONGEST_SUBJECT = 255  # as OpenID Connect has it
LONGEST_NAME = 200

# What a token that no issuer made can bring PyJWT to raise, besides its own errors.
MALFORMED = (ValueError, TypeError, ArithmeticError, RecursionError)


class Tokens:
    """Checks the tokens of the configured issuer."""

    def __init__(self, settings: Settings) -> None:
        if not settings.jwt_audience or not settings.jwt_jwks:
            raise ValueError("CREDGRAPH_JWT_ISSUER needs CREDGRAPH_JWT_AUDIENCE and CREDGRAPH_JWT_JWKS too")
        self._settings = settings
        self._keys = Keys(settings.jwt_jwks)

    async def actor(self, database: Database, token: str, request_id: str) -> Actor:
        """The person of a token. Raises Unauthenticated, and IssuerUnreachable."""
        claims = await self._claims(token)
        async with database.reading(request_id) as session:
            return await self._person(session, claims)

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST_TOKEN:
            raise Unauthenticated("the token is not valid")
        try:
            key = await self._keys.find(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._settings.jwt_issuer,
                audience=self._settings.jwt_audience,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired") from None
        except (jwt.PyJWTError, *MALFORMED):
            raise Unauthenticated("the token is not valid") from None

    async def _person(self, session: Session, claims: dict[str, Any]) -> Actor:
        settings = self._settings
        organization = await _organization(session, _text(claims, settings.jwt_organization_claim))
        roles = _roles(claims.get(settings.jwt_roles_claim))
        worker = _text(claims, settings.jwt_worker_claim)
        subject = _text(claims, "sub")
        if not subject or len(subject) > LONGEST_SUBJECT:
            raise Unauthenticated("the token names no subject")
        return Actor(
            organization_id=organization.organization_id,
            kind=ActorKind.PERSON,
            id=subject,
            name=(_text(claims, settings.jwt_name_claim) or subject)[:LONGEST_NAME],
            scopes=scopes_of(roles),
            roles=roles,
            worker_id=await _worker_id(session, organization.organization_id, worker) if worker else None,
            time_zone=ZoneInfo(organization.time_zone),
            expiring_soon_days=organization.expiring_soon_days,
            decisions_are_final=organizations.decisions_are_final(organization),
        )


def _text(claims: dict[str, Any], name: str) -> str:
    """A claim as text, empty when it is absent. A number, such as an employee's, is text too."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int) or _unwritable(str(value)):
        raise Unauthenticated(f"the token's claim {name} is not text")
    return str(value)


def _unwritable(text: str) -> bool:
    """Whether no column holds it: it has NUL, or half of a character that JSON can name."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _roles(named: Any) -> tuple[Role, ...]:
    """The roles among the names in a claim: a list, or one text with spaces between. Others' roles are no matter."""
    names = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
    wanted = {name.upper() for name in names if isinstance(name, str)}
    roles = tuple(role for role in Role if role.value in wanted)
    if not roles:
        raise Unauthenticated("the token gives no role here")
    return roles


async def _organization(session: Session, key: str) -> Organization:
    statement = select(Organization).where(col(Organization.organization_id) == key)
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        raise Unauthenticated("the token names no organization of this service")
    return found


async def _worker_id(session: Session, organization_id: str, claim: str) -> str:
    """The worker that a claim means: by id, or else by an external id that only one worker has."""
    column = Worker.id if ids.kind(claim) == Worker.prefix else Worker.external_id
    statement = select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, col(column) == claim, col(Worker.deleted_at).is_(None)
    )
    found = list(await session.scalars(statement.limit(2)))
    if len(found) != 1:
        raise Unauthenticated("the token names no single worker of the organization")
    return found[0]
