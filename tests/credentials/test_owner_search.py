# ruff: noqa: RUF001 - characters that look alike are what is tested
"""Credentials are found by their owners' names, emails and external ids, whatever happens to the owners."""

import asyncio
from typing import Any

import pytest

from app.access import Scope
from tests.calls import mutate, mutate_ok, query_nodes, run_query
from tests.credentials import actions
from tests.service import Service, Tenant

PERSON = {
    "identity": {"displayName": "Dr Maya Nuñez-O’Hara", "firstName": "Maya", "middleName": "Inés", "lastName": "Nuñez"},
    "contact": {"workEmail": "Maya@straße.example", "personalEmail": "mimi@home.example", "phone": "0412 345 678"},
    "source": {"externalId": "HR-77", "sourceSystem": "hr"},
    "employment": {"jobTitle": "Zookeeper"},
}


async def found(tenant: Tenant, search: str, *, key: str | None = None, list: str = "credentials") -> list[str]:
    return sorted(node["id"] for node in await query_nodes(tenant, list, "id", search=search, key=key))


async def add_applicant(tenant: Tenant, name: str, **content: Any) -> str:
    applicant = await mutate_ok(
        tenant, "applicantCreate", "applicant { id }", identity={"displayName": name}, **content
    )
    return str(applicant["id"])


@pytest.fixture(scope="module")
async def zoo(service: Service) -> tuple[Tenant, str, str]:
    """Create an organization that no test changes, with two waiting credentials."""
    tenant = await Tenant.create(service, "Zoo")
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    maya = await tenant.add_worker("Dr Maya Nuñez-O’Hara", **PERSON)
    return (
        tenant,
        await actions.add_ticket(tenant, maya),
        await actions.add_ticket(tenant, await tenant.add_worker("Bo")),
    )


@pytest.mark.parametrize("list", ["credentials", "reviewQueue"])
@pytest.mark.parametrize(
    ("search", "is_found"),
    [
        ("maya", True),
        ("NUNEZ", True),
        ("o'hara", True),
        ("ines", True),
        ("maya@STRASSE.example", True),
        ("mimi@home", True),
        ("hr-77", True),
        ("site_ticket maya", True),
        ("maya bo", False),
        ("zookeeper", False),
        ("hr-78", False),
    ],
)
async def test_credentials_are_found_by_their_owner(
    zoo: tuple[Tenant, str, str], list: str, search: str, is_found: bool
) -> None:
    tenant, mayas, _ = zoo
    assert await found(tenant, search, list=list) == ([mayas] if is_found else [])
    answer = await run_query(tenant, list, "totalCount { count }", search=search)
    assert answer.data[list]["totalCount"]["count"] == int(is_found)


async def test_a_workers_own_list_is_searched_alike(zoo: tuple[Tenant, str, str]) -> None:
    tenant, mayas, _ = zoo
    text = '{ workers(search: "maya") { nodes { credentials(search: "nunez ticket") { nodes { id } } } } }'
    answer = await tenant.execute(text)
    assert answer.data["workers"]["nodes"] == [{"credentials": {"nodes": [{"id": mayas}]}}]


async def test_owners_whom_the_caller_may_not_read_are_not_guessed(zoo: tuple[Tenant, str, str]) -> None:
    tenant, mayas, _ = zoo
    blind = await tenant.create_key(Scope.CREDENTIALS_READ)
    seeing = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.WORKERS_READ)
    assert await found(tenant, "maya", key=blind) == []
    assert await found(tenant, "maya", key=seeing) == [mayas]
    assert len(await found(tenant, "ticket", key=blind)) == 2
    assert await found(tenant, "maya", key=blind) == []


async def test_a_restricted_key_does_not_search_applicants(tenant: Tenant) -> None:
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM"))["id"]
    worker = await tenant.add_worker("Kim", employment={"orgUnit": unit})
    hidden = await add_applicant(tenant, "Secretive")
    key = await tenant.add_credential(worker, owners={"applicant": {"id": hidden}})
    limited = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.WORKERS_READ, org_unit=unit)
    assert await found(tenant, "secretive") == [key]
    assert await found(tenant, "kim secretive") == [key]
    assert await found(tenant, "kim", key=limited) == [key]
    assert await found(tenant, "secretive", key=limited) == []


async def test_another_tenants_credentials_are_not_found(tenant: Tenant, other_tenant: Tenant) -> None:
    await tenant.add_credential(await tenant.add_worker("Unmistakable"))
    assert await found(other_tenant, "unmistakable") == []


@pytest.mark.parametrize("noun", ["worker", "applicant"])
@pytest.mark.parametrize("verb", ["Update", "Replace"])
async def test_credentials_follow_a_renamed_owner(tenant: Tenant, noun: str, verb: str) -> None:
    owner = await (tenant.add_worker("Before") if noun == "worker" else add_applicant(tenant, "Before"))
    owners = {"worker": None, noun: {"id": owner}}
    keys = sorted([await tenant.add_credential("", owners=owners) for _ in range(3)])
    other = await tenant.add_credential(await tenant.add_worker("Other"))
    before = {row["id"]: row["revision"] for row in (await tenant.rows())["credentials"]}
    assert await found(tenant, "before") == keys
    input = {noun: {"id": owner}, "identity": {"displayName": "After"}, "contact": {"workEmail": "new@a.example"}}
    await mutate_ok(tenant, f"{noun}{verb}", f"{noun} {{ id }}", **input, source={"externalId": "X-9"})
    assert await found(tenant, "before") == []
    for search in ("after", "new@a.example", "x-9", "after new@a x-9"):
        assert await found(tenant, search) == keys
    assert await found(tenant, "other") == [other]
    # The credentials themselves did not change.
    assert {row["id"]: row["revision"] for row in (await tenant.rows())["credentials"]} == before


async def test_credentials_follow_an_upsert_of_their_owners(tenant: Tenant) -> None:
    keys = {}
    for name in ("Ada", "Bea"):
        worker = await tenant.add_worker(name, source={"externalId": name, "sourceSystem": "hr"})
        keys[name] = await tenant.add_credential(worker)
    rows = [
        {
            "source": {"externalId": name, "sourceSystem": "hr"},
            "identity": {"displayName": f"New {name}", "lastName": name},
        }
        for name in keys
    ]
    await mutate(tenant, "workersUpsert", "total", rows=rows)
    assert await found(tenant, "new") == sorted(keys.values())
    assert await found(tenant, "new bea") == [keys["Bea"]]


async def test_credentials_follow_their_owners(tenant: Tenant) -> None:
    jo, kim, sam = await tenant.add_worker("Jo"), await tenant.add_worker("Kim"), await add_applicant(tenant, "Sam")
    key = await tenant.add_credential(jo)

    async def owners() -> list[str]:
        return [name for name in ("jo", "kim", "sam") if await found(tenant, name)]

    assert await owners() == ["jo"]
    await mutate_ok(
        tenant, "credentialTransfer", "credential { id }", id=key,
        **{"from": {"type": "WORKER", "id": jo}}, to={"type": "WORKER", "id": kim},
    )  # fmt: skip
    assert await owners() == ["kim"]
    await mutate_ok(tenant, "credentialLink", "credential { id }", id=key, to={"type": "APPLICANT", "id": sam})
    assert await owners() == ["kim", "sam"]
    await mutate_ok(tenant, "credentialUnlink", "credential { id }", id=key, ownerType="WORKER")
    assert await owners() == ["sam"]
    await mutate(
        tenant, "credentialsTransfer", "total", credentialIds=[key],
        **{"from": {"type": "APPLICANT", "id": sam}}, to={"type": "WORKER", "id": jo},
    )  # fmt: skip
    assert await owners() == ["jo"]


async def test_requested_credentials_are_found_by_their_owner(tenant: Tenant) -> None:
    worker = await tenant.add_worker("Requested One")
    input: dict[str, Any] = {"workers": [worker], "types": [{"credentialType": "WWCC_NSW"}]}
    await mutate(tenant, "credentialRequestsCreate", "total", **input)
    assert len(await found(tenant, "requested one")) == 1


async def test_a_rename_and_a_link_at_once_leave_the_new_name(tenant: Tenant) -> None:
    for number in range(5):
        jo, kim = await tenant.add_worker("Jo"), await tenant.add_worker(f"Old{number}")
        keys = sorted([await tenant.add_credential(jo) for _ in range(2)])
        move: dict[str, Any] = {"from": {"type": "WORKER", "id": jo}, "to": {"type": "WORKER", "id": kim}}
        await asyncio.gather(
            mutate(tenant, "workerUpdate", worker={"id": kim}, identity={"displayName": f"New{number}"}),
            *(
                mutate(tenant, "credentialTransfer", id=key, **move)
                for key in keys
            ),
            tenant.add_credential(kim),
        )  # fmt: skip
        assert await found(tenant, f"old{number}") == []
        assert len(await found(tenant, f"new{number}")) == 3


async def test_every_list_ignores_accents(tenant: Tenant) -> None:
    name = "Émilie’s Ñandú"
    key = await tenant.add_credential(await tenant.add_worker(name), identification={"displayName": name})
    rule = {"scope": "ALL_WORKERS", "alternatives": ["NPI"], "autoRequest": False}
    created: dict[str, tuple[str, dict[str, Any]]] = {
        "applicants": ("applicantCreate", {"identity": {"displayName": name}}),
        "positions": ("positionCreate", {"name": name}),
        "orgUnits": ("orgUnitCreate", {"name": name, "type": "TEAM"}),
        "requirementRules": ("requirementRuleCreate", {"name": name, **rule}),
        "credentialTypes": ("credentialTypeCreate", {"name": name, "code": "NANDU", "category": "LICENCE"}),
        "apiKeys": ("apiKeyCreate", {"name": name, "scopes": ["WORKERS_READ"]}),
    }
    for field, content in created.values():
        assert (await mutate(tenant, field, **content))["errors"] == []
    assert await found(tenant, "emilie's nandu") == [key]
    for list_name in created:
        if list_name in ("applicants", "credentialTypes"):
            arguments: dict[str, Any] = {"search": "EMILIE'S NANDU"}
        else:
            arguments = {"where": {"name": {"startsWith": "emilie's n"}}}
        assert len(await query_nodes(tenant, list_name, "id", **arguments)) == 1, list_name
