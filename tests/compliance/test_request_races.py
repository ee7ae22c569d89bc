"""Requests raised, withdrawn, answered and cancelled at the same time: each once, and no request half done."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from app.credentials.tables import Credential, Intake
from tests.calls import mutate
from tests.compliance import life, recount
from tests.compliance.life import add_position, add_rule, assign, requests
from tests.credentials.life import done
from tests.service import Tenant, credential_input

CROWD = 8
WWCC = [{"credentialType": "WWCC_NSW"}]


async def codes(calls: Sequence[Awaitable[Any]]) -> list[str]:
    """Make calls at once; gives each one's first code, or OK."""
    payloads = await asyncio.gather(*calls)
    found = []
    for payload in payloads:
        errors = payload["errors"]
        found.append(str(errors[0]["code"]) if errors else "OK")
    return found


async def consistent(tenant: Tenant) -> None:
    """Every request has its credential, in the same state; and of each type, a worker has one open request at most."""
    held = {row.id: row for row in await life.rows(tenant, Credential)}
    found = await requests(tenant)
    for request in found:
        row = held[request.credential_id]
        assert (row.request_id, row.intake, row.worker_id) == (request.id, request.status, request.worker_id)
    open_ = [(request.worker_id, request.credential_type_id) for request in found if request.closed_at is None]
    assert len(open_) == len(set(open_))
    asked = {row.id for row in held.values() if row.request_id is not None}
    assert asked == {request.credential_id for request in found}


async def test_rules_that_come_at_once_raise_a_request_once(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(f"Worker {number}") for number in range(4)]
    await asyncio.gather(*(add_rule(tenant, "WWCC_NSW", "WWCC_VIC", minimum=2) for _ in range(CROWD)))
    for worker in workers:
        assert await life.wanted(tenant, worker) == ["WWCC_NSW", "WWCC_VIC"]
        assert len(await requests(tenant, worker)) == 2
    await consistent(tenant)


async def test_assignments_at_once_raise_a_request_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    positions = [await add_position(tenant, f"Position {number}") for number in range(CROWD)]
    for position in positions:
        await add_rule(tenant, scope="POSITION", position=position)
    await asyncio.gather(*(assign(tenant, position, worker) for position in positions))
    assert len(await requests(tenant, worker)) == 1
    await consistent(tenant)


async def test_people_who_ask_at_once_ask_once(tenant: Tenant) -> None:
    workers = [await tenant.add_worker(f"Worker {number}") for number in range(3)]
    calls = [
        mutate(tenant, "credentialRequestsCreate", "succeeded", workers=order, types=WWCC)
        for order in (workers, workers[::-1]) * (CROWD // 2)
    ]
    payloads = await asyncio.gather(*calls)
    assert sum(payload["succeeded"] for payload in payloads) == 3
    assert len(await requests(tenant)) == 3
    await consistent(tenant)


async def test_a_person_and_a_rule_ask_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    ask = mutate(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
    await asyncio.gather(ask, add_rule(tenant), add_rule(tenant))
    assert len(await requests(tenant)) == 1
    await consistent(tenant)


async def test_an_answer_against_the_end_of_the_rule_that_asked(tenant: Tenant) -> None:
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
        assert request.status is (Intake.COMPLETED if answered == "OK" else Intake.CANCELLED)
        await consistent(tenant)
        await done(tenant, "credentialDelete", "credential { id }", id=request.credential_id)


async def test_an_answer_against_a_cancellation(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    for _ in range(4):
        await done(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
        [request] = [row for row in await requests(tenant) if row.closed_at is None]
        number = {"id": request.credential_id, "referenceNumber": "WWC1234567E"}
        calls = [
            mutate(tenant, "credentialSubmit", "credential { id }", **number),
            *(mutate(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request.id) for _ in "123"),
        ]
        found = await codes(calls)
        assert found.count("OK") == 1
        assert set(found) <= {"OK", "NOT_SUBMITTABLE", "REQUEST_CLOSED"}
        await consistent(tenant)


async def test_requests_raised_again_at_once_are_raised_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await done(tenant, "credentialRequestsCreate", "succeeded", workers=[worker], types=WWCC)
    [request] = await requests(tenant)
    await done(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request.id)
    again = [mutate(tenant, "credentialRequestResend", "credentialRequest { id }", id=request.id) for _ in range(CROWD)]
    assert sorted(await codes(again)) == ["ALREADY_REQUESTED"] * (CROWD - 1) + ["OK"]
    await consistent(tenant)


async def test_workers_put_on_record_at_once_are_each_asked_once(tenant: Tenant) -> None:
    await add_rule(tenant)
    people = [{"identity": {"displayName": f"P{n}"}, "source": {"externalId": f"{n}"}} for n in range(6)]
    orders = (people, people[::-1]) * 3
    calls = [mutate(tenant, "workersUpsert", "succeeded", rows=order) for order in orders]
    await asyncio.gather(*calls, *(tenant.add_worker(f"Q{n}") for n in range(4)))
    assert len(await requests(tenant)) == 10
    await consistent(tenant)


async def test_what_the_worker_hands_in_while_being_asked(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    held = credential_input(worker, verification={"status": "ACTIVE"})
    await asyncio.gather(add_rule(tenant), mutate(tenant, "credentialCreate", "credential { id }", **held))
    await recount.settle_all(tenant.service.database, tenant.id)
    # Whichever came first, nothing is asked for that is there.
    assert [request.status for request in await requests(tenant)] in ([], [Intake.CANCELLED])
    await consistent(tenant)
