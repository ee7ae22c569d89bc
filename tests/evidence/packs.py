"""Evidence packs in tests: request a link in the graph, download the pack without a key, unpack and verify it."""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import jwt

from app.settings import Settings
from tests.service import GraphQLResponse, Tenant

LINK_QUERY = (
    "query ($id: ID!, $day: Date) { worker(by: {id: $id}) { evidencePack(asOf: $day) { url expiresAt asOf } } }"
)
PUBLIC_KEYS_PATH = "/.well-known/jwks.json"


@dataclass(frozen=True)
class UnpackedPack:
    """The files of a pack by path."""

    files: dict[str, bytes]

    @property
    def manifest(self) -> Any:
        """The parsed manifest."""
        return json.loads(self.files["manifest.json"])

    def document(self, name: str) -> Any:
        """Return the content of a JSON document."""
        return json.loads(self.files[f"{name}.json"])

    @property
    def events(self) -> list[Any]:
        """The events of the event log."""
        return [json.loads(line) for line in self.files["events.jsonl"].splitlines()]


async def request_link(
    tenant: Tenant, worker: str, day: str | None = None, *, key: str | None = None
) -> GraphQLResponse:
    """Request the link of a worker's pack."""
    return await tenant.execute(LINK_QUERY, {"id": worker, "day": day}, key=key)


async def pack_url(tenant: Tenant, worker: str, day: str | None = None, *, key: str | None = None) -> str:
    """Return the URL of a worker's pack."""
    return str((await request_link(tenant, worker, day, key=key)).data["worker"]["evidencePack"]["url"])


async def fetch(tenant: Tenant, worker: str, day: str | None = None) -> UnpackedPack:
    """Download a worker's pack."""
    response = await tenant.service.client.get(await pack_url(tenant, worker, day))
    assert response.status_code == 200, response.text
    return unpack(response)


def unpack(response: httpx.Response) -> UnpackedPack:
    """Return the files of an archive after a check of their checksums."""
    with ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return UnpackedPack({name: archive.read(name) for name in archive.namelist()})


def stored_file(settings: Settings, content: bytes) -> Path:
    """Return the path of the stored file with some content."""
    [path] = [path for path in (settings.data / "files").rglob("*") if path.is_file() and path.read_bytes() == content]
    return path


async def verify(tenant: Tenant, pack: UnpackedPack) -> None:
    """Verify a pack as an auditor would, with nothing but the published keys."""
    keys = (await tenant.service.client.get(PUBLIC_KEYS_PATH)).json()["keys"]
    header = jwt.get_unverified_header(pack.files["manifest.jws"])
    [key] = [key for key in keys if key["kid"] == header["kid"]]
    signed = jwt.api_jws.decode(pack.files["manifest.jws"], jwt.PyJWK(key), algorithms=["EdDSA"])
    assert signed == pack.files["manifest.json"]
    entries = {file["path"]: file for file in pack.manifest["files"]}
    assert {*entries, "manifest.json", "manifest.jws"} == {*pack.files}
    for path, file in entries.items():
        content = pack.files[path]
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
