"""Linking and transferring many credentials in one call: those named, or all of one owner; each stands alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from app.access import Scope
from tests.credentials import life
from tests.credentials.life import done, facts, move, owner, refused, tally
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
    return await life.add_applicant(tenant)


@pytest.fixture
async def keys(tenant: Tenant, worker: str) -> list[str]:
    return [await tenant.add_credential(worker) for _ in range(3)]


def outcomes(payload: dict[str, Any]) -> list[str]:
    """Each one's status, or the code and path of its error."""
    return [
        f"{result['errors'][0]['code']} {'.'.join(result['errors'][0]['path'])}"
        if result["errors"]
        else result["status"]
        for result in payload["results"]
    ]


def totals(payload: dict[str, Any]) -> tuple[int, int, int, bool]:
    return payload["total"], payload["succeeded"], payload["failed"], payload["hasMore"]


async def holders(tenant: Tenant, keys: Sequence[str]) -> list[tuple[str | None, str | None]]:
    rows = [await life.row(tenant, key) for key in keys]
    return [(row.worker_id, row.applicant_id) for row in rows]


async def test_named_credentials_are_linked_in_their_order(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    named = [keys[2], keys[0]]
    payload = await done(tenant, "credentialsLink", RESULTS, credentialIds=named, to=owner(applicant))
    assert totals(payload) == (2, 2, 0, False)
    assert [result["credentialId"] for result in payload["results"]] == named
    assert outcomes(payload) == ["LINKED", "LINKED"]
    for result, key in zip(payload["results"], named, strict=True):
        owners = {"worker": {"id": worker}, "applicant": {"id": applicant}}
        assert result["credential"] == {"id": key, "owners": owners}
        assert await facts(tenant, key) == ["credential.added", "credential.linked"]
    assert await facts(tenant, keys[1]) == ["credential.added"]


async def test_each_one_stands_alone_when_linking(
    tenant: Tenant, other_tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    linked, taken, deleted = keys
    rival = await life.add_applicant(tenant, "Dot")
    foreign = await other_tenant.add_credential(await other_tenant.add_worker())
    await done(tenant, "credentialLink", id=taken, to=owner(rival))
    await done(tenant, "credentialDelete", id=deleted)
    named = [taken, foreign, deleted, linked, linked, worker]
    payload = await done(tenant, "credentialsLink", RESULTS, credentialIds=named, to=owner(applicant))
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
    assert (await life.row(other_tenant, foreign)).applicant_id is None


async def test_each_one_stands_alone_when_transferring(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    mine, theirs, deleted = keys
    await done(tenant, "credentialTransfer", id=theirs, **move(worker, colleague))
    await done(tenant, "credentialDelete", id=deleted)
    given = {"credentialIds": [theirs, deleted, mine], **move(worker, colleague)}
    payload = await done(tenant, "credentialsTransfer", RESULTS, **given)
    expected = ["OWNER_MISMATCH from", "DELETED credentialIds.1", "TRANSFERRED"]
    assert outcomes(payload) == expected
    assert totals(payload) == (3, 1, 2, False)
    assert await holders(tenant, keys) == [(colleague, None), (colleague, None), (worker, None)]


async def test_all_of_one_owner_are_transferred_the_archived_too_but_not_the_deleted(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    live, archived, deleted = keys
    await done(tenant, "credentialArchive", id=archived)
    await done(tenant, "credentialDelete", id=deleted)
    payload = await done(tenant, "credentialsTransfer", RESULTS, **move(worker, colleague))
    assert [result["credentialId"] for result in payload["results"]] == [live, archived]
    assert (outcomes(payload), totals(payload)) == (["TRANSFERRED", "TRANSFERRED"], (2, 2, 0, False))
    payload = await done(tenant, "credentialsTransfer", RESULTS, **move(worker, colleague))
    assert (payload["results"], totals(payload)) == ([], (0, 0, 0, False))


async def test_an_applicants_credentials_go_with_them_when_they_are_hired(
    tenant: Tenant, worker: str, colleague: str, applicant: str
) -> None:
    keys = [await life.add_theirs(tenant, applicant) for _ in range(3)]
    await done(tenant, "credentialLink", id=keys[1], to=owner(colleague))
    await done(tenant, "credentialLink", id=keys[2], to=owner(worker))
    payload = await done(tenant, "credentialsTransfer", RESULTS, **move(applicant, worker))
    found = dict(zip([result["credentialId"] for result in payload["results"]], outcomes(payload), strict=True))
    assert found[keys[0]] == found[keys[2]] == "TRANSFERRED"
    assert found[keys[1]].startswith("ALREADY_LINKED")
    assert await holders(tenant, keys) == [(worker, None), (colleague, applicant), (worker, None)]


async def test_all_of_one_owner_are_linked_but_for_those_that_are(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    await done(tenant, "credentialLink", id=keys[0], to=owner(applicant))
    payload = await done(tenant, "credentialsLink", RESULTS, **move(worker, applicant))
    assert {result["credentialId"] for result in payload["results"]} == set(keys[1:])
    assert totals(payload) == (2, 2, 0, False)
    payload = await done(tenant, "credentialsLink", RESULTS, **move(worker, applicant))
    assert totals(payload) == (0, 0, 0, False)


async def test_transferring_to_the_same_owner_is_a_no_op(tenant: Tenant, keys: list[str], worker: str) -> None:
    before = await tenant.rows()
    payload = await done(tenant, "credentialsTransfer", BRIEF, **move(worker, worker))
    assert tally(result["status"] for result in payload["results"]) == {"NOOP": len(keys)}
    assert totals(payload) == (3, 3, 0, False)
    assert await tenant.rows() == before


async def test_owners_can_be_named_by_external_id(tenant: Tenant, keys: list[str], applicant: str) -> None:
    sides = {"from": {"type": "WORKER", "externalId": "E-1"}, "to": owner(applicant)}
    payload = await done(tenant, "credentialsTransfer", BRIEF, **sides)
    assert totals(payload) == (len(keys), len(keys), 0, False)
    await tenant.add_worker("Eve", source={"externalId": "E-1", "sourceSystem": "rota"})
    found = await refused(tenant, "credentialsTransfer", BRIEF, **sides)
    assert found == [("AMBIGUOUS_OWNER", "from.externalId")]


async def test_without_ids_and_without_an_owner_there_is_nothing_to_link(
    tenant: Tenant, keys: list[str], applicant: str
) -> None:
    expected = [("REQUIRED", "credentialIds")]
    assert await refused(tenant, "credentialsLink", BRIEF, to=owner(applicant)) == expected
    given = {"credentialIds": None, "from": None, "to": owner(applicant)}
    assert await refused(tenant, "credentialsLink", BRIEF, **given) == expected


async def test_none_named_is_not_all(tenant: Tenant, keys: list[str], worker: str, applicant: str) -> None:
    before = await tenant.rows()
    for name in ("credentialsLink", "credentialsTransfer"):
        payload = await done(tenant, name, BRIEF, credentialIds=[], **move(worker, applicant))
        assert totals(payload) == (0, 0, 0, False)
    assert await tenant.rows() == before


async def test_more_than_five_hundred_ids_are_refused_as_a_whole(
    tenant: Tenant, keys: list[str], worker: str, applicant: str
) -> None:
    for name in ("credentialsLink", "credentialsTransfer"):
        given = {"credentialIds": [keys[0]] * 501, **move(worker, applicant)}
        assert await refused(tenant, name, BRIEF, **given) == [("TOO_MANY", "credentialIds")]


async def test_an_owner_that_is_not_there_refuses_the_whole_call(
    tenant: Tenant, other_tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    foreign = await other_tenant.add_worker()
    given = {"credentialIds": keys, **move(worker, foreign)}
    for name in ("credentialsLink", "credentialsTransfer"):
        assert await refused(tenant, name, BRIEF, **given) == [("NOT_FOUND", "to.id")]
    given = {"credentialIds": keys, **move(foreign, worker)}
    assert await refused(tenant, "credentialsTransfer", BRIEF, **given) == [("NOT_FOUND", "from.id")]
    await done(tenant, "workerDelete", "worker { id }", worker={"id": colleague})
    given = {"credentialIds": keys, **move(worker, colleague)}
    for name in ("credentialsLink", "credentialsTransfer"):
        assert await refused(tenant, name, BRIEF, **given) == [("DELETED", "to")]


async def test_the_same_idempotency_key_gives_the_same_results(
    tenant: Tenant, keys: list[str], worker: str, colleague: str
) -> None:
    await done(tenant, "credentialArchive", id=keys[0])
    given = {**move(worker, colleague), "idempotencyKey": "move-all"}
    once = await done(tenant, "credentialsTransfer", RESULTS, **given)
    before = await tenant.rows()
    assert await done(tenant, "credentialsTransfer", RESULTS, **given) == once
    assert await tenant.rows() == before


async def test_both_need_the_scope_of_writing(tenant: Tenant, keys: list[str], worker: str, colleague: str) -> None:
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW, Scope.WORKERS_WRITE)
    for name in ("credentialsLink", "credentialsTransfer"):
        given = {"credentialIds": keys, **move(worker, colleague)}
        assert await life.forbidden(tenant, name, limited, BRIEF, **given) == "credentials:write"
