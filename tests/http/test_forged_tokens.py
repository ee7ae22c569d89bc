"""Tokens that the issuer did not sign: forged or malformed."""

import base64
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.databases import on_sqlite
from tests.oidc import KEY_GENERATORS, VIEWER_QUERY, Issuer, assert_token_refused, owner_claims, with_default_claims
from tests.service import GraphQLResponse, Tenant


@on_sqlite
async def test_a_token_signed_in_another_way_is_refused(shared_oidc_tenant: Tenant, issuer: Issuer) -> None:
    claims = with_default_claims(owner_claims(shared_oidc_tenant))
    public = issuer.keys["RS256"][1].public_key()
    modulus = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for token in (
        make_token(b'{"alg": "none", "kid": "RS256"}', encode_claims(claims), ""),
        forge(claims, modulus),
        forge(claims, orjson.loads(issuer.jwks())["keys"][0]["n"].encode()),
        jwt.encode(claims, issuer.keys["RS256"][1], "PS256", {"kid": "RS256"}),
        jwt.encode(claims, issuer.keys["ES256"][1], "ES256", {"kid": "RS256"}),
        jwt.encode(claims, KEY_GENERATORS["ES256"](), "ES256", {"kid": "ES256"}),
    ):
        assert_token_refused(await shared_oidc_tenant.execute(VIEWER_QUERY, key=token), "the token is not valid")


def forge(claims: dict[str, Any], public: bytes) -> str:
    """Return a token signed by HMAC with the issuer's public key, which is known to everyone."""
    hmac = jwt.get_algorithm_by_name("HS256")
    signed = make_token(b'{"alg": "HS256", "typ": "JWT", "kid": "RS256"}', encode_claims(claims), "")[:-1]
    return f"{signed}.{encode_part(hmac.sign(signed.encode(), public))}"


def encode_claims(claims: dict[str, Any]) -> bytes:
    """Return claims as the JSON of a token's second encode_part."""
    return orjson.dumps(claims | {"exp": int(claims["exp"].timestamp())})


def encode_part(content: bytes) -> str:
    """Return one encode_part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def make_token(head: bytes, body: bytes = b"{}", signature: str = "AAAA") -> str:
    """Return a token of arbitrary bytes."""
    return f"{encode_part(head)}.{encode_part(body)}.{signature}"


HEAD = b'{"alg": "ES256", "kid": "ES256"}'
MALFORMED = {
    "words": "nonsense",
    "dots": "..",
    "more dots": "a.b.c.d.e",
    "not base64": "é.é.é",
    "no JSON": make_token(b"x", b"x"),
    "a list": make_token(b"[]"),
    "a number": make_token(b"5", b"5"),
    "no algorithm": make_token(b"{}"),
    "an algorithm of another kind": make_token(b'{"alg": ["ES256"], "kid": "ES256"}'),
    "a name of another kind": make_token(b'{"alg": "ES256", "kid": {"a": 1}}'),
    "bytes": make_token(bytes(range(256)), bytes(range(256))),
    "depth": make_token(b"[" * 5_000),
    "a deep name": make_token(b'{"kid":' + b"[" * 3_000 + b"]" * 3_000 + b"}"),
    "no signature": make_token(HEAD, signature=""),
    "claims that are a list": make_token(HEAD, b"[]"),
    "a claim of great size": make_token(HEAD, b'{"exp": 1' + b"0" * 5_000 + b"}"),
    "critical": make_token(b'{"alg": "ES256", "kid": "ES256", "crit": ["x"], "b64": false}'),
    "length": "a" * 60_000,
}


@on_sqlite
@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_token_is_refused(shared_oidc_tenant: Tenant, token: str) -> None:
    headers = [(b"Authorization", f"Bearer {token}".encode())]
    response = await shared_oidc_tenant.service.client.post("/graphql", json={"query": VIEWER_QUERY}, headers=headers)
    assert_token_refused(
        GraphQLResponse(response.status_code, response.json(), response.headers), "the token is not valid"
    )


@on_sqlite
async def test_times_beyond_all_clocks_are_refused(shared_oidc_tenant: Tenant, issuer: Issuer) -> None:
    times: list[Any] = [float("inf"), float("nan"), [], {}, "soon"]
    for exp in times:
        token = issuer.token("ES256", owner_claims(shared_oidc_tenant, exp=exp))
        assert_token_refused(await shared_oidc_tenant.execute(VIEWER_QUERY, key=token), "the token is not valid")
