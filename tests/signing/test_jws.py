"""Signatures: keys that are made once, known by their thumbprints, and given out with those before them."""

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from app.signing import jws
from app.signing.jws import Signature

# The key of RFC 8037, appendix A, and its thumbprint as it is given there.
KNOWN = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def known() -> Ed25519PrivateKey:
    key = OKPAlgorithm.from_jwk(KNOWN)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_key_is_known_by_its_thumbprint_and_keeps_its_secret() -> None:
    signature = Signature(known())
    assert signature.id == THUMBPRINT
    public = {"kty": "OKP", "crv": "Ed25519", "x": KNOWN["x"], "kid": THUMBPRINT, "use": "sig", "alg": "EdDSA"}
    assert signature.public_keys == {"keys": [public]}


def test_what_is_signed_is_checked_by_the_public_half() -> None:
    signature = Signature(known())
    token = signature.sign(b'{"a": 1}', "application/json")
    assert jwt.get_unverified_header(token) == {
        "alg": "EdDSA",
        "kid": THUMBPRINT,
        "typ": "JOSE",
        "cty": "application/json",
    }
    [key] = signature.public_keys["keys"]
    assert jwt.api_jws.decode(token, jwt.PyJWK(key), algorithms=["EdDSA"]) == b'{"a": 1}'


def test_a_key_is_made_once_and_is_nobody_else_s(tmp_path: Path) -> None:
    file = tmp_path / "data" / "key.pem"
    jws.make(file)
    first = jws.load(file).id
    jws.make(file)
    assert jws.load(file).id == first
    assert file.stat().st_mode & 0o077 == 0


def test_former_keys_are_given_out_too(tmp_path: Path) -> None:
    key, former = tmp_path / "key.pem", tmp_path / "former.json"
    key.write_bytes(pem(Ed25519PrivateKey.generate()))
    former.write_text(json.dumps(Signature(known()).public_keys))
    signature = jws.load(key, former)
    assert [one["kid"] for one in signature.public_keys["keys"]] == [signature.id, THUMBPRINT]


@pytest.mark.parametrize("content", [b"", b"nonsense", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="the signing key"):
        jws.load(file)


@pytest.mark.parametrize("content", ["", "{}", '{"keys": [{}]}', json.dumps({"keys": [KNOWN]})])
def test_former_keys_that_are_none_or_are_private_are_refused(tmp_path: Path, content: str) -> None:
    key, former = tmp_path / "key.pem", tmp_path / "former.json"
    jws.make(key)
    former.write_text(content)
    with pytest.raises(ValueError, match="the former keys"):
        jws.load(key, former)
