"""Every change records an event of its kind in the request that made it, and one for each other record it changes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.credential_types import catalogue
from tests import files
from tests.calls import event_rows, mutate_ok, schema_type, send_mutation
from tests.service import Service, Tenant, credential_input

Recipe = Callable[[Tenant], Awaitable[dict[str, Any]]]
NAME = {"identity": {"displayName": "Jo"}}


async def person(tenant: Tenant, kind: str, *, deleted: bool = False) -> dict[str, Any]:
    one = (await mutate_ok(tenant, f"{kind}Create", f"{kind} {{ id }}", **NAME))["id"]
    if deleted:
        await mutate_ok(tenant, f"{kind}Delete", f"{kind} {{ id }}", **{kind: {"id": one}})
    return {kind: {"id": one}}


async def held(tenant: Tenant, *, deleted: bool = False) -> dict[str, Any]:
    one = await tenant.add_credential(await tenant.add_worker())
    if deleted:
        await mutate_ok(tenant, "credentialDelete", "credential { id }", id=one)
    return {"id": one}


async def kind_of(tenant: Tenant, *, archived: bool = False) -> dict[str, Any]:
    given = {"code": "FORKLIFT", "name": "Forklift", "category": "LICENSE"}
    one = (await mutate_ok(tenant, "credentialTypeCreate", "credentialType { id }", **given))["id"]
    if archived:
        await mutate_ok(tenant, "credentialTypeArchive", "credentialType { id }", id=one)
    return {"id": one}


async def unit(tenant: Tenant) -> dict[str, Any]:
    return {"id": (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", kind="SITE"))["id"]}


async def key(tenant: Tenant) -> dict[str, Any]:
    given = {"name": "Reader", "scopes": ["WORKERS_READ"]}
    answer = await send_mutation(tenant, "apiKeyCreate", "apiKey { id }", input=given)
    return {"id": answer.data["apiKeyCreate"]["apiKey"]["id"]}


async def new_credential(tenant: Tenant) -> dict[str, Any]:
    return credential_input(await tenant.add_worker())


async def replaced_credential(tenant: Tenant) -> dict[str, Any]:
    content = {name: part for name, part in credential_input("").items() if name != "owners"}
    return {**await held(tenant), **content, "verification": {"status": "ACTIVE"}}


def of(made: Callable[..., Awaitable[dict[str, Any]]], *arguments: Any, state: Any = None, **more: Any) -> Recipe:
    """Make a record in the state that a mutation needs; gives the mutation's input."""

    async def prepare(tenant: Tenant) -> dict[str, Any]:
        return {**await made(tenant, *arguments, **(state or {})), **more}

    return prepare


def plain(**given: Any) -> Recipe:
    """An input that needs nothing."""

    async def prepare(_tenant: Tenant) -> dict[str, Any]:
        return given

    return prepare


async def latest(tenant: Tenant) -> dict[str, Any]:
    given = await held(tenant)
    answer = await tenant.execute("query ($id: ID!) { credential(id: $id) { latestVersion { id } } }", given)
    return {"id": answer.data["credential"]["latestVersion"]["id"]}


async def several(tenant: Tenant) -> dict[str, Any]:
    return {"ids": [(await held(tenant))["id"]]}


async def shown(tenant: Tenant) -> dict[str, Any]:
    return {"id": await files.upload_file(tenant, (await held(tenant))["id"])}


async def put_away(tenant: Tenant) -> dict[str, Any]:
    given = await held(tenant)
    await mutate_ok(tenant, "credentialArchive", "credential { id }", **given)
    return given


async def applicant(tenant: Tenant) -> dict[str, Any]:
    return {"type": "APPLICANT", **(await person(tenant, "applicant"))["applicant"]}


async def linkable(tenant: Tenant, *, many: bool = False) -> dict[str, Any]:
    one = (await held(tenant))["id"]
    return {**({"credentialIds": [one]} if many else {"id": one}), "to": await applicant(tenant)}


async def linked(tenant: Tenant) -> dict[str, Any]:
    given = await linkable(tenant)
    await mutate_ok(tenant, "credentialLink", "credential { id }", **given)
    return {"id": given["id"]}


async def transferable(tenant: Tenant, *, many: bool = False) -> dict[str, Any]:
    worker = await tenant.add_worker()
    one = await tenant.add_credential(worker)
    to = {"type": "WORKER", "id": await tenant.add_worker("Another")}
    names = {"credentialIds": [one]} if many else {"id": one}
    return {**names, "from": {"type": "WORKER", "id": worker}, "to": to}


async def position(tenant: Tenant, *, archived: bool = False) -> dict[str, Any]:
    one = (await mutate_ok(tenant, "positionCreate", "position { id }", name="Night nurse"))["id"]
    if archived:
        await mutate_ok(tenant, "positionArchive", "position { id }", id=one)
    return {"id": one}


async def assignment(tenant: Tenant, *, over: bool = False) -> dict[str, Any]:
    given: dict[str, Any] = {"position": (await position(tenant))["id"], "workers": [await tenant.add_worker()]}
    if over:
        given |= {"from": "2026-01-01", "to": "2026-01-31"}
    answer = await send_mutation(tenant, "positionAssign", "results { assignment { id } }", input=given)
    return {"id": answer.data["positionAssign"]["results"][0]["assignment"]["id"]}


async def vacancy(tenant: Tenant) -> dict[str, Any]:
    return {"position": (await position(tenant))["id"], "workers": [await tenant.add_worker()]}


async def move(tenant: Tenant) -> dict[str, Any]:
    # What it ends is over already, so that only what it begins is told.
    return {**await assignment(tenant, over=True), "position": (await position(tenant))["id"], "on": "2026-02-01"}


RULE = {"name": "Needed", "scope": "ALL_WORKERS", "alternatives": ["WWCC_NSW"]}


async def rule(tenant: Tenant) -> dict[str, Any]:
    return {"id": (await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **RULE))["id"]}


async def released(tenant: Tenant) -> dict[str, Any]:
    worker = {"id": await tenant.add_worker()}
    return {"worker": worker, "requirement": {"credentialType": "WWCC_NSW"}, "reason": "On the way."}


async def exemption(tenant: Tenant) -> dict[str, Any]:
    return {"id": (await mutate_ok(tenant, "exemptionGrant", "exemption { id }", **await released(tenant)))["id"]}


async def asked(tenant: Tenant) -> dict[str, Any]:
    return {"workers": [await tenant.add_worker()], "types": [{"credentialType": "WWCC_NSW"}]}


async def request(tenant: Tenant, *, cancelled: bool = False, of: str = "id") -> dict[str, Any]:
    selection = "results { request { id credential { id } } }"
    answer = await send_mutation(tenant, "credentialRequestsCreate", selection, input=await asked(tenant))
    found = answer.data["credentialRequestsCreate"]["results"][0]["request"]
    if cancelled:
        await mutate_ok(tenant, "credentialRequestCancel", "credentialRequest { id }", id=found["id"])
    return {"id": found["id"] if of == "id" else found[of]["id"]}


async def updates(tenant: Tenant) -> dict[str, Any]:
    return {"updates": [{**await held(tenant), "verification": {"status": "ACTIVE"}}]}


NEW_NAME = {"identity": {"displayName": "Kim"}}
GONE, ARCHIVED = {"deleted": True}, {"archived": True}
RECIPES: dict[str, tuple[str, Recipe]] = {
    "organizationUpdate": ("organization.updated", plain(name="New")),
    "orgUnitCreate": ("orgUnit.created", plain(name="North", kind="SITE")),
    "orgUnitUpdate": ("orgUnit.updated", of(unit, name="South")),
    "orgUnitDelete": ("orgUnit.deleted", of(unit)),
    "workerCreate": ("worker.created", plain(**NAME)),
    "workerUpdate": ("worker.updated", of(person, "worker", **NEW_NAME)),
    "workerReplace": ("worker.updated", of(person, "worker", **NEW_NAME)),
    "workerDelete": ("worker.deleted", of(person, "worker")),
    "workerRestore": ("worker.restored", of(person, "worker", state=GONE)),
    "workersUpsert": ("worker.created", plain(rows=[{**NAME, "source": {"externalId": "1"}}])),
    "applicantCreate": ("applicant.created", plain(**NAME)),
    "applicantUpdate": ("applicant.updated", of(person, "applicant", **NEW_NAME)),
    "applicantReplace": ("applicant.updated", of(person, "applicant", **NEW_NAME)),
    "applicantDelete": ("applicant.deleted", of(person, "applicant")),
    "applicantRestore": ("applicant.restored", of(person, "applicant", state=GONE)),
    "credentialTypeCreate": (
        "credentialType.created",
        plain(code="FORKLIFT", name="Forklift", category="LICENSE"),
    ),
    "credentialTypeUpdate": ("credentialType.updated", of(kind_of, name="New")),
    "credentialTypeArchive": ("credentialType.archived", of(kind_of)),
    "credentialTypeRestore": ("credentialType.restored", of(kind_of, state=ARCHIVED)),
    "credentialCreate": ("credential.added", new_credential),
    "credentialUpdate": ("credential.updated", of(held, verification={"status": "ACTIVE"})),
    "credentialReplace": ("credential.updated", replaced_credential),
    "credentialDelete": ("credential.deleted", of(held)),
    "credentialUndelete": ("credential.undeleted", of(held, state=GONE)),
    "credentialVersionAdd": ("credential.versionAdded", of(held, issueDate="2025-05-01")),
    "credentialVersionEdit": ("credential.updated", of(latest, issueDate="2024-06-01")),
    "credentialApprove": ("credential.approved", of(held)),
    "credentialReject": ("credential.rejected", of(held)),
    "credentialsApprove": ("credential.approved", of(several)),
    "credentialsReject": ("credential.rejected", of(several)),
    "credentialLink": ("credential.linked", of(linkable)),
    "credentialUnlink": ("credential.unlinked", of(linked, ownerType="APPLICANT")),
    "credentialTransfer": ("credential.transferred", of(transferable)),
    "credentialsLink": ("credential.linked", of(linkable, state={"many": True})),
    "credentialsTransfer": ("credential.transferred", of(transferable, state={"many": True})),
    "credentialArchive": ("credential.archived", of(held)),
    "credentialRestore": ("credential.restored", of(put_away)),
    "credentialPurge": ("credential.purged", of(put_away, confirm=True)),
    "credentialsUpdate": ("credential.updated", updates),
    "attachmentDelete": ("credential.updated", shown),
    "positionCreate": ("position.created", plain(name="Night nurse")),
    "positionUpdate": ("position.updated", of(position, name="Day nurse")),
    "positionArchive": ("position.archived", of(position)),
    "positionRestore": ("position.restored", of(position, state=ARCHIVED)),
    "positionAssign": ("position.assigned", vacancy),
    "positionUnassign": ("position.unassigned", of(assignment)),
    "positionMove": ("position.assigned", move),
    "requirementRuleCreate": ("requirement.changed", plain(**RULE)),
    "requirementRuleUpdate": ("requirement.changed", of(rule, name="Other")),
    "requirementRuleDelete": ("requirement.changed", of(rule)),
    "exemptionGrant": ("exemption.granted", released),
    "exemptionRevoke": ("exemption.revoked", of(exemption)),
    "credentialRequestsCreate": ("credential.added, request.created", asked),
    "credentialRequestRemind": ("request.reminded", of(request)),
    "credentialRequestCancel": ("credential.updated, credential.archived, request.cancelled", of(request)),
    "credentialRequestResend": ("credential.added, request.created", of(request, state={"cancelled": True})),
    "credentialSubmit": (
        "credential.submitted",
        of(request, state={"of": "credential"}, referenceNumber="WWC1234567E"),
    ),
    "apiKeyCreate": ("apiKey.created", plain(name="Reader", scopes=["WORKERS_READ"])),
    "apiKeyRotate": ("apiKey.rotated", of(key)),
    "apiKeyRevoke": ("apiKey.revoked", of(key)),
}


def test_every_mutation_of_the_schema_is_tried_here() -> None:
    # What a check records comes with its finding: see credentials/verification.
    checks = {"credentialVerify", "credentialsVerify", "verificationResolve"}
    # What is recorded of a file comes with its bytes: see credentials/test_attachments.
    uploads = {"attachmentUploadCreate", "attachmentUploadComplete"}
    assert set(RECIPES) | checks | uploads == set(schema_type("Mutation").fields)


@pytest.mark.parametrize("field", sorted(RECIPES))
async def test_a_change_records_an_event_of_its_kind(tenant: Tenant, field: str) -> None:
    kinds, prepare = RECIPES[field]
    given = await prepare(tenant)
    before = {event["id"] for event in await event_rows(tenant)}
    answer = await send_mutation(tenant, field, input=given)
    assert answer.data[field]["errors"] == []
    recorded = [event for event in await event_rows(tenant) if event["id"] not in before]
    assert ", ".join(event["kind"] for event in recorded) == kinds
    rows = await tenant.rows()
    subjects = {row["id"] for table in rows.values() for row in table}
    for event in recorded:
        assert (event["actor_kind"], event["actor_name"]) == ("SERVICE", "Owner")
        assert event["actor_id"].removeprefix("key_") in tenant.key
        assert event["request_id"] == answer.headers["x-request-id"]
        assert event["changes"] != {} or not event["kind"].endswith(".updated")
        assert event["subject_id"] in subjects or field in ("orgUnitDelete", "credentialPurge")
        if event["subject_id"].startswith("wkr_"):
            assert event["worker_id"] == event["subject_id"]
        if event["subject_id"].startswith("cred_"):
            assert {row["worker_id"] for row in rows["credentials"]} <= {event["worker_id"]}


async def test_many_rows_record_one_event_each(tenant: Tenant) -> None:
    rows = [{**NAME, "source": {"externalId": str(number)}} for number in (1, 2, 2, 3)]
    rows[1] = {"source": {"externalId": "failed"}}
    before = len(await event_rows(tenant))
    await send_mutation(tenant, "workersUpsert", input={"rows": rows})
    assert [event["kind"] for event in (await event_rows(tenant))[before:]] == ["worker.created"] * 3


async def test_the_catalogue_is_recorded_as_it_is_stocked(service: Service) -> None:
    tenant = await Tenant.create(service, "Stocked", types=frozenset())
    async with service.database.writing("test") as session:
        await catalogue.install(session, tenant.actor)
    rows = await tenant.rows()
    told = [event["subject_id"] for event in rows["events"] if event["kind"] == "credentialType.created"]
    assert sorted(told) == sorted(row["id"] for row in rows["credential_types"])
    assert len(told) > 60
