"""Link, unlink and transfer: who holds a credential afterwards, and when it is refused."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.access import Scope
from tests.credentials import life
from tests.credentials.life import done, facts, move, owner, refused
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

    async def change(self, verb: str, key: str, **given: Any) -> tuple[str, str | None, str | None]:
        """Do it; gives what became of it, and who holds the credential now."""
        payload = await done(self.tenant, f"credential{verb}", OWNED, id=key, **given)
        owners = payload["credential"]["owners"]
        worker, applicant = ((owners[slot] or {"id": None})["id"] for slot in ("worker", "applicant"))
        return payload["status"], worker, applicant

    async def noop(self, verb: str, key: str, **given: Any) -> None:
        """Do what is so already, which changes nothing."""
        before = await self.tenant.rows()
        status, _, _ = await self.change(verb, key, **given)
        assert status == "NOOP"
        assert await self.tenant.rows() == before

    async def refused(self, verb: str, key: str, **given: Any) -> list[tuple[str, str]]:
        """Be refused."""
        return await refused(self.tenant, f"credential{verb}", OWNED, id=key, **given)


@pytest.fixture
async def people(tenant: Tenant) -> People:
    workers = [await tenant.add_worker(name) for name in ("Ada", "Ben")]
    applicants = [await life.add_applicant(tenant, name) for name in ("Cy", "Dot")]
    return People(tenant, *workers, *applicants)


@pytest.fixture
async def key(people: People) -> str:
    """A credential of the worker."""
    return await people.tenant.add_credential(people.worker)


@pytest.fixture
async def theirs(people: People) -> str:
    """A credential of the applicant."""
    return await life.add_theirs(people.tenant, people.applicant)


async def test_linking_gives_a_further_owner(people: People, key: str) -> None:
    linked = await people.change("Link", key, to=owner(people.applicant))
    assert linked == ("LINKED", people.worker, people.applicant)
    assert await facts(people.tenant, key) == ["credential.added", "credential.linked"]
    event = (await life.ledger(people.tenant, key))[-1]
    assert event.changes == {"owners.applicant": {"from": None, "to": people.applicant}}
    assert (event.worker_id, (await life.row(people.tenant, key)).revision) == (people.worker, 2)


async def test_linking_the_same_owner_again_is_a_no_op(people: People, key: str, theirs: str) -> None:
    await people.noop("Link", key, to=owner(people.worker))
    await people.noop("Link", theirs, to=owner(people.applicant))


async def test_a_slot_held_by_another_is_already_linked_and_says_by_whom(people: People, key: str) -> None:
    await people.change("Link", key, to=owner(people.applicant))
    before = await people.tenant.rows()
    asked = "errors { ... on AlreadyLinkedError { owner { __typename ... on Node { id } } } }"
    for to, kind, holder in (
        (people.colleague, "Worker", people.worker),
        (people.rival, "Applicant", people.applicant),
    ):
        payload = await people.tenant.mutate("credentialLink", f"status {asked}", id=key, to=owner(to))
        assert error_paths(payload) == [("ALREADY_LINKED", "to")]
        assert payload["errors"][0]["owner"] == {"__typename": kind, "id": holder}
        assert payload["errors"][0]["__typename"] == "AlreadyLinkedError"
    assert await people.tenant.rows() == before


async def test_the_holder_is_told_again_by_the_same_idempotency_key(people: People, key: str) -> None:
    asked = "status errors { ... on AlreadyLinkedError { owner { ... on Worker { id } } } }"
    given: dict[str, Any] = {"id": key, "to": owner(people.colleague), "idempotencyKey": "link-1"}
    once = await people.tenant.mutate("credentialLink", asked, **given)
    assert once["errors"][0]["owner"] == {"id": people.worker}
    assert await people.tenant.mutate("credentialLink", asked, **given) == once


async def test_unlinking_takes_one_owner_away(people: People, key: str) -> None:
    await people.change("Link", key, to=owner(people.applicant))
    assert await people.change("Unlink", key, ownerType="WORKER") == ("UNLINKED", None, people.applicant)
    event = (await life.ledger(people.tenant, key))[-1]
    assert event.kind.value == "credential.unlinked"
    assert event.changes == {"owners.worker": {"from": people.worker, "to": None}}
    assert event.worker_id == people.worker


async def test_unlinking_an_empty_slot_is_a_no_op(people: People, key: str, theirs: str) -> None:
    await people.noop("Unlink", key, ownerType="APPLICANT")
    await people.noop("Unlink", theirs, ownerType="WORKER")


async def test_the_last_owner_stays(people: People, key: str, theirs: str) -> None:
    assert await people.refused("Unlink", key, ownerType="WORKER") == [("LAST_OWNER", "ownerType")]
    assert await people.refused("Unlink", theirs, ownerType="APPLICANT") == [("LAST_OWNER", "ownerType")]


async def test_transferring_within_a_type_swaps_the_holder(people: People, key: str, theirs: str) -> None:
    swapped = await people.change("Transfer", key, **move(people.worker, people.colleague))
    assert swapped == ("TRANSFERRED", people.colleague, None)
    event = (await life.ledger(people.tenant, key))[-1]
    assert event.kind.value == "credential.transferred"
    assert event.changes == {"owners.worker": {"from": people.worker, "to": people.colleague}}
    swapped = await people.change("Transfer", theirs, **move(people.applicant, people.rival))
    assert swapped == ("TRANSFERRED", None, people.rival)


async def test_the_other_slot_stays_as_it_is_when_one_is_swapped(people: People, key: str) -> None:
    await people.change("Link", key, to=owner(people.applicant))
    swapped = await people.change("Transfer", key, **move(people.worker, people.colleague))
    assert swapped == ("TRANSFERRED", people.colleague, people.applicant)


async def test_an_applicants_credential_goes_with_them_when_they_are_hired(people: People, theirs: str) -> None:
    hired = await people.change("Transfer", theirs, **move(people.applicant, people.worker))
    assert hired == ("TRANSFERRED", people.worker, None)
    event = (await life.ledger(people.tenant, theirs))[-1]
    assert event.worker_id == people.worker
    assert event.changes == {
        "owners.applicant": {"from": people.applicant, "to": None},
        "owners.worker": {"from": None, "to": people.worker},
    }


async def test_hiring_clears_the_applicant_where_the_worker_holds_it_already(people: People, key: str) -> None:
    await people.change("Link", key, to=owner(people.applicant))
    hired = await people.change("Transfer", key, **move(people.applicant, people.worker))
    assert hired == ("TRANSFERRED", people.worker, None)


async def test_hiring_is_refused_where_another_worker_holds_it(people: People, key: str) -> None:
    await people.change("Link", key, to=owner(people.applicant))
    found = await people.refused("Transfer", key, **move(people.applicant, people.colleague))
    assert found == [("ALREADY_LINKED", "to")]


async def test_a_workers_credential_can_go_to_an_applicant(people: People, key: str) -> None:
    moved = await people.change("Transfer", key, **move(people.worker, people.applicant))
    assert moved == ("TRANSFERRED", None, people.applicant)
    assert (await life.ledger(people.tenant, key))[-1].worker_id == people.worker


async def test_what_is_not_owned_by_the_one_it_comes_from_is_a_mismatch(people: People, key: str) -> None:
    for source in (people.colleague, people.applicant):
        for to in (people.worker, people.colleague, people.rival):
            expected = [("OWNER_MISMATCH", "from")]
            assert await people.refused("Transfer", key, **move(source, to)) == expected


async def test_transferring_to_the_same_owner_is_a_no_op(people: People, key: str, theirs: str) -> None:
    await people.noop("Transfer", key, **move(people.worker, people.worker))
    await people.noop("Transfer", theirs, **move(people.applicant, people.applicant))


async def test_a_deleted_credential_changes_no_hands(people: People, key: str) -> None:
    await done(people.tenant, "credentialDelete", id=key)
    expected = [("DELETED", "id")]
    assert await people.refused("Link", key, to=owner(people.worker)) == expected
    assert await people.refused("Unlink", key, ownerType="APPLICANT") == expected
    assert await people.refused("Unlink", key, ownerType="WORKER") == expected
    assert await people.refused("Transfer", key, **move(people.worker, people.worker)) == expected


async def test_nothing_goes_to_somebody_deleted_but_it_can_leave_them(people: People, key: str) -> None:
    await done(people.tenant, "workerDelete", "worker { id }", worker={"id": people.colleague})
    expected = [("DELETED", "to")]
    assert await people.refused("Link", key, to=owner(people.colleague)) == expected
    assert await people.refused("Transfer", key, **move(people.worker, people.colleague)) == expected
    await done(people.tenant, "workerDelete", "worker { id }", worker={"id": people.worker})
    moved = await people.change("Transfer", key, **move(people.worker, people.applicant))
    assert moved == ("TRANSFERRED", None, people.applicant)


async def test_a_stale_revision_is_a_conflict(people: People, key: str) -> None:
    expected = [("CONFLICT", "expectedRevision")]
    stale = {"expectedRevision": 2}
    assert await people.refused("Link", key, to=owner(people.applicant), **stale) == expected
    assert await people.refused("Transfer", key, **move(people.worker, people.colleague), **stale) == expected
    assert await people.refused("Unlink", key, ownerType="WORKER", **stale) == expected
    await people.change("Link", key, to=owner(people.applicant), expectedRevision=1)


async def test_owners_never_change_through_update_or_replace(people: People, key: str) -> None:
    owners = {"worker": {"id": people.colleague}}
    assert await refused(people.tenant, "credentialUpdate", id=key, owners=owners) == [("OWNER_IMMUTABLE", "owners")]


async def test_each_needs_the_scope_of_writing(people: People, key: str) -> None:
    limited = await people.tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_REVIEW, Scope.WORKERS_WRITE)
    calls: dict[str, dict[str, Any]] = {
        "Link": {"to": owner(people.applicant)},
        "Unlink": {"ownerType": "APPLICANT"},
        "Transfer": move(people.worker, people.colleague),
    }
    for verb, given in calls.items():
        needed = await life.forbidden(people.tenant, f"credential{verb}", limited, OWNED, id=key, **given)
        assert needed == "credentials:write"


async def test_another_tenants_credential_and_people_are_not_found(
    people: People, other_tenant: Tenant, key: str
) -> None:
    foreign = await other_tenant.add_worker()
    theirs = await other_tenant.add_credential(foreign)
    assert await people.refused("Link", theirs, to=owner(people.worker)) == [("NOT_FOUND", "id")]
    assert await people.refused("Unlink", theirs, ownerType="APPLICANT") == [("NOT_FOUND", "id")]
    assert await people.refused("Transfer", theirs, **move(people.worker, people.colleague)) == [("NOT_FOUND", "id")]
    assert await people.refused("Link", key, to=owner(foreign)) == [("NOT_FOUND", "to.id")]
    assert await people.refused("Transfer", key, **move(people.worker, foreign)) == [("NOT_FOUND", "to.id")]
    assert await people.refused("Transfer", key, **move(foreign, people.worker)) == [("NOT_FOUND", "from.id")]
