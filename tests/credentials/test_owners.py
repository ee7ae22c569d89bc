"""References to owners when a credential is created."""

from typing import Any

import pytest

from tests.calls import UNKNOWN_ID, assert_refused, mutate_ok
from tests.service import Tenant, credential_input

OWNERS = "credential { owners { worker { id } applicant { id } } }"


@pytest.fixture(scope="module")
async def people(shared_tenant: Tenant) -> dict[str, str]:
    """Provide two workers with one external id, a deleted worker, and an applicant."""
    ids = {
        "jo": await shared_tenant.add_worker("Jo", source={"externalId": "W-1", "sourceSystem": "hr"}),
        "other": await shared_tenant.add_worker("Other", source={"externalId": "W-1", "sourceSystem": "payroll"}),
        "gone": await shared_tenant.add_worker("Gone", source={"externalId": "W-9", "sourceSystem": "hr"}),
    }
    await mutate_ok(shared_tenant, "workerDelete", "worker { id }", worker={"id": ids["gone"]})
    sam = {"identity": {"displayName": "Sam"}, "source": {"externalId": "A-1"}}
    ids["sam"] = (await mutate_ok(shared_tenant, "applicantCreate", "applicant { id }", **sam))["id"]
    return ids


def owned(**owners: Any) -> dict[str, Any]:
    return {**credential_input("nobody"), "owners": owners}


async def test_a_credential_belongs_to_a_worker_an_applicant_or_both(
    shared_tenant: Tenant, people: dict[str, str]
) -> None:
    jo, sam = {"id": people["jo"]}, {"id": people["sam"]}
    for owners, expected in (
        ({"worker": jo}, {"worker": jo, "applicant": None}),
        ({"worker": None, "applicant": sam}, {"worker": None, "applicant": sam}),
        ({"worker": jo, "applicant": {"externalId": "A-1"}}, {"worker": jo, "applicant": sam}),
        ({"worker": {"externalId": "W-1", "sourceSystem": "hr"}}, {"worker": jo, "applicant": None}),
    ):
        credential = await mutate_ok(shared_tenant, "credentialCreate", OWNERS, **owned(**owners))
        assert credential == {"owners": expected}


@pytest.mark.parametrize("owners", [None, {}, {"worker": None}, {"worker": None, "applicant": None}])
async def test_an_owner_is_required(shared_tenant: Tenant, owners: dict[str, Any] | None) -> None:
    input = {**credential_input("nobody"), "owners": owners}
    (error,) = await assert_refused(shared_tenant, "credentialCreate", ("OWNER_REQUIRED", "owners"), **input)
    assert error["__typename"] == "InvalidError"


@pytest.mark.parametrize("slot", ["worker", "applicant"])
@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"id": None},
        {"id": None, "externalId": None},
        {"sourceSystem": "hr"},
        {"id": f"wkr_{UNKNOWN_ID}", "externalId": "W-1"},
    ],
)
async def test_an_owner_is_named_by_exactly_one_of_id_and_external_id(
    shared_tenant: Tenant, slot: str, reference: dict[str, Any]
) -> None:
    (error,) = await assert_refused(
        shared_tenant, "credentialCreate", ("INVALID", f"owners.{slot}"), **owned(**{slot: reference})
    )
    assert error["message"] == f"owners.{slot}: needs exactly one of id and externalId"


async def test_an_ambiguous_external_id_is_refused(shared_tenant: Tenant, people: dict[str, str]) -> None:
    ambiguous = ("AMBIGUOUS_OWNER", "owners.worker.externalId")
    (error,) = await assert_refused(shared_tenant, "credentialCreate", ambiguous, **owned(worker={"externalId": "W-1"}))
    assert error["__typename"] == "AmbiguousOwnerError"
    assert "source system" in error["message"]


async def test_deleted_people_cannot_become_owners(shared_tenant: Tenant, people: dict[str, str]) -> None:
    by_id = owned(worker={"id": people["gone"]})
    await assert_refused(shared_tenant, "credentialCreate", ("DELETED", "owners.worker"), **by_id)
    by_external_id = owned(worker={"externalId": "W-9"})
    await assert_refused(shared_tenant, "credentialCreate", ("NOT_FOUND", "owners.worker.externalId"), **by_external_id)


async def test_all_unknown_owners_are_refused_at_once(
    shared_tenant: Tenant, people: dict[str, str], other_tenant: Tenant
) -> None:
    foreign = await other_tenant.add_worker("Theirs", source={"externalId": "S-1"})
    for worker in (foreign, f"wkr_{UNKNOWN_ID}"):
        await assert_refused(
            shared_tenant,
            "credentialCreate",
            ("NOT_FOUND", "owners.worker.id"),
            ("NOT_FOUND", "owners.applicant.externalId"),
            **owned(worker={"id": worker}, applicant={"externalId": "S-1"}),
        )


async def test_a_worker_is_not_an_applicant(shared_tenant: Tenant, people: dict[str, str]) -> None:
    swapped = owned(worker={"id": people["sam"]}, applicant={"id": people["jo"]})
    await assert_refused(
        shared_tenant,
        "credentialCreate",
        ("INVALID", "owners.worker.id"),
        ("INVALID", "owners.applicant.id"),
        **swapped,
    )
