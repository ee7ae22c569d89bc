# ruff: noqa: RUF001 - characters that look alike are what is tested
"""Names of files as phones and Macs give them, and endings that do not fit the content."""

from typing import Any

import pytest

from app.attachments import content
from app.attachments.content import MAX_FILE_NAME_LENGTH
from tests import files
from tests.calls import assert_refused
from tests.service import Tenant

CREATE = "attachmentUploadCreate"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    """The id of a credential."""
    return await tenant.add_credential(await tenant.add_worker())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Screenshot 2026-03-14 at 9.41.00\u202fAM.png", "Screenshot 2026-03-14 at 9.41.00 AM.png"),
        ("Capture d’écran\u00a02026.png", "Capture d’écran 2026.png"),
        ("写真\u3000表.png", "写真 表.png"),
        ("نامه\u200cای.png", "نامه\u200cای.png"),
        ("👩\u200d⚕\ufe0f.png", "👩\u200d⚕\ufe0f.png"),
        ("\u200flaptop\u200e.png", "\u200flaptop\u200e.png"),
        ("IMG\u200b\u00ad\u2060.png", "IMG\u200b\u00ad\u2060.png"),
        ("C:\\Users\\x\u00a0y\\front.png", "front.png"),
        ("\ufdfa\ufdfa.png", "\ufdfa\ufdfa.png"),
    ],
)
async def test_names_of_phones_and_macs_are_kept(tenant: Tenant, key: str, name: str, kept: str) -> None:
    upload = await files.create_upload(tenant, key, name=name)
    assert (await files.query_attachment(tenant, upload.id))["fileName"] == kept
    assert (await files.put_bytes(tenant, upload.url, files.PNG)).status_code == 201
    shown = await files.query_attachment(tenant, upload.id)
    assert shown["fileName"] == kept
    response = await tenant.service.client.get(shown["download"]["url"])
    assert (response.status_code, response.content) == (200, files.PNG)
    assert response.headers["content-disposition"].isascii()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((f"a{character}b.png", "INVALID") for character in "\x07\x1b\x7f\x85\n\t\u2028\u202e\u202d\u202a\u2066"),
        ("\u200b\u00a0", "REQUIRED"),
        ("\u2800", "REQUIRED"),
        ("folder/\u200b", "INVALID"),
        ("...", "INVALID"),
        (".\u200b.", "INVALID"),
    ],
)
async def test_controls_and_names_of_nothing_are_refused(tenant: Tenant, key: str, name: str, code: str) -> None:
    input: dict[str, Any] = {"credential": key, "side": "FRONT", "fileName": name}
    await assert_refused(tenant, CREATE, (code, "fileName"), **input)


@pytest.mark.parametrize(
    ("name", "media_type", "fitting"),
    [
        ("licence.pdf", "application/pdf", "licence.pdf"),
        ("LICENCE.PDF", "application/pdf", "LICENCE.PDF"),
        ("licence.pdf.exe", "application/pdf", "licence.pdf"),
        ("licence.pdf.exe", "image/png", "licence.pdf.png"),
        ("licence.html", "application/pdf", "licence.pdf"),
        ("licence.svg", "image/png", "licence.png"),
        ("licence.pdf. .", "application/pdf", "licence.pdf"),
        ("licence.exe.", "application/pdf", "licence.pdf"),
        ("licence.pdf\u200b", "application/pdf", "licence.pdf"),
        ("licence", "image/jpeg", "licence.jpg"),
        ("photo.JPEG", "image/jpeg", "photo.JPEG"),
        ("photo.jfif", "image/jpeg", "photo.jfif"),
        ("IMG_1.HEIC", "image/jpeg", "IMG_1.jpg"),
        ("IMG_1.heif", "image/heic", "IMG_1.heif"),
        ("Visa 12.2026", "application/pdf", "Visa 12.2026.pdf"),
        ("v1.2", "image/gif", "v1.2.gif"),
        (".html", "image/webp", "file.webp"),
        (".pdf", "application/pdf", "file.pdf"),
        ("\u200b.pdf", "application/pdf", "file.pdf"),
        ("\ufeff.\u00ad.html", "application/pdf", "file.pdf"),
        ("réf. n° 7", "application/pdf", "réf. n° 7.pdf"),
        ("a" * MAX_FILE_NAME_LENGTH, "image/png", "a" * (MAX_FILE_NAME_LENGTH - 4) + ".png"),
        ("a" * (MAX_FILE_NAME_LENGTH - 4) + ".exe", "image/heic", "a" * (MAX_FILE_NAME_LENGTH - 5) + ".heic"),
    ],
)
def test_an_ending_that_does_not_fit_is_replaced(name: str, media_type: str, fitting: str) -> None:
    assert content.fitting_name(name, media_type) == fitting
    assert content.fitting_name(fitting, media_type) == fitting


@pytest.mark.parametrize("media_type", files.SAMPLES)
@pytest.mark.parametrize("ending", ["exe", "html", "svg", "pdf.js", "png", "PDF"])
async def test_every_stored_file_has_a_fitting_ending(tenant: Tenant, key: str, media_type: str, ending: str) -> None:
    sent = await files.upload_file(tenant, key, "OTHER", files.SAMPLES[media_type], f"licence.{ending}")
    shown = await files.query_attachment(tenant, sent)
    assert shown["fileName"].rpartition(".")[2].lower() in content.ENDINGS[media_type]
    response = await tenant.service.client.get(shown["download"]["url"])
    assert f'filename="{shown["fileName"]}"' in response.headers["content-disposition"]
    assert response.headers["content-type"] == media_type


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b" \r\n\t", b"\n" * 1_023, b"junk" * 255 + b"xyz", b"\x00", b"HTTP/1.1 200 OK\r\n\r\n"]
)
async def test_a_pdf_may_begin_later(tenant: Tenant, key: str, before: bytes) -> None:
    sent = await files.upload_file(tenant, key, "OTHER", before + files.PDF, "scan.pdf")
    shown = await files.query_attachment(tenant, sent)
    assert (shown["mediaType"], shown["size"]) == ("application/pdf", len(before + files.PDF))


@pytest.mark.parametrize("before", [b"\n" * 1_024, b"x" * 5_000])
async def test_a_pdf_that_begins_too_late_is_refused(tenant: Tenant, key: str, before: bytes) -> None:
    upload = await files.create_upload(tenant, key, "OTHER", "scan.pdf")
    assert (await files.put_bytes(tenant, upload.url, before + files.PDF)).status_code == 415


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/gif", "image/heic"])
def test_an_image_that_mentions_a_pdf_stays_an_image(media_type: str) -> None:
    assert content.media_type(files.SAMPLES[media_type] + b"%PDF-1.7") == media_type
