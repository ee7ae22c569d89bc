"""Files that show a credential: what is expected and attached, what it changes, who may, and what is refused."""

from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.credentials.files import version_files
from app.credentials.files.tables import MAX_FILE_NAME_LENGTH, Attachment, AttachmentSide
from app.credentials.tables import Approval, VersionChange
from tests import calls, files
from tests.calls import assert_refused
from tests.credentials import life
from tests.credentials.life import done, show
from tests.oidc import Issuer
from tests.service import Tenant, error_paths
from tests.statement_counter import recorded_statements

CREATE, COMPLETE, DELETE = "attachmentUploadCreate", "attachmentUploadComplete", "attachmentDelete"
LISTED = "revision attachments { nodes { side fileName status } } latestVersion { attachments { nodes { fileName } } }"


@pytest.fixture
async def key(tenant: Tenant) -> str:
    """A credential."""
    return await tenant.add_credential(await tenant.add_worker())


def front(key: str, **more: Any) -> dict[str, Any]:
    """The input that announces a file."""
    return {"credential": key, "side": "FRONT", "fileName": "front.png", **more}


async def activity(tenant: Tenant, key: str) -> list[tuple[str | None, str | None]]:
    """What became of the files of the latest version, from the first."""
    asked = "latestVersion { activity(where: {field: {eq: MEDIA_FILES}}, last: 100) { nodes { before after } } }"
    shown = await show(tenant, key, asked)
    return [(node["before"], node["after"]) for node in shown["latestVersion"]["activity"]["nodes"]][::-1]


async def test_nothing_is_attached_until_the_bytes_are_there(tenant: Tenant, key: str) -> None:
    before = await life.ledger(tenant, key)
    announced = await files.create_upload(tenant, key)
    shown = await files.query_attachment(tenant, announced.id)
    assert (shown["status"], shown["mediaType"], shown["size"], shown["sha256"]) == ("EXPECTED", None, None, None)
    assert (shown["version"], shown["download"]) == (None, None)
    nothing = {"revision": 1, "attachments": {"nodes": []}, "latestVersion": {"attachments": {"nodes": []}}}
    assert await show(tenant, key, LISTED) == nothing
    assert await life.ledger(tenant, key) == before
    await assert_refused(tenant, COMPLETE, ("NOT_UPLOADED", "id"), id=announced.id)
    response = await files.put_bytes(tenant, announced.url, files.PNG)
    assert response.status_code == 201
    assert (await show(tenant, key, LISTED))["attachments"]["nodes"] == [
        {"side": "FRONT", "fileName": "front.png", "status": "ATTACHED"}
    ]
    [event] = (await life.ledger(tenant, key))[len(before) :]
    assert (event.kind.value, event.actor_kind.value, event.actor_name) == ("credential.updated", "SERVICE", "Owner")
    assert event.actor_id.removeprefix("key_") in tenant.key
    assert event.request_id == response.headers["x-request-id"]


async def test_a_file_changes_the_latest_version_as_an_edit_does(tenant: Tenant, key: str) -> None:
    first = await files.upload_file(tenant, key)
    await files.upload_file(tenant, key, "BACK", files.PDF, "back.pdf")
    shown = await show(tenant, key, LISTED)
    assert shown["revision"] == 3
    assert shown["latestVersion"]["attachments"]["nodes"] == [{"fileName": "front.png"}, {"fileName": "back.pdf"}]
    assert await activity(tenant, key) == [(None, "FRONT front.png"), (None, "BACK back.pdf")]
    events = await life.ledger(tenant, key)
    assert [event.kind.value for event in events[1:]] == ["credential.updated"] * 2
    assert events[-1].changes == {
        "mediaFiles": {"from": ["FRONT front.png"], "to": ["FRONT front.png", "BACK back.pdf"]},
        "number": {"from": 1, "to": 1},
    }
    payload = await done(tenant, DELETE, "deletedId credential { revision attachments { nodes { id } } }", id=first)
    assert (payload["deletedId"], payload["credential"]["revision"]) == (first, 4)
    assert len(payload["credential"]["attachments"]["nodes"]) == 1
    assert (await activity(tenant, key))[-1] == ("FRONT front.png", None)
    assert (await life.ledger(tenant, key))[-1].changes["mediaFiles"] == {
        "from": ["FRONT front.png", "BACK back.pdf"],
        "to": ["BACK back.pdf"],
    }
    # The side is free again.
    await files.upload_file(tenant, key, content=files.JPEG, name="again.jpg")


@pytest.mark.parametrize("kind", files.SAMPLES)
async def test_every_kind_that_is_taken_is_told_by_its_bytes(tenant: Tenant, key: str, kind: str) -> None:
    sent = await files.upload_file(tenant, key, "OTHER", files.SAMPLES[kind], "whatever.txt")
    shown = await files.query_attachment(tenant, sent)
    assert (shown["mediaType"], shown["fileName"]) == (kind, "whatever.txt")
    assert shown["size"] == len(files.SAMPLES[kind])


async def test_what_was_decided_has_to_be_decided_again(tenant: Tenant) -> None:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True)
    key = await life.add_ticket(tenant, await tenant.add_worker())
    await done(tenant, "credentialApprove", id=key)
    sent = await files.upload_file(tenant, key)
    assert [version.approval for version in await life.history(tenant, key)] == [Approval.PENDING]
    assert (await life.row(tenant, key)).effective_version_id is None
    assert (await life.ledger(tenant, key))[-1].changes["approval.status"] == {"from": "APPROVED", "to": "PENDING"}
    await done(tenant, "credentialApprove", id=key)
    await done(tenant, DELETE, id=sent)
    assert [version.approval for version in await life.history(tenant, key)] == [Approval.PENDING]


async def test_a_version_keeps_its_files_when_another_follows(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    await life.add_version(tenant, key, expiryDate="2031-01-01")
    assert (await show(tenant, key, LISTED))["attachments"]["nodes"] == []
    shown = await show(tenant, key, "versions { nodes { number attachments { nodes { id } totalCount { count } } } }")
    assert [(node["number"], len(node["attachments"]["nodes"])) for node in shown["versions"]["nodes"]] == [
        (2, 0),
        (1, 1),
    ]
    await assert_refused(tenant, DELETE, ("NOT_LATEST_VERSION", "id"), id=sent)
    # Its side is taken in the version before, not in this one.
    await files.upload_file(tenant, key)


async def test_what_the_type_does_not_support_is_refused(tenant: Tenant) -> None:
    await life.add_type(tenant, supports=["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT"])
    key = await life.add_ticket(tenant, await tenant.add_worker())
    await assert_refused(tenant, CREATE, ("UNSUPPORTED_METADATA", "side"), **front(key, side="BACK"))
    await files.upload_file(tenant, key)
    await files.upload_file(tenant, key, "OTHER")


async def test_a_side_that_is_taken_is_refused(tenant: Tenant, key: str) -> None:
    await files.upload_file(tenant, key)
    await assert_refused(tenant, CREATE, ("TAKEN", "side"), **front(key))
    for _ in range(2):
        await files.upload_file(tenant, key, "OTHER")


async def test_a_version_has_so_many_files_and_no_more(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key, "OTHER")
    async with tenant.service.database.writing("test") as session:
        row = await session.get_row(Attachment, (tenant.id, sent))
        for number in range(version_files.MAX_FILES - 1):
            session.add(Attachment(**row.model_dump() | {"id": f"att_{number:016}"}))
    [error] = await assert_refused(tenant, CREATE, ("TOO_MANY", "side"), **front(key))
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
async def test_a_name_that_is_none_is_refused(tenant: Tenant, key: str, name: str, code: str) -> None:
    await assert_refused(tenant, CREATE, (code, "fileName"), **front(key, fileName=name))


@pytest.mark.parametrize(("put_away", "code"), [("credentialArchive", "ARCHIVED"), ("credentialDelete", "DELETED")])
async def test_what_is_put_away_takes_no_file_and_loses_none(
    tenant: Tenant, key: str, put_away: str, code: str
) -> None:
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await done(tenant, put_away, id=key)
    await assert_refused(tenant, CREATE, (code, "credential"), **front(key, side="BACK"))
    await assert_refused(tenant, DELETE, (code, "id"), id=sent)
    await assert_refused(tenant, DELETE, (code, "id"), id=announced.id)
    before = await _but_removals(tenant)
    response = await files.put_bytes(tenant, announced.url, files.PNG)
    assert (response.status_code, response.json()["code"]) == (409, code)
    assert await _but_removals(tenant) == before


async def test_what_came_from_a_request_takes_no_file_once_it_is_completed(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await done(tenant, "credentialSubmit", id=key, referenceNumber="T-1")
    await assert_refused(tenant, CREATE, ("NOT_UPDATABLE", "credential"), **front(key))


async def test_what_is_decided_for_good_takes_no_file(tenant: Tenant) -> None:
    await life.add_type(tenant)
    await life.choose(tenant, approvalsEnabled=True, approvalFinality="FINAL")
    key = await life.add_ticket(tenant, await tenant.add_worker())
    sent, announced = await files.upload_file(tenant, key), await files.create_upload(tenant, key, "BACK")
    await done(tenant, "credentialApprove", id=key)
    assert (await show(tenant, key, "viewerCanAttach"))["viewerCanAttach"] is False
    await assert_refused(tenant, CREATE, ("APPROVAL_FINAL", "credential"), **front(key, side="BACK"))
    await assert_refused(tenant, DELETE, ("APPROVAL_FINAL", "id"), id=sent)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).json()["code"] == "APPROVAL_FINAL"
    # Another version can be added, and has files of its own.
    await life.add_version(tenant, key, expiryDate="2031-01-01")
    await files.upload_file(tenant, key)


async def test_a_file_is_removed_at_the_revision_that_was_read(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    await assert_refused(tenant, DELETE, ("CONFLICT", "expectedRevision"), id=sent, expectedRevision=1)
    await done(tenant, DELETE, id=sent, expectedRevision=2)
    await assert_refused(tenant, DELETE, ("NOT_FOUND", "id"), id=sent)


async def test_a_file_that_is_expected_is_expected_no_more(tenant: Tenant, key: str) -> None:
    announced = await files.create_upload(tenant, key)
    before = await life.ledger(tenant, key)
    await done(tenant, DELETE, id=announced.id)
    assert (await files.put_bytes(tenant, announced.url, files.PNG)).status_code == 404
    assert await files.query_attachment(tenant, announced.id) is None
    assert await life.ledger(tenant, key) == before


async def test_what_is_a_strangers_is_not_found(tenant: Tenant, other_tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    before = await tenant.rows()
    assert await files.query_attachment(other_tenant, sent) is None
    await assert_refused(other_tenant, CREATE, ("NOT_FOUND", "credential"), **front(key))
    await assert_refused(other_tenant, COMPLETE, ("NOT_FOUND", "id"), id=sent)
    await assert_refused(other_tenant, DELETE, ("NOT_FOUND", "id"), id=sent)
    assert await tenant.rows() == before


async def test_without_the_scope_it_is_forbidden(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    held, needs = ALL_SCOPES - {Scope.CREDENTIALS_WRITE}, Scope.CREDENTIALS_WRITE
    await calls.assert_forbidden(tenant, CREATE, *held, required_scope=needs, **front(key))
    await calls.assert_forbidden(tenant, COMPLETE, *held, required_scope=needs, id=sent)
    await calls.assert_forbidden(tenant, DELETE, *held, required_scope=needs, id=sent)


async def test_a_worker_sends_files_of_their_own_and_of_nobody_else(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker, other = await oidc_tenant.add_worker(), await oidc_tenant.add_worker("Ben")
    mine, theirs = await oidc_tenant.add_credential(worker), await oidc_tenant.add_credential(other)
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})
    sent, hidden = await files.upload_file(oidc_tenant, mine, key=token), await files.upload_file(oidc_tenant, theirs)
    assert (await files.query_attachment(oidc_tenant, sent, by=token))["status"] == "ATTACHED"
    assert await files.query_attachment(oidc_tenant, hidden, by=token) is None
    [event] = [event for event in await life.ledger(oidc_tenant, mine) if "mediaFiles" in event.changes]
    assert (event.actor_id, event.actor_kind.value) == ("auth0|7", "PERSON")
    before = await calls.stored_rows(oidc_tenant)
    for name, given in ((CREATE, front(theirs)), (COMPLETE, {"id": hidden}), (DELETE, {"id": hidden})):
        payload = await calls.mutate(oidc_tenant, name, key=token, **given)
        assert error_paths(payload) == [("NOT_FOUND", "credential" if name == CREATE else "id")]
    assert await calls.stored_rows(oidc_tenant) == before
    assert (await calls.mutate(oidc_tenant, DELETE, key=token, id=sent))["errors"] == []


async def test_the_same_key_gives_an_address_for_the_same_file(tenant: Tenant, key: str) -> None:
    given = front(key, idempotencyKey="once")
    first, again = [await done(tenant, CREATE, files.UPLOAD_FIELDS, **given) for _ in range(2)]
    assert first["attachment"]["id"] == again["attachment"]["id"]
    assert (await files.put_bytes(tenant, again["upload"]["url"], files.PNG)).status_code == 201
    await done(tenant, DELETE, id=first["attachment"]["id"])
    gone = await tenant.mutate(CREATE, files.UPLOAD_FIELDS, **given)
    assert (gone["attachment"], error_paths(gone)) == (None, [("NOT_FOUND", "idempotencyKey")])


async def test_telling_that_it_was_sent_changes_nothing_more(tenant: Tenant, key: str) -> None:
    sent = await files.upload_file(tenant, key)
    before = await tenant.rows()
    for _ in range(2):
        payload = await done(tenant, COMPLETE, "attachment { id status }", id=sent)
        assert payload["attachment"] == {"id": sent, "status": "ATTACHED"}
    assert await tenant.rows() == before


async def test_files_are_read_by_the_page_and_lead_back(tenant: Tenant, key: str) -> None:
    sent = [await files.upload_file(tenant, key, "OTHER", name=f"{number}.png") for number in range(3)]
    inner = "nodes { id credential { id } version { id number } } pageInfo { hasNextPage endCursor }"
    shown = await show(tenant, key, f"attachments(first: 2) {{ {inner} }}")
    page = shown["attachments"]
    assert [node["id"] for node in page["nodes"]] == sent[:2]
    assert {(node["credential"]["id"], node["version"]["number"]) for node in page["nodes"]} == {(key, 1)}
    rest = await show(tenant, key, f'attachments(first: 2, after: "{page["pageInfo"]["endCursor"]}") {{ {inner} }}')
    assert [node["id"] for node in rest["attachments"]["nodes"]] == sent[2:]
    assert not rest["attachments"]["pageInfo"]["hasNextPage"]


async def test_the_files_of_many_are_read_together(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    asked = """query ($first: Int) { credentials(first: $first) { nodes { attachments { nodes { id download { url }
        version { number } credential { id } } } latestVersion { attachments { nodes { id } } } } } }"""
    for _ in range(3):
        key = await tenant.add_credential(worker)
        for side in ("FRONT", "BACK"):
            await files.upload_file(tenant, key, side)
    counts = []
    for first in (1, 3):
        with recorded_statements() as statements:
            shown = (await tenant.execute(asked, {"first": first})).data["credentials"]["nodes"]
        assert [len(node["attachments"]["nodes"]) for node in shown] == [2] * first
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_change_of_a_files_label_fits_where_it_is_noted() -> None:
    longest = max(len(side) for side in AttachmentSide) + 1 + MAX_FILE_NAME_LENGTH
    noted: Any = VersionChange.__dict__["__table__"].c
    assert longest <= min(noted.before.type.length, noted.after.type.length)


async def _but_removals(tenant: Tenant) -> dict[str, Any]:
    """All rows but the notes of bytes that are to be removed."""
    return {name: rows for name, rows in (await tenant.rows()).items() if name != "file_removals"}
