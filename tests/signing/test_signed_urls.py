"""Signed URLs: valid for one key, one purpose and a limited time."""

from datetime import UTC, datetime, timedelta

import pytest

from app.attachments.url_purposes import DOWNLOAD, UPLOAD
from app.signing.sealed_tokens import Signer
from app.signing.signed_urls import ExpiredUrl, ForgedUrl, Purpose, SignedUrls, UrlHolder, UrlPayload

NOW = datetime(2026, 3, 14, 9, 0, 0, 500_000, UTC)
SECRET = "a secret for tests that is long enough"
LIFETIME = timedelta(minutes=15)
HOLDER = UrlHolder("org_1", "SERVICE", "key_1", "0" * 16)


def signed_urls(secret: str = SECRET, public_url: str = "") -> SignedUrls:
    return SignedUrls(Signer(secret), LIFETIME, public_url)


def token_of(urls: SignedUrls, purpose: Purpose = UPLOAD, key: str = "att_1") -> str:
    return urls.make(purpose, key, HOLDER, "", NOW).url.partition("token=")[2]


def test_a_url_starts_with_the_public_url_or_else_with_the_origin_of_the_request() -> None:
    signed = signed_urls().make(UPLOAD, "att_1", HOLDER, "http://here:8000", NOW)
    assert signed.url.startswith("http://here:8000/files/att_1?token=")
    signed = signed_urls(public_url="https://there.example/").make(UPLOAD, "att_1", HOLDER, "http://here", NOW)
    assert signed.url.startswith("https://there.example/files/att_1?token=")


def test_a_url_is_valid_until_it_expires() -> None:
    urls = signed_urls()
    signed = urls.make(UPLOAD, "att_1", HOLDER, "", NOW)
    assert signed.expires_at == NOW.replace(microsecond=0) + LIFETIME
    token = token_of(urls)
    for now in (NOW, signed.expires_at - timedelta(microseconds=1)):
        assert urls.verify(UPLOAD, "att_1", token, now).organization_id == "org_1"
    with pytest.raises(ExpiredUrl):
        urls.verify(UPLOAD, "att_1", token, signed.expires_at)


def test_a_url_is_valid_for_its_purpose_and_key_only() -> None:
    urls = signed_urls()
    token = token_of(urls)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    forgeries = [
        (DOWNLOAD, "att_1", token),
        (UPLOAD, "att_2", token),
        (UPLOAD, "att_1", token_of(signed_urls("another secret that is long enough too"))),
        (UPLOAD, "att_1", changed),
        (UPLOAD, "att_1", token[:10]),
        (UPLOAD, "att_1", "no token"),
        (UPLOAD, "att_1", ""),
    ]
    for purpose, key, forged in forgeries:
        with pytest.raises(ForgedUrl):
            urls.verify(purpose, key, forged, NOW)


def test_a_url_carries_further_details() -> None:
    urls = signed_urls()
    signed = urls.make(DOWNLOAD, "wkr_1", HOLDER, "", NOW, details=["2026-03-14", "né"])
    payload = urls.verify(DOWNLOAD, "wkr_1", signed.url.partition("token=")[2], NOW)
    assert payload == UrlPayload(HOLDER, "wkr_1", int(signed.expires_at.timestamp()), ["2026-03-14", "né"])


def test_a_url_ends_with_its_holders_key_or_token() -> None:
    urls = signed_urls()
    until = NOW + timedelta(minutes=2)
    signed = urls.make(UPLOAD, "att_1", HOLDER, "", NOW, until=until)
    assert signed.expires_at == until.replace(microsecond=0)
    assert urls.make(UPLOAD, "att_1", HOLDER, "", NOW, until=NOW + timedelta(days=1)).expires_at == (
        NOW.replace(microsecond=0) + LIFETIME
    )
    with pytest.raises(ExpiredUrl):
        urls.verify(UPLOAD, "att_1", signed.url.partition("token=")[2], until)


def test_a_url_of_an_earlier_release_has_expired() -> None:
    token = Signer(SECRET).seal(UPLOAD.name, b'["org_1","att_1",2000000000,[]]')
    with pytest.raises(ExpiredUrl):
        signed_urls().verify(UPLOAD, "att_1", token, NOW)
