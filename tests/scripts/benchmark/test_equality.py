"""The comparison of answers accepts different shapes with equal content, and finds every difference."""

from typing import Any

import pytest

from scripts.benchmark import equality
from scripts.benchmark.equality import Difference

OURS = {
    "workers": {
        "nodes": [
            {
                "id": "wkr_1",
                "identity": {"displayName": "Jordan"},
                "manager": {"worker": {"id": "wkr_2", "identity": {"displayName": "Priya"}}},
                "credentials": {
                    "nodes": [
                        {
                            "verification": {"status": "ACTIVE", "lastVerifiedAt": "2026-03-14T09:00:00.250000Z"},
                            "latestVersion": {"approval": {"status": "PENDING", "reason": None}},
                        }
                    ]
                },
                "activity": {"nodes": [{"kind": "CREDENTIAL_APPROVED", "actor": {"name": "Importer"}}]},
            }
        ],
        "pageInfo": {"hasNextPage": True},
        "totalCount": {"count": 7},
    }
}
FLAT = {
    "workers": {
        "nodes": [
            {
                "id": "wkr_1",
                "displayName": "Jordan",
                "manager": {"id": "wkr_2", "displayName": "Priya"},
                "credentials": [
                    {
                        "status": "ACTIVE",
                        "lastVerifiedAt": "2026-03-14T09:00:00.25+00:00",
                        "latestVersion": {"approval": "PENDING", "reason": None},
                    }
                ],
                "activity": [{"kind": "credential.approved", "actorName": "Importer"}],
            }
        ],
        "hasNextPage": True,
        "totalCount": 7,
    }
}


def test_groups_connections_and_instants_are_brought_into_one_form() -> None:
    equality.compare("ours", equality.normalize(OURS), "flat", equality.normalize(FLAT))


def test_nobody_is_nobodys_manager() -> None:
    assert equality.normalize({"manager": {"worker": None}}) == {"manager": None}


@pytest.mark.parametrize(
    ("other", "place"),
    [
        ({"a": [1, {"b": "y"}]}, "data.a[1].b"),
        ({"a": [1]}, "data.a"),
        ({"a": [1, {"c": "x"}]}, "data.a[1]"),
        ({"a": [{"b": "x"}, 1]}, "data.a[0]"),
        ({"a": [True, {"b": "x"}]}, "data.a[0]"),
        ({"a": None}, "data.a"),
    ],
)
def test_the_first_difference_is_named(other: Any, place: str) -> None:
    difference = equality.first_difference({"a": [1, {"b": "x"}]}, other)

    assert difference is not None
    assert difference[0] == place
    with pytest.raises(Difference, match="one has"):
        equality.compare("one", {"a": [1, {"b": "x"}]}, "other", other)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"data": {}}'),
        (200, b'{"data": {"worker": null}, "errors": [{"message": "no"}]}'),
        (200, b'{"data": null}'),
        (200, b"<html>"),
    ],
)
def test_an_answer_with_errors_is_no_answer(status: int, body: bytes) -> None:
    with pytest.raises(Difference):
        equality.data_of("other", status, body)


def test_an_answer_without_errors_gives_its_data() -> None:
    assert equality.data_of("other", 200, b'{"data": {"worker": null}}') == {"worker": None}
