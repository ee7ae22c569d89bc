"""Reading the event log: filters by subject, worker, actor, kind and time, pages, and request ids."""

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
class RecordedDay:
    """An organization with known events: one each minute from 09:00 UTC on."""

    tenant: Tenant
    other_key: str
    ids: dict[str, str]


@pytest.fixture(scope="module")
async def day(service: Service, session_clock: SettableClock) -> RecordedDay:
    """Record the creation, change and deletion of a worker and a credential. Tests only read them."""
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
    return RecordedDay(tenant, other, ids)


CREATED, ADDED, UPDATED, CREDENTIAL_DELETED, DELETED = (
    "WORKER_CREATED",
    "CREDENTIAL_ADDED",
    "WORKER_UPDATED",
    "CREDENTIAL_DELETED",
    "WORKER_DELETED",
)
ALL = [DELETED, CREDENTIAL_DELETED, UPDATED, ADDED, CREATED]
TODAY = {"occurredAt": {"gte": "2026-03-14T09:00:00Z"}}


async def kinds(tenant: Tenant, **arguments: Any) -> list[str]:
    return [event["kind"] for event in await query_nodes(tenant, "activity", "kind", **arguments)]


async def test_the_latest_event_comes_first(day: RecordedDay) -> None:
    assert (await kinds(day.tenant))[:5] == ALL
    ascending = [{"field": "OCCURRED_AT", "direction": "ASC"}]
    assert await kinds(day.tenant, where=TODAY, orderBy=ascending) == ALL[::-1]


async def test_events_are_filtered(day: RecordedDay) -> None:
    jo, cred, owner, other = (day.ids[name] for name in ("jo", "cred", "owner", "other"))
    cases: list[tuple[list[str], dict[str, Any]]] = [
        (ALL, TODAY),
        ([DELETED, UPDATED, CREATED], {"subject": {"eq": jo}}),
        ([CREDENTIAL_DELETED, ADDED], {"subject": {"eq": cred}}),
        (ALL, {"subject": {"in": [jo, cred]}}),
        (ALL, {"worker": {"eq": jo}}),
        ([UPDATED], {"actor": {"eq": other}}),
        ([DELETED, CREDENTIAL_DELETED, ADDED, CREATED], {**TODAY, "actor": {"in": [owner]}}),
        ([UPDATED], {**TODAY, "actor": {"notIn": [owner]}}),
        ([ADDED], {"kind": {"eq": ADDED}}),
        ([CREDENTIAL_DELETED, ADDED], {"kind": {"in": [ADDED, CREDENTIAL_DELETED]}}),
        ([DELETED, UPDATED], {**TODAY, "kind": {"notIn": [ADDED, CREDENTIAL_DELETED, CREATED]}}),
        ([DELETED, CREDENTIAL_DELETED, UPDATED], {"occurredAt": {"gte": "2026-03-14T09:02:00Z"}}),
        ([ADDED, CREATED], {"occurredAt": {**TODAY["occurredAt"], "lt": "2026-03-14T09:02:00Z"}}),
        ([UPDATED], {"occurredAt": {"gte": "2026-03-14T09:02:00Z", "lt": "2026-03-14T09:03:00Z"}}),
        # In Auckland the 14th of March begins at 11:00 UTC on the 13th.
        (ALL, {"occurredAt": {"gte": "2026-03-14", "lt": "2026-03-15"}}),
        ([], {"occurredAt": {"gte": "2026-03-15"}}),
        ([DELETED, UPDATED, CREATED], {"worker": {"eq": jo}, "NOT": {"subject": {"eq": cred}}}),
        ([CREDENTIAL_DELETED, UPDATED], {"OR": [{"actor": {"eq": other}}, {"kind": {"eq": CREDENTIAL_DELETED}}]}),
        ([], {"subject": {"eq": "wkr_0000000000000000"}}),
    ]
    for expected, where in cases:
        assert await kinds(day.tenant, where=where) == expected


async def test_a_negated_worker_filter_includes_events_without_a_worker(day: RecordedDay) -> None:
    before = {"occurredAt": {"lt": "2026-03-14T09:00:00Z"}}
    all_kinds = await kinds(day.tenant, where=before)
    assert all_kinds != []
    assert await kinds(day.tenant, where={**before, "NOT": {"worker": {"eq": day.ids["jo"]}}}) == all_kinds


async def test_an_event_has_an_actor_a_subject_and_changes(day: RecordedDay) -> None:
    selection = """
      id occurredAt subjectId subject { id ... on Worker { deleted identity { displayName } } }
      actor { kind id name } changes { path before after }
    """
    (event,) = await query_nodes(day.tenant, "activity", selection, where={"kind": {"eq": UPDATED}})
    assert event.pop("id").startswith("evt_")
    event["changes"].sort(key=lambda change: change["path"])
    assert event == {
        "occurredAt": "2026-03-14T09:02:00Z",
        "subjectId": day.ids["jo"],
        "subject": {"id": day.ids["jo"], "deleted": True, "identity": {"displayName": "Joanna"}},
        "actor": {"kind": "SERVICE", "id": day.ids["other"], "name": "Limited"},
        "changes": [
            {"path": "identity.birthDate", "before": None, "after": "1990-01-02"},
            {"path": "identity.displayName", "before": "Jo", "after": "Joanna"},
        ],
    }


async def test_each_record_lists_its_own_events(day: RecordedDay) -> None:
    by = {"id": day.ids["jo"]}
    listed = "activity(where: {kind: {notIn: [CREDENTIAL_ADDED]}}) { nodes { kind } }"
    worker = (await run_query(day.tenant, "worker", listed, by=by)).data["worker"]
    assert [event["kind"] for event in worker["activity"]["nodes"]] == [DELETED, CREDENTIAL_DELETED, UPDATED, CREATED]
    data = (await run_query(day.tenant, "credential", "activity { nodes { kind } }", by={"id": day.ids["cred"]})).data
    assert [event["kind"] for event in data["credential"]["activity"]["nodes"]] == [CREDENTIAL_DELETED, ADDED]


@pytest.mark.parametrize("backwards", [False, True])
async def test_pages_follow_in_both_directions(day: RecordedDay, backwards: bool) -> None:
    collected: list[str] = []
    cursor: dict[str, Any] = {}
    while len(collected) < len(ALL):
        page = {"last" if backwards else "first": 1, **cursor, "where": TODAY}
        selection = "nodes { kind } pageInfo { startCursor endCursor }"
        connection = (await run_query(day.tenant, "activity", selection, **page)).data["activity"]
        page_kinds = [event["kind"] for event in connection["nodes"]]
        assert len(page_kinds) == 1
        collected = [*page_kinds, *collected] if backwards else [*collected, *page_kinds]
        info = connection["pageInfo"]
        cursor = {"before": info["startCursor"]} if backwards else {"after": info["endCursor"]}
    assert collected == ALL


async def test_events_are_visible_to_their_organization_with_the_scope(day: RecordedDay, other_tenant: Tenant) -> None:
    where = {"subject": {"in": list(day.ids.values())}}
    assert await kinds(other_tenant, where=where) == []
    answer = await run_query(day.tenant, "activity", "nodes { kind }", key=day.other_key)
    assert (answer.body["data"], answer.codes) == ({"activity": None}, ["FORBIDDEN"])
    answer = await run_query(
        day.tenant, "worker", "id activity { nodes { kind } }", key=day.other_key, by={"id": day.ids["jo"]}
    )
    assert answer.body["data"] == {"worker": {"id": day.ids["jo"], "activity": None}}
    assert answer.errors[0]["extensions"]["scope"] == "AUDIT_READ"


@pytest.mark.parametrize("request_id", ["r", "a-1_b.C", "x" * 64])
async def test_a_well_formed_request_id_is_kept(other_tenant: Tenant, request_id: str) -> None:
    text = 'mutation { workerCreate(input: {identity: {displayName: "Jo"}}) { errors { code } } }'
    answer = await other_tenant.execute(text, X_Request_Id=request_id)
    assert answer.headers.get_list("x-request-id") == [request_id]
    (event,) = await query_nodes(other_tenant, "activity", "requestId", where={"kind": {"eq": CREATED}})
    assert event == {"requestId": request_id}
    failed = await other_tenant.execute("{ nothing }", X_Request_Id=request_id)
    assert failed.errors[0]["extensions"]["requestId"] == request_id


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a b", "a/b", "<script>"])
async def test_a_malformed_request_id_is_replaced(other_tenant: Tenant, request_id: str) -> None:
    answer = await other_tenant.execute("{ nothing }", X_Request_Id=request_id)
    (replaced,) = answer.headers.get_list("x-request-id")
    assert re.fullmatch(r"req_[0-9A-Za-z]{16}", replaced)
    assert answer.errors[0]["extensions"]["requestId"] == replaced


async def test_every_request_has_an_id_of_its_own(other_tenant: Tenant) -> None:
    request_ids = {(await other_tenant.execute("{ viewer { id } }")).headers["x-request-id"] for _ in range(3)}
    assert len(request_ids) == 3


async def test_a_refusal_records_nothing(other_tenant: Tenant) -> None:
    before = await kinds(other_tenant)
    await other_tenant.execute("mutation { workerCreate(input: {}) { errors { code } } }")
    assert await kinds(other_tenant) == before
