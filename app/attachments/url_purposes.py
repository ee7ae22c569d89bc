"""The purposes of signed URLs for files: upload and download."""

from dataclasses import dataclass

from app.signing.signed_urls import Purpose, SignedUrl

UPLOAD = Purpose(b"file upload", "files")
DOWNLOAD = Purpose(b"file download", "files")


@dataclass(frozen=True)
class UploadUrl(SignedUrl):
    """A URL to send the bytes of a file to, with the HTTP method."""

    method: str = "PUT"
