"""The issuer's keys at an https URL: fetching, renewal and failures."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.http import issuer as keys
from app.settings import Settings
from tests.http.tls import Site, certificate, serve
from tests.oidc import ISSUER, VIEWER_QUERY, Issuer, assert_token_refused, owner_claims, service_trusting_issuer
from tests.service import GraphQLResponse, Tenant


@pytest.fixture
async def site(tmp_path: Path, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """A site that serves the issuer's keys."""
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with serve(pem) as served:
        served.answer = issuer.jwks
        yield served


def unavailable(answer: GraphQLResponse) -> bool:
    """Return whether the service reports that it cannot verify the token now."""
    return (answer.status, answer.codes, answer.headers.get("retry-after")) == (503, ["UNAVAILABLE"], "5")


async def test_keys_are_fetched_once(tenant: Tenant, settings: Settings, site: Site, issuer: Issuer) -> None:
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        assert site.requests == 0
        tokens = [issuer.token(kid, owner_claims(tenant)) for kid in issuer.keys] * 3
        answers = await asyncio.gather(*(service.execute(VIEWER_QUERY, key=token) for token in tokens))
    assert [answer.status for answer in answers] == [200] * 9
    assert site.requests == 1


async def test_a_new_key_is_fetched_but_an_unknown_one_not_again_and_again(
    tenant: Tenant, settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0)
    renewed = Issuer.with_keys("ES256", "EdDSA")
    old = Issuer({"ES256": renewed.keys["ES256"]})
    site.answer = old.jwks
    claims = owner_claims(tenant)
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        assert (await service.execute(VIEWER_QUERY, key=old.token("ES256", claims))).status == 200
        site.answer = renewed.jwks
        monkeypatch.setattr(keys, "PAUSE_SECONDS", 60)
        assert (await service.execute(VIEWER_QUERY, key=renewed.token("EdDSA", claims))).status == 200
        assert site.requests == 2
        token = Issuer.with_keys("RS256").token("RS256", claims)
        for _ in range(3):
            assert_token_refused(await service.execute(VIEWER_QUERY, key=token), "the token is not valid")
        assert site.requests == 2


async def test_a_withdrawn_key_is_soon_refused(
    tenant: Tenant, settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(keys, "FRESH_SECONDS", 0)
    old, new = Issuer.with_keys("ES256"), Issuer.with_keys("EdDSA")
    token = old.token("ES256", owner_claims(tenant))
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        site.answer = old.jwks
        assert (await service.execute(VIEWER_QUERY, key=token)).status == 200
        site.answer = new.jwks
        assert_token_refused(await service.execute(VIEWER_QUERY, key=token), "the token is not valid")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "x"}]}'])
async def test_an_address_that_shows_no_keys_is_a_passing_failure(
    tenant: Tenant, settings: Settings, site: Site, issuer: Issuer, content: bytes
) -> None:
    site.answer = lambda: content
    token = issuer.token("ES256", owner_claims(tenant))
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        assert unavailable(await service.execute(VIEWER_QUERY, key=token))
        assert unavailable(await service.execute(VIEWER_QUERY, key=token))
        assert site.requests == 1
        assert (await service.execute(VIEWER_QUERY, key=tenant.key)).status == 200


async def test_an_address_that_cannot_be_reached_is_a_passing_failure(
    tenant: Tenant, settings: Settings, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "FAILURE_PAUSE_SECONDS", 0)
    token = issuer.token("ES256", owner_claims(tenant))
    async with service_trusting_issuer(tenant, settings, "https://127.0.0.1:1/jwks") as service:
        assert unavailable(await service.execute(VIEWER_QUERY, key=token))
        assert unavailable(await service.execute(VIEWER_QUERY, key=token))


async def test_an_address_with_a_certificate_of_nobody_is_not_trusted(
    tenant: Tenant, settings: Settings, site: Site, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        assert unavailable(await service.execute(VIEWER_QUERY, key=issuer.token("ES256", owner_claims(tenant))))
    assert site.requests == 0


async def test_others_are_served_while_the_issuer_is_slow(
    tenant: Tenant, settings: Settings, site: Site, issuer: Issuer
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def wait() -> None:
        reached.set()
        await go_on.wait()

    def slow() -> bytes:
        asyncio.run_coroutine_threadsafe(wait(), loop).result(30)
        return issuer.jwks()

    site.answer = slow
    async with service_trusting_issuer(tenant, settings, site.address) as service:
        waiting = asyncio.create_task(service.execute(VIEWER_QUERY, key=issuer.token("ES256", owner_claims(tenant))))
        await reached.wait()
        assert (await service.execute(VIEWER_QUERY, key=tenant.key)).status == 200
        assert not waiting.done()
        go_on.set()
        assert (await waiting).status == 200


@pytest.mark.parametrize("source", ["http://127.0.0.1/jwks", "ftp://issuer.test/jwks"])
async def test_keys_come_over_https_only(tenant: Tenant, settings: Settings, source: str) -> None:
    with pytest.raises(ValueError, match="must be an https URL or the path of a file"):
        async with service_trusting_issuer(tenant, settings, source):
            pass


@pytest.mark.parametrize("missing", ["jwt_audience", "jwt_jwks"])
async def test_an_issuer_needs_its_audience_and_its_keys(
    tenant: Tenant, settings: Settings, jwks: Path, missing: str
) -> None:
    overrides = {"jwt_issuer": ISSUER, missing: ""}
    with pytest.raises(ValueError, match="also set CREDGRAPH_JWT_AUDIENCE and CREDGRAPH_JWT_JWKS"):
        async with service_trusting_issuer(tenant, settings, overrides.pop("jwt_jwks", str(jwks)), **overrides):
            pass
