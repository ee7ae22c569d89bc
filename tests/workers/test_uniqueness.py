"""What is unique among the people of an organization, also when many calls come at once."""

import asyncio
from typing import Any

import pytest

from tests.calls import assert_refused, mutate, mutate_ok
from tests.service import Tenant, error_paths

KINDS = ["worker", "applicant"]


async def add(tenant: Tenant, kind: str, **content: Any) -> Any:
    given = {"identity": {"displayName": "Somebody"}, **content}
    return await mutate_ok(tenant, f"{kind}Create", f"{kind} {{ id revision }}", **given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("system", [{"sourceSystem": "hr"}, {}, {"sourceSystem": "  hr "}])
async def test_an_external_id_is_taken_once_in_its_system(tenant: Tenant, kind: str, system: dict[str, str]) -> None:
    await add(tenant, kind, source={"externalId": "E-1", **system})
    errors = await assert_refused(
        tenant,
        f"{kind}Create",
        ("TAKEN", "source.externalId"),
        identity={"displayName": "Another"},
        source={"externalId": " E-1 ", **({"sourceSystem": "hr"} if system else {})},
    )
    assert errors[0]["__typename"] == "TakenError"
    assert errors[0]["message"] == f"source.externalId: already used by another {kind} of this sourceSystem"


async def test_another_system_or_another_case_is_another_external_id(tenant: Tenant) -> None:
    await add(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "hr"})
    await add(tenant, "worker", source={"externalId": "E-1", "sourceSystem": "payroll"})
    await add(tenant, "worker", source={"externalId": "E-1"})
    await add(tenant, "worker", source={"externalId": "e-1", "sourceSystem": "hr"})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("first", "second"), [("jo@a.test", "JO@A.test"), ("Émile@a.test", "éMILE@A.TEST")])
async def test_a_work_email_is_taken_once_whatever_its_case(tenant: Tenant, kind: str, first: str, second: str) -> None:
    await add(tenant, kind, contact={"workEmail": first})
    errors = await assert_refused(
        tenant,
        f"{kind}Create",
        ("TAKEN", "contact.workEmail"),
        identity={"displayName": "Another"},
        contact={"workEmail": second},
    )
    assert errors[0]["message"] == f"contact.workEmail: already used by another {kind}"


async def test_personal_emails_and_missing_values_are_shared_freely(tenant: Tenant) -> None:
    for _ in range(2):
        await add(tenant, "worker", contact={"personalEmail": "home@a.test"}, source={"sourceSystem": "hr"})


async def test_workers_applicants_and_organizations_do_not_compete(tenant: Tenant, other_tenant: Tenant) -> None:
    taken = {"contact": {"workEmail": "jo@a.test"}, "source": {"externalId": "E-1", "sourceSystem": "hr"}}
    for owner in (tenant, other_tenant):
        for kind in KINDS:
            await add(owner, kind, **taken)


async def test_an_update_cannot_take_what_another_has(tenant: Tenant) -> None:
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
async def test_of_twenty_creations_at_once_one_wins(tenant: Tenant, taken: dict[str, Any], path: str) -> None:
    calls = [
        mutate(tenant, "workerCreate", "worker { id }", identity={"displayName": f"Racer {number}"}, **taken)
        for number in range(20)
    ]
    payloads = await asyncio.gather(*calls)
    assert sorted(map(str, map(error_paths, payloads))) == sorted(map(str, [[], *[[("TAKEN", path)]] * 19]))
    rows = await tenant.rows()
    assert len(rows["workers"]) == 1
    assert [row["kind"] for row in rows["events"] if row["subject_id"].startswith("wkr_")] == ["worker.created"]
