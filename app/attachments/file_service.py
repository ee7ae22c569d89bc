"""The files of an installation: their store, their addresses, and how large one may be."""

from dataclasses import dataclass

from app.attachments.storage import Storage
from app.signing.signed_urls import Addresses


@dataclass(frozen=True)
class Files:
    """What the service needs to take files in and give them out."""

    storage: Storage
    addresses: Addresses
    most_bytes: int
