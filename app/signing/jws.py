"""JSON Web Signatures: documents signed with the installation's key, and the public keys that verify them.

JWS (RFC 7515) with Ed25519 (RFC 8037). The id of a key is its thumbprint (RFC 7638).
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.core import private_files

ALGORITHM = "EdDSA"
MEMBERS = ("crv", "kty", "x")
"""The members of a public key, in the order that its thumbprint requires."""


class JwsSigner:
    """Signs documents with one private key, and publishes its public key together with former ones."""

    def __init__(self, private_key: Ed25519PrivateKey, former_keys: Sequence[dict[str, Any]] = ()) -> None:
        self._private_key = private_key
        current = {"kty": "OKP", "crv": "Ed25519", "x": _base64url(private_key.public_key().public_bytes_raw())}
        self.key_id = _thumbprint(current)
        keys = {_thumbprint(key): key for key in (current, *former_keys)}
        self.public_keys: dict[str, Any] = {
            "keys": [
                {**{member: key[member] for member in MEMBERS}, "kid": key_id, "use": "sig", "alg": ALGORITHM}
                for key_id, key in keys.items()
            ]
        }
        """A JSON Web Key Set."""

    def sign(self, content: bytes, media_type: str) -> str:
        """Return signed content in the compact form, whose middle part is the content itself."""
        header = {"kid": self.key_id, "typ": "JOSE", "cty": media_type}
        return jwt.PyJWS().encode(content, self._private_key, ALGORITHM, header)


def load_signer(key_file: Path, former_keys_file: Path | None = None) -> JwsSigner:
    """Return the signer of a private key in PEM, with the former public keys of a JWK set. Raises ValueError."""
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"the signing key {key_file} cannot be read: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"the signing key {key_file} is no Ed25519 key")
    return JwsSigner(key, [] if former_keys_file is None else _load_former_keys(former_keys_file))


def create_key(file: Path) -> None:
    """Write a new private key unless the file exists."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    private_files.create(file, pem)


def _load_former_keys(file: Path) -> list[dict[str, Any]]:
    try:
        keys: list[dict[str, Any]] = json.loads(file.read_bytes())["keys"]
        algorithm = jwt.PyJWS().get_algorithm_by_name(ALGORITHM)
        for key in keys:
            algorithm.from_jwk(key)
    except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise ValueError(f"the former keys {file} cannot be read: {error}") from None
    if any("d" in key for key in keys):
        raise ValueError(f"the former keys {file} hold a private key; only public keys may be published")
    return keys


def _thumbprint(key: dict[str, Any]) -> str:
    members = json.dumps({member: key[member] for member in MEMBERS}, separators=(",", ":"))
    return _base64url(hashlib.sha256(members.encode()).digest())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
