"""Requests raised, withdrawn, answered and cancelled concurrently: each once, and completely."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from app.credentials.tables import Credential, IntakeStatus
from tests.calls import mutate
from tests.compliance import recount, requirement_calls
from tests.compliance.requirement_calls import add_position, add_rule, assign, requests
from tests.credentials.actions import mutation_payload
from tests.service import Tenant, credential_input

CROWD = 8
WWCC = [{"credentialType": "WWCC_NSW"}]


async def codes(calls: Sequence[Awaitable[Any]]) -> list[str]:
    """Make calls concurrently and return the first error code of each, or OK."""
    payloads = await asyncio.gather(*calls)
    results = []
    for payload in payloads:
        errors = payload["errors"]
        results.append(str(errors[0]["code"]) if errors else "OK")
    return results


async def consistent(tenant: Tenant) -> None:
    """Assert that each request has its credential in the same state, and that open requests are unique."""
    credentials = {row.id: row for row in await requirement_calls.rows(tenant, Credential)}
    results = await requests(tenant)
    for request in results:
        row = credentials[request.credential_id]
        assert (row.request_id, row.intake, row.worker_id) == (request.id, request.status, request.worker_id)
    open_targets = [(request.worker_id, request.credential_type_id) for request in results if request.closed_at is None]
    assert len(open_targets) == len(set(open_targets))
    requested = {row.id for row in credentials.values() if row.request_id is not None}
    assert requested == {request.credential_id for request in results}


async def test_concurrent_rules_raise_a_request_once(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(f"Worker {number}") for number in range(4)]
    await asyncio.gather(*(add_rule(tenant, "WWCC_NSW", "WWCC_VIC", minimum=2) for _ in range(CROWD)))
    for worker in workers:
        assert await requirement_calls.requested_codes(tenant, worker) == ["WWCC_NSW", "WWCC_VIC"]
        assert len(await requests(tenant, worker)) == 2
    await consistent(tenant)


async def test_concurrent_assignments_raise_a_request_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    positions = [await add_position(tenant, f"Position {number}") for number in range(CROWD)]
    for position in positions:
        await add_rule(tenant, scope="POSITION", position=position)
    await asyncio.gather(*(assign(tenant, position, worker) for position in positions))
    assert len(await requests(tenant, worker)) == 1
    await consistent(tenant)


async def test_concurrent_requests_of_people_raise_one(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(f"Worker {number}") for number in range(3)]
    calls = [
        mutate(tenant, "credentialRequestsCreate", "succeeded", workers=order, types=WWCC)
        for order in (workers, workers[::-1]) * (CROWD // 2)
    ]
    payloads = await asyncio.gather(*calls)
    assert sum(payload["succeeded"] for payload in payloads) == 3
    assert len(await requests(tenant)) == 3
    await consistent(tenant)


async def test_a_person_and_a_rule_raise_one_request(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    ask = mutate(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
    await asyncio.gather(ask, add_rule(tenant), add_rule(tenant))
    assert len(await requests(tenant)) == 1
    await consistent(tenant)


async def test_a_submission_during_the_end_of_its_rule(tenant: Tenant) -> None:
    await tenant.add_worker()
    for _ in range(4):
        rule = await add_rule(tenant)
        [request] = [row for row in await requests(tenant) if row.closed_at is None]
        number = {"id": request.credential_id, "referenceNumber": "WWC1234567E"}
        calls = [
            mutate(tenant, "credentialSubmit", "credential { id }", **number),
            mutate(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule),
        ]
        answered, ended = await codes(calls)
        assert ended == "OK"
        assert answered in ("OK", "NOT_SUBMITTABLE")
        [request] = [row for row in await requests(tenant) if row.id == request.id]
        assert request.status is (IntakeStatus.COMPLETED if answered == "OK" else IntakeStatus.CANCELLED)
        await consistent(tenant)
        await mutation_payload(tenant, "credentialDelete", "credential { id }", id=request.credential_id)


async def test_a_submission_during_a_cancellation(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    for _ in range(4):
        await mutation_payload(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
        [request] = [row for row in await requests(tenant) if row.closed_at is None]
        number = {"id": request.credential_id, "referenceNumber": "WWC1234567E"}
        calls = [
            mutate(tenant, "credentialSubmit", "credential { id }", **number),
            *(mutate(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request.id) for _ in "123"),
        ]
        results = await codes(calls)
        assert results.count("OK") == 1
        assert set(results) <= {"OK", "NOT_SUBMITTABLE", "REQUEST_CLOSED"}
        await consistent(tenant)


async def test_concurrent_resends_raise_one_request(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await mutation_payload(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
    [request] = await requests(tenant)
    await mutation_payload(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request.id)
    again = [mutate(tenant, "credentialRequestResend", "credentialRequest { id }", id=request.id) for _ in range(CROWD)]
    assert sorted(await codes(again)) == ["ALREADY_REQUESTED"] * (CROWD - 1) + ["OK"]
    await consistent(tenant)


async def test_concurrently_created_workers_get_one_request_each(tenant: Tenant) -> None:
    await add_rule(tenant)
    people = [{"identity": {"displayName": f"P{n}"}, "source": {"externalId": f"{n}"}} for n in range(6)]
    orders = (people, people[::-1]) * 3
    calls = [mutate(tenant, "workersUpsert", "succeeded", rows=order) for order in orders]
    await asyncio.gather(*calls, *(tenant.add_worker(f"Q{n}") for n in range(4)))
    assert len(await requests(tenant)) == 10
    await consistent(tenant)


async def test_a_submission_while_a_request_is_raised(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    credentials = credential_input(worker, verification={"status": "ACTIVE"})
    await asyncio.gather(add_rule(tenant), mutate(tenant, "credentialCreate", "credential { id }", **credentials))
    await recount.settle_all(tenant.service.database, tenant.id)
    # In either order, no credential is requested that the worker holds.
    assert [request.status for request in await requests(tenant)] in ([], [IntakeStatus.CANCELLED])
    await consistent(tenant)
