"""The public keys of an OIDC issuer: of a file, read once, or of an https address, fetched now and then."""

import json
import math
import time
from pathlib import Path

import jwt
from anyio import CapacityLimiter, to_thread

TIMEOUT_SECONDS = 5
FRESH_SECONDS = 300
"""How long fetched keys are good, so that one the issuer withdraws is not accepted for long."""
PAUSE_SECONDS = 30
"""How long a key that the issuer did not have is not asked for again."""
FAILURE_PAUSE_SECONDS = 5
"""How long an address that failed is left alone."""


class IssuerUnreachable(Exception):
    """The issuer's keys cannot be had now; the token may be a good one."""


class Keys:
    """An issuer's signing keys."""

    def __init__(self, source: str) -> None:
        self._keys: list[jwt.PyJWK] = []
        self._fresh_until = math.inf
        if source.startswith("https://"):
            self._remote = _Remote(source)
            self._fresh_until = -math.inf
        elif "://" in source:
            raise ValueError("CREDGRAPH_JWT_JWKS is an https address, or a file")
        else:
            self._keys = jwt.PyJWKSet.from_dict(json.loads(Path(source).read_text())).keys

    async def find(self, name: str | None) -> "jwt.PyJWK":
        """The key of a name; without a name, the only one there is. Raises InvalidKeyError and IssuerUnreachable."""
        known = _choose(self._keys, name) if time.monotonic() < self._fresh_until else None
        if known is None and self._fresh_until < math.inf:
            self._keys, self._fresh_until = await self._remote.fetched()
            known = _choose(self._keys, name)
        if known is None:
            raise jwt.InvalidKeyError
        return known


class _Remote:
    """The address of an issuer's keys, asked by one caller at a time; the others then share what came."""

    def __init__(self, address: str) -> None:
        # It fetches, over https without redirects; remembering is done here, failures too.
        self._client = jwt.PyJWKClient(address, timeout=TIMEOUT_SECONDS, cache_jwk_set=False)
        self._turn = CapacityLimiter(1)
        self._pause_until = -math.inf
        self._last: tuple[list[jwt.PyJWK], float] | None = None

    async def fetched(self) -> "tuple[list[jwt.PyJWK], float]":
        """The issuer's keys, and until when they are good. Raises IssuerUnreachable."""
        # In a thread of its own, for it waits; and not one of those that others need.
        return await to_thread.run_sync(self._fetch, limiter=self._turn)

    def _fetch(self) -> "tuple[list[jwt.PyJWK], float]":
        if time.monotonic() < self._pause_until:
            if self._last is None:
                raise IssuerUnreachable
            return self._last
        self._last = None
        try:
            keys = self._client.get_jwk_set().keys
        except (jwt.PyJWTError, ValueError, OSError):
            self._pause_until = time.monotonic() + FAILURE_PAUSE_SECONDS
            raise IssuerUnreachable from None
        now = time.monotonic()
        self._pause_until, self._last = now + PAUSE_SECONDS, (keys, now + FRESH_SECONDS)
        return self._last


def _choose(keys: "list[jwt.PyJWK]", name: str | None) -> "jwt.PyJWK | None":
    fitting = [key for key in keys if key.public_key_use in (None, "sig") and name in (None, key.key_id)]
    return fitting[0] if len(fitting) == 1 else None
