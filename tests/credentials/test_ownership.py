"""Linking, unlinking and transferring: the owners afterwards, and the refusals."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.access import Scope
from tests.credentials import actions
from tests.credentials.actions import event_kinds, mutate_refused, mutation_payload, owner_input, transfer_input
from tests.service import Tenant, error_paths

OWNED = "credential { owners { worker { id } applicant { id } } revision } status"


@dataclass(frozen=True)
class People:
    """An organization with two workers and two applicants."""

    tenant: Tenant
    worker: str
    colleague: str
    applicant: str
    rival: str

    async def change(self, verb: str, key: str, **input: Any) -> tuple[str, str | None, str | None]:
        """Run a mutation; return its status and the owners afterwards."""
        payload = await mutation_payload(self.tenant, f"credential{verb}", OWNED, id=key, **input)
        owners = payload["credential"]["owners"]
        worker, applicant = ((owners[slot] or {"id": None})["id"] for slot in ("worker", "applicant"))
        return payload["status"], worker, applicant

    async def noop(self, verb: str, key: str, **input: Any) -> None:
        """Run a mutation, assert that its status is NOOP and that it changes nothing."""
        before = await self.tenant.rows()
        status, _, _ = await self.change(verb, key, **input)
        assert status == "NOOP"
        assert await self.tenant.rows() == before

    async def refused(self, verb: str, key: str, **input: Any) -> list[tuple[str, str]]:
        """Run a mutation, assert that it is refused, and return the (code, path) pairs."""
        return await mutate_refused(self.tenant, f"credential{verb}", OWNED, id=key, **input)


@pytest.fixture
async def people(tenant: Tenant) -> People:
    workers = [await tenant.add_worker(name) for name in ("Ada", "Ben")]
    applicants = [await actions.add_applicant(tenant, name) for name in ("Cy", "Dot")]
    return People(tenant, *workers, *applicants)


@pytest.fixture
async def key(people: People) -> str:
    """Provide a credential of the worker."""
    return await people.tenant.add_credential(people.worker)


@pytest.fixture
async def foreign_credential(people: People) -> str:
    """Provide a credential of the applicant."""
    return await actions.add_applicant_credential(people.tenant, people.applicant)


async def test_linking_adds_an_owner(people: People, key: str) -> None:
    linked = await people.change("Link", key, to=owner_input(people.applicant))
    assert linked == ("LINKED", people.worker, people.applicant)
    assert await event_kinds(people.tenant, key) == ["credential.added", "credential.linked"]
    event = (await actions.events_of(people.tenant, key))[-1]
    assert event.changes == {"owners.applicant": {"from": None, "to": people.applicant}}
    assert (event.worker_id, (await actions.credential_row(people.tenant, key)).revision) == (people.worker, 2)


async def test_linking_the_same_owner_again_is_a_no_op(people: People, key: str, foreign_credential: str) -> None:
    await people.noop("Link", key, to=owner_input(people.worker))
    await people.noop("Link", foreign_credential, to=owner_input(people.applicant))


async def test_linking_to_a_taken_slot_is_refused_with_its_owner(people: People, key: str) -> None:
    await people.change("Link", key, to=owner_input(people.applicant))
    before = await people.tenant.rows()
    selection = "errors { ... on AlreadyLinkedError { owner { __typename ... on Node { id } } } }"
    for to, kind, holder in (
        (people.colleague, "Worker", people.worker),
        (people.rival, "Applicant", people.applicant),
    ):
        payload = await people.tenant.mutate("credentialLink", f"status {selection}", id=key, to=owner_input(to))
        assert error_paths(payload) == [("ALREADY_LINKED", "to")]
        assert payload["errors"][0]["owner"] == {"__typename": kind, "id": holder}
        assert payload["errors"][0]["__typename"] == "AlreadyLinkedError"
    assert await people.tenant.rows() == before


async def test_the_replayed_refusal_contains_the_owner(people: People, key: str) -> None:
    selection = "status errors { ... on AlreadyLinkedError { owner { ... on Worker { id } } } }"
    input: dict[str, Any] = {"id": key, "to": owner_input(people.colleague), "idempotencyKey": "link-1"}
    once = await people.tenant.mutate("credentialLink", selection, **input)
    assert once["errors"][0]["owner"] == {"id": people.worker}
    assert await people.tenant.mutate("credentialLink", selection, **input) == once


async def test_unlinking_removes_one_owner(people: People, key: str) -> None:
    await people.change("Link", key, to=owner_input(people.applicant))
    assert await people.change("Unlink", key, ownerType="WORKER") == ("UNLINKED", None, people.applicant)
    event = (await actions.events_of(people.tenant, key))[-1]
    assert event.kind.value == "credential.unlinked"
    assert event.changes == {"owners.worker": {"from": people.worker, "to": None}}
    assert event.worker_id == people.worker


async def test_unlinking_an_empty_slot_is_a_no_op(people: People, key: str, foreign_credential: str) -> None:
    await people.noop("Unlink", key, ownerType="APPLICANT")
    await people.noop("Unlink", foreign_credential, ownerType="WORKER")


async def test_the_last_owner_cannot_be_unlinked(people: People, key: str, foreign_credential: str) -> None:
    assert await people.refused("Unlink", key, ownerType="WORKER") == [("LAST_OWNER", "ownerType")]
    assert await people.refused("Unlink", foreign_credential, ownerType="APPLICANT") == [("LAST_OWNER", "ownerType")]


async def test_transferring_within_a_type_replaces_the_owner(people: People, key: str, foreign_credential: str) -> None:
    swapped = await people.change("Transfer", key, **transfer_input(people.worker, people.colleague))
    assert swapped == ("TRANSFERRED", people.colleague, None)
    event = (await actions.events_of(people.tenant, key))[-1]
    assert event.kind.value == "credential.transferred"
    assert event.changes == {"owners.worker": {"from": people.worker, "to": people.colleague}}
    swapped = await people.change("Transfer", foreign_credential, **transfer_input(people.applicant, people.rival))
    assert swapped == ("TRANSFERRED", None, people.rival)


async def test_a_transfer_within_a_type_keeps_the_other_slot(people: People, key: str) -> None:
    await people.change("Link", key, to=owner_input(people.applicant))
    swapped = await people.change("Transfer", key, **transfer_input(people.worker, people.colleague))
    assert swapped == ("TRANSFERRED", people.colleague, people.applicant)


async def test_hiring_moves_an_applicants_credential_to_the_worker(people: People, foreign_credential: str) -> None:
    hired = await people.change("Transfer", foreign_credential, **transfer_input(people.applicant, people.worker))
    assert hired == ("TRANSFERRED", people.worker, None)
    event = (await actions.events_of(people.tenant, foreign_credential))[-1]
    assert event.worker_id == people.worker
    assert event.changes == {
        "owners.applicant": {"from": people.applicant, "to": None},
        "owners.worker": {"from": None, "to": people.worker},
    }


async def test_hiring_clears_the_applicant_if_the_worker_owns_the_credential(people: People, key: str) -> None:
    await people.change("Link", key, to=owner_input(people.applicant))
    hired = await people.change("Transfer", key, **transfer_input(people.applicant, people.worker))
    assert hired == ("TRANSFERRED", people.worker, None)


async def test_hiring_is_refused_if_another_worker_owns_the_credential(people: People, key: str) -> None:
    await people.change("Link", key, to=owner_input(people.applicant))
    refusals = await people.refused("Transfer", key, **transfer_input(people.applicant, people.colleague))
    assert refusals == [("ALREADY_LINKED", "to")]


async def test_a_workers_credential_can_go_to_an_applicant(people: People, key: str) -> None:
    moved = await people.change("Transfer", key, **transfer_input(people.worker, people.applicant))
    assert moved == ("TRANSFERRED", None, people.applicant)
    assert (await actions.events_of(people.tenant, key))[-1].worker_id == people.worker


async def test_transferring_from_somebody_else_than_the_owner_is_a_mismatch(people: People, key: str) -> None:
    for source in (people.colleague, people.applicant):
        for to in (people.worker, people.colleague, people.rival):
            expected = [("OWNER_MISMATCH", "from")]
            assert await people.refused("Transfer", key, **transfer_input(source, to)) == expected


async def test_transferring_to_the_same_owner_is_a_no_op(people: People, key: str, foreign_credential: str) -> None:
    await people.noop("Transfer", key, **transfer_input(people.worker, people.worker))
    await people.noop("Transfer", foreign_credential, **transfer_input(people.applicant, people.applicant))


async def test_a_deleted_credential_refuses_ownership_changes(people: People, key: str) -> None:
    await mutation_payload(people.tenant, "credentialDelete", id=key)
    expected = [("DELETED", "id")]
    assert await people.refused("Link", key, to=owner_input(people.worker)) == expected
    assert await people.refused("Unlink", key, ownerType="APPLICANT") == expected
    assert await people.refused("Unlink", key, ownerType="WORKER") == expected
    assert await people.refused("Transfer", key, **transfer_input(people.worker, people.worker)) == expected


async def test_deleted_people_can_lose_but_not_gain_credentials(people: People, key: str) -> None:
    await mutation_payload(people.tenant, "workerDelete", "worker { id }", worker={"id": people.colleague})
    expected = [("DELETED", "to")]
    assert await people.refused("Link", key, to=owner_input(people.colleague)) == expected
    assert await people.refused("Transfer", key, **transfer_input(people.worker, people.colleague)) == expected
    await mutation_payload(people.tenant, "workerDelete", "worker { id }", worker={"id": people.worker})
    moved = await people.change("Transfer", key, **transfer_input(people.worker, people.applicant))
    assert moved == ("TRANSFERRED", None, people.applicant)


async def test_a_stale_revision_is_a_conflict(people: People, key: str) -> None:
    expected = [("CONFLICT", "expectedRevision")]
    stale = {"expectedRevision": 2}
    assert await people.refused("Link", key, to=owner_input(people.applicant), **stale) == expected
    assert await people.refused("Transfer", key, **transfer_input(people.worker, people.colleague), **stale) == expected
    assert await people.refused("Unlink", key, ownerType="WORKER", **stale) == expected
    await people.change("Link", key, to=owner_input(people.applicant), expectedRevision=1)


async def test_owners_never_change_through_update_or_replace(people: People, key: str) -> None:
    owners = {"worker": {"id": people.colleague}}
    assert await mutate_refused(people.tenant, "credentialUpdate", id=key, owners=owners) == [
        ("OWNER_IMMUTABLE", "owners")
    ]


async def test_each_needs_the_scope_of_writing(people: People, key: str) -> None:
    limited = await people.tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW, Scope.WORKERS_WRITE)
    calls: dict[str, dict[str, Any]] = {
        "Link": {"to": owner_input(people.applicant)},
        "Unlink": {"ownerType": "APPLICANT"},
        "Transfer": transfer_input(people.worker, people.colleague),
    }
    for verb, input in calls.items():
        needed = await actions.mutate_forbidden(people.tenant, f"credential{verb}", limited, OWNED, id=key, **input)
        assert needed == "CREDENTIALS_WRITE"


async def test_another_tenants_credential_and_people_are_not_found(
    people: People, other_tenant: Tenant, key: str
) -> None:
    foreign = await other_tenant.add_worker()
    foreign_credential = await other_tenant.add_credential(foreign)
    assert await people.refused("Link", foreign_credential, to=owner_input(people.worker)) == [("NOT_FOUND", "id")]
    assert await people.refused("Unlink", foreign_credential, ownerType="APPLICANT") == [("NOT_FOUND", "id")]
    assert await people.refused("Transfer", foreign_credential, **transfer_input(people.worker, people.colleague)) == [
        ("NOT_FOUND", "id")
    ]
    assert await people.refused("Link", key, to=owner_input(foreign)) == [("NOT_FOUND", "to.id")]
    assert await people.refused("Transfer", key, **transfer_input(people.worker, foreign)) == [("NOT_FOUND", "to.id")]
    assert await people.refused("Transfer", key, **transfer_input(foreign, people.worker)) == [("NOT_FOUND", "from.id")]
