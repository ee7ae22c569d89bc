"""Requests that rules raise and withdraw: on onboarding, assignment, move, rule change and exemption."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.compliance import settlement
from app.compliance.tables import RaisedBy
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion, IntakeStatus
from tests import calls
from tests.compliance import recount, requirement_calls
from tests.compliance.requirement_calls import add_position, add_rule, add_unit, assign, requested_codes, requests
from tests.conftest import SettableClock
from tests.credentials.actions import mutation_payload
from tests.service import Tenant


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """Set the clock to a fixed day."""
    clock.set(datetime(2026, 3, 10, 9, tzinfo=UTC))


async def test_onboarding_raises_requests_of_rules_for_all_workers(tenant: Tenant) -> None:
    rule = await add_rule(tenant, requestMessage="Please send it.", requestDueDays=14)
    worker = await tenant.add_worker()
    [request] = await requests(tenant, worker)
    assert (request.raised_by, request.rule_id, request.status) == (RaisedBy.RULE, rule, IntakeStatus.REQUESTED)
    assert (request.message, request.due_on) == ("Please send it.", date(2026, 3, 24))
    [credential] = await requirement_calls.rows(tenant, Credential, worker_id=worker)
    assert (credential.id, credential.request_id, credential.rule_id) == (request.credential_id, request.id, rule)
    assert (credential.intake, credential.due_on) == (IntakeStatus.REQUESTED, request.due_on)
    assert (credential.requested_at, credential.effective_version_id) == (request.created_at, None)
    [version] = await requirement_calls.rows(tenant, CredentialVersion, credential_id=credential.id)
    assert (version.number, version.approval, version.reference_number) == (1, ApprovalStatus.PENDING, None)
    kinds = await requirement_calls.event_kinds(tenant)
    assert kinds[kinds.index("worker.created") :] == [
        *("worker.created", "compliance.standingChanged", "credential.added", "request.created"),
    ]


async def test_a_new_rule_raises_requests_and_its_deletion_withdraws_them(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(f"Worker {number}") for number in range(3)]
    rule = await add_rule(tenant)
    assert [await requested_codes(tenant, worker) for worker in workers] == [["WWCC_NSW"]] * 3
    await mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule)
    assert [await requested_codes(tenant, worker) for worker in workers] == [[]] * 3
    assert {request.status for request in await requests(tenant)} == {IntakeStatus.CANCELLED}
    credentials = await requirement_calls.rows(tenant, Credential)
    assert {(row.intake, row.archived_by) for row in credentials} == {(IntakeStatus.CANCELLED, "compliance")}
    assert (await requirement_calls.event_kinds(tenant)).count("request.cancelled") == 3


async def test_a_withdrawn_credential_is_hidden_by_default(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    rule = await add_rule(tenant)
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, autoRequest=False)
    query = """query ($worker: ID!, $all: Boolean) { worker(by: {id: $worker}) {
      credentials(includeArchived: $all, includeRequested: $all) {
        nodes { intake { status } archived latestVersion { number } } } } }"""
    answers = [(await tenant.execute(query, {"worker": worker, "all": all_})).data for all_ in (False, True)]
    [hidden, shown] = [answer["worker"]["credentials"]["nodes"] for answer in answers]
    assert hidden == []
    assert shown == [{"intake": {"status": "CANCELLED"}, "archived": True, "latestVersion": {"number": 1}}]


async def test_archiving_a_withdrawn_credential_is_recorded(tenant: Tenant) -> None:
    await tenant.add_worker()
    rule = await add_rule(tenant)
    before = len(await requirement_calls.event_kinds(tenant))
    await mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule)
    assert sorted((await requirement_calls.event_kinds(tenant))[before:]) == [
        *("compliance.standingChanged", "credential.archived", "credential.updated", "request.cancelled"),
        "requirement.changed",
    ]


async def test_a_request_is_withdrawn_when_other_alternatives_meet_the_rule(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_rule(tenant, "WWCC_NSW", "WWCC_VIC", "NPI", minimum=2)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW", "WWCC_VIC"]
    for code, category, number in (("WWCC_VIC", "SCREENING", "1234567A-1"), ("NPI", "LICENCE", "1234567893")):
        identification = {"credentialType": code, "category": category, "referenceNumber": number}
        issuing = {"issueDate": None, "expiryDate": None}
        verification = {"status": "ACTIVE"}
        await tenant.add_credential(worker, identification=identification, issuing=issuing, verification=verification)
    await recount.settle_all(tenant.service.database, tenant.id)
    assert await requested_codes(tenant, worker) == []


async def test_archived_types_are_requested_last(tenant: Tenant) -> None:
    worker, late_worker = await tenant.add_worker(), await tenant.add_worker("Somebody Late")
    await add_rule(tenant, "WWCC_NSW", "WWCC_VIC", scope="WORKER", worker=worker)
    await add_rule(tenant, "WWCC_NSW", name="Of them all")
    type_id = await calls.credential_type_id(tenant, "WWCC_NSW")
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await mutation_payload(tenant, "credentialTypeArchive", "credentialType { id }", id=type_id)
    await recount.settle_all(tenant.service.database, tenant.id)
    # A type without alternatives stays requested.
    assert await requested_codes(tenant, worker) == ["WWCC_NSW", "WWCC_VIC"]
    assert await requested_codes(tenant, late_worker) == ["WWCC_NSW"]


async def test_no_request_for_a_held_credential(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await tenant.add_credential(worker, verification={"status": "ACTIVE"})
    await add_rule(tenant)
    assert await requests(tenant) == []


async def test_an_expired_credential_is_requested(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    issuing = {"issueDate": "2015-05-01", "expiryDate": "2020-05-01"}
    await tenant.add_credential(worker, issuing=issuing, verification={"status": "ACTIVE"})
    await add_rule(tenant)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("autoRequest", False, []),
        ("endsOn", "2020-01-01", []),
        ("level", "OPTIONAL", ["WWCC_NSW"]),
        ("graceDays", 30, ["WWCC_NSW"]),
        ("minimum", 2, ["WWCC_NSW", "WWCC_VIC"]),
    ],
)
async def test_fields_of_a_rule_affect_its_requests(
    tenant: Tenant, field: str, value: Any, expected: list[str]
) -> None:
    worker = await tenant.add_worker()
    content = {"alternatives": ["WWCC_NSW", "WWCC_VIC"], "startsOn": "2019-01-01", field: value}
    await add_rule(tenant, **content)
    assert await requested_codes(tenant, worker) == expected


async def test_a_position_requests_during_its_assignment(tenant: Tenant) -> None:
    worker, position = await tenant.add_worker(), await add_position(tenant)
    await add_rule(tenant, scope="POSITION", position=position)
    assert await requested_codes(tenant, worker) == []
    [assignment] = await assign(tenant, position, worker)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    selection = "assignment { id } removed"
    await mutation_payload(tenant, "positionUnassign", selection, id=assignment, endsOn="2026-03-09")
    assert await requested_codes(tenant, worker) == []


async def test_a_move_requests_the_credentials_of_the_next_position(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    first, second = await add_position(tenant, "Here"), await add_position(tenant, "There")
    await add_rule(tenant, "WWCC_NSW", scope="POSITION", position=first)
    await add_rule(tenant, "WWCC_VIC", scope="POSITION", position=second)
    [assignment] = await assign(tenant, first, worker)
    await mutation_payload(tenant, "positionMove", "assignment { id }", id=assignment, position=second)
    assert await requested_codes(tenant, worker) == ["WWCC_VIC"]


async def test_a_unit_requests_of_workers_who_join_it_or_a_unit_below(tenant: Tenant) -> None:
    top = await add_unit(tenant, "Top")
    inner, outer = await add_unit(tenant, "Inner", top), await add_unit(tenant, "Outer")
    await add_rule(tenant, scope="ORG_UNIT", orgUnit=top)
    worker = await tenant.add_worker(employment={"orgUnit": outer})
    assert await requested_codes(tenant, worker) == []
    to = {"worker": {"id": worker}, "employment": {"orgUnit": inner}}
    await mutation_payload(tenant, "workerUpdate", "worker { id }", **to)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await mutation_payload(tenant, "orgUnitUpdate", "orgUnit { id }", id=inner, parent=None)
    assert await requested_codes(tenant, worker) == []
    await mutation_payload(tenant, "orgUnitUpdate", "orgUnit { id }", id=outer, parent=top)
    assert await requested_codes(tenant, worker) == []


async def test_an_exemption_withdraws_and_its_revocation_requests_again(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_rule(tenant)
    value = {"worker": {"id": worker}, "requirement": {"credentialType": "WWCC_NSW"}, "reason": "On the way."}
    payload = await mutation_payload(tenant, "exemptionGrant", "exemption { id }", **value)
    assert await requested_codes(tenant, worker) == []
    await mutation_payload(tenant, "exemptionRevoke", "exemption { id }", id=payload["exemption"]["id"])
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    assert [request.status for request in await requests(tenant)] == [IntakeStatus.CANCELLED, IntakeStatus.REQUESTED]


async def test_a_request_stays_while_another_rule_requires_it(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    first, second = await add_rule(tenant), await add_rule(tenant)
    await mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=first)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await mutation_payload(
        tenant, "requirementRuleUpdate", "requirementRule { id }", id=second, alternatives=["WWCC_VIC"]
    )
    assert await requested_codes(tenant, worker) == ["WWCC_VIC"]


async def test_requests_of_a_leaving_worker_are_withdrawn(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_rule(tenant)
    by = {"worker": {"id": worker}}
    await mutation_payload(tenant, "workerUpdate", "worker { id }", **by, employment={"status": "TERMINATED"})
    assert await requested_codes(tenant, worker) == []
    await mutation_payload(tenant, "workerUpdate", "worker { id }", **by, employment={"status": "ACTIVE"})
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]
    await mutation_payload(tenant, "workerDelete", "worker { id }", **by)
    assert await requested_codes(tenant, worker) == []
    await mutation_payload(tenant, "workerUndelete", "worker { id }", **by)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]


async def test_upserted_workers_are_onboarded(tenant: Tenant) -> None:
    await add_rule(tenant)
    people = [{"identity": {"displayName": f"P{n}"}, "source": {"externalId": f"{n}"}} for n in range(3)]
    for _ in range(2):
        await mutation_payload(tenant, "workersUpsert", "succeeded", rows=people)
        assert len(await requests(tenant)) == 3


async def test_repeated_settlement_raises_nothing_twice(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_rule(tenant)
    before = await tenant.rows()
    async with tenant.service.database.writing("again") as session:
        await settlement.mark(session, tenant.id, [worker, worker])
        await settlement.settle(session, tenant.id, 10)
    after = await tenant.rows()
    assert after["credential_requests"] == before["credential_requests"]
    assert after["credentials"] == before["credentials"]
    assert after["events"] == before["events"]


async def test_an_archived_type_is_not_requested_until_restored(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    answer = await tenant.execute('{ credentialType(by: {code: "WWCC_NSW"}) { id } }')
    key = answer.data["credentialType"]["id"]
    rule = await add_rule(tenant, autoRequest=False)
    await mutation_payload(tenant, "credentialTypeArchive", "credentialType { id }", id=key)
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, autoRequest=True)
    assert await requested_codes(tenant, worker) == []
    await mutation_payload(tenant, "credentialTypeUnarchive", "credentialType { id }", id=key)
    async with tenant.service.database.writing("settled") as session:
        await settlement.settle(session, tenant.id, 10)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]


async def test_a_request_cancelled_by_a_person_returns_once_it_was_met(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    rule = await add_rule(tenant)
    [request] = await requests(tenant)
    await mutation_payload(tenant, "credentialRequestCancel", requirement_calls.REQUEST, id=request.id)
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, name="Renamed")
    assert await requested_codes(tenant, worker) == []
    credential = await tenant.add_credential(worker, verification={"status": "ACTIVE"})
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, name="Again")
    await mutation_payload(tenant, "credentialDelete", "credential { id }", id=credential)
    await mutation_payload(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, name="Once more")
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]


async def test_a_submitted_request_is_not_withdrawn(tenant: Tenant) -> None:
    await tenant.add_worker()
    await mutation_payload(tenant, "organizationUpdate", "organization { id }", approvalsEnabled=True)
    type_id = await calls.credential_type_id(tenant, "WWCC_NSW")
    await mutation_payload(tenant, "credentialTypeUpdate", "credentialType { id }", id=type_id, approvalRequired=True)
    rule = await add_rule(tenant)
    [request] = await requests(tenant)
    number = {"id": request.credential_id, "referenceNumber": "WWC1234567E"}
    await mutation_payload(tenant, "credentialSubmit", "credential { id }", **number)
    await mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule)
    [request] = await requests(tenant)
    assert (request.status, request.closed_at) == (IntakeStatus.SUBMITTED, None)


async def test_a_request_of_a_person_is_not_withdrawn(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    value = {"workers": [worker], "types": [{"credentialType": "WWCC_NSW"}]}
    await mutation_payload(tenant, "credentialRequestsCreate", "total", **value)
    rule = await add_rule(tenant)
    assert len(await requests(tenant)) == 1
    await mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule)
    assert await requested_codes(tenant, worker) == ["WWCC_NSW"]


async def test_an_expiry_raises_a_request(tenant: Tenant, clock: SettableClock) -> None:
    worker = await tenant.add_worker()
    issuing = {"issueDate": "2025-03-31", "expiryDate": "2026-03-31"}
    await tenant.add_credential(worker, issuing=issuing, verification={"status": "ACTIVE"})
    await add_rule(tenant)
    for day, expected in (
        (datetime(2026, 3, 31, 9, tzinfo=UTC), []),
        (datetime(2026, 4, 1, 9, tzinfo=UTC), ["WWCC_NSW"]),
    ):
        clock.set(day)
        for _ in range(2):
            async with tenant.service.database.writing("a day later") as session:
                await settlement.settle(session, tenant.id)
        assert await requested_codes(tenant, worker) == expected
    assert len(await requests(tenant)) == 1
