"""Linking and transferring many credentials in one call: those named, or all of one owner."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.access import Scope
from tests.credentials import actions
from tests.credentials.actions import count, event_kinds, mutate_refused, mutation_payload, owner_input, transfer_input
from tests.service import Tenant

RESULTS = """results { credentialId status credential { id owners { worker { id } applicant { id } } }
    errors { code path } } total succeeded failed hasMore"""
BRIEF = "results { credentialId status } total succeeded failed hasMore"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker("Ada", source={"externalId": "E-1"})


@pytest.fixture
async def colleague(tenant: Tenant) -> str:
    return await tenant.add_worker("Ben")


@pytest.fixture
async def applicant(tenant: Tenant) -> str:
    return await actions.add_applicant(tenant)


@pytest.fixture
async def keys(tenant: Tenant, worker: str) -> list[str]:
    return [await tenant.add_credential(worker) for _ in range(3)]


def outcomes(payload: dict[str, Any]) -> list[str]:
    """Return each credential's status, or the code and path of its error."""
    return [
        f"{result['errors'][0]['code']} {'.'.join(result['errors'][0]['path'])}"
        if result["errors"]
        else result["status"]
        for result in payload["results"]
    ]


def totals(payload: dict[str, Any]) -> tuple[int, int, int, bool]:
    return payload["total"], payload["succeeded"], payload["failed"], payload["hasMore"]


async def holders(tenant: Tenant, keys: Sequence[str]) -> list[tuple[str | None, str | None]]:
    rows = [await actions.credential_row(tenant, key) for key in keys]
    return [(row.worker_id, row.applicant_id) for row in rows]


async def test_named_credentials_are_linked_in_their_order(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    named = [keys[2], keys[0]]
    payload = await mutation_payload(tenant, "credentialsLink", RESULTS, credentialIds=named, to=owner_input(applicant))
    assert totals(payload) == (2, 2, 0, False)
    assert [result["credentialId"] for result in payload["results"]] == named
    assert outcomes(payload) == ["LINKED", "LINKED"]
    for result, key in zip(payload["results"], named, strict=True):
        owners = {"worker": {"id": worker}, "applicant": {"id": applicant}}
        assert result["credential"] == {"id": key, "owners": owners}
        assert await event_kinds(tenant, key) == ["credential.added", "credential.linked"]
    assert await event_kinds(tenant, keys[1]) == ["credential.added"]


async def test_refused_links_do_not_affect_the_others(
    tenant: Tenant, other_tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    linked, taken, deleted = keys
    rival = await actions.add_applicant(tenant, "Dot")
    foreign = await other_tenant.add_credential(await other_tenant.add_worker())
    await mutation_payload(tenant, "credentialLink", id=taken, to=owner_input(rival))
    await mutation_payload(tenant, "credentialDelete", id=deleted)
    named = [taken, foreign, deleted, linked, linked, worker]
    payload = await mutation_payload(tenant, "credentialsLink", RESULTS, credentialIds=named, to=owner_input(applicant))
    assert outcomes(payload) == [
        "ALREADY_LINKED to",
        "NOT_FOUND credentialIds.1",
        "DELETED credentialIds.2",
        "LINKED",
        "NOOP",
        "INVALID credentialIds.5",
    ]
    assert totals(payload) == (6, 2, 4, False)
    assert [result["credential"] is None for result in payload["results"]] == [True] * 3 + [False] * 2 + [True]
    assert await holders(tenant, keys) == [(worker, applicant), (worker, rival), (worker, None)]
    assert (await actions.credential_row(other_tenant, foreign)).applicant_id is None


async def test_refused_transfers_do_not_affect_the_others(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    own, others, deleted = keys
    await mutation_payload(tenant, "credentialTransfer", id=others, **transfer_input(worker, colleague))
    await mutation_payload(tenant, "credentialDelete", id=deleted)
    input = {"credentialIds": [others, deleted, own], **transfer_input(worker, colleague)}
    payload = await mutation_payload(tenant, "credentialsTransfer", RESULTS, **input)
    expected = ["OWNER_MISMATCH from", "DELETED credentialIds.1", "TRANSFERRED"]
    assert outcomes(payload) == expected
    assert totals(payload) == (3, 1, 2, False)
    assert await holders(tenant, keys) == [(colleague, None), (colleague, None), (worker, None)]


async def test_all_of_one_owner_are_transferred_including_archived_but_not_deleted(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    live, archived, deleted = keys
    await mutation_payload(tenant, "credentialArchive", id=archived)
    await mutation_payload(tenant, "credentialDelete", id=deleted)
    payload = await mutation_payload(tenant, "credentialsTransfer", RESULTS, **transfer_input(worker, colleague))
    assert [result["credentialId"] for result in payload["results"]] == [live, archived]
    assert (outcomes(payload), totals(payload)) == (["TRANSFERRED", "TRANSFERRED"], (2, 2, 0, False))
    payload = await mutation_payload(tenant, "credentialsTransfer", RESULTS, **transfer_input(worker, colleague))
    assert (payload["results"], totals(payload)) == ([], (0, 0, 0, False))


async def test_hiring_moves_all_credentials_of_an_applicant_to_the_worker(
    tenant: Tenant, worker: str, colleague: str, applicant: str
) -> None:
    keys = [await actions.add_applicant_credential(tenant, applicant) for _ in range(3)]
    await mutation_payload(tenant, "credentialLink", id=keys[1], to=owner_input(colleague))
    await mutation_payload(tenant, "credentialLink", id=keys[2], to=owner_input(worker))
    payload = await mutation_payload(tenant, "credentialsTransfer", RESULTS, **transfer_input(applicant, worker))
    outcome_by_id = dict(zip([result["credentialId"] for result in payload["results"]], outcomes(payload), strict=True))
    assert outcome_by_id[keys[0]] == outcome_by_id[keys[2]] == "TRANSFERRED"
    assert outcome_by_id[keys[1]].startswith("ALREADY_LINKED")
    assert await holders(tenant, keys) == [(worker, None), (colleague, applicant), (worker, None)]


async def test_all_of_one_owner_are_linked_except_those_already_linked(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    await mutation_payload(tenant, "credentialLink", id=keys[0], to=owner_input(applicant))
    payload = await mutation_payload(tenant, "credentialsLink", RESULTS, **transfer_input(worker, applicant))
    assert {result["credentialId"] for result in payload["results"]} == set(keys[1:])
    assert totals(payload) == (2, 2, 0, False)
    payload = await mutation_payload(tenant, "credentialsLink", RESULTS, **transfer_input(worker, applicant))
    assert totals(payload) == (0, 0, 0, False)


async def test_transferring_to_the_same_owner_is_a_no_op(tenant: Tenant, keys: list[str], worker: str) -> None:
    before = await tenant.rows()
    payload = await mutation_payload(tenant, "credentialsTransfer", BRIEF, **transfer_input(worker, worker))
    assert count(result["status"] for result in payload["results"]) == {"NOOP": len(keys)}
    assert totals(payload) == (3, 3, 0, False)
    assert await tenant.rows() == before


async def test_owners_can_be_named_by_external_id(tenant: Tenant, keys: list[str], applicant: str) -> None:
    sides = {"from": {"type": "WORKER", "externalId": "E-1"}, "to": owner_input(applicant)}
    payload = await mutation_payload(tenant, "credentialsTransfer", BRIEF, **sides)
    assert totals(payload) == (len(keys), len(keys), 0, False)
    await tenant.add_worker("Eve", source={"externalId": "E-1", "sourceSystem": "rota"})
    refusals = await mutate_refused(tenant, "credentialsTransfer", BRIEF, **sides)
    assert refusals == [("AMBIGUOUS_OWNER", "from.externalId")]


async def test_without_ids_and_without_an_owner_there_is_nothing_to_link(
    tenant: Tenant, keys: list[str], applicant: str
) -> None:
    expected = [("REQUIRED", "credentialIds")]
    assert await mutate_refused(tenant, "credentialsLink", BRIEF, to=owner_input(applicant)) == expected
    input = {"credentialIds": None, "from": None, "to": owner_input(applicant)}
    assert await mutate_refused(tenant, "credentialsLink", BRIEF, **input) == expected


async def test_an_empty_list_of_ids_is_not_all(tenant: Tenant, keys: list[str], worker: str, applicant: str) -> None:
    before = await tenant.rows()
    for name in ("credentialsLink", "credentialsTransfer"):
        payload = await mutation_payload(tenant, name, BRIEF, credentialIds=[], **transfer_input(worker, applicant))
        assert totals(payload) == (0, 0, 0, False)
    assert await tenant.rows() == before


async def test_more_than_five_hundred_ids_are_refused_as_a_whole(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    for name in ("credentialsLink", "credentialsTransfer"):
        input = {"credentialIds": [keys[0]] * 501, **transfer_input(worker, applicant)}
        assert await mutate_refused(tenant, name, BRIEF, **input) == [("TOO_MANY", "credentialIds")]


async def test_an_unknown_owner_refuses_the_whole_call(
    tenant: Tenant, other_tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    foreign = await other_tenant.add_worker()
    input = {"credentialIds": keys, **transfer_input(worker, foreign)}
    for name in ("credentialsLink", "credentialsTransfer"):
        assert await mutate_refused(tenant, name, BRIEF, **input) == [("NOT_FOUND", "to.id")]
    input = {"credentialIds": keys, **transfer_input(foreign, worker)}
    assert await mutate_refused(tenant, "credentialsTransfer", BRIEF, **input) == [("NOT_FOUND", "from.id")]
    await mutation_payload(tenant, "workerDelete", "worker { id }", worker={"id": colleague})
    input = {"credentialIds": keys, **transfer_input(worker, colleague)}
    for name in ("credentialsLink", "credentialsTransfer"):
        assert await mutate_refused(tenant, name, BRIEF, **input) == [("DELETED", "to")]


async def test_the_same_idempotency_key_gives_the_same_results(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    await mutation_payload(tenant, "credentialArchive", id=keys[0])
    input = {**transfer_input(worker, colleague), "idempotencyKey": "move-all"}
    once = await mutation_payload(tenant, "credentialsTransfer", RESULTS, **input)
    before = await tenant.rows()
    assert await mutation_payload(tenant, "credentialsTransfer", RESULTS, **input) == once
    assert await tenant.rows() == before


async def test_bulk_ownership_requires_the_write_scope(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW, Scope.WORKERS_WRITE)
    for name in ("credentialsLink", "credentialsTransfer"):
        input = {"credentialIds": keys, **transfer_input(worker, colleague)}
        assert await actions.mutate_forbidden(tenant, name, limited, BRIEF, **input) == "CREDENTIALS_WRITE"
