"""The addresses of files: one to send a file to, and one to have it from."""

from dataclasses import dataclass

from app.signing.signed_urls import Address, Purpose

UPLOAD = Purpose(b"file upload", "files")
DOWNLOAD = Purpose(b"file download", "files")


@dataclass(frozen=True)
class Upload(Address):
    """Where and how a file is to be sent: its bytes as they are."""

    method: str = "PUT"
