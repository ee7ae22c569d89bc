"""Detecting media types by content."""

import pytest

from app.attachments import content
from tests import files


@pytest.mark.parametrize("media_type", files.SAMPLES)
def test_accepted_types_are_detected_by_their_beginning(media_type: str) -> None:
    assert content.media_type(files.SAMPLES[media_type][: content.HEAD_BYTES]) == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
        b"\x00\x00\x00\x1cftypmsf1\x00\x00\x00\x00mif1hevcmsf1",
        b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic",
    ],
)
def test_heic_is_detected_by_any_of_its_brands(head: bytes) -> None:
    assert content.media_type(head) == "image/heic"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P",
        b"\x89PNG",
        b"\x89PNG\n\n\x1a\n",
        b"\xff\xd8",
        b"GIF88a",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"%PDF",
        b"\n" * 1_024 + b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"II*\x00",
        # An AVIF image and a video, which differ from HEIC only in their brands.
        b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf",
        b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41",
        # A brand beyond the end of its box.
        b"\x00\x00\x00\x14ftypavif\x00\x00\x00\x00mif1heic",
        # The version of the main brand is not a brand.
        b"\x00\x00\x00\x14ftypavifheicmif1",
    ],
)
def test_other_content_is_not_accepted(head: bytes) -> None:
    assert content.media_type(head) is None
