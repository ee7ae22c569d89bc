"""Tokens that no issuer made: forged, or malformed in any way."""

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
async def test_a_token_signed_in_another_way_is_refused(shut: Tenant, issuer: Issuer) -> None:
    claims = with_default_claims(owner_claims(shut))
    public = issuer.keys["RS256"][1].public_key()
    modulus = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for token in (
        glued(b'{"alg": "none", "kid": "RS256"}', claimed(claims), ""),
        forged_with(claims, modulus),
        forged_with(claims, orjson.loads(issuer.jwks())["keys"][0]["n"].encode()),
        jwt.encode(claims, issuer.keys["RS256"][1], "PS256", {"kid": "RS256"}),
        jwt.encode(claims, issuer.keys["ES256"][1], "ES256", {"kid": "RS256"}),
        jwt.encode(claims, KEY_GENERATORS["ES256"](), "ES256", {"kid": "ES256"}),
    ):
        assert_token_refused(await shut.execute(VIEWER_QUERY, key=token), "the token is not valid")


def forged_with(claims: dict[str, Any], public: bytes) -> str:
    """A token signed by HMAC with what everybody knows, the public key."""
    hmac = jwt.get_algorithm_by_name("HS256")
    signed = glued(b'{"alg": "HS256", "typ": "JWT", "kid": "RS256"}', claimed(claims), "")[:-1]
    return f"{signed}.{part(hmac.sign(signed.encode(), public))}"


def claimed(claims: dict[str, Any]) -> bytes:
    """Claims as a token holds them."""
    return orjson.dumps(claims | {"exp": int(claims["exp"].timestamp())})


def part(content: bytes) -> str:
    """One part of a token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def glued(head: bytes, body: bytes = b"{}", signature: str = "AAAA") -> str:
    """A token of any bytes."""
    return f"{part(head)}.{part(body)}.{signature}"


HEAD = b'{"alg": "ES256", "kid": "ES256"}'
MALFORMED = {
    "words": "nonsense",
    "dots": "..",
    "more dots": "a.b.c.d.e",
    "not base64": "é.é.é",
    "no JSON": glued(b"x", b"x"),
    "a list": glued(b"[]"),
    "a number": glued(b"5", b"5"),
    "no algorithm": glued(b"{}"),
    "an algorithm of another kind": glued(b'{"alg": ["ES256"], "kid": "ES256"}'),
    "a name of another kind": glued(b'{"alg": "ES256", "kid": {"a": 1}}'),
    "bytes": glued(bytes(range(256)), bytes(range(256))),
    "depth": glued(b"[" * 5_000),
    "a deep name": glued(b'{"kid":' + b"[" * 3_000 + b"]" * 3_000 + b"}"),
    "no signature": glued(HEAD, signature=""),
    "claims that are a list": glued(HEAD, b"[]"),
    "a claim of great size": glued(HEAD, b'{"exp": 1' + b"0" * 5_000 + b"}"),
    "critical": glued(b'{"alg": "ES256", "kid": "ES256", "crit": ["x"], "b64": false}'),
    "length": "a" * 60_000,
}


@on_sqlite
@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
async def test_a_malformed_token_is_refused(shut: Tenant, token: str) -> None:
    headers = [(b"Authorization", f"Bearer {token}".encode())]
    response = await shut.service.client.post("/graphql", json={"query": VIEWER_QUERY}, headers=headers)
    assert_token_refused(
        GraphQLResponse(response.status_code, response.json(), response.headers), "the token is not valid"
    )


@on_sqlite
async def test_times_beyond_all_clocks_are_refused(shut: Tenant, issuer: Issuer) -> None:
    times: list[Any] = [float("inf"), float("nan"), [], {}, "soon"]
    for exp in times:
        token = issuer.token("ES256", owner_claims(shut, exp=exp))
        assert_token_refused(await shut.execute(VIEWER_QUERY, key=token), "the token is not valid")
