"""An OIDC issuer for tests: keys of each algorithm, signed tokens, and a service that trusts the issuer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from app.main import create_app
from app.settings import Settings
from tests.service import GraphQLResponse, Service, Tenant

ISSUER = "https://login.test/"
AUDIENCE = "credgraph"
VIEWER_QUERY = "{ viewer { kind id name roles scopes organization { id } worker { id } } }"
INVALID_TOKEN_HEADER = 'Bearer realm="credgraph", error="invalid_token", error_description='
KEY_GENERATORS: dict[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass(frozen=True)
class Issuer:
    """An issuer with private keys by name."""

    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)

    @classmethod
    def with_keys(cls, *algorithms: str) -> "Issuer":
        """Return an issuer with a key for each algorithm, named after it."""
        return cls({name: (name, KEY_GENERATORS[name]()) for name in algorithms})

    def jwks(self) -> bytes:
        """Return the public keys as a JSON Web Key Set."""
        return orjson.dumps({"keys": [self._public(name) for name in self.keys]})

    def _public(self, name: str) -> dict[str, Any]:
        algorithm, key = self.keys[name]
        jwk = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
        return {**jwk, "kid": name, "use": "sig"}

    def token(self, kid: str, claims: dict[str, Any], **header: Any) -> str:
        """Return a token signed by one of the keys, without claims that are None."""
        algorithm, key = self.keys[kid]
        return jwt.encode(with_default_claims(claims), key, algorithm, {"kid": kid, **header})


def with_default_claims(claims: dict[str, Any]) -> dict[str, Any]:
    """Return claims completed by those that every token needs; a value of None leaves a claim out."""
    now = datetime.now(UTC)
    defaults = {"iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|7", "exp": now + timedelta(minutes=5)}
    return {name: value for name, value in (defaults | claims).items() if value is not None}


@asynccontextmanager
async def service_trusting_issuer(
    tenant: Tenant, settings: Settings, jwks: str, **claims: str
) -> AsyncIterator[Service]:
    """Run the service with an issuer that it trusts."""
    update = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks": jwks, **claims}
    database = tenant.service.database
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=update), database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        yield Service(client, database)


def owner_claims(tenant: Tenant, **claims: Any) -> dict[str, Any]:
    """Return the claims of an owner of the organization."""
    return {"organization": tenant.id, "roles": ["OWNER"], **claims}


def assert_token_refused(answer: GraphQLResponse, message: str) -> None:
    """Assert that a token was refused with a message, in the body and in the header."""
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.errors[0]["message"] == message
    assert answer.headers["www-authenticate"] == f'{INVALID_TOKEN_HEADER}"{message}"'
