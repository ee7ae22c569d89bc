"""Evidence packs as tests have them: asked for in the graph, fetched without a key, and opened."""

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

OFFER = "query ($id: ID!, $day: Date) { worker(by: {id: $id}) { evidencePack(asOf: $day) { url expiresAt asOf } } }"
KEYS = "/.well-known/jwks.json"


@dataclass(frozen=True)
class Opened:
    """A pack's files by their paths."""

    files: dict[str, bytes]

    @property
    def manifest(self) -> Any:
        """What it is of, and the digests of its files."""
        return json.loads(self.files["manifest.json"])

    def document(self, name: str) -> Any:
        """What a document says."""
        return json.loads(self.files[f"{name}.json"])

    @property
    def events(self) -> list[Any]:
        """What the ledger says."""
        return [json.loads(line) for line in self.files["events.jsonl"].splitlines()]


async def offer(tenant: Tenant, worker: str, day: str | None = None, *, key: str | None = None) -> GraphQLResponse:
    """Ask for a worker's pack."""
    return await tenant.execute(OFFER, {"id": worker, "day": day}, key=key)


async def address(tenant: Tenant, worker: str, day: str | None = None, *, key: str | None = None) -> str:
    """Where a worker's pack can be had."""
    return str((await offer(tenant, worker, day, key=key)).data["worker"]["evidencePack"]["url"])


async def fetch(tenant: Tenant, worker: str, day: str | None = None) -> Opened:
    """A worker's pack."""
    response = await tenant.service.client.get(await address(tenant, worker, day))
    assert response.status_code == 200, response.text
    return unpack(response)


def unpack(response: httpx.Response) -> Opened:
    """The files of an archive, each whole."""
    with ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return Opened({name: archive.read(name) for name in archive.namelist()})


def in_store(settings: Settings, content: bytes) -> Path:
    """Where the store has some bytes."""
    [found] = [path for path in (settings.data / "files").rglob("*") if path.is_file() and path.read_bytes() == content]
    return found


async def check(tenant: Tenant, pack: Opened) -> None:
    """Check a pack as an auditor would: by the published keys, and by nothing that the service knows besides."""
    keys = (await tenant.service.client.get(KEYS)).json()["keys"]
    header = jwt.get_unverified_header(pack.files["manifest.jws"])
    [key] = [key for key in keys if key["kid"] == header["kid"]]
    signed = jwt.api_jws.decode(pack.files["manifest.jws"], jwt.PyJWK(key), algorithms=["EdDSA"])
    assert signed == pack.files["manifest.json"]
    listed = {file["path"]: file for file in pack.manifest["files"]}
    assert {*listed, "manifest.json", "manifest.jws"} == {*pack.files}
    for path, file in listed.items():
        content = pack.files[path]
        assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
