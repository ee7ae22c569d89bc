"""References to a person: by id, email or external id. Several matches are refused."""

from typing import Any

import pytest

from tests.calls import UNKNOWN_ID, assert_refused, mutate, mutate_ok, run_query, stored_rows
from tests.service import Tenant

WHOLE = {"contact": {"workEmail": "Jo@A.test"}, "source": {"externalId": "E-1", "sourceSystem": "hr"}}


async def find_id(tenant: Tenant, field: str, **by: Any) -> Any:
    answer = (await run_query(tenant, field, "id deleted", by=by)).data[field]
    return None if answer is None else answer["id"]


@pytest.mark.parametrize("noun", ["worker", "applicant"])
async def test_a_person_is_found_by_every_reference(tenant: Tenant, other_tenant: Tenant, noun: str) -> None:
    content = {"identity": {"displayName": "Jo"}, **WHOLE}
    person_id = (await mutate_ok(tenant, f"{noun}Create", f"{noun} {{ id }}", **content))["id"]
    references: list[dict[str, Any]] = [
        {"id": person_id},
        {"email": "jo@a.TEST"},
        {"email": " jo@a.test "},
        {"externalId": "E-1"},
        {"externalId": " E-1 "},
        {"source": {"externalId": "E-1", "sourceSystem": "hr"}},
    ]
    assert [await find_id(tenant, noun, **reference) for reference in references] == [person_id] * len(references)
    assert [await find_id(other_tenant, noun, **reference) for reference in references] == [None] * len(references)


async def test_no_match_is_null(tenant: Tenant) -> None:
    await tenant.add_worker("Jo", **WHOLE)
    for by in (
        {"id": f"wkr_{UNKNOWN_ID}"},
        {"email": "nobody@a.test"},
        {"externalId": "e-1"},
        {"source": {"externalId": "E-1", "sourceSystem": "HR"}},
        {"source": {"externalId": "E-1", "sourceSystem": ""}},
        {"source": {"externalId": "E-2", "sourceSystem": "hr"}},
    ):
        assert await find_id(tenant, "worker", **by) is None


@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_reference_matches_nobody(tenant: Tenant, blank: str) -> None:
    await tenant.add_worker("No email and no external id")
    before = await stored_rows(tenant)
    for by in ({"email": blank}, {"externalId": blank}, {"source": {"externalId": blank, "sourceSystem": ""}}):
        answer = await run_query(tenant, "worker", "id", by=by)
        assert answer.body["data"] == {"worker": None}
        payload = await mutate(tenant, "workerDelete", worker=by)
        assert payload["worker"] is None
    assert await stored_rows(tenant) == before


async def test_an_id_of_another_table_finds_nobody_and_is_invalid_in_a_mutation(tenant: Tenant) -> None:
    for wrong in (f"app_{UNKNOWN_ID}", "wkr_1", "", "E-1"):
        assert await find_id(tenant, "worker", id=wrong) is None
        [error] = await assert_refused(tenant, "workerDelete", ("INVALID", "worker.id"), worker={"id": wrong})
        assert error["message"] == "worker.id is not the id of a worker (wkr_…)"


async def test_an_external_id_of_two_systems_is_ambiguous(tenant: Tenant) -> None:
    first = await tenant.add_worker("One", source={"externalId": "E-1", "sourceSystem": "hr"})
    second = await tenant.add_worker("Two", source={"externalId": "E-1"})
    answer = await run_query(tenant, "worker", "id", by={"externalId": "E-1"})
    assert (answer.body["data"], answer.codes) == ({"worker": None}, ["AMBIGUOUS_OWNER"])
    assert await find_id(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "hr"}) == first
    assert await find_id(tenant, "worker", source={"externalId": "E-1", "sourceSystem": ""}) == second
    for field in ("workerUpdate", "workerReplace", "workerDelete"):
        content = {} if field == "workerDelete" else {"identity": {"displayName": "Guess"}}
        errors = await assert_refused(
            tenant, field, ("AMBIGUOUS_OWNER", "worker.externalId"), worker={"externalId": "E-1"}, **content
        )
        assert errors[0]["__typename"] == "AmbiguousOwnerError"


async def test_a_deleted_worker_is_found_by_id_only(tenant: Tenant) -> None:
    person_id = await tenant.add_worker("Jo", **WHOLE)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": person_id})
    assert (await run_query(tenant, "worker", "id deleted", by={"id": person_id})).data["worker"] == {
        "id": person_id,
        "deleted": True,
    }
    assert await find_id(tenant, "worker", email="jo@a.test") is None
    assert await find_id(tenant, "worker", externalId="E-1") is None


async def test_a_deleted_worker_does_not_make_a_reference_ambiguous(tenant: Tenant) -> None:
    gone = await tenant.add_worker("Gone", source={"externalId": "E-1", "sourceSystem": "old"})
    here = await tenant.add_worker("Here", source={"externalId": "E-1", "sourceSystem": "new"})
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    assert await find_id(tenant, "worker", externalId="E-1") == here


async def test_a_reference_has_exactly_one_key(tenant: Tenant) -> None:
    wrong: list[dict[str, Any]] = [{}, {"id": "wkr_0", "email": "jo@a.test"}, {"id": None}]
    for by in wrong:
        answer = await run_query(tenant, "worker", "id", by=by)
        assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


async def test_an_external_id_matches_in_any_unicode_form(tenant: Tenant) -> None:
    person_id = await tenant.add_worker("Zoe", source={"externalId": "Zo\u00eb-1"})
    assert await find_id(tenant, "worker", externalId="Zoe\u0308-1") == person_id
