"""Naming one person: by id, by email, or by external id; two matches are never guessed."""

from typing import Any

import pytest

from tests.calls import UNKNOWN_ID, assert_refused, mutate, mutate_ok, run_query, stored_rows
from tests.service import Tenant

WHOLE = {"contact": {"workEmail": "Jo@A.test"}, "source": {"externalId": "E-1", "sourceSystem": "hr"}}


async def found(tenant: Tenant, field: str, **by: Any) -> Any:
    answer = (await run_query(tenant, field, "id deleted", by=by)).data[field]
    return None if answer is None else answer["id"]


@pytest.mark.parametrize("kind", ["worker", "applicant"])
async def test_a_person_is_found_in_every_way(tenant: Tenant, other_tenant: Tenant, kind: str) -> None:
    given = {"identity": {"displayName": "Jo"}, **WHOLE}
    one = (await mutate_ok(tenant, f"{kind}Create", f"{kind} {{ id }}", **given))["id"]
    ways: list[dict[str, Any]] = [
        {"id": one},
        {"email": "jo@a.TEST"},
        {"email": " jo@a.test "},
        {"externalId": "E-1"},
        {"externalId": " E-1 "},
        {"source": {"externalId": "E-1", "sourceSystem": "hr"}},
    ]
    assert [await found(tenant, kind, **way) for way in ways] == [one] * len(ways)
    assert [await found(other_tenant, kind, **way) for way in ways] == [None] * len(ways)


async def test_nobody_is_null(tenant: Tenant) -> None:
    await tenant.add_worker("Jo", **WHOLE)
    for by in (
        {"id": f"wkr_{UNKNOWN_ID}"},
        {"email": "nobody@a.test"},
        {"externalId": "e-1"},
        {"source": {"externalId": "E-1", "sourceSystem": "HR"}},
        {"source": {"externalId": "E-1", "sourceSystem": ""}},
        {"source": {"externalId": "E-2", "sourceSystem": "hr"}},
    ):
        assert await found(tenant, "worker", **by) is None


@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_reference_names_nobody(tenant: Tenant, blank: str) -> None:
    await tenant.add_worker("No email and no external id")
    before = await stored_rows(tenant)
    for by in ({"email": blank}, {"externalId": blank}, {"source": {"externalId": blank, "sourceSystem": ""}}):
        answer = await run_query(tenant, "worker", "id", by=by)
        assert answer.body["data"] == {"worker": None}
        payload = await mutate(tenant, "workerDelete", worker=by)
        assert payload["worker"] is None
    assert await stored_rows(tenant) == before


async def test_an_id_of_another_kind_is_said_so(tenant: Tenant) -> None:
    for wrong in (f"app_{UNKNOWN_ID}", "wkr_1", "", "E-1"):
        answer = await run_query(tenant, "worker", "id", by={"id": wrong})
        assert answer.body["data"] == {"worker": None}
        assert answer.codes == ["INVALID"]
        assert answer.errors[0]["message"] == "by.id is not the id of a worker (wkr_…)"


async def test_an_external_id_of_two_systems_is_ambiguous(tenant: Tenant) -> None:
    first = await tenant.add_worker("One", source={"externalId": "E-1", "sourceSystem": "hr"})
    second = await tenant.add_worker("Two", source={"externalId": "E-1"})
    answer = await run_query(tenant, "worker", "id", by={"externalId": "E-1"})
    assert (answer.body["data"], answer.codes) == ({"worker": None}, ["AMBIGUOUS_OWNER"])
    assert await found(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "hr"}) == first
    assert await found(tenant, "worker", source={"externalId": "E-1", "sourceSystem": ""}) == second
    for field in ("workerUpdate", "workerReplace", "workerDelete"):
        content = {} if field == "workerDelete" else {"identity": {"displayName": "Guess"}}
        errors = await assert_refused(
            tenant, field, ("AMBIGUOUS_OWNER", "worker.externalId"), worker={"externalId": "E-1"}, **content
        )
        assert errors[0]["__typename"] == "AmbiguousOwnerError"


async def test_a_deleted_worker_is_found_by_id_only(tenant: Tenant) -> None:
    one = await tenant.add_worker("Jo", **WHOLE)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": one})
    assert (await run_query(tenant, "worker", "id deleted", by={"id": one})).data["worker"] == {
        "id": one,
        "deleted": True,
    }
    assert await found(tenant, "worker", email="jo@a.test") is None
    assert await found(tenant, "worker", externalId="E-1") is None


async def test_a_deleted_worker_makes_nothing_ambiguous(tenant: Tenant) -> None:
    gone = await tenant.add_worker("Gone", source={"externalId": "E-1", "sourceSystem": "old"})
    here = await tenant.add_worker("Here", source={"externalId": "E-1", "sourceSystem": "new"})
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    assert await found(tenant, "worker", externalId="E-1") == here


async def test_a_person_is_named_in_exactly_one_way(tenant: Tenant) -> None:
    wrong: list[dict[str, Any]] = [{}, {"id": "wkr_0", "email": "jo@a.test"}, {"id": None}]
    for by in wrong:
        answer = await run_query(tenant, "worker", "id", by=by)
        assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_an_external_id_is_found_however_its_letters_are_composed(tenant: Tenant) -> None:
    one = await tenant.add_worker("Zoe", source={"externalId": "Zo\u00eb-1"})
    assert await found(tenant, "worker", externalId="Zoe\u0308-1") == one
