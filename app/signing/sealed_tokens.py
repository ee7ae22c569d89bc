"""Sealed tokens: short values with a signature, by which the service recognises a token that it issued."""

import base64
import binascii
import hashlib
import hmac

DIGEST_BYTES = 12  # 96 bits: too many to guess, and few enough to keep cursors and URLs short


class Signer:
    """Signs short values with the service's secret. A token is valid for the purpose that it was sealed for."""

    def __init__(self, secret: str) -> None:
        if len(secret) < 32:
            raise ValueError("the signing secret needs at least 32 characters")
        self._key = hashlib.blake2b(secret.encode()).digest()

    def seal(self, purpose: bytes, value: bytes) -> str:
        """Return a value and its signature as URL-safe text."""
        return base64.urlsafe_b64encode(self._digest(purpose, value) + value).decode().rstrip("=")

    def open(self, purpose: bytes, token: str) -> bytes | None:
        """Return the value of a token; None unless it was sealed for this purpose."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        digest, value = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
        return value if hmac.compare_digest(digest, self._digest(purpose, value)) else None

    def _digest(self, purpose: bytes, value: bytes) -> bytes:
        message = len(purpose).to_bytes(4) + purpose + value
        return hashlib.blake2b(message, key=self._key, digest_size=DIGEST_BYTES).digest()
