"""Reading the ledger: filters by subject, worker, actor, kind and time, pages, and the request's id."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from tests.calls import mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.service import Service, Tenant

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Story:
    """An organization with a known past, told from 09:00 UTC on, one event a minute."""

    tenant: Tenant
    other_key: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
async def story(service: Service, session_clock: SettableClock) -> Story:
    """A worker and their credential come, change and go; nobody changes it after."""
    with session_clock.stopped(NOW - timedelta(days=1)):
        tenant = await Tenant.create(service, "Story", "Pacific/Auckland", types=frozenset({"WWCC_NSW"}))
        other = await tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE)
        session_clock.set(NOW)
        ids = {"jo": await tenant.add_worker("Jo")}
        session_clock.advance(timedelta(minutes=1))
        ids["cred"] = await tenant.add_credential(ids["jo"])
        session_clock.advance(timedelta(minutes=1))
        change = {"identity": {"displayName": "Joanna", "birthDate": "1990-01-02"}}
        await mutate_ok(tenant, "workerUpdate", "worker { id }", key=other, worker={"id": ids["jo"]}, **change)
        session_clock.advance(timedelta(minutes=1))
        await mutate_ok(tenant, "credentialDelete", "credential { id }", id=ids["cred"])
        session_clock.advance(timedelta(minutes=1))
        await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": ids["jo"]})
        ids["owner"] = (await run_query(tenant, "viewer", "id")).data["viewer"]["id"]
        ids["other"] = (await run_query(tenant, "viewer", "id", key=other)).data["viewer"]["id"]
    return Story(tenant, other, ids)


ADDED, HELD, CHANGED, TAKEN, GONE = (
    "WORKER_CREATED",
    "CREDENTIAL_ADDED",
    "WORKER_UPDATED",
    "CREDENTIAL_DELETED",
    "WORKER_DELETED",
)
ALL = [GONE, TAKEN, CHANGED, HELD, ADDED]
TODAY = {"occurredAfter": "2026-03-14T09:00:00Z"}


async def kinds(tenant: Tenant, **arguments: Any) -> list[str]:
    return [event["kind"] for event in await query_nodes(tenant, "activity", "kind", **arguments)]


async def test_everything_is_told_latest_first(story: Story) -> None:
    assert (await kinds(story.tenant))[:5] == ALL
    upwards = [{"field": "OCCURRED_AT", "direction": "ASC"}]
    assert await kinds(story.tenant, where=TODAY, orderBy=upwards) == ALL[::-1]


async def test_the_ledger_is_filtered(story: Story) -> None:
    jo, cred, owner, other = (story.ids[name] for name in ("jo", "cred", "owner", "other"))
    cases: list[tuple[list[str], dict[str, Any]]] = [
        (ALL, TODAY),
        ([GONE, CHANGED, ADDED], {"subject": {"eq": jo}}),
        ([TAKEN, HELD], {"subject": {"eq": cred}}),
        (ALL, {"subject": {"in": [jo, cred]}}),
        (ALL, {"worker": {"eq": jo}}),
        ([CHANGED], {"actor": {"eq": other}}),
        ([GONE, TAKEN, HELD, ADDED], {**TODAY, "actor": {"in": [owner]}}),
        ([CHANGED], {**TODAY, "actor": {"notIn": [owner]}}),
        ([HELD], {"kind": {"eq": HELD}}),
        ([TAKEN, HELD], {"kind": {"in": [HELD, TAKEN]}}),
        ([GONE, CHANGED], {**TODAY, "kind": {"notIn": [HELD, TAKEN, ADDED]}}),
        ([GONE, TAKEN, CHANGED], {"occurredAfter": "2026-03-14T09:02:00Z"}),
        ([HELD, ADDED], {**TODAY, "occurredBefore": "2026-03-14T09:02:00Z"}),
        ([CHANGED], {"occurredAfter": "2026-03-14T09:02:00Z", "occurredBefore": "2026-03-14T09:03:00Z"}),
        # In Auckland the 14th of March begins at 11:00 UTC on the 13th.
        (ALL, {"occurredAfter": "2026-03-14", "occurredBefore": "2026-03-15"}),
        ([], {"occurredAfter": "2026-03-15"}),
        ([GONE, CHANGED, ADDED], {"worker": {"eq": jo}, "NOT": {"subject": {"eq": cred}}}),
        ([TAKEN, CHANGED], {"OR": [{"actor": {"eq": other}}, {"kind": {"eq": TAKEN}}]}),
        ([], {"subject": {"eq": "wkr_0000000000000000"}}),
    ]
    for found, where in cases:
        assert await kinds(story.tenant, where=where) == found


async def test_not_a_worker_finds_what_is_about_no_worker_too(story: Story) -> None:
    before = {"occurredBefore": "2026-03-14T09:00:00Z"}
    everything = await kinds(story.tenant, where=before)
    assert everything != []
    assert await kinds(story.tenant, where={**before, "NOT": {"worker": {"eq": story.ids["jo"]}}}) == everything


async def test_an_event_tells_who_did_what_to_what(story: Story) -> None:
    selection = """
      id occurredAt subjectId subject { id ... on Worker { deleted identity { displayName } } }
      actor { kind id name } changes { path before after }
    """
    (event,) = await query_nodes(story.tenant, "activity", selection, where={"kind": {"eq": CHANGED}})
    assert event.pop("id").startswith("evt_")
    event["changes"].sort(key=lambda change: change["path"])
    assert event == {
        "occurredAt": "2026-03-14T09:02:00Z",
        "subjectId": story.ids["jo"],
        "subject": {"id": story.ids["jo"], "deleted": True, "identity": {"displayName": "Joanna"}},
        "actor": {"kind": "SERVICE", "id": story.ids["other"], "name": "Limited"},
        "changes": [
            {"path": "identity.birthDate", "before": None, "after": "1990-01-02"},
            {"path": "identity.displayName", "before": "Jo", "after": "Joanna"},
        ],
    }


async def test_each_record_tells_its_own_story(story: Story) -> None:
    by = {"id": story.ids["jo"]}
    listed = "activity(where: {kind: {notIn: [CREDENTIAL_ADDED]}}) { nodes { kind } }"
    found = (await run_query(story.tenant, "worker", listed, by=by)).data["worker"]
    assert [event["kind"] for event in found["activity"]["nodes"]] == [GONE, TAKEN, CHANGED, ADDED]
    found = (await run_query(story.tenant, "credential", "activity { nodes { kind } }", id=story.ids["cred"])).data
    assert [event["kind"] for event in found["credential"]["activity"]["nodes"]] == [TAKEN, HELD]


@pytest.mark.parametrize("backwards", [False, True])
async def test_the_ledger_is_walked_both_ways(story: Story, backwards: bool) -> None:
    walked: list[str] = []
    cursor: dict[str, Any] = {}
    while len(walked) < len(ALL):
        page = {"last" if backwards else "first": 1, **cursor, "where": TODAY}
        selection = "nodes { kind } pageInfo { startCursor endCursor }"
        connection = (await run_query(story.tenant, "activity", selection, **page)).data["activity"]
        here = [event["kind"] for event in connection["nodes"]]
        assert len(here) == 1
        walked = [*here, *walked] if backwards else [*walked, *here]
        info = connection["pageInfo"]
        cursor = {"before": info["startCursor"]} if backwards else {"after": info["endCursor"]}
    assert walked == ALL


async def test_the_ledger_is_its_organizations_and_needs_its_scope(story: Story, other_tenant: Tenant) -> None:
    where = {"subject": {"in": list(story.ids.values())}}
    assert await kinds(other_tenant, where=where) == []
    answer = await run_query(story.tenant, "activity", "nodes { kind }", key=story.other_key)
    assert (answer.body["data"], answer.codes) == ({"activity": None}, ["FORBIDDEN"])
    answer = await run_query(
        story.tenant, "worker", "id activity { nodes { kind } }", key=story.other_key, by={"id": story.ids["jo"]}
    )
    assert answer.body["data"] == {"worker": {"id": story.ids["jo"], "activity": None}}
    assert answer.errors[0]["extensions"]["scope"] == "audit:read"


@pytest.mark.parametrize("request_id", ["r", "a-1_b.C", "x" * 64])
async def test_a_well_formed_request_id_is_kept(other_tenant: Tenant, request_id: str) -> None:
    text = 'mutation { workerCreate(input: {identity: {displayName: "Jo"}}) { errors { code } } }'
    answer = await other_tenant.execute(text, X_Request_Id=request_id)
    assert answer.headers.get_list("x-request-id") == [request_id]
    (event,) = await query_nodes(other_tenant, "activity", "requestId", where={"kind": {"eq": ADDED}})
    assert event == {"requestId": request_id}
    wrong = await other_tenant.execute("{ nothing }", X_Request_Id=request_id)
    assert wrong.errors[0]["extensions"]["requestId"] == request_id


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a b", "a/b", "<script>"])
async def test_another_request_id_is_replaced(other_tenant: Tenant, request_id: str) -> None:
    answer = await other_tenant.execute("{ nothing }", X_Request_Id=request_id)
    (given,) = answer.headers.get_list("x-request-id")
    assert re.fullmatch(r"req_[0-9A-Za-z]{16}", given)
    assert answer.errors[0]["extensions"]["requestId"] == given


async def test_every_request_has_an_id_of_its_own(other_tenant: Tenant) -> None:
    given = {(await other_tenant.execute("{ viewer { id } }")).headers["x-request-id"] for _ in range(3)}
    assert len(given) == 3


async def test_a_refusal_records_nothing(other_tenant: Tenant) -> None:
    before = await kinds(other_tenant)
    await other_tenant.execute("mutation { workerCreate(input: {}) { errors { code } } }")
    assert await kinds(other_tenant) == before
