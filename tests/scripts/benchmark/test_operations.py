"""Every operation can be sent to every server, and is valid in the service's schema."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from graphql import parse, validate

from app.graph.schema import core_schema
from scripts.benchmark import data
from scripts.benchmark.data import Facts
from scripts.benchmark.operations import OPERATIONS, Dialect, Operation

FACTS = Facts("org_1", "cgk_1", "2026-03-14", ("wkr_1", "wkr_2"), ("CPR",), ("cred_1", "cred_2"), source="")
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_documents_are_valid(operation: Operation) -> None:
    assert validate(core_schema(), parse(operation.document(Dialect.SERVICE))) == []
    for dialect in operation.asked & {Dialect.FLAT, Dialect.POSTGRAPHILE}:
        parse(operation.document(dialect))


def test_a_route_is_asked_with_the_same_variables_as_a_document() -> None:
    for operation in (BY_NAME["profile"], BY_NAME["dashboard"]):
        routed = operation.requests(Dialect.ROUTES, FACTS)
        documents = operation.requests(Dialect.SERVICE, FACTS)
        assert [request.method for request in routed] == ["GET"] * len(documents)
        assert [dict(parse_qsl(urlsplit(request.path).query)) for request in routed] == [
            json.loads(request.body)["variables"] for request in documents
        ]


def test_every_change_has_a_key_of_its_own_in_each_run() -> None:
    keys = {
        json.loads(request.body)["variables"]["key"]
        for run in ("one", "two")
        for request in BY_NAME["approve"].requests(Dialect.FLAT, FACTS, run)
    }
    assert len(keys) == 4


def test_kept_data_is_used_on_its_day_only(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    assert Facts.read(file) is None
    replace(FACTS, day="2000-01-01").save(file)
    assert Facts.read(file) is None
    today = replace(FACTS, day=datetime.now(UTC).date().isoformat(), source=data.source())
    replace(today, source="other code").save(file)
    assert Facts.read(file) is None
    today.save(file)
    assert Facts.read(file) == today
