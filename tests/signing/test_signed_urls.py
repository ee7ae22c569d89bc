"""Addresses that are given out: good for one thing and one purpose, and for a while."""

from datetime import UTC, datetime, timedelta

import pytest

from app.attachments.url_purposes import DOWNLOAD, UPLOAD
from app.signing.sealed_tokens import Signer
from app.signing.signed_urls import Addresses, Expired, Forged, Purpose, Sealed

NOW = datetime(2026, 3, 14, 9, 0, 0, 500_000, UTC)
SECRET = "a secret for tests that is long enough"
LASTING = timedelta(minutes=15)


def addresses(secret: str = SECRET, public_url: str = "") -> Addresses:
    return Addresses(Signer(secret), LASTING, public_url)


def token_of(found: Addresses, purpose: Purpose = UPLOAD, key: str = "att_1") -> str:
    return found.make(purpose, "org_1", key, "", NOW).url.partition("token=")[2]


def test_an_address_begins_as_the_caller_reached_the_service_or_as_the_installation_says() -> None:
    made = addresses().make(UPLOAD, "org_1", "att_1", "http://here:8000", NOW)
    assert made.url.startswith("http://here:8000/files/att_1?token=")
    made = addresses(public_url="https://there.example/").make(UPLOAD, "org_1", "att_1", "http://here", NOW)
    assert made.url.startswith("https://there.example/files/att_1?token=")


def test_it_is_good_until_it_says() -> None:
    found = addresses()
    made = found.make(UPLOAD, "org_1", "att_1", "", NOW)
    assert made.expires_at == NOW.replace(microsecond=0) + LASTING
    token = token_of(found)
    for now in (NOW, made.expires_at - timedelta(microseconds=1)):
        assert found.open(UPLOAD, "att_1", token, now).organization_id == "org_1"
    with pytest.raises(Expired):
        found.open(UPLOAD, "att_1", token, made.expires_at)


def test_it_is_good_for_nothing_else() -> None:
    found = addresses()
    token = token_of(found)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    tries = [
        (DOWNLOAD, "att_1", token),
        (UPLOAD, "att_2", token),
        (UPLOAD, "att_1", token_of(addresses("another secret that is long enough too"))),
        (UPLOAD, "att_1", changed),
        (UPLOAD, "att_1", token[:10]),
        (UPLOAD, "att_1", "no token"),
        (UPLOAD, "att_1", ""),
    ]
    for purpose, key, tried in tries:
        with pytest.raises(Forged):
            found.open(purpose, key, tried, NOW)


def test_it_tells_its_giver_what_else_there_is_to_know() -> None:
    found = addresses()
    made = found.make(DOWNLOAD, "org_1", "wkr_1", "", NOW, ["2026-03-14", "né"])
    sealed = found.open(DOWNLOAD, "wkr_1", made.url.partition("token=")[2], NOW)
    assert sealed == Sealed("org_1", "wkr_1", int(made.expires_at.timestamp()), ["2026-03-14", "né"])
