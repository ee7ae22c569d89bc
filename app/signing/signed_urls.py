"""Addresses that the service gives out: short-lived, and sealed, so that whoever holds one needs no key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from app.signing.sealed_tokens import Signer


@dataclass(frozen=True)
class Purpose:
    """What an address is good for, and the path of those who open it."""

    name: bytes
    path: str


class Forged(Exception):
    """The service did not give this address, for this."""


class Expired(Exception):
    """The service gave this address, and it is good no longer."""


@dataclass(frozen=True)
class Address:
    """Where something can be sent to or had from, until when."""

    url: str
    expires_at: datetime


class Sealed(msgspec.Struct, frozen=True, array_like=True):
    """What an address says, to those who gave it."""

    organization_id: str
    key: str
    until: int
    """In seconds since 1970."""
    details: list[str] = []
    """What else its purpose has to know."""


class Addresses:
    """Makes and opens the addresses `/{path}/{id}?token=…`."""

    def __init__(self, signer: Signer, lasting: timedelta, public_url: str = "") -> None:
        self._signer, self.lasting, self._public_url = signer, lasting, public_url.rstrip("/")

    def until(self, now: datetime) -> datetime:
        """Until when an address is good that is given now."""
        return (now + self.lasting).replace(microsecond=0)

    def make(
        self, purpose: Purpose, organization_id: str, key: str, origin: str, now: datetime, details: Sequence[str] = ()
    ) -> Address:
        """The address of something of an organization; `origin` is how the caller reached the service."""
        until = self.until(now)
        sealed = Sealed(organization_id, key, int(until.timestamp()), list(details))
        token = self._signer.seal(purpose.name, msgspec.json.encode(sealed))
        return Address(f"{self._public_url or origin}/{purpose.path}/{key}?token={token}", until)

    def open(self, purpose: Purpose, key: str, token: str, now: datetime) -> Sealed:
        """What an address says. Raises Forged and Expired."""
        sealed = self._signer.open(purpose.name, token)
        if sealed is None:
            raise Forged
        found = msgspec.json.decode(sealed, type=Sealed)
        if found.key != key:
            raise Forged
        if now >= datetime.fromtimestamp(found.until, UTC):
            raise Expired
        return found
