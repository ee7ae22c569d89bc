"""Bodies that are not a GraphQL request: of another type, malformed or too large."""

from collections.abc import AsyncIterator

import orjson
import pytest

from app.settings import Settings
from tests.databases import on_sqlite
from tests.http.raw import JSON, RESPONSE, VIEWER, code, post
from tests.service import Tenant


@on_sqlite
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": f"{JSON}; charset=utf-16"},
        {"Content-Type": f"{JSON}; charset=latin1; version=1"},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_a_body_of_another_type_is_refused(shared_tenant: Tenant, headers: dict[str, str]) -> None:
    answer = await post(shared_tenant, orjson.dumps({"query": VIEWER}), **headers)
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@on_sqlite
@pytest.mark.parametrize(
    "kind", ["application/json;charset=UTF-8", 'Application/JSON; v=1; Charset="utf-8"', f"{JSON}; v=1"]
)
async def test_a_body_says_its_type_in_many_ways(shared_tenant: Tenant, kind: str) -> None:
    answer = await post(shared_tenant, orjson.dumps({"query": VIEWER}), **{"Content-Type": kind})
    assert answer.status_code == 200


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"[]",
        b"null",
        b'"{ viewer { id } }"',
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b'\xef\xbb\xbf{"query": "{ viewer { id } }"}',
        b'{"query": "\xc3\x28"}',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": " \\n"}',
        b'{"query": 5}',
        b'{"query": ["{ viewer { id } }"]}',
        b'[{"query": "{ viewer { id } }"}]',
        b'{"query": "{ viewer { id } }", "variables": []}',
        b'{"query": "{ viewer { id } }", "variables": "{}"}',
        b'{"query": "{ viewer { id } }", "operationName": 5}',
        b'{"query": "{ viewer { id } }", "extensions": []}',
        b'{"query": "{ viewer { id } }", "variables": {"a": "\\u0000"}}',
        b'{"query": "{ viewer { id } }", "variables": {"a\\u0000": 1}}',
        b'{"query": "{ viewer { id } }", "variables": {"a": "\\ud800"}}',
        b'{"query": "{ viewer { id } }", "variables": ' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}",
        b'{"query": "{ viewer { id } }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"query": "{ viewer { id } }", "variables": {"a": ' + b"[" * 9_000 + b"]" * 9_000 + b"}}",
        b'{"query": "{ viewer { id } }", "variables": {"a": NaN}}',
        b'{"query": "{ viewer { id } }", "variables": {"a": [' + b"{}," * 10_000 + b"{}]}}",
        b'{"query": "{ viewer { id } }", "variables": {"a": 1' + b"0" * 400 + b"}}",
    ],
)
@pytest.mark.parametrize("accept", [RESPONSE, JSON])
async def test_a_body_that_is_no_request_is_refused(shared_tenant: Tenant, body: bytes, accept: str) -> None:
    answer = await post(shared_tenant, body, Accept=accept)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


@on_sqlite
async def test_of_a_repeated_member_the_last_counts(shared_tenant: Tenant) -> None:
    answer = await post(shared_tenant, b'{"query": "{ viewer { id } }", "query": "{ viewer { kind } }"}')
    assert answer.json() == {"data": {"viewer": {"kind": "SERVICE"}}}


async def test_text_may_speak_of_the_nul_character(shared_tenant: Tenant) -> None:
    answer = await shared_tenant.execute(
        "query ($s: String) { workers(search: $s) { nodes { id } } }", {"s": "C:\\u0000"}
    )
    assert answer.data == {"workers": {"nodes": []}}


@on_sqlite
@pytest.mark.parametrize("literal", [r'"\u0000"', r'"\u{0}"', r'"a\u{000000}b"'])
async def test_a_query_cannot_hold_the_nul_character(shared_tenant: Tenant, literal: str) -> None:
    answer = await shared_tenant.execute(f"{{ workers(search: {literal}) {{ nodes {{ id }} }} }}")
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    assert answer.errors[0]["locations"] == [{"line": 1, "column": 19}]


@on_sqlite
@pytest.mark.parametrize("literal", [r'"\uD800"', r'"\u{D800}"', r'"\u{110000}"'])
async def test_a_query_cannot_hold_half_a_character(shared_tenant: Tenant, literal: str) -> None:
    answer = await shared_tenant.execute(f"{{ workers(search: {literal}) {{ nodes {{ id }} }} }}")
    assert (answer.status, answer.codes) == (400, ["GRAPHQL_PARSE_FAILED"])


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Yield a body without a declared length."""
    for _ in range(size // 10_000):
        yield b" " * 10_000
    yield orjson.dumps({"query": VIEWER})


@on_sqlite
@pytest.mark.parametrize("announced", [{}, {"Content-Length": "10"}, {"Content-Length": "-1"}])
async def test_a_body_is_limited_by_what_comes(
    shared_tenant: Tenant, settings: Settings, announced: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {shared_tenant.key}", "Content-Type": JSON, **announced}
    client = shared_tenant.service.client
    fits = await client.post("/graphql", content=chunks(settings.body_bytes - 10_000), headers=headers)
    assert fits.status_code == 200
    answer = await client.post("/graphql", content=chunks(settings.body_bytes), headers=headers)
    assert (answer.status_code, code(answer), answer.headers["connection"]) == (413, "BODY_TOO_LARGE", "close")


@on_sqlite
async def test_a_body_that_announces_too_much_is_refused_unread(shared_tenant: Tenant) -> None:
    async def never() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"{}"

    read: list[bool] = []
    headers = {"Content-Type": JSON, "Content-Length": "50000000"}
    answer = await shared_tenant.service.client.post("/graphql", content=never(), headers=headers)
    assert (answer.status_code, code(answer), read) == (413, "BODY_TOO_LARGE", [])
