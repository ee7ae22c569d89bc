"""Who calls: an API key or an issuer's token turned into an actor."""

import re

from starlette.requests import Request

from app.access import Actor
from app.core.database import Database
from app.core.errors import Unauthenticated
from app.http.tokens import Tokens
from app.organizations import keys

CHALLENGE = 'Bearer realm="credgraph"'

_BEARER = re.compile(r"Bearer +([^\s]+)", re.IGNORECASE)
_NOT_QUOTABLE = re.compile(r"[^ !#-\[\]-~]")  # RFC 6750, section 3


class Authentication:
    """Finds the actor of a request."""

    def __init__(self, database: Database, tokens: Tokens | None) -> None:
        self._database = database
        self._tokens = tokens

    async def actor(self, request: Request, request_id: str) -> Actor | None:
        """The actor; None when the request brings no credentials. Raises Unauthenticated when they do not hold."""
        header = request.headers.get("authorization")
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
        async with self._database.reading(request_id) as session:
            actor, key = await keys.authenticate(session, token)
            due = keys.use_is_due(key, session.now)
        if due:
            async with self._database.writing(request_id) as session:
                await keys.note_use(session, actor.organization_id, key.id)
        return actor


def challenge(error: Unauthenticated | None) -> dict[str, str]:
    """The header that a refusal carries."""
    if error is None:
        return {"WWW-Authenticate": CHALLENGE}
    description = _NOT_QUOTABLE.sub("?", error.message)
    return {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token", error_description="{description}"'}
