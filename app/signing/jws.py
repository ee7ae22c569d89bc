"""Signatures that anybody can check: documents signed with the installation's key, and the keys to check them with.

JSON Web Signatures (RFC 7515) by Ed25519 (RFC 8037). A key is known by its thumbprint (RFC 7638).
"""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALGORITHM = "EdDSA"
MEMBERS = ("crv", "kty", "x")
"""What makes a public key, in the order of its thumbprint."""


class Signature:
    """Signs with a key, and gives its public half beside those that signed before."""

    def __init__(self, key: Ed25519PrivateKey, former: Sequence[dict[str, Any]] = ()) -> None:
        self._key = key
        mine = {"kty": "OKP", "crv": "Ed25519", "x": _text(key.public_key().public_bytes_raw())}
        self.id = _thumbprint(mine)
        found = {_thumbprint(one): one for one in (mine, *former)}
        self.public_keys: dict[str, Any] = {
            "keys": [
                {**{member: one[member] for member in MEMBERS}, "kid": key_id, "use": "sig", "alg": ALGORITHM}
                for key_id, one in found.items()
            ]
        }
        """A JSON Web Key Set."""

    def sign(self, content: bytes, media_type: str) -> str:
        """Some content, signed, in the compact form: the content itself is its middle part."""
        return jwt.PyJWS().encode(content, self._key, ALGORITHM, {"kid": self.id, "typ": "JOSE", "cty": media_type})


def load(key: Path, former: Path | None = None) -> Signature:
    """The signature of a private key in PEM, beside the former keys of a JWK set. Raises ValueError."""
    try:
        found = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"the signing key {key} cannot be read: {error}") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise ValueError(f"the signing key {key} is no Ed25519 key")
    return Signature(found, [] if former is None else _former(former))


def make(file: Path) -> None:
    """Write a new private key, unless there is one."""
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Whole or not at all, for others may be starting too: the first one's is everybody's.
    with NamedTemporaryFile(dir=file.parent) as written:
        written.write(pem)
        written.flush()
        with suppress(FileExistsError):
            os.link(written.name, file)


def _former(file: Path) -> list[dict[str, Any]]:
    try:
        keys: list[dict[str, Any]] = json.loads(file.read_bytes())["keys"]
        algorithm = jwt.PyJWS().get_algorithm_by_name(ALGORITHM)
        for one in keys:
            algorithm.from_jwk(one)
    except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise ValueError(f"the former keys {file} cannot be read: {error}") from None
    if any("d" in one for one in keys):
        raise ValueError(f"the former keys {file} hold a private key; only public ones are to be given out")
    return keys


def _thumbprint(key: dict[str, Any]) -> str:
    members = json.dumps({member: key[member] for member in MEMBERS}, separators=(",", ":"))
    return _text(hashlib.sha256(members.encode()).digest())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
