"""Signed URLs end with the key, token or worker that requested them, whatever they are for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access import ROLES, Role, Scope
from app.settings import Settings
from tests import files
from tests.calls import mutate_ok
from tests.conftest import SettableClock
from tests.evidence import packs
from tests.oidc import Issuer, owner_claims, service_trusting_issuer
from tests.service import Tenant

NOW = datetime(2031, 5, 1, 9, tzinfo=UTC)
"""An instant far ahead: tokens are checked by the machine's clock, and must not expire while the suite runs."""
ENDED = (410, "EXPIRED")
KINDS = ["upload", "download", "evidence"]
Use = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Holding:
    """An organization with a worker, their credential, and an uploaded file."""

    tenant: Tenant
    worker: str
    credential: str
    file: str

    async def request_url(self, kind: str, key: str) -> Use:
        """Request a URL with a key or token; return its use."""
        client = self.tenant.service.client
        if kind == "upload":
            upload = await files.create_upload(self.tenant, self.credential, "BACK", key=key)
            return lambda: client.put(upload.url, content=files.PNG)
        if kind == "download":
            url = (await files.query_attachment(self.tenant, self.file, by=key))["download"]["url"]
        else:
            url = await packs.pack_url(self.tenant, self.worker, key=key)
        return lambda: client.get(url)


@pytest.fixture
async def holding(tenant: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Holding]:
    async with service_trusting_issuer(tenant, settings, str(jwks)) as service:
        tenant = replace(tenant, service=service)
        worker = await tenant.add_worker(source={"externalId": "E-1", "sourceSystem": "hr"})
        credential = await tenant.add_credential(worker)
        yield Holding(tenant, worker, credential, await files.upload_file(tenant, credential))


async def add_key(tenant: Tenant, **content: Any) -> tuple[str, str]:
    """Create a key with the scopes of an owner; return its id and token."""
    scopes = [scope.name for scope in ROLES[Role.OWNER]]
    payload = await tenant.mutate("apiKeyCreate", "apiKey { id } token", name="K", scopes=scopes, **content)
    assert payload["errors"] == []
    return payload["apiKey"]["id"], payload["token"]


def outcome(response: httpx.Response) -> tuple[int, str]:
    """Return the status of a response, and its code if it is an error."""
    return response.status_code, response.json()["code"] if response.is_error else ""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_revoked_key_takes_its_urls_along(holding: Holding, kind: str) -> None:
    key, token = await add_key(holding.tenant)
    use = await holding.request_url(kind, token)
    unused = await holding.request_url(kind, holding.tenant.key) if kind != "upload" else None
    assert (await use()).is_success
    await mutate_ok(holding.tenant, "apiKeyRevoke", "apiKey { id }", id=key)
    before = await holding.tenant.rows()
    response = await use()
    assert outcome(response) == ENDED
    assert response.json()["requestId"] == response.headers["x-request-id"]
    assert await holding.tenant.rows() == before
    assert unused is None or (await unused()).is_success


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unused_url_of_a_revoked_key_is_refused(holding: Holding, kind: str) -> None:
    key, token = await add_key(holding.tenant)
    use = await holding.request_url(kind, token)
    await mutate_ok(holding.tenant, "apiKeyRevoke", "apiKey { id }", id=key)
    before = await holding.tenant.rows()
    assert outcome(await use()) == ENDED
    assert await holding.tenant.rows() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_url_lasts_no_longer_than_its_key(holding: Holding, kind: str, clock: SettableClock) -> None:
    clock.set(NOW)
    _, token = await add_key(holding.tenant, expiresAt=(NOW + timedelta(minutes=5)).isoformat())
    use = await holding.request_url(kind, token)
    clock.set(NOW + timedelta(minutes=4, seconds=59))
    assert (await use()).is_success
    clock.set(NOW + timedelta(minutes=5))
    assert outcome(await use()) == ENDED


@pytest.mark.parametrize("kind", KINDS)
async def test_a_url_ends_with_the_secret_that_requested_it(holding: Holding, kind: str, clock: SettableClock) -> None:
    clock.set(NOW)
    key, first = await add_key(holding.tenant)
    use = await holding.request_url(kind, first)
    await rotate(holding.tenant, key, overlap=10)
    assert (await use()).is_success
    late = await holding.request_url(kind, first) if kind != "upload" else use
    clock.set(NOW + timedelta(minutes=10))
    assert outcome(await use()) == ENDED
    assert outcome(await late()) == ENDED


async def rotate(tenant: Tenant, key: str, *, overlap: int) -> str:
    """Rotate a key; return the new token."""
    payload = await tenant.mutate("apiKeyRotate", "token", id=key, overlapMinutes=overlap)
    assert payload["errors"] == []
    return str(payload["token"])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_replaced_secret_takes_its_urls_along(holding: Holding, kind: str) -> None:
    key, first = await add_key(holding.tenant)
    use = await holding.request_url(kind, first)
    second = await rotate(holding.tenant, key, overlap=0)
    assert outcome(await use()) == ENDED
    if kind != "upload":
        assert (await (await holding.request_url(kind, second))()).is_success


@pytest.mark.parametrize("kind", KINDS)
async def test_a_url_lasts_no_longer_than_the_token(
    holding: Holding, issuer: Issuer, kind: str, clock: SettableClock
) -> None:
    clock.set(NOW)
    token = issuer.token("ES256", owner_claims(holding.tenant, exp=NOW + timedelta(minutes=3)))
    use = await holding.request_url(kind, token)
    clock.set(NOW + timedelta(minutes=2, seconds=59))
    assert (await use()).is_success
    clock.set(NOW + timedelta(minutes=3))
    assert outcome(await use()) == ENDED


@pytest.mark.parametrize("exp", [2**40, 10**18])
async def test_a_token_that_lasts_forever_makes_urls_too(holding: Holding, issuer: Issuer, exp: int) -> None:
    token = issuer.token("ES256", owner_claims(holding.tenant, exp=exp))
    assert (await (await holding.request_url("download", token))()).is_success


@pytest.mark.parametrize("kind", ["upload", "download"])
async def test_a_workers_url_ends_with_their_record(holding: Holding, issuer: Issuer, kind: str) -> None:
    claims = {"organization": holding.tenant.id, "roles": ["WORKER"], "worker": "E-1", "source_system": "hr"}
    use = await holding.request_url(kind, issuer.token("ES256", claims))
    assert (await use()).is_success
    await mutate_ok(holding.tenant, "workerDelete", "worker { id }", worker={"id": holding.worker})
    assert outcome(await use()) == ENDED


@pytest.mark.parametrize("kind", ["upload", "download"])
async def test_a_url_opens_only_what_its_holder_still_sees(holding: Holding, issuer: Issuer, kind: str) -> None:
    tenant = holding.tenant
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", type="SITE"))["id"]
    by = {"worker": {"id": holding.worker}}
    await mutate_ok(tenant, "workerUpdate", "worker { id }", **by, employment={"orgUnit": unit})
    restricted = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, org_unit=unit)
    claims = {"organization": tenant.id, "roles": ["WORKER"], "worker": holding.worker}
    uses = [
        await holding.request_url(kind, key)
        for key in (restricted, issuer.token("ES256", claims))[: 1 if kind == "upload" else 2]
    ]
    other = await tenant.add_worker("Another")
    move: dict[str, Any] = {"from": {"type": "WORKER", "id": holding.worker}, "to": {"type": "WORKER", "id": other}}
    assert (await tenant.mutate("credentialTransfer", "status", id=holding.credential, **move))["errors"] == []
    for use in uses:
        assert outcome(await use()) == (404, "NOT_FOUND")


async def test_another_tenants_key_ends_no_url(holding: Holding, other_tenant: Tenant) -> None:
    use = await holding.request_url("evidence", holding.tenant.key)
    key, _ = await add_key(other_tenant)
    await mutate_ok(other_tenant, "apiKeyRevoke", "apiKey { id }", id=key)
    assert (await use()).is_success
