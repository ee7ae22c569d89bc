"""Media types and methods of the GraphQL endpoint."""

import pytest

from tests.databases import on_sqlite
from tests.http.raw import JSON, RESPONSE, VIEWER, code, get
from tests.service import Tenant


@on_sqlite
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", RESPONSE),
        ("", RESPONSE),
        ("application/*", RESPONSE),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}; charset=utf-8", RESPONSE),
        (RESPONSE.upper(), RESPONSE),
        (JSON, JSON),
        (f"{JSON}, text/plain, */*", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON};q=0.9, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};q=0.5, {JSON}", JSON),
        (f"{RESPONSE};q=0, */*", JSON),
        ("text/html, */*;q=0.1", RESPONSE),
        ("text/html;q=x, */*", RESPONSE),
    ],
)
async def test_the_answer_comes_in_the_type_that_is_wanted_most(shared_tenant: Tenant, accept: str, media: str) -> None:
    answer = await shared_tenant.execute(VIEWER, Accept=accept)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"] == "no-store"


@on_sqlite
@pytest.mark.parametrize("accept", ["text/html", "image/png", f"{JSON};q=0", "application/xml, text/*"])
async def test_a_type_that_we_do_not_speak_is_not_acceptable(shared_tenant: Tenant, accept: str) -> None:
    answer = await shared_tenant.execute(VIEWER, Accept=accept)
    assert (answer.status, answer.codes) == (406, ["NOT_ACCEPTABLE"])
    assert answer.headers["vary"] == "Accept"


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@on_sqlite
async def test_a_browser_that_opens_the_address_gets_the_explorer(shared_tenant: Tenant) -> None:
    opened = await get(shared_tenant, BROWSER)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert opened.headers["x-request-id"]
    asked = await get(shared_tenant, BROWSER, query=VIEWER)
    assert asked.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    posted = await shared_tenant.execute(VIEWER, Accept=BROWSER)
    assert posted.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    anything = await get(shared_tenant, "*/*")
    assert (anything.status_code, code(anything)) == (400, "BAD_REQUEST")


async def test_get_runs_queries(shared_tenant: Tenant) -> None:
    query = "query A($id: ID!) { node(id: $id) { id } } query B { viewer { kind } }"
    answer = await get(shared_tenant, query=query, operationName="A", variables='{"id": "wkr_none"}', extensions="{}")
    assert (answer.status_code, answer.json()) == (200, {"data": {"node": None}})
    answer = await get(shared_tenant, query=query, operationName="B", variables="")
    assert answer.json() == {"data": {"viewer": {"kind": "SERVICE"}}}


@on_sqlite
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": ""},
        {"query": VIEWER, "variables": "{"},
        {"query": VIEWER, "variables": "[]"},
        {"query": VIEWER, "extensions": "5"},
        {"query": VIEWER, "variables": '{"a": "\\u0000"}'},
    ],
)
async def test_a_get_that_asks_nothing_runnable_is_refused(shared_tenant: Tenant, parameters: dict[str, str]) -> None:
    answer = await get(shared_tenant, **parameters)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


@on_sqlite
async def test_get_changes_nothing(shared_tenant: Tenant) -> None:
    before = await shared_tenant.rows()
    mutation = 'mutation { workerCreate(input: {identity: {displayName: "A"}}) { worker { id } } }'
    answer = await get(shared_tenant, query=mutation)
    assert (answer.status_code, code(answer), answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    assert await shared_tenant.rows() == before


@on_sqlite
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_allowed(shared_tenant: Tenant, method: str) -> None:
    answer = await shared_tenant.service.client.request(method, "/graphql")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


@on_sqlite
async def test_head_is_answered_like_get(shared_tenant: Tenant) -> None:
    answer = await shared_tenant.service.client.head("/graphql", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
