"""Authentication of requests: an API key or an issuer's token becomes an actor."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access import Actor
from app.core.errors import Unauthenticated
from app.db.database import Database
from app.http.tokens import TokenAuthentication
from app.organizations import api_keys
from app.organizations.tables import ApiKey, Organization

MAX_CACHED_KEYS = 10_000  # entries; a full cache is emptied
CHALLENGE = 'Bearer realm="credgraph"'

_BEARER = re.compile(r"Bearer +([^\s]+)", re.IGNORECASE)
_NOT_QUOTABLE = re.compile(r"[^ !#-\[\]-~]")  # RFC 6750, section 3


@dataclass(frozen=True, slots=True)
class _CachedActor:
    """The actor of an API key, valid until a time and while this process changes no key or organization."""

    actor: Actor
    until: datetime
    changes: int


class Authentication:
    """Finds the actor of a request.

    The actor of an API key is cached for `key_seconds`. Changes that this process makes to keys and settings take
    effect at once, those of other processes when the cached entry expires.
    """

    def __init__(self, database: Database, tokens: TokenAuthentication | None, key_seconds: int) -> None:
        self._database = database
        self._tokens = tokens
        self._cache_lifetime = timedelta(seconds=key_seconds)
        self._cache: dict[bytes, _CachedActor] = {}

    async def authenticate(self, header: str | None, request_id: str) -> Actor | None:
        """Return the actor of an Authorization header; None without a header. Raises Unauthenticated."""
        if header is None:
            return None
        match = _BEARER.fullmatch(header.strip())
        if match is None:
            raise Unauthenticated("the Authorization header is not of the form: Bearer TOKEN")
        token = match[1]
        if token.startswith("cgk_") or self._tokens is None:
            return await self._authenticate_key(token, request_id)
        return await self._tokens.authenticate(self._database, token, request_id)

    async def _authenticate_key(self, token: str, request_id: str) -> Actor:
        digest = hashlib.sha256(token.encode()).digest()
        cached, changes = self._cache.get(digest), self._count_changes()
        if cached is not None and cached.changes == changes and self._database.clock() < cached.until:
            return cached.actor
        async with self._database.reading(request_id) as session:
            actor, key = await api_keys.authenticate(session, token)
            use_is_due = api_keys.is_use_due(key, session.now)
            until = api_keys.cacheable_until(key, session.now, self._cache_lifetime)
        if use_is_due:
            async with self._database.writing(request_id) as session:
                await api_keys.record_use(session, actor.organization_id, key.id)
        if len(self._cache) >= MAX_CACHED_KEYS:
            self._cache.clear()
        self._cache[digest] = _CachedActor(actor, until, changes)
        return actor

    def _count_changes(self) -> int:
        """Return a number that grows whenever this process changes a key or an organization."""
        return self._database.change_counts[ApiKey] + self._database.change_counts[Organization]


def challenge(error: Unauthenticated | None) -> dict[str, str]:
    """Return the WWW-Authenticate header of a 401 answer."""
    if error is None:
        return {"WWW-Authenticate": CHALLENGE}
    description = _NOT_QUOTABLE.sub("?", error.message)
    return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token", error_description="{description}"'}
