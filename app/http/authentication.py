"""Who calls: an API key or an issuer's token turned into an actor."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access import Actor
from app.core.errors import Unauthenticated
from app.db.database import Database
from app.http.tokens import Tokens
from app.organizations import api_keys
from app.organizations.tables import ApiKey, Organization

MOST_KNOWN = 10_000
CHALLENGE = 'Bearer realm="credgraph"'

_BEARER = re.compile(r"Bearer +([^\s]+)", re.IGNORECASE)
_NOT_QUOTABLE = re.compile(r"[^ !#-\[\]-~]")  # RFC 6750, section 3


@dataclass(frozen=True, slots=True)
class _Known:
    """Whose a key is, and for how long that may be believed."""

    actor: Actor
    until: datetime
    changes: int


class Authentication:
    """Finds the actor of a request.

    Whose a key is is remembered for some seconds. What this process changes of keys and settings holds at once.
    """

    def __init__(self, database: Database, tokens: Tokens | None, key_seconds: int) -> None:
        self._database = database
        self._tokens = tokens
        self._remembered = timedelta(seconds=key_seconds)
        self._known: dict[bytes, _Known] = {}

    async def actor(self, header: str | None, request_id: str) -> Actor | None:
        """The actor that an Authorization header names; None without one. Raises Unauthenticated."""
        if header is None:
            return None
        match = _BEARER.fullmatch(header.strip())
        if match is None:
            raise Unauthenticated("the Authorization header is not of the form: Bearer TOKEN")
        token = match[1]
        if token.startswith("cgk_") or self._tokens is None:
            return await self._of_key(token, request_id)
        return await self._tokens.actor(self._database, token, request_id)

    async def _of_key(self, token: str, request_id: str) -> Actor:
        name = hashlib.sha256(token.encode()).digest()
        known, changes = self._known.get(name), self._changes()
        if known is not None and known.changes == changes and self._database.clock() < known.until:
            return known.actor
        async with self._database.reading(request_id) as session:
            actor, key = await api_keys.authenticate(session, token)
            due = api_keys.use_is_due(key, session.now)
            until = api_keys.good_until(key, session.now, self._remembered)
        if due:
            async with self._database.writing(request_id) as session:
                await api_keys.note_use(session, actor.organization_id, key.id)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[name] = _Known(actor, until, changes)
        return actor

    def _changes(self) -> int:
        """Grows whenever this process changes keys or organizations."""
        return self._database.changes[ApiKey] + self._database.changes[Organization]


def challenge(error: Unauthenticated | None) -> dict[str, str]:
    """The header that a refusal carries."""
    if error is None:
        return {"WWW-Authenticate": CHALLENGE}
    description = _NOT_QUOTABLE.sub("?", error.message)
    return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token", error_description="{description}"'}
