"""Statements are kept compiled for as long as they are good: whatever the clock changes in them is made anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.access import Scope
from tests.conftest import SettableClock
from tests.service import Tenant
from tests.statement_counter import recorded_statements

AT = datetime(2030, 1, 1, 23, 59, tzinfo=UTC)


async def test_what_a_day_changes_is_asked_anew_each_day(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(AT)
    await tenant.add_credential(await tenant.add_worker(), issuing={"expiryDate": "2030-01-01"})
    text = "{ credentials(where: {validity: {eq: EXPIRED}}) { nodes { id } totalCount { count } } }"
    assert (await tenant.execute(text)).data["credentials"]["totalCount"] == {"count": 0}
    clock.set(AT + timedelta(minutes=1))
    assert len((await tenant.execute(text)).data["credentials"]["nodes"]) == 1
    clock.set(AT)
    assert (await tenant.execute(text)).data["credentials"]["nodes"] == []


async def test_what_an_instant_changes_is_asked_anew_each_time(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(AT)
    ends = (AT + timedelta(seconds=2)).isoformat()
    given: dict[str, Any] = {"name": "Short", "scopes": ["WORKERS_READ"], "expiresAt": ends}
    assert (await tenant.mutate("apiKeyCreate", "apiKey { id }", **given))["errors"] == []
    text = '{ apiKeys(where: {isActive: true, name: {eq: "short"}}) { nodes { name } } }'
    found = []
    for seconds in (0, 1, 2):
        clock.set(AT + timedelta(seconds=seconds))
        found.append(len((await tenant.execute(text)).data["apiKeys"]["nodes"]))
    assert found == [1, 1, 0]


async def test_organizations_share_statements_and_no_rows(tenant: Tenant, other_tenant: Tenant) -> None:
    text = "{ workers(first: 3) { nodes { id identity { displayName } } } }"
    mine, theirs = await tenant.add_worker("Mine"), await other_tenant.add_worker("Theirs")
    seen = []
    for each in (tenant, other_tenant):
        with recorded_statements() as statements:
            answer = await each.execute(text)
        seen.append((statements[-1], [node["id"] for node in answer.data["workers"]["nodes"]]))
    assert seen[0][0] == seen[1][0]
    assert [rows for _, rows in seen] == [[mine], [theirs]]


async def test_two_keys_of_different_reach_see_their_own(tenant: Tenant) -> None:
    made = []
    for name in ("North", "South"):
        payload = await tenant.mutate("orgUnitCreate", "orgUnit { id }", name=name, kind="SITE")
        unit = payload["orgUnit"]["id"]
        worker = await tenant.add_worker(name, employment={"orgUnit": unit})
        made.append((await tenant.create_key(Scope.WORKERS_READ, org_unit=unit), worker))
    for _ in range(2):
        for key, worker in made:
            answer = await tenant.execute("{ workers { nodes { id } } }", key=key)
            assert [node["id"] for node in answer.data["workers"]["nodes"]] == [worker]


async def test_lists_asked_for_with_their_row_are_told_of_with_it_alone(tenant: Tenant, other_tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    credential = await tenant.add_credential(worker)
    text = "query ($id: ID!) { worker(by: {id: $id}) { id credentials(first: 1) { nodes { id } } } }"
    held = {"id": worker, "credentials": {"nodes": [{"id": credential}]}}
    assert (await tenant.execute(text, {"id": worker})).data == {"worker": held}
    for asker, key in ((other_tenant, worker), (tenant, "wkr_0000000000000000")):
        answer = await asker.execute(text, {"id": key})
        assert (answer.data, answer.errors) == ({"worker": None}, [])
    refused = await tenant.execute(text, {"id": worker}, key=await tenant.create_key(Scope.WORKERS_READ))
    assert refused.body["data"] == {"worker": {"id": worker, "credentials": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in refused.errors] == [
        (["worker", "credentials"], "FORBIDDEN")
    ]
