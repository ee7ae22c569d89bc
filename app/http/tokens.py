"""Tokens of an OIDC issuer: verified with the issuer's keys, and turned into the actor of a person."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jwt
from sqlalchemy import select
from sqlmodel import col

from app.access import Actor, ActorKind, Role, scopes_of
from app.core import ids
from app.core.errors import Unauthenticated
from app.core.text import normalize
from app.db.database import Database
from app.db.session import Session
from app.http.issuer import IssuerKeys
from app.organizations import settings as organizations
from app.organizations.tables import Organization
from app.settings import Settings
from app.workers.tables import Worker

ALGORITHMS = ["RS256", "ES256", "EdDSA"]
LEEWAY_SECONDS = 30  # tolerated difference between the issuer's clock and this one
MAX_TOKEN_LENGTH = 8_192
MAX_SUBJECT_LENGTH = 255  # the limit of OpenID Connect
MAX_TIMESTAMP = 253_402_300_799  # seconds since 1970: the end of the year 9999
MAX_NAME_LENGTH = 200  # longer names are cut

# Errors that PyJWT raises for malformed tokens, besides its own.
MALFORMED_TOKEN_ERRORS = (ValueError, TypeError, ArithmeticError, RecursionError)


class TokenAuthentication:
    """Authenticates people by the tokens of the configured issuer."""

    def __init__(self, settings: Settings) -> None:
        if not settings.jwt_audience or not settings.jwt_jwks:
            raise ValueError("CREDGRAPH_JWT_ISSUER: also set CREDGRAPH_JWT_AUDIENCE and CREDGRAPH_JWT_JWKS")
        self._settings = settings
        self._keys = IssuerKeys(settings.jwt_jwks)

    async def authenticate(self, database: Database, token: str, request_id: str) -> Actor:
        """Return the actor of a token. Raises Unauthenticated and IssuerUnreachable."""
        claims = await self._verify(token)
        async with database.reading(request_id) as session:
            return await self._build_actor(session, claims)

    async def _verify(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH:
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
        except (jwt.PyJWTError, *MALFORMED_TOKEN_ERRORS):
            raise Unauthenticated("the token is not valid") from None

    async def _build_actor(self, session: Session, claims: dict[str, Any]) -> Actor:
        settings = self._settings
        organization = await _find_organization(session, _text(claims, settings.jwt_organization_claim))
        roles = _roles(claims.get(settings.jwt_roles_claim))
        worker = _text(claims, settings.jwt_worker_claim)
        source_system = _text(claims, settings.jwt_source_system_claim)
        subject = _text(claims, "sub")
        if not subject or len(subject) > MAX_SUBJECT_LENGTH:
            raise Unauthenticated("the token names no subject")
        worker_id = None
        if worker:
            worker_id = await _find_worker_id(session, organization.organization_id, worker, source_system)
        return Actor(
            organization_id=organization.organization_id,
            kind=ActorKind.PERSON,
            id=subject,
            name=(_text(claims, settings.jwt_name_claim) or subject)[:MAX_NAME_LENGTH],
            scopes=scopes_of(roles),
            roles=roles,
            worker_id=worker_id,
            time_zone=ZoneInfo(organization.time_zone),
            expiring_soon_days=organization.expiring_soon_days,
            review_policy=organizations.review_policy(organization, worker_id),
            expires_at=datetime.fromtimestamp(min(int(claims["exp"]), MAX_TIMESTAMP), UTC),
        )


def _text(claims: dict[str, Any], name: str) -> str:
    """Return a claim as text, empty if absent. A number, such as an employee number, is accepted as text."""
    value = claims.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int) or _is_unstorable(str(value)):
        raise Unauthenticated(f"the token's claim {name} is not text")
    return str(value)


def _is_unstorable(text: str) -> bool:
    """Return whether no column can store a text: it has NUL or a lone surrogate, both of which JSON can express."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _roles(claim: Any) -> tuple[Role, ...]:
    """Return the roles in a claim, which is a list of names or a text of names separated by spaces.

    Names of roles of other applications are ignored.
    """
    names = claim.split() if isinstance(claim, str) else claim if isinstance(claim, list) else []
    wanted = {name.upper() for name in names if isinstance(name, str)}
    roles = tuple(role for role in Role if role.value in wanted)
    if not roles:
        raise Unauthenticated("the token gives no role here")
    return roles


async def _find_organization(session: Session, key: str) -> Organization:
    statement = select(Organization).where(col(Organization.organization_id) == key)
    organization = (await session.scalars(statement)).one_or_none()
    if organization is None:
        raise Unauthenticated("the token names no organization of this service")
    return organization


async def _find_worker_id(session: Session, organization_id: str, claim: str, source_system: str) -> str:
    """Return the id of the worker that a claim names by id, or by an external id that only one worker has.

    With a source system, the external id is one of this system.
    """
    statement = select(col(Worker.id)).where(
        col(Worker.organization_id) == organization_id, col(Worker.deleted_at).is_(None)
    )
    if ids.prefix_of(claim) == Worker.prefix:
        statement = statement.where(col(Worker.id) == claim)
    else:
        statement = statement.where(col(Worker.external_id) == normalize(claim))
        if source_system:
            statement = statement.where(col(Worker.source_system) == normalize(source_system))
    worker_ids = list(await session.scalars(statement.limit(2)))
    if len(worker_ids) != 1:
        raise Unauthenticated("the token names no single worker of the organization")
    return worker_ids[0]
