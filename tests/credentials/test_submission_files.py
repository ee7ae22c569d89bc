"""The files that wait while a credential is requested, and join its submission."""

from typing import Any

import pytest

from tests import calls, files
from tests.calls import assert_refused
from tests.credentials import actions
from tests.credentials.actions import mutation_payload, query_credential
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
    """Return the files of a credential: (name, status, number of the version)."""
    shown = await query_credential(tenant, key, LISTED)
    nodes = shown["attachments"]["nodes"]
    return [(node["fileName"], node["status"], node["version"] and node["version"]["number"]) for node in nodes]


async def by_version(tenant: Tenant, key: str) -> list[list[str]]:
    """Return the names of the files of each version."""
    shown = await query_credential(tenant, key, LISTED)
    versions = shown["versions"]["nodes"]
    return [[node["fileName"] for node in version["attachments"]["nodes"]] for version in versions]


async def submit(tenant: Tenant, key: str, **input: Any) -> None:
    """Submit a credential."""
    await mutation_payload(tenant, SUBMIT, id=key, referenceNumber="T-1", **input)


@pytest.fixture
async def rejected(tenant: Tenant) -> str:
    """Provide a credential that was submitted with a front, a back and another file, and rejected."""
    key = await actions.add_requested(tenant, requires=BOTH)
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    for side in ("FRONT", "BACK", "OTHER"):
        await files.upload_file(tenant, key, side, name=f"{side.lower()}.png")
    await submit(tenant, key)
    await mutation_payload(tenant, "credentialReject", id=key, reason="The back cannot be read.")
    return key


async def test_files_wait_and_join_the_submission(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, requires=BOTH)
    await files.upload_file(tenant, key, "FRONT", name="front.png")
    assert await listed(tenant, key) == [("front.png", "WAITING", None)]
    assert await by_version(tenant, key) == [[]]
    missing = ("REQUIRED", "attachments")
    [error] = await assert_refused(tenant, SUBMIT, missing, id=key, referenceNumber="T-1")
    assert "BACK_ATTACHMENT" in error["message"]
    await files.upload_file(tenant, key, "BACK", files.PDF, "back.pdf")
    # Waiting files do not change the revision, so a caller who read the credential before can still submit it.
    await submit(tenant, key, expectedRevision=1)
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1), ("back.pdf", "ATTACHED", 1)]
    selection = "latestVersion { history { nodes { field after } } }"
    shown = (await query_credential(tenant, key, selection))["latestVersion"]["history"]["nodes"]
    assert {(node["field"], node["after"]) for node in shown} == {
        ("MEDIA_FILES", "FRONT front.png"),
        ("MEDIA_FILES", "BACK back.pdf"),
    }
    events = await actions.events_of(tenant, key)
    assert [event.kind.value for event in events] == [
        *("credential.added", "credential.updated", "credential.updated", "credential.submitted")
    ]
    assert events[1].changes == {"waitingFiles": {"from": [], "to": ["FRONT front.png"]}}
    assert events[-1].changes["mediaFiles"] == {"from": [], "to": ["FRONT front.png", "BACK back.pdf"]}


async def test_missing_files_and_invalid_facts_are_refused_at_once(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, requires=["ISSUE_DATE", *BOTH])
    expected = [("REQUIRED", "issueDate"), *[("REQUIRED", "attachments")] * 2]
    await assert_refused(tenant, SUBMIT, *expected, id=key, referenceNumber="T-1")


async def test_an_announced_file_that_was_not_uploaded_is_missing(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, requires=["FRONT_ATTACHMENT"])
    await files.create_upload(tenant, key)
    await assert_refused(tenant, SUBMIT, ("REQUIRED", "attachments"), id=key, referenceNumber="T-1")


async def test_only_the_named_files_are_submitted(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant, requires=["FRONT_ATTACHMENT"])
    front = await files.upload_file(tenant, key, "FRONT")
    other = await files.upload_file(tenant, key, "OTHER", name="other.png")
    for named in ([], [other]):
        missing = ("REQUIRED", "attachments")
        await assert_refused(tenant, SUBMIT, missing, id=key, referenceNumber="T-1", attachments=named)
    await actions.update_settings(tenant, approvalsEnabled=True)
    await submit(tenant, key, attachments=[front, front])
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1), ("other.png", "WAITING", None)]
    # The other files still wait and can be removed.
    await mutation_payload(tenant, DELETE, id=other)
    assert await listed(tenant, key) == [("front.png", "ATTACHED", 1)]


async def test_a_named_file_must_wait_for_this_submission(tenant: Tenant, other_tenant: Tenant) -> None:
    key, elsewhere = await actions.add_requested(tenant), await actions.add_requested(tenant, "ANOTHER")
    foreign = await files.upload_file(other_tenant, await actions.add_requested(other_tenant))
    attached, waiting = await files.upload_file(tenant, key), await files.upload_file(tenant, elsewhere)
    expected = (await files.create_upload(tenant, key, "BACK")).id
    for named in (foreign, waiting, expected):
        input = {"referenceNumber": "T-1", "attachments": [attached, named]}
        await assert_refused(tenant, SUBMIT, ("NOT_FOUND", "attachments.1"), id=key, **input)
    input = {"referenceNumber": "T-1", "attachments": [key]}
    await assert_refused(tenant, SUBMIT, ("INVALID", "attachments.0"), id=key, **input)
    input["attachments"] = [attached] * 21
    await assert_refused(tenant, SUBMIT, ("TOO_MANY", "attachments"), id=key, **input)


async def test_after_a_rejection_only_wrong_files_are_uploaded_again(tenant: Tenant, rejected: str) -> None:
    assert await by_version(tenant, rejected) == [["front.png", "back.png", "other.png"]]
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    assert ("again.jpg", "WAITING", None) in await listed(tenant, rejected)
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]
    changes = (await actions.events_of(tenant, rejected))[-1].changes
    assert changes["mediaFiles"] == {
        "from": ["FRONT front.png", "BACK back.png", "OTHER other.png"],
        "to": ["FRONT front.png", "OTHER other.png", "BACK again.jpg"],
    }
    shown = await query_credential(
        tenant, rejected, "latestVersion { attachments { nodes { id fileName download { url } } } }"
    )
    for node in shown["latestVersion"]["attachments"]["nodes"]:
        response = await tenant.service.client.get(node["download"]["url"])
        assert response.content == (files.JPEG if node["fileName"] == "again.jpg" else files.PNG)


async def test_an_unchanged_resubmission_keeps_its_files(tenant: Tenant, rejected: str) -> None:
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [["front.png", "back.png", "other.png"]] * 2


async def test_a_version_added_before_the_submission_keeps_the_files(tenant: Tenant, rejected: str) -> None:
    await mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=rejected, issueDate="2026-01-01")
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]


async def test_waiting_files_are_removed_with_the_request(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    await files.upload_file(tenant, key, "FRONT")
    request = (await query_credential(tenant, key, "intake { request { id } }"))["intake"]["request"]["id"]
    await mutation_payload(tenant, "credentialRequestCancel", "credentialRequest { id }", id=request)
    assert await listed(tenant, key) == []
    assert len((await tenant.rows())["file_removals"]) == 1


async def test_a_final_rejection_can_be_resubmitted(tenant: Tenant, rejected: str) -> None:
    await actions.update_settings(tenant, approvalFinality="FINAL")
    await files.upload_file(tenant, rejected, "BACK", files.JPEG, "again.jpg")
    await submit(tenant, rejected)
    assert await by_version(tenant, rejected) == [
        ["front.png", "back.png", "other.png"],
        ["front.png", "other.png", "again.jpg"],
    ]


async def test_each_side_may_wait_only_once(tenant: Tenant, rejected: str) -> None:
    await files.upload_file(tenant, rejected, "BACK")
    input = {"credential": rejected, "side": "BACK", "fileName": "again.png"}
    await assert_refused(tenant, "attachmentUploadCreate", ("TAKEN", "side"), **input)


async def test_removing_a_waiting_file_keeps_the_revision(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    sent = await files.upload_file(tenant, key)
    payload = await mutation_payload(tenant, DELETE, "deletedId credential { revision }", id=sent, expectedRevision=1)
    assert payload["credential"] == {"revision": 1}
    assert (await actions.events_of(tenant, key))[-1].changes == {
        "waitingFiles": {"from": ["FRONT front.png"], "to": []}
    }


async def test_a_worker_submits_facts_and_files(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker = await oidc_tenant.add_worker()
    key = await actions.add_requested(oidc_tenant, worker=worker, requires=BOTH)
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})
    refused_ = await oidc_tenant.mutate(SUBMIT, "credential { id }", key=token, id=key, referenceNumber="T-1")
    assert error_paths(refused_) == [("REQUIRED", "attachments")] * 2
    for side in ("FRONT", "BACK"):
        await files.upload_file(oidc_tenant, key, side, key=token)
    payload = await oidc_tenant.mutate(SUBMIT, f"credential {{ {LISTED} }}", key=token, id=key, referenceNumber="T-1")
    assert payload["errors"] == []
    assert payload["credential"]["intake"] == {"status": "COMPLETED"}
    assert [node["side"] for node in payload["credential"]["attachments"]["nodes"]] == ["FRONT", "BACK"]


async def test_a_submission_that_lost_a_required_file_cannot_be_approved(tenant: Tenant) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True)
    key = await actions.add_requested(tenant, requires=["FRONT_ATTACHMENT"])
    front = await files.upload_file(tenant, key, "FRONT")
    await submit(tenant, key)
    await mutation_payload(tenant, DELETE, "deletedId", id=front)
    await assert_refused(tenant, "credentialApprove", ("REQUIRED", "attachments"), id=key)
    await files.upload_file(tenant, key, "FRONT")
    await mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    await assert_refused(tenant, "credentialApprove", ("REQUIRED", "attachments"), id=key)
    await files.upload_file(tenant, key, "FRONT")
    await mutation_payload(tenant, "credentialApprove", id=key)
    assert (await query_credential(tenant, key, LISTED))["intake"] == {"status": "COMPLETED"}


@pytest.mark.parametrize("resubmit", [True, False])
async def test_a_rejected_version_stays_on_record_with_its_files(tenant: Tenant, resubmit: bool) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=resubmit)
    key = await actions.add_requested(tenant)
    front = await files.upload_file(tenant, key, "FRONT")
    await submit(tenant, key)
    await mutation_payload(tenant, "credentialReject", id=key, reason="forged")
    refusal = ("NOT_UPDATABLE", "id")
    await assert_refused(tenant, DELETE, refusal, id=front)
    await assert_refused(tenant, "credentialUpdate", refusal, id=key, identification={"referenceNumber": "T-2"})
    version = (await query_credential(tenant, key, "latestVersion { id }"))["latestVersion"]["id"]
    await assert_refused(tenant, "credentialVersionEdit", refusal, id=version, issuingAuthority="Another")
    await mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    shown = await query_credential(
        tenant, key, "versions(orderBy: [{field: NUMBER}]) { nodes { approval { status reason } } }"
    )
    first, second = shown["versions"]["nodes"]
    assert first["approval"] == {"status": "REJECTED", "reason": "forged"}
    assert second["approval"] == {"status": "PENDING", "reason": None}
    assert await by_version(tenant, key) == [["front.png"], []]


@pytest.mark.parametrize("decision", ["credentialApprove", "credentialReject"])
async def test_reviewing_an_older_submission_leaves_the_newer_pending(tenant: Tenant, decision: str) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    key = await actions.add_requested(tenant)
    await submit(tenant, key)
    older = (await query_credential(tenant, key, "latestVersion { id }"))["latestVersion"]["id"]
    await mutation_payload(tenant, "credentialVersionAdd", "version { id }", id=key, issueDate="2026-01-01")
    await mutation_payload(tenant, decision, id=key, version=older)
    assert (await query_credential(tenant, key, LISTED))["intake"] == {"status": "SUBMITTED"}
    await mutation_payload(tenant, "credentialApprove", id=key)
    assert (await query_credential(tenant, key, LISTED))["intake"] == {"status": "COMPLETED"}


async def test_a_file_that_its_type_no_longer_supports_is_not_submitted(tenant: Tenant) -> None:
    key = await actions.add_requested(tenant)
    front = await files.upload_file(tenant, key, "FRONT")
    type_id = await calls.credential_type_id(tenant, actions.TICKET)
    await mutation_payload(
        tenant, "credentialTypeUpdate", "credentialType { id }", id=type_id, supports=["REFERENCE_NUMBER"]
    )
    await assert_refused(tenant, SUBMIT, ("UNSUPPORTED_METADATA", "attachments"), id=key, referenceNumber="T-1")
    await mutation_payload(tenant, DELETE, "deletedId", id=front)
    await submit(tenant, key)
