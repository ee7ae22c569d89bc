"""Plans are compiled once for each operation and combination of its conditions, and fallbacks are counted."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.access import Scope
from app.db.database import Database
from app.graph.execution.plans import MAX_PLANS
from app.graph.execution.runner import PreparedOperation, Runner
from app.organizations.tables import ApiKey
from app.registries.registry_set import RegistrySet
from app.settings import Limits
from app.signing.sealed_tokens import Signer
from tests import files
from tests.conftest import SECRET
from tests.service import Tenant
from tests.statement_counter import recorded_statements


class OperationClient:
    """Runs operations for a tenant, without HTTP."""

    def __init__(self, tenant: Tenant, database: Database) -> None:
        self.tenant = tenant
        self.runner = Runner(database, Signer(SECRET), RegistrySet(None), files.unconfigured_files(), Limits())

    def prepare(
        self, text: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> PreparedOperation:
        """Return an operation, ready to run."""
        return self.runner.prepare(text, variables or {}, name, "req_test")

    async def execute(self, text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> Any:
        """Return the response of an operation."""
        body, _ = await self.runner.run(self.prepare(text, variables, name), self.tenant.actor)
        return json.loads(body)


@pytest.fixture
def client(tenant: Tenant, database: Database) -> OperationClient:
    return OperationClient(tenant, database)


async def test_an_operation_is_compiled_once(client: OperationClient) -> None:
    text = "query ($id: ID!) { node(id: $id) { id } }"
    for key in (client.tenant.id, "wkr_0000000000000000"):
        await client.execute(text, {"id": key})
    prepared = client.prepare(text).prepared
    [plan] = prepared.plans.values()
    await client.execute(text, {"id": client.tenant.id})
    assert [*prepared.plans.values()] == [plan]
    assert client.runner.plans.executed == 3
    assert not client.runner.plans.fallbacks


async def test_each_operation_of_a_document_has_its_plan(client: OperationClient) -> None:
    text = "query A { viewer { kind } } query B { viewer { name } }"
    assert await client.execute(text, name="A") == {"data": {"viewer": {"kind": "SYSTEM"}}}
    assert await client.execute(text, name="B") == {"data": {"viewer": {"name": "Test"}}}
    assert {name for name, _ in client.prepare(text).prepared.plans} == {"A", "B"}


async def test_each_combination_of_conditions_has_its_plan(client: OperationClient) -> None:
    text = """
      query ($yes: Boolean!, $no: Boolean = false) {
        viewer { kind @include(if: $yes) ...Name @skip(if: $yes) ... @include(if: $no) { id } }
      }
      fragment Name on Viewer { name }
    """
    for _ in range(2):
        assert await client.execute(text, {"yes": True}) == {"data": {"viewer": {"kind": "SYSTEM"}}}
        assert await client.execute(text, {"yes": False}) == {"data": {"viewer": {"name": "Test"}}}
        assert await client.execute(text, {"yes": True, "no": True}) == {
            "data": {"viewer": {"kind": "SYSTEM", "id": "test"}}
        }
    combinations = {conditions for _, conditions in client.prepare(text).prepared.plans}
    assert combinations == {(False, True), (False, False), (True, True)}
    assert not client.runner.plans.fallbacks


async def test_the_plans_of_a_document_are_limited(client: OperationClient) -> None:
    names = [f"v{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    text = (
        f"query ({declared}) {{ viewer {{ {' '.join(f'{name}: kind @include(if: ${name})' for name in names)} id }} }}"
    )
    for number in range(40):
        await client.execute(text, {name: bool(number >> place & 1) for place, name in enumerate(names)})
    assert len(client.prepare(text).prepared.plans) <= MAX_PLANS
    assert client.runner.plans.executed == 40


async def test_fallbacks_are_counted_by_reason(client: OperationClient) -> None:
    response = await client.execute("{ __schema { queryType { name } } viewer { kind } }")
    assert response == {"data": {"__schema": {"queryType": {"name": "Query"}}, "viewer": {"kind": "SYSTEM"}}}
    response = await client.execute("query ($id: ID!) { node(id: $id) { id } }", {"id": {}})
    assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_USER_INPUT"]
    assert client.runner.plans.fallbacks == {"__schema": 1, "variables that do not fit": 1}
    assert client.runner.plans.executed == 0


async def test_only_selected_columns_are_read(client: OperationClient) -> None:
    await client.tenant.add_worker()
    await client.execute("{ viewer { id } }")  # the first operation of a day brings credentials in line with it
    with recorded_statements() as statements:
        response = await client.execute("{ workers { nodes { id identity { displayName } deleted } } }")
    assert response["data"]["workers"]["nodes"]
    [statement] = statements
    columns = statement.partition("FROM")[0].removeprefix("SELECT").split(",")
    assert [column.strip() for column in columns] == ["workers.id", "workers.display_name", "workers.deleted_at"]


EVENTS = "{ activity { totalCount { count } } }"


async def test_each_field_of_a_mutation_runs_once(client: OperationClient) -> None:
    before = await client.execute(EVENTS)
    text = """
      mutation ($one: OrgUnitCreateInput!, $two: OrgUnitCreateInput!) {
        one: orgUnitCreate(input: $one) { orgUnit { name children { nodes { name } } } errors { code } }
        two: orgUnitCreate(input: $two) { orgUnit { name } errors { code path } }
      }
    """
    response = await client.execute(text, {"one": {"name": "Site", "type": "SITE"}, "two": {"type": "SITE"}})
    assert response["data"]["one"] == {"orgUnit": {"name": "Site", "children": {"nodes": []}}, "errors": []}
    assert response["data"]["two"] == {"orgUnit": None, "errors": [{"code": "REQUIRED", "path": ["name"]}]}
    assert not client.runner.plans.fallbacks
    assert event_count(await client.execute(EVENTS)) == event_count(before) + 1


async def test_a_mutation_that_falls_back_to_graphql_core_runs_once(
    client: OperationClient, database: Database
) -> None:
    key = await client.tenant.create_key(Scope.WORKERS_READ)
    key_id = f"key_{key[20:36]}"
    async with database.writing("test") as session:
        await session.execute(update(ApiKey).where(col(ApiKey.id) == key_id).values(scopes=["no:scope"]))
    before = await client.execute(EVENTS)
    text = "mutation ($id: ID!) { apiKeyRevoke(input: {id: $id}) { apiKey { id scopes } errors { code } } }"
    response = await client.execute(text, {"id": key_id})
    assert response["data"] == {"apiKeyRevoke": {"apiKey": None, "errors": []}}
    assert [error["path"] for error in response["errors"]] == [["apiKeyRevoke", "apiKey", "scopes"]]
    assert client.runner.plans.fallbacks == {"a value that failed": 1}
    assert event_count(await client.execute(EVENTS)) == event_count(before) + 1


def event_count(response: Any) -> int:
    """Return the number of events."""
    return int(response["data"]["activity"]["totalCount"]["count"])
