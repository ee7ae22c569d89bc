"""Files that wait while a credential is requested, and are handed in with the answer."""

from typing import Any

import pytest

from tests import calls, files
from tests.calls import assert_refused
from tests.credentials import life
from tests.credentials.life import done, show
from tests.oidc import Issuer
from tests.service import Tenant, error_paths

SUBMIT, DELETE = "credentialSubmit", "attachmentDelete"
LISTED = """
  revision intake { status }
  attachments { nodes { side fileName status version { number } } }
  versions(orderBy: [{field: NUMBER}]) { nodes { number attachments { nodes { side fileName sha256 } } } }
"""
BOTH = ["FRONT_ATTACHMENT", "BACK_ATTACHMENT"]


async def listed(tenant: Tenant, key: str) -> list[tuple[str, str, int | None]]:
    """The files of a credential: (name, status, number of the version)."""
    shown = await show(tenant, key, LISTED)
    nodes = shown["attachments"]["nodes"]
    return [(node["fileName"], node["status"], node["version"] and node["version"]["number"]) for node in nodes]


async def by_version(tenant: Tenant, key: str) -> list[list[str]]:
    """The names of the files of each version."""
    shown = await show(tenant, key, LISTED)
    versions = shown["versions"]["nodes"]
    return [[node["fileName"] for node in version["attachments"]["nodes"]] for version in versions]


async def submit(tenant: Tenant, key: str, **given: Any) -> None:
    """Submit a credential."""
    await done(tenant, SUBMIT, id=key, referenceNumber="T-1", **given)


@pytest.fixture
async def rejected(tenant: Tenant) -> str:
    """A credential that was submitted with a front, a back and another file, and rejected."""
    key = await life.requested(tenant, requires=BOTH)
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    for side in ("FRONT", "BACK", "OTHER"):
        await files.upload_file(tenant, key, side, name=f"{side.lower()}.png")
    await submit(tenant, key)
    await done(tenant, "credentialReject", id=key, reason="The back cannot be read.")
    return key


async def test_files_wait_and_are_handed_in_with_the_answer(tenant: Tenant) -> None:
    key = await life.requested(tenant, requires=BOTH)
    await files.upload_file(tenant, key, "FRONT", name="front.png")
    assert await listed(tenant, key) == [("front.png", "WAITING", None)]
    assert await by_version(tenant, key) == [[]]
    missing = ("REQUIRED", "attachments")
    [error] = await assert_refused(tenant, SUBMIT, missing, id=key, referenceNumber="T-1")
    assert "BACK_ATTACHMENT" in error["message"]
    await files.upload_file(tenant, key, "BACK", files.PDF, "back.pdf")
    # What waits changes nothing of the credential: whoever read it before can submit it still.
    await submit(tenant, key, expectedRevision=1)
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1), ("back.pdf", "ATTACHED", 1)]
    asked = "latestVersion { activity { nodes { field after } } }"
    shown = (await show(tenant, key, asked))["latestVersion"]["activity"]["nodes"]
    assert {(node["field"], node["after"]) for node in shown} == {
        ("MEDIA_FILES", "FRONT front.png"),
        ("MEDIA_FILES", "BACK back.pdf"),
    }
    events = await life.ledger(tenant, key)
    assert [event.kind.value for event in events] == [
        *("credential.added", "credential.updated", "credential.updated", "credential.submitted")
    ]
    assert events[1].changes == {"waitingFiles": {"from": [], "to": ["FRONT front.png"]}}
    assert events[-1].changes["mediaFiles"] == {"from": [], "to": ["FRONT front.png", "BACK back.pdf"]}


async def test_what_is_missing_is_told_at_once_with_what_is_wrong(tenant: Tenant) -> None:
    key = await life.requested(tenant, requires=["ISSUE_DATE", *BOTH])
    expected = [("REQUIRED", "issueDate"), *[("REQUIRED", "attachments")] * 2]
    await assert_refused(tenant, SUBMIT, *expected, id=key, referenceNumber="T-1")


async def test_what_was_announced_and_did_not_come_is_missing(tenant: Tenant) -> None:
    key = await life.requested(tenant, requires=["FRONT_ATTACHMENT"])
    await files.create_upload(tenant, key)
    await assert_refused(tenant, SUBMIT, ("REQUIRED", "attachments"), id=key, referenceNumber="T-1")


async def test_only_the_named_files_are_handed_in(tenant: Tenant) -> None:
    key = await life.requested(tenant, requires=["FRONT_ATTACHMENT"])
    front = await files.upload_file(tenant, key, "FRONT")
    other = await files.upload_file(tenant, key, "OTHER", name="other.png")
    for named in ([], [other]):
        missing = ("REQUIRED", "attachments")
        await assert_refused(tenant, SUBMIT, missing, id=key, referenceNumber="T-1", attachments=named)
    await life.choose(tenant, approvalsEnabled=True)
    await submit(tenant, key, attachments=[front, front])
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1), ("other.png", "WAITING", None)]
    # What still waits can be removed.
    await done(tenant, DELETE, id=other)
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1)]


async def test_a_named_file_must_wait_for_this_answer(tenant: Tenant, other_tenant: Tenant) -> None:
    key, elsewhere = await life.requested(tenant), await life.requested(tenant, "ANOTHER")
    theirs = await files.upload_file(other_tenant, await life.requested(other_tenant))
    mine, waiting = await files.upload_file(tenant, key), await files.upload_file(tenant, elsewhere)
    expected = (await files.create_upload(tenant, key, "BACK")).id
    for named in (theirs, waiting, expected):
        given = {"referenceNumber": "T-1", "attachments": [mine, named]}
        await assert_refused(tenant, SUBMIT, ("NOT_FOUND", "attachments.1"), id=key, **given)
    given = {"referenceNumber": "T-1", "attachments": [key]}
    await assert_refused(tenant, SUBMIT, ("INVALID", "attachments.0"), id=key, **given)
    given["attachments"] = [mine] * 21
    await assert_refused(tenant, SUBMIT, ("TOO_MANY", "attachments"), id=key, **given)


async def test_after_a_rejection_only_what_was_wrong_is_sent_anew(tenant: Tenant, rejected: str) -> None:
    assert await by_version(tenant, rejected) == [["front.png", "back.png", "other.png"]]
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    assert ("again.jpg", "WAITING", None) in await listed(tenant, rejected)
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]
    changes = (await life.ledger(tenant, rejected))[-1].changes
    assert changes["mediaFiles"] == {
        "from": ["FRONT front.png", "BACK back.png", "OTHER other.png"],
        "to": ["FRONT front.png", "OTHER other.png", "BACK again.jpg"],
    }
    shown = await show(tenant, rejected, "latestVersion { attachments { nodes { id fileName download { url } } } }")
    for node in shown["latestVersion"]["attachments"]["nodes"]:
        found = await tenant.service.client.get(node["download"]["url"])
        assert found.content == (files.JPEG if node["fileName"] == "again.jpg" else files.PNG)


async def test_an_answer_that_is_given_again_as_it_was_has_its_files(tenant: Tenant, rejected: str) -> None:
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [["front.png", "back.png", "other.png"]] * 2


async def test_a_version_that_was_added_meanwhile_loses_no_file(tenant: Tenant, rejected: str) -> None:
    await done(tenant, "credentialVersionAdd", "version { id }", id=rejected, issueDate="2026-01-01")
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]


async def test_what_waits_goes_with_the_request(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    await files.upload_file(tenant, key, "FRONT")
    request = (await show(tenant, key, "intake { request { id } }"))["intake"]["request"]["id"]
    await done(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request)
    assert await listed(tenant, key) == []
    assert len((await tenant.rows())["file_removals"]) == 1


async def test_what_is_decided_for_good_can_still_be_answered_anew(tenant: Tenant, rejected: str) -> None:
    await life.choose(tenant, approvalFinality="FINAL")
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]


async def test_of_what_waits_there_is_one_of_each_side(tenant: Tenant, rejected: str) -> None:
    await files.upload_file(tenant, rejected, "BACK")
    given = {"credential": rejected, "side": "BACK", "fileName": "again.png"}
    await assert_refused(tenant, "attachmentUploadCreate", ("TAKEN", "side"), **given)


async def test_what_waits_is_removed_without_a_new_revision(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    sent = await files.upload_file(tenant, key)
    payload = await done(tenant, DELETE, "deletedId credential { revision }", id=sent, expectedRevision=1)
    assert payload["credential"] == {"revision": 1}
    assert (await life.ledger(tenant, key))[-1].changes == {"waitingFiles": {"from": ["FRONT front.png"], "to": []}}


async def test_a_worker_answers_with_facts_and_files(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker = await oidc_tenant.add_worker()
    key = await life.requested(oidc_tenant, worker=worker, requires=BOTH)
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})
    refused_ = await oidc_tenant.mutate(SUBMIT, "credential { id }", key=token, id=key, referenceNumber="T-1")
    assert error_paths(refused_) == [("REQUIRED", "attachments")] * 2
    for side in ("FRONT", "BACK"):
        await files.upload_file(oidc_tenant, key, side, key=token)
    payload = await oidc_tenant.mutate(SUBMIT, f"credential {{ {LISTED} }}", key=token, id=key, referenceNumber="T-1")
    assert payload["errors"] == []
    assert payload["credential"]["intake"] == {"status": "COMPLETED"}
    assert [node["side"] for node in payload["credential"]["attachments"]["nodes"]] == ["FRONT", "BACK"]


async def test_an_answer_that_lost_a_required_file_is_not_approved(tenant: Tenant) -> None:
    await life.choose(tenant, approvalsEnabled=True)
    key = await life.requested(tenant, requires=["FRONT_ATTACHMENT"])
    front = await files.upload_file(tenant, key, "FRONT")
    await submit(tenant, key)
    await done(tenant, DELETE, "deletedId", id=front)
    await assert_refused(tenant, "credentialApprove", ("REQUIRED", "attachments"), id=key)
    await files.upload_file(tenant, key, "FRONT")
    await done(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    await assert_refused(tenant, "credentialApprove", ("REQUIRED", "attachments"), id=key)
    await files.upload_file(tenant, key, "FRONT")
    await done(tenant, "credentialApprove", id=key)
    assert (await show(tenant, key, LISTED))["intake"] == {"status": "COMPLETED"}


@pytest.mark.parametrize("resubmit", [True, False])
async def test_what_was_rejected_stays_on_record_with_its_files(tenant: Tenant, resubmit: bool) -> None:
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=resubmit)
    key = await life.requested(tenant)
    front = await files.upload_file(tenant, key, "FRONT")
    await submit(tenant, key)
    await done(tenant, "credentialReject", id=key, reason="forged")
    refusal = ("NOT_UPDATABLE", "id")
    await assert_refused(tenant, DELETE, refusal, id=front)
    await assert_refused(tenant, "credentialUpdate", refusal, id=key, identification={"referenceNumber": "T-2"})
    version = (await show(tenant, key, "latestVersion { id }"))["latestVersion"]["id"]
    await assert_refused(tenant, "credentialVersionEdit", refusal, id=version, issuingAuthority="Another")
    await done(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    shown = await show(tenant, key, "versions(orderBy: [{field: NUMBER}]) { nodes { approval { status reason } } }")
    first, second = shown["versions"]["nodes"]
    assert first["approval"] == {"status": "REJECTED", "reason": "forged"}
    assert second["approval"] == {"status": "PENDING", "reason": None}
    assert await by_version(tenant, key) == [["front.png"], []]


@pytest.mark.parametrize("decision", ["credentialApprove", "credentialReject"])
async def test_deciding_about_an_older_answer_leaves_the_newer_to_be_decided(tenant: Tenant, decision: str) -> None:
    await life.choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    key = await life.requested(tenant)
    await submit(tenant, key)
    older = (await show(tenant, key, "latestVersion { id }"))["latestVersion"]["id"]
    await done(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    await done(tenant, decision, id=key, version=older)
    assert (await show(tenant, key, LISTED))["intake"] == {"status": "SUBMITTED"}
    await done(tenant, "credentialApprove", id=key)
    assert (await show(tenant, key, LISTED))["intake"] == {"status": "COMPLETED"}


async def test_a_file_that_its_type_no_longer_supports_is_not_handed_in(tenant: Tenant) -> None:
    key = await life.requested(tenant)
    front = await files.upload_file(tenant, key, "FRONT")
    kind = await calls.credential_type_id(tenant, life.TICKET)
    await done(tenant, "credentialTypeUpdate", "credentialType { id }", id=kind, supports=["REFERENCE_NUMBER"])
    await assert_refused(tenant, SUBMIT, ("UNSUPPORTED_METADATA", "attachments"), id=key, referenceNumber="T-1")
    await done(tenant, DELETE, "deletedId", id=front)
    await submit(tenant, key)
