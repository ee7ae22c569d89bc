"""Requests of people: create, remind, cancel, resend, lists, and changes that follow the credential."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.credentials.tables import Credential, IntakeStatus
from tests import calls
from tests.calls import assert_refused, mutate, mutate_ok
from tests.compliance import requirement_calls
from tests.compliance.requirement_calls import add_rule, requests
from tests.conftest import SettableClock
from tests.service import Tenant, error_paths

SELECTION = """
  id worker { id } credentialType { code } credential { id intake { status dueOn request { id } rule { id } } }
  rule { id } raisedBy intakeStatus message guidance dueOn reminders lastRemindedAt open closedAt revision
  viewerCanRemind viewerCanCancel viewerCanResend
"""
CREATED = "results { workerId credentialType request { id } errors { code path } } total succeeded failed"
SCOPE = Scope.CREDENTIALS_WRITE
WWCC = {"credentialType": "WWCC_NSW"}


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """Set the clock to a fixed day."""
    clock.set(datetime(2026, 3, 10, 9, tzinfo=UTC))


async def create_request(tenant: Tenant, worker: str, **input: Any) -> str:
    """Ask a worker for a WWCC and return the id of the request."""
    payload = await mutate(tenant, "credentialRequestsCreate", CREATED, workers=[worker], types=[WWCC], **input)
    [result] = payload["results"]
    assert result["errors"] == []
    return str(result["request"]["id"])


async def test_each_worker_is_asked_for_each_type(tenant: Tenant, other_tenant: Tenant) -> None:
    ada, ben, gone = [await tenant.add_worker(name) for name in ("Ada", "Ben", "Cy")]
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    await create_request(tenant, ada)
    workers = [ada, gone, await other_tenant.add_worker(), ben, ben, "nonsense"]
    types = [WWCC, {"credentialType": "NPI", "guidance": "Ten digits."}]
    input = {"workers": workers, "types": types, "message": "Please.", "dueOn": "2026-03-10"}
    payload = await mutate(tenant, "credentialRequestsCreate", CREATED, **input)
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (12, 3, 9)
    results = payload["results"]
    assert [(result["workerId"], result["credentialType"]) for result in results] == [
        (worker, code) for worker in workers for code in ("WWCC_NSW", "NPI")
    ]
    errors = [error_paths(result) for result in results]
    assert errors == [
        *([("ALREADY_REQUESTED", "workers.0")], []),
        *[[("DELETED", "workers.1")]] * 2,
        *[[("NOT_FOUND", "workers.2")]] * 2,
        *[[], []],
        *[[("ALREADY_REQUESTED", "workers.4")]] * 2,
        *[[("INVALID", "workers.5")]] * 2,
    ]
    shown = await requirement_calls.show(tenant, "CredentialRequest", results[1]["request"]["id"], SELECTION)
    credential = shown.pop("credential")
    assert credential["intake"] == {
        "status": "REQUESTED",
        "dueOn": "2026-03-10",
        "request": {"id": shown.pop("id")},
        "rule": None,
    }
    assert shown == {
        "worker": {"id": ada},
        "credentialType": {"code": "NPI"},
        "rule": None,
        "raisedBy": "PERSON",
        "intakeStatus": "REQUESTED",
        "message": "Please.",
        "guidance": "Ten digits.",
        "dueOn": "2026-03-10",
        "reminders": 0,
        "lastRemindedAt": None,
        "open": True,
        "closedAt": None,
        "revision": 1,
        "viewerCanRemind": True,
        "viewerCanCancel": True,
        "viewerCanResend": False,
    }
    assert len(await requirement_calls.rows(tenant, Credential)) == 4


async def test_a_worker_with_a_credential_can_be_asked_for_another(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await tenant.add_credential(worker, verification={"status": "ACTIVE"})
    await create_request(tenant, worker)


async def test_guidance_defaults_to_that_of_the_type(tenant: Tenant) -> None:
    await mutate_ok(
        tenant,
        "credentialTypeUpdate",
        "credentialType { id }",
        id=await calls.credential_type_id(tenant, "WWCC_NSW"),
        instructions="Both sides.",
    )
    key = await create_request(tenant, await tenant.add_worker())
    assert (await requirement_calls.show(tenant, "CredentialRequest", key, "guidance"))["guidance"] == "Both sides."


@pytest.fixture(scope="module")
async def someone(shared_tenant: Tenant) -> str:
    """Return the id of a worker in an organization where the passport type is archived."""
    await mutate_ok(
        shared_tenant,
        "credentialTypeArchive",
        "credentialType { id }",
        id=await calls.credential_type_id(shared_tenant, "PASSPORT"),
    )
    return await shared_tenant.add_worker()


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"workers": ["wkr_0000000000000000"] * 51}, ("TOO_MANY", "workers")),
        ({"types": [WWCC] * 21}, ("TOO_MANY", "types")),
        ({"types": [WWCC, {"credentialType": "NO_SUCH"}]}, ("NOT_FOUND", "types.1.credentialType")),
        ({"types": [{"credentialType": " "}]}, ("REQUIRED", "types.0.credentialType")),
        ({"types": [{"credentialType": "PASSPORT"}]}, ("TYPE_ARCHIVED", "types.0.credentialType")),
        ({"types": [{**WWCC, "guidance": "g" * 2_001}]}, ("INVALID", "types.0.guidance")),
        ({"message": "m" * 2_001}, ("INVALID", "message")),
        ({"dueOn": "2026-03-09"}, ("INVALID", "dueOn")),
    ],
)
async def test_an_invalid_request_is_refused(
    shared_tenant: Tenant, someone: str, input: dict[str, Any], expected: tuple[str, str]
) -> None:
    base = {"workers": [someone], "types": [WWCC]}
    await assert_refused(shared_tenant, "credentialRequestsCreate", expected, **{**base, **input})


async def test_reminders_are_counted(tenant: Tenant, clock: SettableClock) -> None:
    key = await create_request(tenant, await tenant.add_worker())
    clock.advance(timedelta(days=2))
    selection = "credentialRequest { reminders lastRemindedAt revision }"
    for number in (1, 2):
        result = await mutate_ok(tenant, "credentialRequestRemind", selection, id=key)
        assert result == {"reminders": number, "lastRemindedAt": "2026-03-12T09:00:00Z", "revision": number + 1}
    assert (await requirement_calls.event_kinds(tenant))[-2:] == ["request.reminded", "request.reminded"]


async def test_a_cancelled_request_is_resent_as_a_new_one(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key = await create_request(tenant, worker, message="Please.", dueOn="2026-04-01")
    await assert_refused(tenant, "credentialRequestResend", ("REQUEST_OPEN", "id"), id=key)
    result = await mutate_ok(tenant, "credentialRequestCancel", f"credentialRequest {{ {SELECTION} }}", id=key)
    assert (result["intakeStatus"], result["open"], result["credential"]["intake"]["status"]) == (
        *("CANCELLED", False),
        "CANCELLED",
    )
    assert (result["viewerCanRemind"], result["viewerCanCancel"], result["viewerCanResend"]) == (False, False, True)
    for field in ("credentialRequestCancel", "credentialRequestRemind"):
        await assert_refused(tenant, field, ("REQUEST_CLOSED", "id"), id=key)
    credential = result["credential"]["id"]
    submit: dict[str, Any] = {"id": credential, "referenceNumber": "WWC1234567E"}
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), **submit)
    await mutate_ok(tenant, "credentialUnarchive", "credential { id }", id=credential)
    await assert_refused(tenant, "credentialSubmit", ("NOT_SUBMITTABLE", "id"), **submit)
    await assert_refused(tenant, "credentialUpdate", ("NOT_UPDATABLE", "id"), id=credential)
    again = await mutate_ok(tenant, "credentialRequestResend", f"credentialRequest {{ {SELECTION} }}", id=key)
    assert again["id"] != key
    assert again["credential"]["id"] != credential
    assert (again["message"], again["dueOn"], again["intakeStatus"]) == ("Please.", None, "REQUESTED")
    await assert_refused(tenant, "credentialRequestResend", ("ALREADY_REQUESTED", "id"), id=key)
    await mutate_ok(tenant, "credentialRequestCancel", requirement_calls.REQUEST, id=again["id"])
    selection = "credentialRequest { message dueOn }"
    input = {"message": "Now, please.", "dueOn": "2026-03-11"}
    assert await mutate_ok(tenant, "credentialRequestResend", selection, id=key, **input) == input


async def test_reminding_and_cancelling_are_refused_by_state(tenant: Tenant, other_tenant: Tenant) -> None:
    key, foreign_id = (
        await create_request(tenant, await tenant.add_worker()),
        await create_request(other_tenant, await other_tenant.add_worker()),
    )
    for field in ("credentialRequestRemind", "credentialRequestCancel", "credentialRequestResend"):
        await assert_refused(tenant, field, ("NOT_FOUND", "id"), id=foreign_id)
        await calls.assert_forbidden(tenant, field, *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, id=key)
        if field != "credentialRequestResend":
            await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=2)
    input: dict[str, Any] = {"workers": [], "types": [WWCC]}
    await calls.assert_forbidden(
        tenant, "credentialRequestsCreate", *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, **input
    )
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", approvalsEnabled=True)
    await mutate_ok(
        tenant,
        "credentialTypeUpdate",
        "credentialType { id }",
        id=await calls.credential_type_id(tenant, "WWCC_NSW"),
        approvalRequired=True,
    )
    [request] = await requests(tenant)
    number = {"id": request.credential_id, "referenceNumber": "WWC1234567E"}
    await mutate(tenant, "credentialSubmit", "credential { id }", **number)
    for field in ("credentialRequestRemind", "credentialRequestCancel"):
        await assert_refused(tenant, field, ("ALREADY_SUBMITTED", "id"), id=key)


async def test_a_request_is_not_resent_to_a_deleted_worker(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key = await create_request(tenant, worker)
    await mutate_ok(tenant, "credentialRequestCancel", requirement_calls.REQUEST, id=key)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    await assert_refused(tenant, "credentialRequestResend", ("DELETED", "worker"), id=key)
    await mutate_ok(tenant, "workerUndelete", "worker { id }", worker={"id": worker})
    await mutate_ok(
        tenant, "credentialTypeArchive", "credentialType { id }", id=await calls.credential_type_id(tenant, "WWCC_NSW")
    )
    await assert_refused(tenant, "credentialRequestResend", ("TYPE_ARCHIVED", "id"), id=key)


@pytest.mark.parametrize("way", ["Archive", "Delete", "Purge"])
async def test_a_request_closes_and_reopens_with_its_credential(tenant: Tenant, way: str) -> None:
    await create_request(tenant, await tenant.add_worker())
    [request] = await requests(tenant)
    by = {"id": request.credential_id}
    await mutate_ok(tenant, "credentialArchive" if way == "Purge" else f"credential{way}", "credential { id }", **by)
    if way == "Purge":
        await mutate_ok(tenant, "credentialPurge", "purgedId", **by, confirm=True)
        shown = await requirement_calls.show(tenant, "CredentialRequest", request.id, "open credential { id }")
        assert shown == {"open": False, "credential": None}
        return
    [closed] = await requests(tenant)
    assert (closed.status, closed.closed_at is None) == (IntakeStatus.REQUESTED, False)
    back = {"Archive": "credentialUnarchive", "Delete": "credentialUndelete"}[way]
    await mutate_ok(tenant, back, "credential { id }", **by)
    [open_] = await requests(tenant)
    assert open_.closed_at is None


async def test_a_request_stays_with_its_worker_after_a_transfer(tenant: Tenant) -> None:
    ada, ben = await tenant.add_worker("Ada"), await tenant.add_worker("Ben")
    await add_rule(tenant, scope="WORKER", worker=ada)
    [request] = await requests(tenant)
    input = {"from": {"type": "WORKER", "id": ada}, "to": {"type": "WORKER", "id": ben}}
    await mutate(tenant, "credentialTransfer", "status", id=request.credential_id, **input)
    [closed] = await requests(tenant)
    assert (closed.worker_id, closed.closed_at is None) == (ada, False)


async def test_requests_are_filtered_and_sorted(tenant: Tenant, clock: SettableClock) -> None:
    ada, ben = await tenant.add_worker("Ada"), await tenant.add_worker("Ben")
    rule = await add_rule(tenant, "NPI", name="r", scope="WORKER", worker=ada, requestMessage="a")
    await create_request(tenant, ben, message="b", dueOn="2026-03-20")
    key = await create_request(tenant, ada, message="c", dueOn="2026-03-12")
    await mutate_ok(tenant, "credentialRequestCancel", requirement_calls.REQUEST, id=key)
    clock.set(datetime(2026, 3, 21, 9, tzinfo=UTC))

    async def messages(where: dict[str, Any] | None = None, **arguments: Any) -> str:
        input = {"where": where or {}, "orderBy": [{"field": "CREATED_AT"}], **arguments}
        return "".join(
            node["message"] for node in await calls.query_nodes(tenant, "credentialRequests", "message", **input)
        )

    assert await messages() == "abc"
    assert await messages(orderBy=[{"field": "DUE_ON"}]) == "cba"
    assert await messages({"worker": {"eq": ada}}) == "ac"
    assert await messages({"type": {"eq": "WWCC_NSW"}}) == "bc"
    assert await messages({"type": {"notIn": ["WWCC_NSW"]}}) == "a"
    assert await messages({"rule": {"eq": rule}}) == "a"
    assert await messages({"raisedBy": {"eq": "PERSON"}}) == "bc"
    assert await messages({"open": True}) == "ab"
    assert await messages({"open": False}) == "c"
    assert await messages({"overdue": True}) == "b"
    assert await messages({"overdue": False}) == "ac"
    assert await messages({"intake": {"in": ["CANCELLED"]}}) == "c"
    text = "query ($id: ID!) { worker(by: {id: $id}) { requests(where: {open: true}) { nodes { message } } } }"
    answer = await tenant.execute(text, {"id": ada})
    assert answer.data["worker"]["requests"]["nodes"] == [{"message": "a"}]


async def test_a_repeated_call_returns_the_first_results(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(), "nonsense"]
    input = {"workers": workers, "types": [WWCC], "idempotencyKey": "once"}
    first, second = [await mutate(tenant, "credentialRequestsCreate", CREATED, **input) for _ in "12"]
    assert first == second
    assert (first["succeeded"], first["failed"], len(await requests(tenant))) == (1, 1, 1)
