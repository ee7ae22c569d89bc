"""Sample files of each accepted media type, and the calls that upload and query attachments."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.attachments.file_service import FileService
from app.main import open_files
from app.settings import Settings
from app.signing.sealed_tokens import Signer
from tests.service import Tenant

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR a small picture"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF another picture"
GIF = b"GIF89a a picture that moves"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 a picture of the web"
HEIC = b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic" + b" a picture of a phone"
PDF = b"%PDF-1.7\n a document"
SAMPLES = {
    "image/png": PNG,
    "image/jpeg": JPEG,
    "image/gif": GIF,
    "image/webp": WEBP,
    "image/heic": HEIC,
    "application/pdf": PDF,
}
"""A sample of each accepted media type."""

ATTACHMENT_FIELDS = "id side fileName status mediaType size sha256 version { id } download { url expiresAt }"
UPLOAD_FIELDS = f"attachment {{ {ATTACHMENT_FIELDS} }} upload {{ url method expiresAt }}"


@dataclass(frozen=True)
class PendingUpload:
    """An announced upload: the attachment's id and the URL to send the bytes to."""

    id: str
    url: str


async def create_upload(
    tenant: Tenant, credential: str, side: str = "FRONT", name: str = "front.png", *, key: str | None = None
) -> PendingUpload:
    """Create the upload of an attachment."""
    input = {"credential": credential, "side": side, "fileName": name}
    payload = await tenant.mutate("attachmentUploadCreate", UPLOAD_FIELDS, key=key, **input)
    assert payload["errors"] == []
    return PendingUpload(payload["attachment"]["id"], payload["upload"]["url"])


async def put_bytes(tenant: Tenant, url: str, content: bytes) -> httpx.Response:
    """Send bytes to an upload URL."""
    return await tenant.service.client.put(url, content=content)


async def upload_file(
    tenant: Tenant,
    credential: str,
    side: str = "FRONT",
    content: bytes = PNG,
    name: str = "front.png",
    *,
    key: str | None = None,
) -> str:
    """Create an upload and send its bytes; return the attachment's id."""
    upload = await create_upload(tenant, credential, side, name, key=key)
    response = await put_bytes(tenant, upload.url, content)
    assert response.status_code == 201, response.text
    return upload.id


async def query_attachment(tenant: Tenant, key: str, *, by: str | None = None) -> Any:
    """Return an attachment from the graph."""
    answer = await tenant.execute(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Attachment {{ {ATTACHMENT_FIELDS} }} }} }}", {"id": key}, key=by
    )
    return answer.data["node"]


def unconfigured_files() -> FileService:
    """Return the file service of an installation without stored files."""
    return open_files(Settings(data=Path("/nonexistent")), Signer("a secret for tests that is long enough"))
