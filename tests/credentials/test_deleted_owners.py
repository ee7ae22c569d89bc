"""The records of deleted people: hidden, unchangeable, and back with them; and credentials that outlive an owner."""

from typing import Any

import pytest

from app.compliance.tables import CredentialRequest
from app.credentials.tables import OwnerType
from tests import files
from tests.calls import assert_refused, event_rows, mutate, mutate_ok, query_nodes, schema_type
from tests.compliance import requirement_calls
from tests.compliance.requirement_calls import add_rule, requested_codes
from tests.credentials import actions, consistency
from tests.credentials.actions import add_applicant, add_applicant_credential, add_requested, add_ticket
from tests.service import Tenant, ids_of

FILE = {"side": "OTHER", "fileName": "card.pdf"}


async def delete(tenant: Tenant, worker: str) -> None:
    """Delete a worker."""
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})


async def restore(tenant: Tenant, worker: str) -> None:
    """Restore a worker."""
    await mutate_ok(tenant, "workerUndelete", "worker { id }", worker={"id": worker})


async def assert_consistent(tenant: Tenant, key: str) -> None:
    """Assert that the credential's columns agree with its owners."""
    await consistency.assert_consistent(tenant, await actions.credential_row(tenant, key))


async def requests(tenant: Tenant, worker: str) -> list[tuple[str, str, bool]]:
    """Return the type, status and openness of a worker's requests, in the order they were raised."""
    nodes = await query_nodes(
        tenant,
        "credentialRequests",
        "credentialType { code } intakeStatus open",
        where={"worker": {"eq": worker}},
        includeDeleted=True,
    )
    return [(node["credentialType"]["code"], node["intakeStatus"], node["open"]) for node in reversed(nodes)]


async def test_deletion_withdraws_requests_and_restoration_raises_what_is_missing(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await add_rule(tenant)
    answered = await add_requested(tenant, "ANSWERED", worker)
    by_person = await add_requested(tenant, "BY_PERSON", worker)
    await actions.update_settings(tenant, approvalsEnabled=True)
    await actions.mutation_payload(tenant, "credentialSubmit", id=answered, referenceNumber="T-1")
    raised = await requests(tenant, worker)
    assert raised == [
        ("WWCC_NSW", "REQUESTED", True),
        ("ANSWERED", "SUBMITTED", True),
        ("BY_PERSON", "REQUESTED", True),
    ]
    await delete(tenant, worker)
    assert await requested_codes(tenant, worker) == []
    withdrawn = [
        ("WWCC_NSW", "CANCELLED", False),
        ("ANSWERED", "SUBMITTED", False),
        ("BY_PERSON", "CANCELLED", False),
    ]
    assert await requests(tenant, worker) == withdrawn
    row = await actions.credential_row(tenant, by_person)
    assert (row.intake.value, row.archived_at is not None) == ("CANCELLED", True)
    kinds = [event["kind"].value for event in await event_rows(tenant)]
    assert kinds.count("request.cancelled") == 2
    await restore(tenant, worker)
    # Two credentials with cancelled requests stay as they are; the answered one waits for its decision again.
    assert await requests(tenant, worker) == [
        withdrawn[0],
        ("ANSWERED", "SUBMITTED", True),
        withdrawn[2],
        ("WWCC_NSW", "REQUESTED", True),
    ]
    assert [row.worker_deleted for row in await requirement_calls.rows(tenant, CredentialRequest)] == [False] * 4


async def test_the_records_of_a_deleted_worker_do_not_change(tenant: Tenant, other_tenant: Tenant) -> None:
    worker, position = await tenant.add_worker(), await requirement_calls.add_position(tenant)
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    credential = await add_ticket(tenant, worker)
    attachment = await mutate_ok(tenant, "attachmentUploadCreate", "attachment { id }", credential=credential, **FILE)
    [version] = await actions.version_rows(tenant, credential)
    archived, deleted = await add_ticket(tenant, worker), await add_ticket(tenant, worker)
    await actions.mutation_payload(tenant, "credentialArchive", id=archived)
    await actions.mutation_payload(tenant, "credentialDelete", id=deleted)
    requested = await add_requested(tenant, "REQUESTED", worker)
    [request] = await requirement_calls.requests(tenant)
    [assignment] = await requirement_calls.assign(tenant, position, worker)
    cook = await requirement_calls.add_position(tenant, "Cook")
    exemption = await mutate_ok(
        tenant,
        "exemptionGrant",
        "exemption { id }",
        worker={"id": worker},
        requirement={"credentialType": "WWCC_NSW"},
        reason="On a course.",
    )
    await delete(tenant, worker)
    name = {"identification": {"displayName": "New"}}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("credentialUpdate", "id", {"id": credential, **name}),
        ("credentialVersionAdd", "id", {"id": credential, "expiryDate": "2031-01-01"}),
        ("credentialVersionEdit", "id", {"id": version.id, "expiryDate": "2031-01-01"}),
        ("credentialApprove", "id", {"id": credential}),
        ("credentialReject", "id", {"id": credential, "reason": "No."}),
        ("credentialVerify", "id", {"id": credential}),
        ("credentialArchive", "id", {"id": credential}),
        ("credentialUnarchive", "id", {"id": archived}),
        ("credentialDelete", "id", {"id": credential}),
        ("credentialUndelete", "id", {"id": deleted}),
        ("credentialSubmit", "id", {"id": requested}),
        ("attachmentUploadCreate", "credential", {"credential": credential, **FILE}),
        ("attachmentDelete", "id", {"id": attachment["id"]}),
        ("credentialRequestRemind", "worker", {"id": request.id}),
        ("credentialRequestCancel", "worker", {"id": request.id}),
        ("credentialRequestResend", "worker", {"id": request.id}),
        ("exemptionRevoke", "worker", {"id": exemption["id"]}),
        ("positionUnassign", "worker", {"id": assignment}),
        ("positionMove", "worker", {"id": assignment, "position": cook}),
    ]
    for field, path, input in calls:
        await assert_refused(tenant, field, ("DELETED", path), **input)
        unseen = "credential" if path == "credential" else "id"
        await assert_refused(other_tenant, field, ("NOT_FOUND", unseen), **input)
    for field in ("credentialsApprove", "credentialsReject"):
        content = {"reason": "No."} if field == "credentialsReject" else {}
        payload = await mutate(tenant, field, "results { errors { code } }", ids=[credential], **content)
        assert payload["results"] == [{"errors": [{"code": "DELETED"}]}]
    for kind, key, able in (
        ("Credential", credential, ["Link", "Transfer", "Purge"]),
        ("CredentialRequest", request.id, []),
        ("Exemption", exemption["id"], []),
    ):
        names = [name for name in schema_type(kind).fields if name.startswith("viewerCan")]
        shown = await requirement_calls.show(tenant, kind, key, " ".join(names))
        assert [name for name in names if shown[name]] == [f"viewerCan{name}" for name in able], kind
    await restore(tenant, worker)
    for field, _, input in calls:
        if field in ("credentialUpdate", "attachmentDelete", "credentialUndelete", "exemptionRevoke", "positionMove"):
            assert (await mutate(tenant, field, **input))["errors"] == [], field


@pytest.mark.parametrize("rescue", ["credentialTransfer", "credentialsTransfer", "credentialLink", "restore"])
async def test_a_credential_is_rescued_from_a_deleted_worker(tenant: Tenant, rescue: str) -> None:
    gone, heir, applicant = await tenant.add_worker(), await tenant.add_worker("Kim"), await add_applicant(tenant)
    key = await tenant.add_credential(gone)
    await delete(tenant, gone)
    await assert_consistent(tenant, key)
    assert await query_nodes(tenant, "credentials", "id") == []
    source, to = {"type": "WORKER", "id": gone}, {"type": "WORKER", "id": heir}
    # Nobody who is deleted may receive it.
    await assert_refused(tenant, "credentialTransfer", ("DELETED", "to"), id=key, **{"from": source, "to": source})
    match rescue:
        case "credentialTransfer":
            await actions.mutation_payload(tenant, rescue, "status", id=key, **{"from": source, "to": to})
        case "credentialsTransfer":
            payload = await mutate(tenant, rescue, "results { status }", **{"from": source, "to": to})
            assert payload["results"] == [{"status": "TRANSFERRED"}]
        case "credentialLink":
            await actions.mutation_payload(tenant, rescue, "status", id=key, to={"type": "APPLICANT", "id": applicant})
        case _:
            await restore(tenant, gone)
    await assert_consistent(tenant, key)
    assert ids_of(await query_nodes(tenant, "credentials", "id")) == [key]
    await actions.mutation_payload(tenant, "credentialUpdate", id=key, identification={"displayName": "Mine"})


async def test_a_credential_of_a_deleted_worker_can_be_purged(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key = await tenant.add_credential(worker)
    await assert_refused(tenant, "credentialPurge", ("NOT_ARCHIVED", "id"), id=key, confirm=True)
    await delete(tenant, worker)
    await actions.mutation_payload(tenant, "credentialPurge", "purgedId", id=key, confirm=True)


async def test_a_credential_lives_on_through_its_other_owner(tenant: Tenant) -> None:
    worker, applicant = await tenant.add_worker(), await add_applicant(tenant)
    key = await add_applicant_credential(tenant, applicant)
    await actions.mutation_payload(tenant, "credentialLink", "status", id=key, to={"type": "WORKER", "id": worker})
    owners = [("worker", worker), ("applicant", applicant)]
    for order in (owners, owners[::-1]):
        (first, first_id), (second, second_id) = order
        await mutate_ok(tenant, f"{first}Delete", f"{first} {{ id }}", **{first: {"id": first_id}})
        await assert_consistent(tenant, key)
        assert (await actions.credential_row(tenant, key)).living_owner is OwnerType(second.upper())
        await actions.mutation_payload(tenant, "credentialUpdate", id=key, identification={"displayName": first})
        await mutate_ok(tenant, f"{second}Delete", f"{second} {{ id }}", **{second: {"id": second_id}})
        await assert_consistent(tenant, key)
        await assert_refused(tenant, "credentialArchive", ("DELETED", "id"), id=key)
        for name, person in order:
            await mutate_ok(tenant, f"{name}Undelete", f"{name} {{ id }}", **{name: {"id": person}})
        await assert_consistent(tenant, key)


async def test_an_upload_that_outlasts_its_worker_is_refused(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await actions.add_type(tenant)
    key = await add_ticket(tenant, worker)
    upload = await files.create_upload(tenant, key)
    await delete(tenant, worker)
    response = await files.put_bytes(tenant, upload.url, files.PNG)
    assert (response.status_code, response.json()["code"]) == (409, "DELETED")
