"""Unique values of people in an organization, also under concurrent calls."""

import asyncio
from typing import Any

import pytest

from tests.calls import assert_refused, mutate, mutate_ok, run_query, stored_rows
from tests.service import Tenant, error_paths

NOUNS = ["worker", "applicant"]


async def add(tenant: Tenant, noun: str, **content: Any) -> Any:
    content = {"identity": {"displayName": "Somebody"}, **content}
    return await mutate_ok(tenant, f"{noun}Create", f"{noun} {{ id revision }}", **content)


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("system", [{"sourceSystem": "hr"}, {}, {"sourceSystem": "  hr "}])
async def test_an_external_id_is_unique_in_its_source_system(tenant: Tenant, noun: str, system: dict[str, str]) -> None:
    await add(tenant, noun, source={"externalId": "E-1", **system})
    errors = await assert_refused(
        tenant,
        f"{noun}Create",
        ("TAKEN", "source.externalId"),
        identity={"displayName": "Another"},
        source={"externalId": " E-1 ", **({"sourceSystem": "hr"} if system else {})},
    )
    assert errors[0]["__typename"] == "TakenError"
    assert errors[0]["message"] == f"source.externalId: already used by another {noun} of this sourceSystem"


async def test_an_external_id_differs_by_source_system_and_case(tenant: Tenant) -> None:
    await add(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "hr"})
    await add(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "payroll"})
    await add(tenant, "worker", source={"externalId": "E-1"})
    await add(tenant, "worker", source={"externalId": "e-1", "sourceSystem": "hr"})


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(("first", "second"), [("jo@a.test", "JO@A.test"), ("Émile@a.test", "éMILE@A.TEST")])
async def test_a_work_email_is_unique_in_any_case(tenant: Tenant, noun: str, first: str, second: str) -> None:
    await add(tenant, noun, contact={"workEmail": first})
    errors = await assert_refused(
        tenant,
        f"{noun}Create",
        ("TAKEN", "contact.workEmail"),
        identity={"displayName": "Another"},
        contact={"workEmail": second},
    )
    assert errors[0]["message"] == f"contact.workEmail: already used by another {noun}"


async def test_personal_emails_and_missing_values_are_not_unique(tenant: Tenant) -> None:
    for _ in range(2):
        await add(tenant, "worker", contact={"personalEmail": "home@a.test"}, source={"sourceSystem": "hr"})


async def test_values_are_unique_per_table_and_organization(tenant: Tenant, other_tenant: Tenant) -> None:
    taken = {"contact": {"workEmail": "jo@a.test"}, "source": {"externalId": "E-1", "sourceSystem": "hr"}}
    for owner in (tenant, other_tenant):
        for noun in NOUNS:
            await add(owner, noun, **taken)


async def test_an_update_with_taken_values_is_refused(tenant: Tenant) -> None:
    await add(tenant, "worker", contact={"workEmail": "jo@a.test"}, source={"externalId": "E-1"})
    other = (await add(tenant, "worker", source={"externalId": "E-2"}))["id"]
    for field in ("workerUpdate", "workerReplace"):
        name = {"identity": {"displayName": "Other"}}
        by: dict[str, Any] = {"worker": {"id": other}, **name}
        await assert_refused(tenant, field, ("TAKEN", "contact.workEmail"), contact={"workEmail": "JO@a.test"}, **by)
        await assert_refused(tenant, field, ("TAKEN", "source.externalId"), source={"externalId": "E-1"}, **by)


async def test_a_deleted_persons_values_are_free(tenant: Tenant) -> None:
    taken = {"contact": {"workEmail": "jo@a.test"}, "source": {"externalId": "E-1", "sourceSystem": "hr"}}
    first = await add(tenant, "worker", **taken)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": first["id"]})
    assert (await add(tenant, "worker", **taken))["id"] != first["id"]


@pytest.mark.parametrize(
    ("taken", "path"),
    [
        ({"contact": {"workEmail": "jo@a.test"}}, "contact.workEmail"),
        ({"source": {"externalId": "E-1", "sourceSystem": "hr"}}, "source.externalId"),
    ],
)
async def test_of_twenty_concurrent_creations_one_succeeds(tenant: Tenant, taken: dict[str, Any], path: str) -> None:
    calls = [
        mutate(tenant, "workerCreate", "worker { id }", identity={"displayName": f"Racer {number}"}, **taken)
        for number in range(20)
    ]
    payloads = await asyncio.gather(*calls)
    assert sorted(map(str, map(error_paths, payloads))) == sorted(map(str, [[], *[[("TAKEN", path)]] * 19]))
    rows = await tenant.rows()
    assert len(rows["workers"]) == 1
    assert [row["kind"] for row in rows["events"] if row["subject_id"].startswith("wkr_")] == ["worker.created"]


@pytest.mark.parametrize("character", ["\ufeff", "\u200b", "\u00ad", "\u2060", "\u3164", "\u00a0"])
async def test_a_character_that_nobody_sees_makes_no_second_person(tenant: Tenant, character: str) -> None:
    await add(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "hr"}, contact={"workEmail": "jo@a.test"})
    name = {"identity": {"displayName": "Another"}}
    for path, content in (
        ("source.externalId", {"source": {"externalId": f"E{character}-1", "sourceSystem": "hr"}}),
        ("source.sourceSystem", {"source": {"externalId": "E-1", "sourceSystem": f"h{character}r"}}),
        ("contact.workEmail", {"contact": {"workEmail": f"j{character}o@a.test"}}),
        ("manager.externalId", {"manager": {"externalId": f"E{character}-1"}}),
    ):
        await assert_refused(tenant, "workerCreate", ("INVALID", path), **name, **content)
    before = await stored_rows(tenant)
    row = {**name, "source": {"externalId": f"E{character}-1", "sourceSystem": "hr"}}
    payload = await mutate(tenant, "workersUpsert", "results { status errors { code path } }", rows=[row])
    assert error_paths(payload["results"][0]) == [("INVALID", "rows.0.source.externalId")]
    assert await stored_rows(tenant) == before
    answer = await run_query(tenant, "worker", "id", by={"externalId": f"E{character}-1"})
    assert answer.data["worker"] is None


async def test_emails_that_differ_by_more_than_case_are_of_two_people(tenant: Tenant) -> None:
    addresses = ["jo@straße.test", "jo@strasse.test", "émile@a.test", "emile@a.test"]
    people = [(await add(tenant, "worker", contact={"workEmail": address}))["id"] for address in addresses]
    sought = ["JO@Straße.TEST", "JO@STRASSE.test", "ÉMILE@a.test", "Emile@A.test"]
    for address, person in zip(sought, people, strict=True):
        assert (await run_query(tenant, "worker", "id", by={"email": address})).data["worker"] == {"id": person}
    assert (await run_query(tenant, "worker", "id", by={"email": "jo@straẞe"})).data["worker"] is None
