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
from scripts.benchmark.data import Dataset
from scripts.benchmark.operations import OPERATIONS, Operation, ServerApi

FACTS = Dataset("org_1", "cgk_1", "2026-03-14", ("wkr_1", "wkr_2"), ("CPR",), ("cred_1", "cred_2"), code_digest="")
BY_NAME = {operation.name: operation for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_documents_are_valid(operation: Operation) -> None:
    assert validate(core_schema(), parse(operation.document(ServerApi.SERVICE))) == []
    for dialect in operation.apis & {ServerApi.FLAT, ServerApi.POSTGRAPHILE}:
        parse(operation.document(dialect))


def test_a_route_is_asked_with_the_same_variables_as_a_document() -> None:
    for operation in (BY_NAME["profile"], BY_NAME["dashboard"]):
        routed = operation.requests(ServerApi.ROUTES, FACTS)
        documents = operation.requests(ServerApi.SERVICE, FACTS)
        assert [request.method for request in routed] == ["GET"] * len(documents)
        assert [dict(parse_qsl(urlsplit(request.path).query)) for request in routed] == [
            json.loads(request.body)["variables"] for request in documents
        ]


def test_every_change_has_a_key_of_its_own_in_each_run() -> None:
    keys = {
        json.loads(request.body)["variables"]["key"]
        for run in ("one", "two")
        for request in BY_NAME["approve"].requests(ServerApi.FLAT, FACTS, run)
    }
    assert len(keys) == 4


def test_kept_data_is_used_on_its_day_only(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    assert Dataset.read(file) is None
    replace(FACTS, drawn_for="2000-01-01").save(file)
    assert Dataset.read(file) is None
    today = replace(FACTS, drawn_for=datetime.now(UTC).date().isoformat(), code_digest=data.code_digest())
    replace(today, code_digest="other code").save(file)
    assert Dataset.read(file) is None
    today.save(file)
    assert Dataset.read(file) == today
