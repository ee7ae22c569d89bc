"""Documents are prepared once, and only so many are remembered."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.graph.execution import documents as module
from app.graph.execution.documents import Documents
from app.graph.schema import core_schema

VIEWER = "{ viewer { id } }"


@pytest.fixture
def documents() -> Documents:
    return Documents(core_schema())


def padded(number: int, length: int) -> str:
    """A document of its own, of some length."""
    return f"query Q{number} {VIEWER}".ljust(length)


def test_the_same_text_is_prepared_once(documents: Documents) -> None:
    first = documents.prepare(VIEWER)
    assert documents.prepare("".join(list(VIEWER))) is first
    assert documents.prepare(VIEWER + " ") is not first


def test_a_refused_document_is_not_remembered(documents: Documents) -> None:
    for query in ("{", "{ nothing }", "{" + "... { __typename }" * 200 + "}"):
        assert documents.prepare(query).errors
        assert documents.prepare(query) is not documents.prepare(query)


def test_a_long_document_is_not_remembered(documents: Documents) -> None:
    longest = padded(1, module.LONGEST_REMEMBERED)
    assert documents.prepare(longest) is documents.prepare(longest)
    longer = longest + " "
    assert documents.prepare(longer) is not documents.prepare(longer)


def test_only_so_much_is_remembered_and_what_is_used_stays(
    documents: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 1_000)
    texts = [padded(number, 100) for number in range(30)]
    used = documents.prepare(texts[0])
    rest = []
    for text in texts[1:]:
        rest.append(documents.prepare(text))
        assert documents.prepare(texts[0]) is used
    kept = [documents.prepare(text) is before for text, before in zip(texts[-9:], rest[-9:], strict=True)]
    assert kept == [True] * 9
    assert documents.prepare(texts[1]) is not rest[0]


def test_threads_may_share_it(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 500)
    texts = [padded(number % 7, 100) for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(documents.prepare, texts))
    assert not any(prepared.errors for prepared in found)


def test_an_operation_is_found_by_name_or_because_it_is_the_only_one(documents: Documents) -> None:
    one = documents.prepare(f"query A {VIEWER}")
    assert one.operation(None) is one.operation("A") is one.operation("") is not None
    assert one.operation("B") is None
    two = documents.prepare(f"query A {VIEWER} query B {VIEWER}")
    assert two.operation(None) is None
    assert two.operation("B") is not two.operation("A")


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("{ __typename }", True),
        ("{ __schema { description } ...F } fragment F on Query { ...G } fragment G on Query { __typename }", True),
        ("{ ... { ... on Query { __typename } } }", True),
        ("mutation { __typename }", True),
        (VIEWER, False),
        ("{ __typename: viewer { id } }", False),
        ("{ __typename ...F } fragment F on Query { ...G } fragment G on Query { viewer { id } }", False),
        ("{ ... { ... on Query { viewer { id } } } }", False),
    ],
)
def test_what_asks_only_for_the_schema_is_known(documents: Documents, query: str, only: bool) -> None:
    prepared = documents.prepare(query)
    operation = prepared.operation(None)
    assert operation is not None
    assert prepared.only_introspects(operation) is only
