"""Approving and rejecting many credentials in one call."""

from typing import Any

import pytest

from app.access import Scope
from tests.credentials import actions
from tests.credentials.actions import event_kinds, mutation_payload
from tests.service import Tenant, ids_of

SHOWN = "credential { id verification { status } latestVersion { approval { reason } } }"
RESULTS = f"results {{ credentialId status {SHOWN} errors {{ code path }} }} total succeeded failed"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    return await tenant.add_worker()


@pytest.fixture
async def keys(tenant: Tenant, worker: str) -> list[str]:
    return [await actions.add_ticket(tenant, worker) for _ in range(3)]


def skipped(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (error["code"], ".".join(error["path"]))
        for result in payload["results"]
        if result["status"] == "SKIPPED"
        for error in result["errors"]
    ]


@pytest.mark.parametrize(("verb", "status"), [("Approve", "ACTIVE"), ("Reject", "REVOKED")])
async def test_all_are_decided_in_the_order_they_were_named(
    tenant: Tenant, keys: list[str], verb: str, status: str
) -> None:
    ids = [keys[2], keys[0], keys[1]]
    payload = await mutation_payload(
        tenant, f"credentials{verb}", RESULTS, ids=ids, reason="All seen", notes="Together"
    )
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (3, 3, 0)
    assert [result["credentialId"] for result in payload["results"]] == ids
    for result in payload["results"]:
        assert (result["status"], result["errors"]) == ("DECIDED", [])
        assert result["credential"]["verification"]["status"] == status
        assert result["credential"]["latestVersion"]["approval"]["reason"] == "All seen"
    for key in keys:
        assert len(await event_kinds(tenant, key)) == 2
        assert (await actions.version_rows(tenant, key))[0].notes == "Together"


async def test_a_refused_credential_does_not_affect_the_others(
    tenant: Tenant, other_tenant: Tenant, keys: list[str], worker: str
) -> None:
    first, archived, last = keys
    foreign = await other_tenant.add_credential(await other_tenant.add_worker())
    await mutation_payload(tenant, "credentialArchive", id=archived)
    foreign_rows, before = await other_tenant.rows(), await actions.credential_row(tenant, archived)
    ids = [first, archived, foreign, worker, first, last]
    payload = await mutation_payload(tenant, "credentialsApprove", RESULTS, ids=ids)
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (6, 2, 4)
    assert [result["status"] for result in payload["results"]] == ["DECIDED", *["SKIPPED"] * 4, "DECIDED"]
    assert skipped(payload) == [
        ("ARCHIVED", "ids.1"),
        ("NOT_FOUND", "ids.2"),
        ("INVALID", "ids.3"),
        ("ALREADY_APPROVED", "ids.4"),
    ]
    assert all(result["credential"] is None for result in payload["results"][1:5])
    assert await other_tenant.rows() == foreign_rows
    assert await actions.credential_row(tenant, archived) == before
    assert [(await event_kinds(tenant, key)).count("credential.approved") for key in keys] == [1, 0, 1]


async def test_final_decisions_are_refused_one_by_one(tenant: Tenant, keys: list[str]) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    await mutation_payload(tenant, "credentialReject", id=keys[1])
    payload = await mutation_payload(tenant, "credentialsApprove", RESULTS, ids=keys)
    assert skipped(payload) == [("APPROVAL_FINAL", "ids.1")]
    assert payload["succeeded"] == 2


async def test_comments_that_are_too_long_skip_every_item(tenant: Tenant, keys: list[str]) -> None:
    before = await tenant.rows()
    payload = await mutation_payload(tenant, "credentialsReject", RESULTS, ids=keys, reason="r" * 501)
    assert skipped(payload) == [("INVALID", "reason")] * 3
    assert await tenant.rows() == before


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
async def test_more_than_five_hundred_are_refused_as_a_whole(tenant: Tenant, keys: list[str], verb: str) -> None:
    before = await tenant.rows()
    payload = await tenant.mutate(f"credentials{verb}", RESULTS, ids=[keys[0]] * 501)
    [error] = payload["errors"]
    assert (error["code"], error["path"], error["limit"]) == ("TOO_MANY", ["ids"], 500)
    assert payload["results"] is payload["total"] is payload["succeeded"] is payload["failed"] is None
    assert await tenant.rows() == before


async def test_five_hundred_are_not_too_many(tenant: Tenant, keys: list[str]) -> None:
    selection = "results { status } total succeeded failed"
    payload = await mutation_payload(tenant, "credentialsApprove", selection, ids=[keys[0]] * 500)
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (500, 1, 499)


async def test_an_empty_list_is_not_an_error(tenant: Tenant) -> None:
    payload = await mutation_payload(tenant, "credentialsApprove", RESULTS, ids=[])
    assert payload == {"results": [], "total": 0, "succeeded": 0, "failed": 0, "errors": []}


async def test_the_same_idempotency_key_gives_the_same_results(tenant: Tenant, keys: list[str]) -> None:
    await mutation_payload(tenant, "credentialArchive", id=keys[1])
    input = {"ids": keys, "idempotencyKey": "bulk-1"}
    once = await mutation_payload(tenant, "credentialsApprove", RESULTS, **input)
    before = await tenant.rows()
    assert await mutation_payload(tenant, "credentialsApprove", RESULTS, **input) == once
    assert await tenant.rows() == before


async def test_bulk_review_requires_the_review_scope(tenant: Tenant, keys: list[str]) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    for verb in ("Approve", "Reject"):
        assert (
            await actions.mutate_forbidden(tenant, f"credentials{verb}", limited, "total", ids=keys)
            == "CREDENTIALS_REVIEW"
        )


async def test_a_key_of_one_unit_decides_only_what_is_in_it(tenant: Tenant, keys: list[str]) -> None:
    unit = await mutation_payload(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="DEPARTMENT")
    unit_id = unit["orgUnit"]["id"]
    inside = await actions.add_ticket(tenant, await tenant.add_worker(employment={"orgUnit": unit_id}))
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW, org_unit=unit_id)
    payload = await tenant.mutate("credentialsApprove", RESULTS, key=limited, ids=[keys[0], inside])
    assert skipped(payload) == [("NOT_FOUND", "ids.0")]
    assert ids_of([payload["results"][1]["credential"]]) == [inside]
