"""Sealed tokens: only the same purpose and secret open a token, and only if it is unchanged."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signing.sealed_tokens import Signer
from tests import property_settings

SIGNER = Signer("a secret for tests that is long enough")


@property_settings.pure
@given(purpose=st.binary(max_size=40), value=st.binary(max_size=200))
def test_a_sealed_value_is_opened_again(purpose: bytes, value: bytes) -> None:
    token = SIGNER.seal(purpose, value)
    assert SIGNER.open(purpose, token) == value
    assert token.isascii()
    assert not set(token) & set("+/= ")


@property_settings.pure
@given(purpose=st.binary(max_size=40), other=st.binary(max_size=40), value=st.binary(max_size=40))
def test_another_purpose_opens_nothing(purpose: bytes, other: bytes, value: bytes) -> None:
    opened = SIGNER.open(other, SIGNER.seal(purpose, value))
    assert opened == (value if purpose == other else None)


@property_settings.pure
@given(value=st.binary(min_size=1, max_size=40), position=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_opens_nothing(value: bytes, position: int, bit: int) -> None:
    token = SIGNER.seal(b"purpose", value)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[position % len(raw)] ^= 1 << bit
    assert SIGNER.open(b"purpose", base64.urlsafe_b64encode(raw).decode().rstrip("=")) is None


@property_settings.pure
@given(st.text(max_size=60))
def test_any_other_text_opens_nothing(text: str) -> None:
    assert SIGNER.open(b"purpose", text) is None


def test_a_purpose_and_a_value_are_kept_apart() -> None:
    assert SIGNER.open(b"purpose v", SIGNER.seal(b"purpose", b" value")) is None


def test_another_secret_opens_nothing() -> None:
    other = Signer("another secret for tests that is long")
    assert other.open(b"purpose", SIGNER.seal(b"purpose", b"value")) is None


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        Signer("x" * 31)
    Signer("x" * 32)
