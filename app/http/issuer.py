"""The public keys of an OIDC issuer: from a file, read once, or from an https URL, fetched every few minutes."""

import json
import math
import time
from pathlib import Path

import jwt
from anyio import CapacityLimiter, to_thread

TIMEOUT_SECONDS = 5
FRESH_SECONDS = 300
"""The lifetime of fetched keys, which bounds how long a key that the issuer withdraws is still accepted."""
PAUSE_SECONDS = 30
"""The pause after a fetch, so that tokens with unknown key ids do not cause a fetch each."""
FAILURE_PAUSE_SECONDS = 5
"""The pause after a failed fetch."""


class IssuerUnreachable(Exception):
    """The issuer's keys are unavailable, so the token cannot be verified; it may be valid."""


class IssuerKeys:
    """An issuer's signing keys."""

    def __init__(self, source: str) -> None:
        self._keys: list[jwt.PyJWK] = []
        self._fresh_until = math.inf
        if source.startswith("https://"):
            self._remote = _RemoteKeys(source)
            self._fresh_until = -math.inf
        elif "://" in source:
            raise ValueError("CREDGRAPH_JWT_JWKS: must be an https URL or the path of a file")
        else:
            self._keys = jwt.PyJWKSet.from_dict(json.loads(Path(source).read_text())).keys

    async def find(self, key_id: str | None) -> "jwt.PyJWK":
        """Return the key with an id; without an id, the only key. Raises InvalidKeyError and IssuerUnreachable."""
        key = _choose(self._keys, key_id) if time.monotonic() < self._fresh_until else None
        if key is None and self._fresh_until < math.inf:
            self._keys, self._fresh_until = await self._remote.fetch()
            key = _choose(self._keys, key_id)
        if key is None:
            raise jwt.InvalidKeyError
        return key


class _RemoteKeys:
    """Keys at an https URL, fetched by one caller at a time; callers that waited share the result."""

    def __init__(self, url: str) -> None:
        # PyJWKClient only fetches, over https without redirects. Results are cached here, because failures are too.
        self._client = jwt.PyJWKClient(url, timeout=TIMEOUT_SECONDS, cache_jwk_set=False)
        self._one_at_a_time = CapacityLimiter(1)
        self._pause_until = -math.inf
        self._last: tuple[list[jwt.PyJWK], float] | None = None

    async def fetch(self) -> "tuple[list[jwt.PyJWK], float]":
        """Return the issuer's keys and the end of their lifetime, in monotonic seconds. Raises IssuerUnreachable."""
        # The fetch blocks, so it runs in a thread. A limiter of its own keeps it from using up the shared threads.
        return await to_thread.run_sync(self._fetch, limiter=self._one_at_a_time)

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


def _choose(keys: "list[jwt.PyJWK]", key_id: str | None) -> "jwt.PyJWK | None":
    matching = [key for key in keys if key.public_key_use in (None, "sig") and key_id in (None, key.key_id)]
    return matching[0] if len(matching) == 1 else None
