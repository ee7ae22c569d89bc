"""Cached statements: shared by actors of one visibility, and made again when the clock changes a filter's condition."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.access import Scope
from tests.conftest import SettableClock
from tests.service import Tenant
from tests.statement_counter import recorded_statements

AT = datetime(2030, 1, 1, 23, 59, tzinfo=UTC)


async def test_a_daily_filter_has_a_statement_for_each_day(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(AT)
    await tenant.add_credential(await tenant.add_worker(), issuing={"expiryDate": "2030-01-01"})
    text = "{ credentials(where: {validity: {eq: EXPIRED}}) { nodes { id } totalCount { count } } }"
    assert (await tenant.execute(text)).data["credentials"]["totalCount"] == {"count": 0}
    clock.set(AT + timedelta(minutes=1))
    assert len((await tenant.execute(text)).data["credentials"]["nodes"]) == 1
    clock.set(AT)
    assert (await tenant.execute(text)).data["credentials"]["nodes"] == []


async def test_a_momentary_filter_has_a_statement_for_each_instant(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(AT)
    ends = (AT + timedelta(seconds=2)).isoformat()
    key: dict[str, Any] = {"name": "Short", "scopes": ["WORKERS_READ"], "expiresAt": ends}
    assert (await tenant.mutate("apiKeyCreate", "apiKey { id }", **key))["errors"] == []
    text = '{ apiKeys(where: {active: true, name: {eq: "short"}}) { nodes { name } } }'
    counts = []
    for seconds in (0, 1, 2):
        clock.set(AT + timedelta(seconds=seconds))
        counts.append(len((await tenant.execute(text)).data["apiKeys"]["nodes"]))
    assert counts == [1, 1, 0]


async def test_organizations_share_statements_and_no_rows(tenant: Tenant, other_tenant: Tenant) -> None:
    text = "{ workers(first: 3) { nodes { id identity { displayName } } } }"
    own_worker, other_worker = await tenant.add_worker("Mine"), await other_tenant.add_worker("Theirs")
    results = []
    for organization in (tenant, other_tenant):
        with recorded_statements() as statements:
            response = await organization.execute(text)
        results.append((statements[-1], [node["id"] for node in response.data["workers"]["nodes"]]))
    assert results[0][0] == results[1][0]
    assert [rows for _, rows in results] == [[own_worker], [other_worker]]


async def test_keys_with_different_units_see_different_rows(tenant: Tenant) -> None:
    keys_and_workers = []
    for name in ("North", "South"):
        payload = await tenant.mutate("orgUnitCreate", "orgUnit { id }", name=name, type="SITE")
        unit = payload["orgUnit"]["id"]
        worker = await tenant.add_worker(name, employment={"orgUnit": unit})
        keys_and_workers.append((await tenant.create_key(Scope.WORKERS_READ, org_unit=unit), worker))
    for _ in range(2):
        for key, worker in keys_and_workers:
            response = await tenant.execute("{ workers { nodes { id } } }", key=key)
            assert [node["id"] for node in response.data["workers"]["nodes"]] == [worker]


async def test_a_prefetched_list_is_shown_only_with_its_row(tenant: Tenant, other_tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    credential = await tenant.add_credential(worker)
    text = "query ($id: ID!) { worker(by: {id: $id}) { id credentials(first: 1) { nodes { id } } } }"
    expected = {"id": worker, "credentials": {"nodes": [{"id": credential}]}}
    assert (await tenant.execute(text, {"id": worker})).data == {"worker": expected}
    for client, key in ((other_tenant, worker), (tenant, "wkr_0000000000000000")):
        response = await client.execute(text, {"id": key})
        assert (response.data, response.errors) == ({"worker": None}, [])
    refused = await tenant.execute(text, {"id": worker}, key=await tenant.create_key(Scope.WORKERS_READ))
    assert refused.body["data"] == {"worker": {"id": worker, "credentials": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in refused.errors] == [
        (["worker", "credentials"], "FORBIDDEN")
    ]
