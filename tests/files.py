"""Files as tests send and get them: small ones of each kind, and the calls around them."""

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
"""One of each kind that is taken."""

ATTACHMENT_FIELDS = "id side fileName status mediaType size sha256 version { id } download { url expiresAt }"
UPLOAD_FIELDS = f"attachment {{ {ATTACHMENT_FIELDS} }} upload {{ url method expiresAt }}"


@dataclass(frozen=True)
class PendingUpload:
    """A file that is expected."""

    id: str
    url: str


async def create_upload(
    tenant: Tenant, credential: str, side: str = "FRONT", name: str = "front.png", *, key: str | None = None
) -> PendingUpload:
    """Have a file expected."""
    given = {"credential": credential, "side": side, "fileName": name}
    payload = await tenant.mutate("attachmentUploadCreate", UPLOAD_FIELDS, key=key, **given)
    assert payload["errors"] == []
    return PendingUpload(payload["attachment"]["id"], payload["upload"]["url"])


async def put_bytes(tenant: Tenant, url: str, content: bytes) -> httpx.Response:
    """Send bytes to an address."""
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
    """Have a file expected and send it; gives the attachment's id."""
    announced = await create_upload(tenant, credential, side, name, key=key)
    response = await put_bytes(tenant, announced.url, content)
    assert response.status_code == 201, response.text
    return announced.id


async def query_attachment(tenant: Tenant, key: str, *, by: str | None = None) -> Any:
    """What the graph says of an attachment."""
    answer = await tenant.execute(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on Attachment {{ {ATTACHMENT_FIELDS} }} }} }}", {"id": key}, key=by
    )
    return answer.data["node"]


def unconfigured_files() -> FileService:
    """The files of an installation that has none."""
    return open_files(Settings(data=Path("/nonexistent")), Signer("a secret for tests that is long enough"))
