"""Every mutation records an event of its kind with the request id, and one for each other record that it changes."""

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
    key = (await mutate_ok(tenant, f"{kind}Create", f"{kind} {{ id }}", **NAME))["id"]
    if deleted:
        await mutate_ok(tenant, f"{kind}Delete", f"{kind} {{ id }}", **{kind: {"id": key}})
    return {kind: {"id": key}}


async def credential(tenant: Tenant, *, deleted: bool = False) -> dict[str, Any]:
    key = await tenant.add_credential(await tenant.add_worker())
    if deleted:
        await mutate_ok(tenant, "credentialDelete", "credential { id }", id=key)
    return {"id": key}


async def credential_type(tenant: Tenant, *, archived: bool = False) -> dict[str, Any]:
    input = {"code": "FORKLIFT", "name": "Forklift", "category": "LICENCE"}
    key = (await mutate_ok(tenant, "credentialTypeCreate", "credentialType { id }", **input))["id"]
    if archived:
        await mutate_ok(tenant, "credentialTypeArchive", "credentialType { id }", id=key)
    return {"id": key}


async def unit(tenant: Tenant) -> dict[str, Any]:
    return {"id": (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", type="SITE"))["id"]}


async def api_key(tenant: Tenant) -> dict[str, Any]:
    input = {"name": "Reader", "scopes": ["WORKERS_READ"]}
    answer = await send_mutation(tenant, "apiKeyCreate", "apiKey { id }", input=input)
    return {"id": answer.data["apiKeyCreate"]["apiKey"]["id"]}


async def new_credential(tenant: Tenant) -> dict[str, Any]:
    return credential_input(await tenant.add_worker())


async def replaced_credential(tenant: Tenant) -> dict[str, Any]:
    content = {name: part for name, part in credential_input("").items() if name != "owners"}
    return {**await credential(tenant), **content, "verification": {"status": "ACTIVE"}}


def prepared(
    create: Callable[..., Awaitable[dict[str, Any]]], *arguments: Any, state: Any = None, **values: Any
) -> Recipe:
    """Return a recipe that creates a record in the state that a mutation needs, and returns the mutation's input."""

    async def prepare(tenant: Tenant) -> dict[str, Any]:
        return {**await create(tenant, *arguments, **(state or {})), **values}

    return prepare


def input_only(**input: Any) -> Recipe:
    """Return a recipe for a mutation that needs no record."""

    async def prepare(_tenant: Tenant) -> dict[str, Any]:
        return input

    return prepare


async def latest_version(tenant: Tenant) -> dict[str, Any]:
    input = await credential(tenant)
    answer = await tenant.execute("query ($id: ID!) { credential(by: {id: $id}) { latestVersion { id } } }", input)
    return {"id": answer.data["credential"]["latestVersion"]["id"]}


async def credential_list(tenant: Tenant) -> dict[str, Any]:
    return {"ids": [(await credential(tenant))["id"]]}


async def attachment(tenant: Tenant) -> dict[str, Any]:
    return {"id": await files.upload_file(tenant, (await credential(tenant))["id"])}


async def archived_credential(tenant: Tenant) -> dict[str, Any]:
    input = await credential(tenant)
    await mutate_ok(tenant, "credentialArchive", "credential { id }", **input)
    return input


async def applicant(tenant: Tenant) -> dict[str, Any]:
    return {"type": "APPLICANT", **(await person(tenant, "applicant"))["applicant"]}


async def link(tenant: Tenant, *, many: bool = False) -> dict[str, Any]:
    key = (await credential(tenant))["id"]
    return {**({"credentialIds": [key]} if many else {"id": key}), "to": await applicant(tenant)}


async def linked_credential(tenant: Tenant) -> dict[str, Any]:
    input = await link(tenant)
    await mutate_ok(tenant, "credentialLink", "credential { id }", **input)
    return {"id": input["id"]}


async def transfer(tenant: Tenant, *, many: bool = False) -> dict[str, Any]:
    worker = await tenant.add_worker()
    key = await tenant.add_credential(worker)
    to = {"type": "WORKER", "id": await tenant.add_worker("Another")}
    names = {"credentialIds": [key]} if many else {"id": key}
    return {**names, "from": {"type": "WORKER", "id": worker}, "to": to}


async def position(tenant: Tenant, *, archived: bool = False) -> dict[str, Any]:
    key = (await mutate_ok(tenant, "positionCreate", "position { id }", name="Night nurse"))["id"]
    if archived:
        await mutate_ok(tenant, "positionArchive", "position { id }", id=key)
    return {"id": key}


async def assignment(tenant: Tenant, *, over: bool = False) -> dict[str, Any]:
    input: dict[str, Any] = {"position": (await position(tenant))["id"], "workers": [await tenant.add_worker()]}
    if over:
        input |= {"startsOn": "2026-01-01", "endsOn": "2026-01-31"}
    answer = await send_mutation(tenant, "positionAssign", "results { assignment { id } }", input=input)
    return {"id": answer.data["positionAssign"]["results"][0]["assignment"]["id"]}


async def new_assignment(tenant: Tenant) -> dict[str, Any]:
    return {"position": (await position(tenant))["id"], "workers": [await tenant.add_worker()]}


async def move(tenant: Tenant) -> dict[str, Any]:
    # The old assignment has ended already, so that only the new one is recorded.
    return {**await assignment(tenant, over=True), "position": (await position(tenant))["id"], "startsOn": "2026-02-01"}


RULE = {"name": "Needed", "scope": "ALL_WORKERS", "alternatives": ["WWCC_NSW"]}


async def rule(tenant: Tenant, *, deleted: bool = False) -> dict[str, Any]:
    by = {"id": (await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **RULE))["id"]}
    if deleted:
        await mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", **by)
    return by


async def new_exemption(tenant: Tenant) -> dict[str, Any]:
    worker = {"id": await tenant.add_worker()}
    return {"worker": worker, "requirement": {"credentialType": "WWCC_NSW"}, "reason": "On the way."}


async def exemption(tenant: Tenant) -> dict[str, Any]:
    return {"id": (await mutate_ok(tenant, "exemptionGrant", "exemption { id }", **await new_exemption(tenant)))["id"]}


async def new_request(tenant: Tenant) -> dict[str, Any]:
    return {"workers": [await tenant.add_worker()], "types": [{"credentialType": "WWCC_NSW"}]}


async def request(tenant: Tenant, *, cancelled: bool = False, of: str = "id") -> dict[str, Any]:
    selection = "results { request { id credential { id } } }"
    answer = await send_mutation(tenant, "credentialRequestsCreate", selection, input=await new_request(tenant))
    created = answer.data["credentialRequestsCreate"]["results"][0]["request"]
    if cancelled:
        await mutate_ok(tenant, "credentialRequestCancel", "credentialRequest { id }", id=created["id"])
    return {"id": created["id"] if of == "id" else created[of]["id"]}


async def updates(tenant: Tenant) -> dict[str, Any]:
    return {"updates": [{**await credential(tenant), "verification": {"status": "ACTIVE"}}]}


NEW_NAME = {"identity": {"displayName": "Kim"}}
DELETED, ARCHIVED = {"deleted": True}, {"archived": True}
RECIPES: dict[str, tuple[str, Recipe]] = {
    "organizationUpdate": ("organization.updated", input_only(name="New")),
    "orgUnitCreate": ("orgUnit.created", input_only(name="North", type="SITE")),
    "orgUnitUpdate": ("orgUnit.updated", prepared(unit, name="South")),
    "orgUnitDelete": ("orgUnit.deleted", prepared(unit)),
    "workerCreate": ("worker.created", input_only(**NAME)),
    "workerUpdate": ("worker.updated", prepared(person, "worker", **NEW_NAME)),
    "workerReplace": ("worker.updated", prepared(person, "worker", **NEW_NAME)),
    "workerDelete": ("worker.deleted", prepared(person, "worker")),
    "workerUndelete": ("worker.restored", prepared(person, "worker", state=DELETED)),
    "workersUpsert": ("worker.created", input_only(rows=[{**NAME, "source": {"externalId": "1"}}])),
    "applicantCreate": ("applicant.created", input_only(**NAME)),
    "applicantUpdate": ("applicant.updated", prepared(person, "applicant", **NEW_NAME)),
    "applicantReplace": ("applicant.updated", prepared(person, "applicant", **NEW_NAME)),
    "applicantDelete": ("applicant.deleted", prepared(person, "applicant")),
    "applicantUndelete": ("applicant.restored", prepared(person, "applicant", state=DELETED)),
    "credentialTypeCreate": (
        "credentialType.created",
        input_only(code="FORKLIFT", name="Forklift", category="LICENCE"),
    ),
    "credentialTypeUpdate": ("credentialType.updated", prepared(credential_type, name="New")),
    "credentialTypeArchive": ("credentialType.archived", prepared(credential_type)),
    "credentialTypeUnarchive": ("credentialType.restored", prepared(credential_type, state=ARCHIVED)),
    "credentialCreate": ("credential.added", new_credential),
    "credentialUpdate": ("credential.updated", prepared(credential, verification={"status": "ACTIVE"})),
    "credentialReplace": ("credential.updated", replaced_credential),
    "credentialDelete": ("credential.deleted", prepared(credential)),
    "credentialUndelete": ("credential.undeleted", prepared(credential, state=DELETED)),
    "credentialVersionAdd": ("credential.versionAdded", prepared(credential, issueDate="2025-05-01")),
    "credentialVersionEdit": ("credential.updated", prepared(latest_version, issueDate="2024-06-01")),
    "credentialApprove": ("credential.approved", prepared(credential)),
    "credentialReject": ("credential.rejected", prepared(credential)),
    "credentialsApprove": ("credential.approved", prepared(credential_list)),
    "credentialsReject": ("credential.rejected", prepared(credential_list)),
    "credentialLink": ("credential.linked", prepared(link)),
    "credentialUnlink": ("credential.unlinked", prepared(linked_credential, ownerType="APPLICANT")),
    "credentialTransfer": ("credential.transferred", prepared(transfer)),
    "credentialsLink": ("credential.linked", prepared(link, state={"many": True})),
    "credentialsTransfer": ("credential.transferred", prepared(transfer, state={"many": True})),
    "credentialArchive": ("credential.archived", prepared(credential)),
    "credentialUnarchive": ("credential.restored", prepared(archived_credential)),
    "credentialPurge": ("credential.purged", prepared(archived_credential, confirm=True)),
    "credentialsUpdate": ("credential.updated", updates),
    "attachmentDelete": ("credential.updated", attachment),
    "positionCreate": ("position.created", input_only(name="Night nurse")),
    "positionUpdate": ("position.updated", prepared(position, name="Day nurse")),
    "positionArchive": ("position.archived", prepared(position)),
    "positionUnarchive": ("position.restored", prepared(position, state=ARCHIVED)),
    "positionAssign": ("position.assigned", new_assignment),
    "positionUnassign": ("position.unassigned", prepared(assignment)),
    "positionMove": ("position.assigned", move),
    "requirementRuleCreate": ("requirement.changed", input_only(**RULE)),
    "requirementRuleUpdate": ("requirement.changed", prepared(rule, name="Other")),
    "requirementRuleDelete": ("requirement.changed", prepared(rule)),
    "requirementRuleUndelete": ("requirement.changed", prepared(rule, state=DELETED)),
    "exemptionGrant": ("exemption.granted", new_exemption),
    "exemptionRevoke": ("exemption.revoked", prepared(exemption)),
    "credentialRequestsCreate": ("credential.added, request.created", new_request),
    "credentialRequestRemind": ("request.reminded", prepared(request)),
    "credentialRequestCancel": ("credential.updated, credential.archived, request.cancelled", prepared(request)),
    "credentialRequestResend": ("credential.added, request.created", prepared(request, state={"cancelled": True})),
    "credentialSubmit": (
        "credential.submitted",
        prepared(request, state={"of": "credential"}, referenceNumber="WWC1234567E"),
    ),
    "apiKeyCreate": ("apiKey.created", input_only(name="Reader", scopes=["WORKERS_READ"])),
    "apiKeyRotate": ("apiKey.rotated", prepared(api_key)),
    "apiKeyRevoke": ("apiKey.revoked", prepared(api_key)),
}


def test_every_mutation_of_the_schema_has_a_recipe() -> None:
    # A check records its event with its result: see credentials/verification.
    checks = {"credentialVerify", "credentialsVerify", "verificationResolve"}
    # A file records its event after the upload: see credentials/test_attachments.
    uploads = {"attachmentUploadCreate", "attachmentUploadComplete"}
    fields = schema_type("Mutation").fields
    current = {name for name, field in fields.items() if field.deprecation_reason is None}
    assert set(RECIPES) | checks | uploads == current


@pytest.mark.parametrize("field", sorted(RECIPES))
async def test_a_mutation_records_an_event_of_its_kind(tenant: Tenant, field: str) -> None:
    kinds, prepare = RECIPES[field]
    input = await prepare(tenant)
    before = {event["id"] for event in await event_rows(tenant)}
    answer = await send_mutation(tenant, field, input=input)
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


async def test_each_upserted_row_records_one_event(tenant: Tenant) -> None:
    rows = [{**NAME, "source": {"externalId": str(number)}} for number in (1, 2, 2, 3)]
    rows[1] = {"source": {"externalId": "failed"}}
    before = len(await event_rows(tenant))
    await send_mutation(tenant, "workersUpsert", input={"rows": rows})
    assert [event["kind"] for event in (await event_rows(tenant))[before:]] == ["worker.created"] * 3


async def test_installing_the_catalogue_records_its_types(service: Service) -> None:
    tenant = await Tenant.create(service, "Stocked", types=frozenset())
    async with service.database.writing("test") as session:
        await catalogue.install(session, tenant.actor)
    rows = await tenant.rows()
    subjects = [event["subject_id"] for event in rows["events"] if event["kind"] == "credentialType.created"]
    assert sorted(subjects) == sorted(row["id"] for row in rows["credential_types"])
    assert len(subjects) > 60
