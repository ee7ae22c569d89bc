"""The files of a credential: announcing, uploading and removing them, their permissions and refusals."""

from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.attachments import content
from app.attachments.content import MAX_FILE_NAME_LENGTH
from app.credentials.files import version_files
from app.credentials.files.tables import Attachment, AttachmentSide
from app.credentials.tables import ApprovalStatus, VersionChange
from tests import calls, files
from tests.calls import assert_refused
from tests.credentials import actions
from tests.credentials.actions import mutation_payload, query_credential
from tests.oidc import Issuer
from tests.service import Tenant, error_paths
from tests.statement_counter import recorded_statements

CREATE, COMPLETE, DELETE = "attachmentUploadCreate", "attachmentUploadComplete", "attachmentDelete"
LISTED = "revision attachments { nodes { side fileName status } } latestVersion { attachments { nodes { fileName } } }"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    """Provide a credential."""
    return await tenant.add_credential(await tenant.add_worker())


def front_input(key: str, **more: Any) -> dict[str, Any]:
    """Return the input that announces a file."""
    return {"credential": key, "side": "FRONT", "fileName": "front.png", **more}


async def activity(tenant: Tenant, key: str) -> list[tuple[str | None, str | None]]:
    """Return the recorded file changes of the latest version, oldest first."""
    selection = "latestVersion { history(where: {field: {eq: MEDIA_FILES}}, last: 100) { nodes { before after } } }"
    shown = await query_credential(tenant, key, selection)
    return [(node["before"], node["after"]) for node in shown["latestVersion"]["history"]["nodes"]][::-1]


async def test_nothing_is_attached_until_the_bytes_are_there(tenant: Tenant, key: str) -> None:
    before = await actions.events_of(tenant, key)
    announced = await files.create_upload(tenant, key)
    shown = await files.query_attachment(tenant, announced.id)
    assert (shown["status"], shown["mediaType"], shown["size"], shown["sha256"]) == ("EXPECTED", None, None, None)
    assert (shown["version"], shown["download"]) == (None, None)
    nothing = {"revision": 1, "attachments": {"nodes": []}, "latestVersion": {"attachments": {"nodes": []}}}
    assert await query_credential(tenant, key, LISTED) == nothing
    assert await actions.events_of(tenant, key) == before
    await assert_refused(tenant, COMPLETE, ("NOT_UPLOADED", "id"), id=announced.id)
    response = await files.put_bytes(tenant, announced.url, files.PNG)
    assert response.status_code == 201
    assert (await query_credential(tenant, key, LISTED))["attachments"]["nodes"] == [
        {"side": "FRONT", "fileName": "front.png", "status": "ATTACHED"}
    ]
    [event] = (await actions.events_of(tenant, key))[len(before) :]
    assert (event.kind.value, event.actor_kind.value, event.actor_name) == ("credential.updated", "SERVICE", "Owner")
    assert event.actor_id.removeprefix("key_") in tenant.key
    assert event.request_id == response.headers["x-request-id"]


async def test_a_file_changes_the_latest_version_as_an_edit_does(tenant: Tenant, key: str) -> None:
    first = await files.upload_file(tenant, key)
    await files.upload_file(tenant, key, "BACK", files.PDF, "back.pdf")
    shown = await query_credential(tenant, key, LISTED)
    assert shown["revision"] == 3
    assert shown["latestVersion"]["attachments"]["nodes"] == [{"fileName": "front.png"}, {"fileName": "back.pdf"}]
    assert await activity(tenant, key) == [(None, "FRONT front.png"), (None, "BACK back.pdf")]
    events = await actions.events_of(tenant, key)
    assert [event.kind.value for event in events[1:]] == ["credential.updated"] * 2
    assert events[-1].changes == {
        "mediaFiles": {"from": ["FRONT front.png"], "to": ["FRONT front.png", "BACK back.pdf"]},
        "number": {"from": 1, "to": 1},
    }
    payload = await mutation_payload(
        tenant, DELETE, "deletedId credential { revision attachments { nodes { id } } }", id=first
    )
    assert (payload["deletedId"], payload["credential"]["revision"]) == (first, 4)
    assert len(payload["credential"]["attachments"]["nodes"]) == 1
    assert (await activity(tenant, key))[-1] == ("FRONT front.png", None)
    assert (await actions.events_of(tenant, key))[-1].changes["mediaFiles"] == {
        "from": ["FRONT front.png", "BACK back.pdf"],
        "to": ["BACK back.pdf"],
    }
    # The side is free again.
    await files.upload_file(tenant, key, content=files.JPEG, name="again.jpg")


@pytest.mark.parametrize("media_type", files.SAMPLES)
async def test_every_accepted_type_is_detected_by_its_bytes(tenant: Tenant, key: str, media_type: str) -> None:
    sent = await files.upload_file(tenant, key, "OTHER", files.SAMPLES[media_type], "whatever.txt")
    shown = await files.query_attachment(tenant, sent)
    assert (shown["mediaType"], shown["fileName"]) == (media_type, f"whatever.{content.SUFFIXES[media_type]}")
    assert shown["size"] == len(files.SAMPLES[media_type])


async def test_a_new_file_requires_another_review(tenant: Tenant) -> None:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    key = await actions.add_ticket(tenant, await tenant.add_worker())
    await mutation_payload(tenant, "credentialApprove", id=key)
    sent = await files.upload_file(tenant, key)
    assert [version.approval for version in await actions.version_rows(tenant, key)] == [ApprovalStatus.PENDING]
    assert (await actions.credential_row(tenant, key)).effective_version_id is None
    assert (await actions.events_of(tenant, key))[-1].changes["approval.status"] == {
        "from": "APPROVED",
        "to": "PENDING",
    }
    await mutation_payload(tenant, "credentialApprove", id=key)
    await mutation_payload(tenant, DELETE, id=sent)
    assert [version.approval for version in await actions.version_rows(tenant, key)] == [ApprovalStatus.PENDING]


async def test_a_version_keeps_its_files_when_another_follows(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    await actions.add_version(tenant, key, expiryDate="2031-01-01")
    assert (await query_credential(tenant, key, LISTED))["attachments"]["nodes"] == []
    shown = await query_credential(
        tenant, key, "versions { nodes { number attachments { nodes { id } totalCount { count } } } }"
    )
    assert [(node["number"], len(node["attachments"]["nodes"])) for node in shown["versions"]["nodes"]] == [
        (2, 0),
        (1, 1),
    ]
    await assert_refused(tenant, DELETE, ("NOT_LATEST_VERSION", "id"), id=sent)
    # The side is taken in the previous version, not in this one.
    await files.upload_file(tenant, key)


async def test_unsupported_sides_are_refused(tenant: Tenant) -> None:
    await actions.add_type(tenant, supports=["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT"])
    key = await actions.add_ticket(tenant, await tenant.add_worker())
    await assert_refused(tenant, CREATE, ("UNSUPPORTED_METADATA", "side"), **front_input(key, side="BACK"))
    await files.upload_file(tenant, key)
    await files.upload_file(tenant, key, "OTHER")


async def test_a_side_that_is_taken_is_refused(tenant: Tenant, key: str) -> None:
    await files.upload_file(tenant, key)
    await assert_refused(tenant, CREATE, ("TAKEN", "side"), **front_input(key))
    for _ in range(2):
        await files.upload_file(tenant, key, "OTHER")


async def test_a_version_has_a_limited_number_of_files(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key, "OTHER")
    async with tenant.service.database.writing("test") as session:
        row = await session.get_row(Attachment, (tenant.id, sent))
        for number in range(version_files.MAX_FILES - 1):
            session.add(Attachment(**row.model_dump() | {"id": f"att_{number:016}"}))
    [error] = await assert_refused(tenant, CREATE, ("TOO_MANY", "side"), **front_input(key))
    assert error["limit"] == version_files.MAX_FILES


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (" front.png ", "front.png"),
        ("C:\\fakepath\\front.png", "front.png"),
        ("../../etc/passwd", "passwd"),
        ("e\u0301.png", "\u00e9.png"),
        ("a" * MAX_FILE_NAME_LENGTH, "a" * MAX_FILE_NAME_LENGTH),
    ],
)
async def test_a_file_keeps_the_last_part_of_its_name(tenant: Tenant, key: str, name: str, kept: str) -> None:
    assert (await files.query_attachment(tenant, (await files.create_upload(tenant, key, name=name)).id))[
        "fileName"
    ] == kept


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "REQUIRED"),
        (" ", "REQUIRED"),
        ("folder/", "INVALID"),
        ("a\nb.png", "INVALID"),
        ("a\u202egnp.exe", "INVALID"),
        ("a" * (MAX_FILE_NAME_LENGTH + 1), "INVALID"),
    ],
)
async def test_an_invalid_file_name_is_refused(tenant: Tenant, key: str, name: str, code: str) -> None:
    await assert_refused(tenant, CREATE, (code, "fileName"), **front_input(key, fileName=name))


@pytest.mark.parametrize(("put_away", "code"), [("credentialArchive", "ARCHIVED"), ("credentialDelete", "DELETED")])
async def test_archived_and_deleted_credentials_refuse_file_changes(
    tenant: Tenant, key: str, put_away: str, code: str
) -> None:
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await mutation_payload(tenant, put_away, id=key)
    await assert_refused(tenant, CREATE, (code, "credential"), **front_input(key, side="BACK"))
    await assert_refused(tenant, DELETE, (code, "id"), id=sent)
    await assert_refused(tenant, DELETE, (code, "id"), id=announced.id)
    before = await rows_without_removals(tenant)
    response = await files.put_bytes(tenant, announced.url, files.PNG)
    assert (response.status_code, response.json()["code"]) == (409, code)
    assert await rows_without_removals(tenant) == before


async def test_a_completed_request_refuses_files(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await mutation_payload(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await assert_refused(tenant, CREATE, ("NOT_UPDATABLE", "credential"), **front_input(key))


async def test_a_final_decision_refuses_files(tenant: Tenant) -> None:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True, approvalFinality="FINAL")
    key = await actions.add_ticket(tenant, await tenant.add_worker())
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await mutation_payload(tenant, "credentialApprove", id=key)
    assert (await query_credential(tenant, key, "viewerCanAttach"))["viewerCanAttach"] is False
    await assert_refused(tenant, CREATE, ("APPROVAL_FINAL", "credential"), **front_input(key, side="BACK"))
    await assert_refused(tenant, DELETE, ("APPROVAL_FINAL", "id"), id=sent)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).json()["code"] == "APPROVAL_FINAL"
    # Another version can be added, and has files of its own.
    await actions.add_version(tenant, key, expiryDate="2031-01-01")
    await files.upload_file(tenant, key)


async def test_a_file_is_removed_at_the_revision_that_was_read(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    await assert_refused(tenant, DELETE, ("CONFLICT", "expectedRevision"), id=sent, expectedRevision=1)
    await mutation_payload(tenant, DELETE, id=sent, expectedRevision=2)
    await assert_refused(tenant, DELETE, ("NOT_FOUND", "id"), id=sent)


async def test_an_expected_file_can_be_removed(tenant: Tenant, key: str) -> None:
    announced = await files.create_upload(tenant, key)
    before = await actions.events_of(tenant, key)
    await mutation_payload(tenant, DELETE, id=announced.id)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).status_code == 404
    assert await files.query_attachment(tenant, announced.id) is None
    assert await actions.events_of(tenant, key) == before


async def test_another_tenants_files_are_not_found(tenant: Tenant, other_tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    before = await tenant.rows()
    assert await files.query_attachment(other_tenant, sent) is None
    await assert_refused(other_tenant, CREATE, ("NOT_FOUND", "credential"), **front_input(key))
    await assert_refused(other_tenant, COMPLETE, ("NOT_FOUND", "id"), id=sent)
    await assert_refused(other_tenant, DELETE, ("NOT_FOUND", "id"), id=sent)
    assert await tenant.rows() == before


async def test_file_mutations_require_their_scope(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    held, needs = ALL_SCOPES - {Scope.CREDENTIALS_WRITE}, Scope.CREDENTIALS_WRITE
    await calls.assert_forbidden(tenant, CREATE, *held, required_scope=needs, **front_input(key))
    await calls.assert_forbidden(tenant, COMPLETE, *held, required_scope=needs, id=sent)
    await calls.assert_forbidden(tenant, DELETE, *held, required_scope=needs, id=sent)


async def test_a_worker_uploads_only_files_of_their_own_credentials(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker, other = await oidc_tenant.add_worker(), await oidc_tenant.add_worker("Ben")
    own, others = await oidc_tenant.add_credential(worker), await oidc_tenant.add_credential(other)
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})
    sent, hidden = await files.upload_file(oidc_tenant, own, key=token), await files.upload_file(oidc_tenant, others)
    assert (await files.query_attachment(oidc_tenant, sent, by=token))["status"] == "ATTACHED"
    assert await files.query_attachment(oidc_tenant, hidden, by=token) is None
    [event] = [event for event in await actions.events_of(oidc_tenant, own) if "mediaFiles" in event.changes]
    assert (event.actor_id, event.actor_kind.value) == ("auth0|7", "PERSON")
    before = await calls.stored_rows(oidc_tenant)
    for name, input in ((CREATE, front_input(others)), (COMPLETE, {"id": hidden}), (DELETE, {"id": hidden})):
        payload = await calls.mutate(oidc_tenant, name, key=token, **input)
        assert error_paths(payload) == [("NOT_FOUND", "credential" if name == CREATE else "id")]
    assert await calls.stored_rows(oidc_tenant) == before
    assert (await calls.mutate(oidc_tenant, DELETE, key=token, id=sent))["errors"] == []


async def test_the_same_idempotency_key_returns_a_url_for_the_same_file(tenant: Tenant, key: str) -> None:
    input = front_input(key, idempotencyKey="once")
    first, again = [await mutation_payload(tenant, CREATE, files.UPLOAD_FIELDS, **input) for _ in range(2)]
    assert first["attachment"]["id"] == again["attachment"]["id"]
    assert (await files.put_bytes(tenant, again["upload"]["url"], files.PNG)).status_code == 201
    await mutation_payload(tenant, DELETE, id=first["attachment"]["id"])
    gone = await tenant.mutate(CREATE, files.UPLOAD_FIELDS, **input)
    assert (gone["attachment"], error_paths(gone)) == (None, [("NOT_FOUND", "idempotencyKey")])


async def test_completing_an_attached_upload_changes_nothing(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    before = await tenant.rows()
    for _ in range(2):
        payload = await mutation_payload(tenant, COMPLETE, "attachment { id status }", id=sent)
        assert payload["attachment"] == {"id": sent, "status": "ATTACHED"}
    assert await tenant.rows() == before


async def test_files_are_paged_and_link_back(tenant: Tenant, key: str) -> None:
    sent = [await files.upload_file(tenant, key, "OTHER", name=f"{number}.png") for number in range(3)]
    inner = "nodes { id credential { id } version { id number } } pageInfo { hasNextPage endCursor }"
    shown = await query_credential(tenant, key, f"attachments(first: 2) {{ {inner} }}")
    page = shown["attachments"]
    assert [node["id"] for node in page["nodes"]] == sent[:2]
    assert {(node["credential"]["id"], node["version"]["number"]) for node in page["nodes"]} == {(key, 1)}
    rest = await query_credential(
        tenant, key, f'attachments(first: 2, after: "{page["pageInfo"]["endCursor"]}") {{ {inner} }}'
    )
    assert [node["id"] for node in rest["attachments"]["nodes"]] == sent[2:]
    assert not rest["attachments"]["pageInfo"]["hasNextPage"]


async def test_files_of_many_credentials_are_read_in_one_batch(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    selection = """query ($first: Int) { credentials(first: $first) { nodes { attachments { nodes { id download { url }
        version { number } credential { id } } } latestVersion { attachments { nodes { id } } } } } }"""
    for _ in range(3):
        key = await tenant.add_credential(worker)
        for side in ("FRONT", "BACK"):
            await files.upload_file(tenant, key, side)
    counts = []
    for first in (1, 3):
        with recorded_statements() as statements:
            shown = (await tenant.execute(selection, {"first": first})).data["credentials"]["nodes"]
        assert [len(node["attachments"]["nodes"]) for node in shown] == [2] * first
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_file_label_fits_its_column_of_the_activity() -> None:
    longest = max(len(side) for side in AttachmentSide) + 1 + MAX_FILE_NAME_LENGTH
    noted: Any = VersionChange.__dict__["__table__"].c
    assert longest <= min(noted.before.type.length, noted.after.type.length)


async def rows_without_removals(tenant: Tenant) -> dict[str, Any]:
    """Return all rows except scheduled removals of bytes."""
    return {name: rows for name, rows in (await tenant.rows()).items() if name != "file_removals"}
