"""The file service of an installation: storage, signed URLs and the size limit."""

from dataclasses import dataclass

from app.attachments.storage import Storage
from app.signing.signed_urls import SignedUrls


@dataclass(frozen=True)
class FileService:
    """The storage, the URL signer and the largest file in bytes."""

    storage: Storage
    signed_urls: SignedUrls
    max_bytes: int
