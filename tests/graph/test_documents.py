"""Documents are prepared once and cached, up to a limit."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.graph.execution import documents as module
from app.graph.execution.documents import DocumentCache
from app.graph.schema import core_schema

VIEWER = "{ viewer { id } }"


@pytest.fixture
def documents() -> DocumentCache:
    return DocumentCache(core_schema())


def padded(number: int, length: int) -> str:
    """Return a document of a given length, different for each number."""
    return f"query Q{number} {VIEWER}".ljust(length)


def test_the_same_text_is_prepared_once(documents: DocumentCache) -> None:
    first = documents.prepare(VIEWER)
    assert documents.prepare("".join(list(VIEWER))) is first
    assert documents.prepare(VIEWER + " ") is not first


def test_a_refused_document_is_not_cached(documents: DocumentCache) -> None:
    for query in ("{", "{ nothing }", "{" + "... { __typename }" * 200 + "}"):
        assert documents.prepare(query).errors
        assert documents.prepare(query) is not documents.prepare(query)


def test_a_long_document_is_not_cached(documents: DocumentCache) -> None:
    longest = padded(1, module.MAX_CACHED_LENGTH)
    assert documents.prepare(longest) is documents.prepare(longest)
    longer = longest + " "
    assert documents.prepare(longer) is not documents.prepare(longer)


def test_the_least_recently_used_documents_leave_the_cache(
    documents: DocumentCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_CHARACTERS", 1_000)
    texts = [padded(number, 100) for number in range(30)]
    used = documents.prepare(texts[0])
    others = []
    for text in texts[1:]:
        others.append(documents.prepare(text))
        assert documents.prepare(texts[0]) is used
    hits = [documents.prepare(text) is before for text, before in zip(texts[-9:], others[-9:], strict=True)]
    assert hits == [True] * 9
    assert documents.prepare(texts[1]) is not others[0]


def test_threads_may_share_the_cache(documents: DocumentCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_CHARACTERS", 500)
    texts = [padded(number % 7, 100) for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        prepared_documents = list(threads.map(documents.prepare, texts))
    assert not any(prepared.errors for prepared in prepared_documents)


def test_an_operation_is_found_by_name_or_as_the_only_one(documents: DocumentCache) -> None:
    one = documents.prepare(f"query A {VIEWER}")
    assert one.operation(None) is one.operation("A") is one.operation("") is not None
    assert one.operation("B") is None
    two = documents.prepare(f"query A {VIEWER} query B {VIEWER}")
    assert two.operation(None) is None
    assert two.operation("B") is not two.operation("A")


@pytest.mark.parametrize(
    ("query", "expected"),
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
def test_an_operation_that_only_introspects_is_recognized(documents: DocumentCache, query: str, expected: bool) -> None:
    prepared = documents.prepare(query)
    operation = prepared.operation(None)
    assert operation is not None
    assert prepared.only_introspects(operation) is expected
