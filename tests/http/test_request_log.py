"""Request ids and the request log: every answer has a log line, without any personal data or secret."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from app import reactions
from app.core import clock
from app.db.database import Database
from app.http.request_log import RequestLog
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests import files
from tests.evidence import packs
from tests.http.raw import VIEWER
from tests.oidc import Issuer, owner_claims
from tests.service import Service, Tenant

MASKED = "The service failed to answer this; tell us the request id."
CLIENT_REQUEST_ID = "req-1.A_z"


@pytest.fixture
async def broken(tmp_path: Path, settings: Settings) -> AsyncIterator[Tenant]:
    """An organization in a database of its own, from which the table of workers is missing."""
    database = Database(f"sqlite:///{tmp_path / 'broken.sqlite'}", clock.system, before_commit=reactions.react)
    await migrator.upgrade(database)
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        tenant = await Tenant.create(Service(client, database), "Broken")
        async with database.writing() as session:
            await session.execute(text("ALTER TABLE workers RENAME TO lost"))
        yield tenant
    await database.close()


@pytest.mark.parametrize("request_id", [CLIENT_REQUEST_ID, "a", "0" * 64])
async def test_the_clients_request_id_is_kept(tenant: Tenant, request_id: str) -> None:
    answer = await tenant.execute("{ nothing }", X_Request_Id=request_id)
    assert answer.headers.get_list("x-request-id") == [request_id]
    assert answer.errors[0]["extensions"]["requestId"] == request_id


@pytest.mark.parametrize("request_id", ["", " ", "a b", "a\tb", "0" * 65, "é", "<script>", "a,b", 'a"b'])
async def test_an_id_that_is_not_well_formed_is_replaced(tenant: Tenant, request_id: str) -> None:
    headers = [(b"X-Request-Id", request_id.encode()), (b"Authorization", f"Bearer {tenant.key}".encode())]
    answer = await tenant.service.client.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert re.fullmatch("req_[0-9A-Za-z]{16}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/graphql", 415), ("GET", "/nowhere", 404), ("PUT", "/graphql", 405), ("GET", "/health", 200)],
)
async def test_every_answer_has_a_request_id(service: Service, method: str, path: str, status: int) -> None:
    answer = await service.client.request(method, path)
    assert answer.status_code == status
    assert re.fullmatch("req_[0-9A-Za-z]{16}", answer.headers["x-request-id"])
    other = await service.client.request(method, path)
    assert other.headers["x-request-id"] != answer.headers["x-request-id"]


async def test_a_refused_key_has_a_request_id(service: Service) -> None:
    answer = await service.execute(VIEWER, key="cgk_wrong", X_Request_Id=CLIENT_REQUEST_ID)
    assert (answer.status, answer.headers["x-request-id"]) == (401, CLIENT_REQUEST_ID)


async def test_a_failure_outside_of_the_graph_has_a_request_id(log: list[str]) -> None:
    async def fail(_request: Request) -> None:
        raise RuntimeError("internal")

    app = Starlette(routes=[Route("/", fail)])
    app.add_middleware(RequestLog)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.test") as client:
        answer = await client.get("/", headers={"X-Request-Id": CLIENT_REQUEST_ID})
    assert (answer.status_code, answer.text) == (500, "The service failed to answer this.")
    assert answer.headers["x-request-id"] == CLIENT_REQUEST_ID
    failed, request = log
    assert "RuntimeError: internal" in failed
    assert CLIENT_REQUEST_ID in failed
    assert '"status": 500' in request


async def test_a_request_is_logged_without_what_it_holds(tenant: Tenant, log: list[str]) -> None:
    query = "query Find($s: String) { workers(search: $s) { nodes { id } } }"
    answer = await tenant.execute(query, {"s": "Jordan"}, X_Request_Id=CLIENT_REQUEST_ID)
    assert answer.status == 200
    (line,) = log
    for shown in (CLIENT_REQUEST_ID, '"status": 200', '"method": "POST"', '"path": "/graphql"', '"actor": "key_'):
        assert shown in line
    for hidden in (tenant.key, tenant.key[-43:], "Jordan", "workers("):
        assert hidden not in line


async def test_no_line_names_anybody(oidc_tenant: Tenant, issuer: Issuer, log: list[str]) -> None:
    claims = owner_claims(oidc_tenant, sub="jordan@example.com", name="Jordan Avery")
    token = issuer.token("ES256", claims)
    worker = await oidc_tenant.add_worker("Sam Hale", contact={"workEmail": "sam@example.com"})
    credential = await oidc_tenant.add_credential(worker)
    upload = await files.create_upload(oidc_tenant, credential, name="Sam Hale.png", key=token)
    await files.put_bytes(oidc_tenant, upload.url, files.PNG)
    await oidc_tenant.service.client.get(await packs.pack_url(oidc_tenant, worker, key=token))
    person = await oidc_tenant.execute(VIEWER, key=token)
    assert person.status == 200
    [made] = [line for line in log if "evidence pack" in line]
    assert worker in made
    actors = {json.loads(line).get("actor") for line in log} - {None}
    assert {actor.partition("_")[0] for actor in actors} == {"key", "person"}
    for personal in ("Jordan", "jordan", "Sam", "sam@", "Avery", "Harbour", "WWC1234567E"):
        assert personal not in "\n".join(log)


async def test_an_address_is_logged_without_its_query(tenant: Tenant, log: list[str]) -> None:
    parameters = {"query": VIEWER, "variables": '{"secret": 1}', "access_token": tenant.key}
    await tenant.service.client.get("/graphql", params=parameters)
    (line,) = log
    assert "secret" not in line
    assert tenant.key not in line


async def test_a_resolver_that_fails_is_masked_and_logged(broken: Tenant, log: list[str]) -> None:
    answer = await broken.execute(
        "query ($s: String) { viewer { kind } workers(search: $s) { nodes { id } } }",
        {"s": "Jordan"},
        X_Request_Id=CLIENT_REQUEST_ID,
    )
    assert answer.status == 200
    assert answer.body["data"] == {"viewer": {"kind": "SERVICE"}, "workers": None}
    (error,) = answer.errors
    assert error["message"] == MASKED
    assert error["path"] == ["workers"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": CLIENT_REQUEST_ID}
    failed, _request = log
    assert CLIENT_REQUEST_ID in failed
    assert "no such table: workers" in failed


async def test_a_mutation_that_fails_is_masked_and_undone(broken: Tenant, log: list[str]) -> None:
    query = """mutation {
      typed: credentialTypeCreate(input: {code: "NEW_ONE", name: "New", category: LICENCE}) { errors { code } }
      failed: workerCreate(input: {identity: {displayName: "Jordan Avery"}}) { worker { id } errors { code } }
    }"""
    answer = await broken.execute(query, X_Request_Id=CLIENT_REQUEST_ID)
    assert answer.status == 200
    assert answer.body["data"] == {"typed": {"errors": []}, "failed": None}
    assert (answer.codes, answer.errors[0]["message"], answer.errors[0]["path"]) == (
        ["INTERNAL"],
        MASKED,
        ["failed"],
    )
    hidden = await broken.execute('{ credentialType(by: {code: "NEW_ONE"}) { name } }')
    assert hidden.data == {"credentialType": {"name": "New"}}


async def test_a_failures_log_holds_no_personal_data(broken: Tenant, log: list[str]) -> None:
    content = {"identity": {"displayName": "Jordan Avery"}, "contact": {"workEmail": "jordan@example.com"}}
    query = "mutation ($i: WorkerCreateInput!) { workerCreate(input: $i) { worker { id } } }"
    answer = await broken.execute(query, {"i": content})
    assert answer.codes == ["INTERNAL"]
    written = "\n".join(log)
    assert "no such table: workers" in written
    for personal in ("Jordan", "jordan@example.com", broken.key):
        assert personal not in written


async def test_a_database_that_is_gone_is_an_internal_failure(
    tmp_path: Path, settings: Settings, log: list[str]
) -> None:
    database = Database(
        f"sqlite:///{tmp_path / 'nowhere' / 'gone.sqlite'}", clock.system, before_commit=reactions.react
    )
    transport = httpx.ASGITransport(create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://credgraph.test") as client:
        key = f"cgk_{'0' * 32}_{'0' * 43}"
        answer = await Service(client, database).execute(VIEWER, key=key, X_Request_Id=CLIENT_REQUEST_ID)
    assert (answer.status, answer.codes) == (500, ["INTERNAL"])
    assert answer.errors[0]["message"] == MASKED
    assert answer.headers["x-request-id"] == CLIENT_REQUEST_ID
    assert key not in "\n".join(log)
