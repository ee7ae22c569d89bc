"""Plans are compiled once for each document and truth of its conditions, and tell what they leave to graphql-core."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.access import Scope
from app.db.database import Database
from app.graph.execution.limits import Limits
from app.graph.execution.plans import MOST_PLANS
from app.graph.execution.runner import Operation, Runner
from app.organizations.tables import ApiKey
from app.registries.registry_set import RegistrySet
from app.signing.sealed_tokens import Signer
from tests import files
from tests.conftest import SECRET
from tests.service import Tenant
from tests.statement_counter import recorded_statements


class Asker:
    """Runs operations for a tenant, past HTTP."""

    def __init__(self, tenant: Tenant, database: Database) -> None:
        self.tenant = tenant
        self.runner = Runner(database, Signer(SECRET), RegistrySet(None), files.unconfigured_files(), Limits())

    def prepare(self, text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> Operation:
        """An operation, ready to run."""
        return self.runner.prepare(text, variables or {}, name, "req_test")

    async def ask(self, text: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> Any:
        """The answer of an operation."""
        body, _ = await self.runner.run(self.prepare(text, variables, name), self.tenant.actor)
        return json.loads(body)


@pytest.fixture
def asker(tenant: Tenant, database: Database) -> Asker:
    return Asker(tenant, database)


async def test_an_operation_is_compiled_once(asker: Asker) -> None:
    text = "query ($id: ID!) { node(id: $id) { id } }"
    for key in (asker.tenant.id, "wkr_0000000000000000"):
        await asker.ask(text, {"id": key})
    prepared = asker.prepare(text).prepared
    [plan] = prepared.plans.values()
    await asker.ask(text, {"id": asker.tenant.id})
    assert [*prepared.plans.values()] == [plan]
    assert asker.runner.plans.answered == 3
    assert not asker.runner.plans.fallbacks


async def test_each_operation_of_a_document_has_its_plan(asker: Asker) -> None:
    text = "query A { viewer { kind } } query B { viewer { name } }"
    assert await asker.ask(text, name="A") == {"data": {"viewer": {"kind": "SYSTEM"}}}
    assert await asker.ask(text, name="B") == {"data": {"viewer": {"name": "Test"}}}
    assert {name for name, _ in asker.prepare(text).prepared.plans} == {"A", "B"}


async def test_each_truth_of_the_conditions_has_its_plan(asker: Asker) -> None:
    text = """
      query ($yes: Boolean!, $no: Boolean = false) {
        viewer { kind @include(if: $yes) ...Name @skip(if: $yes) ... @include(if: $no) { id } }
      }
      fragment Name on Viewer { name }
    """
    for _ in range(2):
        assert await asker.ask(text, {"yes": True}) == {"data": {"viewer": {"kind": "SYSTEM"}}}
        assert await asker.ask(text, {"yes": False}) == {"data": {"viewer": {"name": "Test"}}}
        assert await asker.ask(text, {"yes": True, "no": True}) == {
            "data": {"viewer": {"kind": "SYSTEM", "id": "test"}}
        }
    truths = {truths for _, truths in asker.prepare(text).prepared.plans}
    assert truths == {(False, True), (False, False), (True, True)}
    assert not asker.runner.plans.fallbacks


async def test_only_so_many_plans_are_kept_of_a_document(asker: Asker) -> None:
    names = [f"v{number}" for number in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    text = (
        f"query ({declared}) {{ viewer {{ {' '.join(f'{name}: kind @include(if: ${name})' for name in names)} id }} }}"
    )
    for number in range(40):
        await asker.ask(text, {name: bool(number >> place & 1) for place, name in enumerate(names)})
    assert len(asker.prepare(text).prepared.plans) <= MOST_PLANS
    assert asker.runner.plans.answered == 40


async def test_what_is_left_to_graphql_core_is_counted_with_its_reason(asker: Asker) -> None:
    answer = await asker.ask("{ __schema { queryType { name } } viewer { kind } }")
    assert answer == {"data": {"__schema": {"queryType": {"name": "Query"}}, "viewer": {"kind": "SYSTEM"}}}
    answer = await asker.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": {}})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert asker.runner.plans.fallbacks == {"__schema": 1, "variables that do not fit": 1}
    assert asker.runner.plans.answered == 0


async def test_only_what_is_selected_is_read(asker: Asker) -> None:
    await asker.tenant.add_worker()
    with recorded_statements() as statements:
        answer = await asker.ask("{ workers { nodes { id identity { displayName } deleted } } }")
    assert answer["data"]["workers"]["nodes"]
    [statement] = statements
    columns = statement.partition("FROM")[0].removeprefix("SELECT").split(",")
    assert [column.strip() for column in columns] == ["workers.id", "workers.display_name", "workers.deleted_at"]


EVENTS = "{ activity { totalCount { count } } }"


async def test_each_field_of_a_mutation_is_done_once(asker: Asker) -> None:
    before = await asker.ask(EVENTS)
    text = """
      mutation ($one: OrgUnitCreateInput!, $two: OrgUnitCreateInput!) {
        one: orgUnitCreate(input: $one) { orgUnit { name children { nodes { name } } } errors { code } }
        two: orgUnitCreate(input: $two) { orgUnit { name } errors { code path } }
      }
    """
    answer = await asker.ask(text, {"one": {"name": "Site", "kind": "SITE"}, "two": {"kind": "SITE"}})
    assert answer["data"]["one"] == {"orgUnit": {"name": "Site", "children": {"nodes": []}}, "errors": []}
    assert answer["data"]["two"] == {"orgUnit": None, "errors": [{"code": "REQUIRED", "path": ["name"]}]}
    assert not asker.runner.plans.fallbacks
    assert counted_in(await asker.ask(EVENTS)) == counted_in(before) + 1


async def test_a_mutation_that_graphql_core_completes_is_not_done_twice(asker: Asker, database: Database) -> None:
    key = await asker.tenant.create_key(Scope.WORKERS_READ)
    key_id = f"key_{key[20:36]}"
    async with database.writing("test") as session:
        await session.execute(update(ApiKey).where(col(ApiKey.id) == key_id).values(scopes=["no:scope"]))
    before = await asker.ask(EVENTS)
    text = "mutation ($id: ID!) { apiKeyRevoke(input: {id: $id}) { apiKey { id scopes } errors { code } } }"
    answer = await asker.ask(text, {"id": key_id})
    assert answer["data"] == {"apiKeyRevoke": {"apiKey": None, "errors": []}}
    assert [error["path"] for error in answer["errors"]] == [["apiKeyRevoke", "apiKey", "scopes"]]
    assert asker.runner.plans.fallbacks == {"a value that failed": 1}
    assert counted_in(await asker.ask(EVENTS)) == counted_in(before) + 1


def counted_in(answer: Any) -> int:
    """How many events there are."""
    return int(answer["data"]["activity"]["totalCount"]["count"])
