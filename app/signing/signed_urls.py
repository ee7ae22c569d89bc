"""Signed URLs: short-lived URLs whose token grants access, so that a client needs no API key to open one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from app.signing.sealed_tokens import Signer


@dataclass(frozen=True)
class Purpose:
    """The use that a URL is signed for, and the path of the endpoint that serves it."""

    name: bytes
    path: str


class ForgedUrl(Exception):
    """The service did not sign this URL for this purpose."""


class ExpiredUrl(Exception):
    """The service signed this URL, and its time is over."""


@dataclass(frozen=True)
class SignedUrl:
    """A signed URL and the time at which it expires."""

    url: str
    expires_at: datetime


class UrlHolder(msgspec.Struct, frozen=True, array_like=True):
    """The caller for whom a URL was signed. Whoever serves the URL checks that this caller may still open it."""

    organization_id: str
    kind: str
    id: str
    key_tag: str = ""
    """The fingerprint of the API key's secret; empty for a person."""
    worker_id: str = ""
    roles: list[str] = []


class UrlPayload(msgspec.Struct, frozen=True, array_like=True):
    """The content of a URL's token."""

    holder: UrlHolder
    key: str
    expires: int
    """Seconds since 1970."""
    details: list[str] = []
    """Further values that the purpose needs."""

    @property
    def organization_id(self) -> str:
        """The organization of the caller and of the record."""
        return self.holder.organization_id


class SignedUrls:
    """Makes and verifies the URLs `/{path}/{key}?token=…`."""

    def __init__(self, signer: Signer, lifetime: timedelta, public_url: str = "") -> None:
        self._signer, self.lifetime, self._public_url = signer, lifetime, public_url.rstrip("/")

    def expires_at(self, now: datetime) -> datetime:
        """Return the time at which a URL that is made now expires."""
        return (now + self.lifetime).replace(microsecond=0)

    def make(
        self,
        purpose: Purpose,
        key: str,
        holder: UrlHolder,
        origin: str,
        now: datetime,
        *,
        until: datetime | None = None,
        details: Sequence[str] = (),
    ) -> SignedUrl:
        """Return the URL for a key of the holder's organization.

        It starts with the public URL or, without one, with `origin`. It expires at `until` at the latest.
        """
        expires_at = self.expires_at(now)
        if until is not None:
            expires_at = min(expires_at, until.replace(microsecond=0))
        payload = UrlPayload(holder, key, int(expires_at.timestamp()), list(details))
        token = self._signer.seal(purpose.name, msgspec.json.encode(payload))
        return SignedUrl(f"{self._public_url or origin}/{purpose.path}/{key}?token={token}", expires_at)

    def verify(self, purpose: Purpose, key: str, token: str, now: datetime) -> UrlPayload:
        """Return the payload of a URL's token. Raises ForgedUrl and ExpiredUrl."""
        sealed = self._signer.open(purpose.name, token)
        if sealed is None:
            raise ForgedUrl
        try:
            payload = msgspec.json.decode(sealed, type=UrlPayload)
        except msgspec.ValidationError:
            raise ExpiredUrl from None  # signed by an earlier release, minutes ago
        if payload.key != key:
            raise ForgedUrl
        if now >= datetime.fromtimestamp(payload.expires, UTC):
            raise ExpiredUrl
        return payload
