"""Identifiers: their form, their prefix and their order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from app.db.records import Record
from tests import property_settings


def test_an_id_is_its_prefix_and_sixteen_characters() -> None:
    for table in Record.tables().values():
        if prefix := getattr(table, "prefix", None):
            assert re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{16}}", ids.new(prefix))
            assert ids.prefix_of(ids.new(prefix)) == prefix


def test_no_two_tables_share_a_prefix() -> None:
    prefixes = [table.prefix for table in Record.tables().values() if hasattr(table, "prefix")]
    assert len(prefixes) == len(set(prefixes))


def test_ids_sort_in_the_order_of_their_creation() -> None:
    created = [ids.new("wkr") for _ in range(10_000)]
    assert created == sorted(created)
    assert len(set(created)) == len(created)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wkr",
        "wkr_",
        "wkr_000000000000000",
        "wkr_00000000000000000",
        "WKR_0000000000000000",
        "wkr-0000000000000000",
        "wkr_000000000000000é",
        "wkr_0000000000000000\n",
        " wkr_0000000000000000",
        "w_0000000000000000",
        "worker_0000000000000000",
    ],
)
def test_a_malformed_id_has_no_prefix(text: str) -> None:
    assert ids.prefix_of(text) is None


@property_settings.pure
@given(st.lists(st.integers(0, 62**9 - 1), min_size=2, max_size=2))
def test_base62_texts_sort_as_their_numbers(numbers: list[int]) -> None:
    first, second = numbers
    texts = [ids.to_base62(number, 9) for number in numbers]
    assert (texts[0] < texts[1]) == (first < second)
    assert [len(text) for text in texts] == [9, 9]
