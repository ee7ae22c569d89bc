"""The handler's API keys: looked up by the public part of a token, compared by hash, cached for some seconds."""

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import Any

REMEMBERED_SECONDS = 5.0

_TOKEN = re.compile(r"Bearer cgk_([0-9A-Za-z]{16})([0-9A-Za-z]{16})_([0-9A-Za-z]{43})")
_KEY = """
    SELECT k.id, k.name, k.scopes, k.secret_hash, k.organization_id, o.expiring_soon_days
    FROM api_keys k JOIN organizations o USING (organization_id)
    WHERE k.organization_id = $1 AND k.id = $2 AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request."""

    organization_id: str
    key_id: str
    name: str
    expiring_soon_days: int


class Keys:
    """A cache of callers by token."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Caller]] = {}

    async def caller(self, connection: Any, header: str) -> Caller | None:
        """Return the caller of an Authorization header; None if the key is not valid."""
        found = self._known.get(header)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        match = _TOKEN.fullmatch(header)
        if match is None:
            return None
        row = await connection.fetchrow(_KEY, f"org_{match[1]}", f"key_{match[2]}")
        if row is None or not hmac.compare_digest(hashlib.sha256(match[3].encode()).hexdigest(), row["secret_hash"]):
            return None
        caller = Caller(row["organization_id"], row["id"], row["name"], row["expiring_soon_days"])
        self._known = {header: (time.monotonic() + REMEMBERED_SECONDS, caller)}
        return caller
