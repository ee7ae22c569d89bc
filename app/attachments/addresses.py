"""Addresses of files: short-lived, and sealed, so that whoever holds one needs no key."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from app.core.signing import Signer


class Purpose(Enum):
    """What an address is good for."""

    UPLOAD = b"file upload"
    DOWNLOAD = b"file download"


class Forged(Exception):
    """The service did not give this address, for this."""


class Expired(Exception):
    """The service gave this address, and it is good no longer."""


@dataclass(frozen=True)
class Address:
    """Where a file can be sent to or had from, until when."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Upload(Address):
    """Where and how a file is to be sent: its bytes as they are."""

    method: str = "PUT"


class Addresses:
    """Makes and opens the addresses `/files/{id}?token=…`."""

    def __init__(self, signer: Signer, lasting: timedelta, public_url: str = "") -> None:
        self._signer, self.lasting, self._public_url = signer, lasting, public_url.rstrip("/")

    def until(self, now: datetime) -> datetime:
        """Until when an address is good that is given now."""
        return (now + self.lasting).replace(microsecond=0)

    def make(self, purpose: Purpose, organization_id: str, key: str, origin: str, now: datetime) -> Address:
        """The address of an organization's file; `origin` is how the caller reached the service."""
        until = self.until(now)
        sealed = msgspec.json.encode([organization_id, key, int(until.timestamp())])
        token = self._signer.seal(purpose.value, sealed)
        return Address(f"{self._public_url or origin}/files/{key}?token={token}", until)

    def open(self, purpose: Purpose, key: str, token: str, now: datetime) -> str:
        """The organization of an address. Raises Forged and Expired."""
        sealed = self._signer.open(purpose.value, token)
        if sealed is None:
            raise Forged
        organization_id, of, until = msgspec.json.decode(sealed, type=tuple[str, str, int])
        if of != key:
            raise Forged
        if now >= datetime.fromtimestamp(until, UTC):
            raise Expired
        return organization_id
