"""The files that a type requires, when a version is approved; and the files that a renewal keeps."""

from typing import Any

import pytest

from tests import files
from tests.calls import assert_refused
from tests.credentials import actions
from tests.credentials.actions import TICKET, mutation_payload, query_credential
from tests.service import Tenant

APPROVE, ADD = "credentialApprove", "credentialVersionAdd"
BOTH = ["FRONT_ATTACHMENT", "BACK_ATTACHMENT"]
MISSING = ("REQUIRED", "attachments")
VERSIONS = "versions(orderBy: [{field: NUMBER}]) { nodes { attachments { nodes { id side sha256 } } } }"


async def add_credential(tenant: Tenant, **content: Any) -> str:
    """Add a type that requires a front and a back, and a credential of it that waits for a decision."""
    await actions.update_settings(tenant, approvalsEnabled=True)
    await actions.add_type(tenant, requires=BOTH, **content)
    return await actions.add_ticket(tenant, await tenant.add_worker())


@pytest.fixture
async def key(tenant: Tenant) -> str:
    return await add_credential(tenant)


async def sides(tenant: Tenant, key: str) -> list[list[str]]:
    """Return the sides of the files of each version."""
    shown = await query_credential(tenant, key, VERSIONS)
    return [[node["side"] for node in version["attachments"]["nodes"]] for version in shown["versions"]["nodes"]]


async def upload_both(tenant: Tenant, key: str) -> None:
    """Upload a front and a back for the latest version."""
    for side in ("FRONT", "BACK"):
        await files.upload_file(tenant, key, side)


async def test_a_created_credential_is_approved_with_its_files_only(tenant: Tenant, key: str) -> None:
    selection = actions.CREDENTIAL
    await assert_refused(tenant, APPROVE, MISSING, MISSING, id=key)
    await files.upload_file(tenant, key, "FRONT")
    await files.create_upload(tenant, key, "BACK")
    [error] = await assert_refused(tenant, APPROVE, MISSING, id=key)
    assert "BACK_ATTACHMENT" in error["message"]
    await files.upload_file(tenant, key, "BACK")
    await mutation_payload(tenant, APPROVE, selection, id=key)


async def test_a_bulk_decision_skips_credentials_without_their_files(tenant: Tenant, key: str) -> None:
    complete = await actions.add_ticket(tenant, await tenant.add_worker())
    await upload_both(tenant, complete)
    selection = "results { status errors { code path } }"
    payload = await mutation_payload(tenant, "credentialsApprove", selection, ids=[key, complete])
    refused = [{"code": "REQUIRED", "path": ["attachments"]}] * 2
    assert [(row["status"], row["errors"]) for row in payload["results"]] == [("SKIPPED", refused), ("DECIDED", [])]


async def test_a_credential_without_files_can_be_rejected(tenant: Tenant, key: str) -> None:
    await mutation_payload(tenant, "credentialReject", id=key, reason="There is no photo.")


async def test_a_removed_file_is_required_again(tenant: Tenant, key: str) -> None:
    await upload_both(tenant, key)
    await mutation_payload(tenant, APPROVE, id=key)
    [front, _] = (await query_credential(tenant, key, "attachments { nodes { id } }"))["attachments"]["nodes"]
    await mutation_payload(tenant, "attachmentDelete", "deletedId", id=front["id"])
    await assert_refused(tenant, APPROVE, MISSING, id=key)


async def test_a_renewal_has_its_own_files_unless_it_keeps_them(tenant: Tenant, key: str) -> None:
    await upload_both(tenant, key)
    await mutation_payload(tenant, APPROVE, id=key)
    await actions.add_version(tenant, key, expiryDate="2031-01-01")
    [front, back] = await assert_refused(tenant, APPROVE, MISSING, MISSING, id=key)
    assert "keepAttachments" in front["message"]
    assert "keepAttachments" in back["message"]
    # An older version is approved by its own files.
    versions = await actions.version_rows(tenant, key)
    await mutation_payload(tenant, "credentialReject", id=key, version=versions[0].id)
    await mutation_payload(tenant, APPROVE, id=key, version=versions[0].id)
    await assert_refused(tenant, APPROVE, MISSING, MISSING, id=key, version=versions[1].id)
    assert await sides(tenant, key) == [["FRONT", "BACK"], []]


async def test_a_renewal_shares_the_files_that_it_keeps(tenant: Tenant, key: str) -> None:
    await upload_both(tenant, key)
    await files.upload_file(tenant, key, "OTHER")
    await actions.add_version(tenant, key, expiryDate="2031-01-01", keepAttachments=True)
    assert await sides(tenant, key) == [["FRONT", "BACK", "OTHER"]] * 2
    event = (await actions.events_of(tenant, key))[-1]
    assert event.changes["mediaFiles"] == {
        "from": [],
        "to": [f"{side} front.png" for side in ("FRONT", "BACK", "OTHER")],
    }
    old, new = [
        version["attachments"]["nodes"]
        for version in (await query_credential(tenant, key, VERSIONS))["versions"]["nodes"]
    ]
    assert [node["sha256"] for node in old] == [node["sha256"] for node in new]
    # Removing the file of one version leaves the bytes of the other.
    await mutation_payload(tenant, "attachmentDelete", "deletedId", id=new[0]["id"])
    assert [row["storage_key"] for row in (await tenant.rows()).get("file_removals", [])] == []
    shown = await files.query_attachment(tenant, old[0]["id"])
    assert (await tenant.service.client.get(shown["download"]["url"])).content == files.PNG
    await files.upload_file(tenant, key, "FRONT", files.JPEG, "new.jpg")
    await mutation_payload(tenant, APPROVE, id=key)


@pytest.mark.parametrize("keep", [None, False])
async def test_a_renewal_keeps_nothing_by_default(tenant: Tenant, key: str, keep: bool | None) -> None:
    await upload_both(tenant, key)
    await actions.add_version(tenant, key, expiryDate="2031-01-01", keepAttachments=keep)
    assert await sides(tenant, key) == [["FRONT", "BACK"], []]


async def test_a_renewal_without_files_to_keep_is_added(tenant: Tenant, key: str) -> None:
    await actions.add_version(tenant, key, expiryDate="2031-01-01", keepAttachments=True)
    assert await sides(tenant, key) == [[], []]
    await assert_refused(tenant, APPROVE, MISSING, MISSING, id=key)


async def test_a_file_that_the_type_no_longer_supports_is_not_kept(tenant: Tenant, key: str) -> None:
    await upload_both(tenant, key)
    text = "query ($by: CredentialTypeBy!) { credentialType(by: $by) { id supports } }"
    shown = (await tenant.execute(text, {"by": {"code": TICKET}})).data["credentialType"]
    supports = [name for name in shown["supports"] if name not in BOTH]
    await mutation_payload(
        tenant, "credentialTypeUpdate", "credentialType { id }", id=shown["id"], supports=supports, requires=[]
    )
    refused = ("UNSUPPORTED_METADATA", "keepAttachments")
    await assert_refused(tenant, ADD, refused, id=key, expiryDate="2031-01-01", keepAttachments=True)


async def test_a_type_without_approval_asks_for_no_files(tenant: Tenant) -> None:
    key = await add_credential(tenant, approvalRequired=False)
    shown = await query_credential(tenant, key, "effectiveVersion { approval { status } }")
    assert shown["effectiveVersion"]["approval"]["status"] == "NOT_REQUIRED"
