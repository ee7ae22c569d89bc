"""References to owners in ownership changes: a type, and exactly one of id and external id."""

from typing import Any

import pytest

from app.access import Scope
from tests.credentials import actions
from tests.credentials.actions import add_applicant, mutate_refused, mutation_payload, owner_input
from tests.service import Tenant

OWNED = "credential { owners { worker { id } applicant { id } } } status"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker("Ada", source={"externalId": "E-1", "sourceSystem": "payroll"})


@pytest.fixture
async def key(tenant: Tenant, worker: str) -> str:
    return await tenant.add_credential(worker)


def external_reference(owner_type: str, external_id: str, system: str | None = None) -> dict[str, Any]:
    reference = {"type": owner_type, "externalId": external_id}
    return reference if system is None else {**reference, "sourceSystem": system}


async def link(tenant: Tenant, key: str, to: dict[str, Any]) -> list[tuple[str, str]]:
    return await mutate_refused(tenant, "credentialLink", OWNED, id=key, to=to)


async def test_an_external_id_names_an_owner(tenant: Tenant, key: str, worker: str) -> None:
    applicant = await add_applicant(tenant, source={"externalId": "A-1"})
    payload = await mutation_payload(
        tenant, "credentialLink", OWNED, id=key, to=external_reference("APPLICANT", " A-1 ")
    )
    assert payload["credential"]["owners"] == {"worker": {"id": worker}, "applicant": {"id": applicant}}
    colleague = await tenant.add_worker("Ben", source={"externalId": "E-2"})
    sides = {"from": external_reference("WORKER", "E-1", "payroll"), "to": external_reference("WORKER", "E-2")}
    payload = await mutation_payload(tenant, "credentialTransfer", OWNED, id=key, **sides)
    assert payload["credential"]["owners"]["worker"] == {"id": colleague}


async def test_an_external_id_of_two_systems_needs_the_system(tenant: Tenant, key: str, worker: str) -> None:
    other = await tenant.add_worker("Ben", source={"externalId": "E-1", "sourceSystem": "rota"})
    applicants_credential = await actions.add_applicant_credential(tenant, await add_applicant(tenant))
    assert await link(tenant, applicants_credential, external_reference("WORKER", "E-1")) == [
        ("AMBIGUOUS_OWNER", "to.externalId")
    ]
    sides = {"from": external_reference("WORKER", "E-1"), "to": owner_input(other)}
    refusals = await mutate_refused(tenant, "credentialTransfer", OWNED, id=key, **sides)
    assert refusals == [("AMBIGUOUS_OWNER", "from.externalId")]
    payload = await mutation_payload(
        tenant, "credentialLink", OWNED, id=applicants_credential, to=external_reference("WORKER", "E-1", "rota")
    )
    assert payload["credential"]["owners"]["worker"] == {"id": other}
    payload = await mutation_payload(
        tenant, "credentialLink", OWNED, id=key, to=external_reference("WORKER", "E-1", "payroll")
    )
    assert payload["status"] == "NOOP"


@pytest.mark.parametrize(
    "reference",
    [{"type": "WORKER"}, {"type": "WORKER", "sourceSystem": "payroll"}, {"type": "APPLICANT", "id": None}],
)
async def test_neither_id_nor_external_id_is_refused(tenant: Tenant, key: str, reference: dict[str, Any]) -> None:
    assert await link(tenant, key, reference) == [("INVALID", "to")]


async def test_both_id_and_external_id_are_refused(tenant: Tenant, key: str, worker: str) -> None:
    assert await link(tenant, key, {**owner_input(worker), "externalId": "E-1"}) == [("INVALID", "to")]


async def test_an_id_must_match_the_owner_type(tenant: Tenant, key: str, worker: str) -> None:
    applicant = await add_applicant(tenant)
    for kind, of in (("WORKER", applicant), ("APPLICANT", worker), ("WORKER", key), ("WORKER", "somebody")):
        assert await link(tenant, key, {"type": kind, "id": of}) == [("INVALID", "to.id")]


async def test_unknown_owners_are_not_found(tenant: Tenant, other_tenant: Tenant, key: str) -> None:
    foreign = await other_tenant.add_worker(source={"externalId": "F-1"})
    unknown = [
        (owner_input("wkr_0000000000000000"), "to.id"),
        (owner_input(foreign), "to.id"),
        (external_reference("WORKER", "F-1"), "to.externalId"),
        (external_reference("APPLICANT", "E-1"), "to.externalId"),
        (external_reference("WORKER", "E-1", "rota"), "to.externalId"),
    ]
    for to, path in unknown:
        assert await link(tenant, key, to) == [("NOT_FOUND", path)]


async def test_an_external_id_does_not_match_deleted_people(tenant: Tenant, worker: str) -> None:
    applicants_credential = await actions.add_applicant_credential(tenant, await add_applicant(tenant))
    await mutation_payload(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    assert await link(tenant, applicants_credential, external_reference("WORKER", "E-1")) == [
        ("NOT_FOUND", "to.externalId")
    ]
    assert await link(tenant, applicants_credential, owner_input(worker)) == [("DELETED", "to")]


async def test_a_key_of_one_unit_cannot_link_people_outside_it(tenant: Tenant, worker: str) -> None:
    payload = await mutation_payload(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="DEPARTMENT")
    unit = payload["orgUnit"]["id"]
    inside = await tenant.add_worker("Ben", employment={"orgUnit": unit})
    key = await tenant.add_credential(inside)
    limited = await tenant.create_key(Scope.CREDENTIALS_WRITE, org_unit=unit)
    before = await tenant.rows()
    sides = {"from": owner_input(inside), "to": owner_input(worker)}
    payload = await tenant.mutate("credentialTransfer", "status", key=limited, id=key, **sides)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("NOT_FOUND", ["to", "id"])]
    assert await tenant.rows() == before
