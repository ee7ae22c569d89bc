"""JWS signing: creating keys, thumbprints, and publishing current and former public keys."""

import json
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from app.signing import jws
from app.signing.jws import JwsSigner

# The key of RFC 8037, appendix A, and its thumbprint from there.
KNOWN = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def known_key() -> Ed25519PrivateKey:
    key = OKPAlgorithm.from_jwk(KNOWN)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_the_published_key_has_its_thumbprint_and_no_private_part() -> None:
    signer = JwsSigner(known_key())
    assert signer.key_id == THUMBPRINT
    public = {"kty": "OKP", "crv": "Ed25519", "x": KNOWN["x"], "kid": THUMBPRINT, "use": "sig", "alg": "EdDSA"}
    assert signer.public_keys == {"keys": [public]}


def test_the_public_key_verifies_a_signature() -> None:
    signer = JwsSigner(known_key())
    token = signer.sign(b'{"a": 1}', "application/json")
    assert jwt.get_unverified_header(token) == {
        "alg": "EdDSA",
        "kid": THUMBPRINT,
        "typ": "JOSE",
        "cty": "application/json",
    }
    [key] = signer.public_keys["keys"]
    assert jwt.api_jws.decode(token, jwt.PyJWK(key), algorithms=["EdDSA"]) == b'{"a": 1}'


def test_a_key_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / "key.pem"
    jws.create_key(file)
    first = jws.load_signer(file).key_id
    jws.create_key(file)
    assert jws.load_signer(file).key_id == first
    assert file.stat().st_mode & 0o077 == 0


def test_former_keys_are_published_too(tmp_path: Path) -> None:
    key, former = tmp_path / "key.pem", tmp_path / "former.json"
    key.write_bytes(pem(Ed25519PrivateKey.generate()))
    former.write_text(json.dumps(JwsSigner(known_key()).public_keys))
    signer = jws.load_signer(key, former)
    assert [jwk["kid"] for jwk in signer.public_keys["keys"]] == [signer.key_id, THUMBPRINT]


@pytest.mark.parametrize("content", [b"", b"nonsense", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_file_without_an_ed25519_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="the signing key"):
        jws.load_signer(file)


@pytest.mark.parametrize("content", ["", "{}", '{"keys": [{}]}', json.dumps({"keys": [KNOWN]})])
def test_malformed_or_private_former_keys_are_refused(tmp_path: Path, content: str) -> None:
    key, former = tmp_path / "key.pem", tmp_path / "former.json"
    jws.create_key(key)
    former.write_text(content)
    with pytest.raises(ValueError, match="the former keys"):
        jws.load_signer(key, former)
