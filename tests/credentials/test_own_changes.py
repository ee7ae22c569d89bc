"""Facts that people enter about themselves: they wait for a decision or a check, and replace nothing until then."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.credentials.tables import ApprovalStatus
from tests import files
from tests.credentials import actions
from tests.credentials.actions import mutation_payload
from tests.oidc import Issuer
from tests.service import Tenant, credential_input

FACTS = """credential { revision verification { status } issuing { expiryDate }
    latestVersion { number expiryDate approval { status } } effectiveVersion { number expiryDate } }"""
OLD, NEW, LATER = "2030-06-30", "2099-12-31", "2199-12-31"
CODE = "OWN_TICKET"


@dataclass(frozen=True)
class Holder:
    """A worker with a token of their own, and a credential of theirs."""

    tenant: Tenant
    worker: str
    token: str
    key: str

    async def mutate(self, field: str, selection: str = FACTS, **input: Any) -> Any:
        """Run a mutation as the worker; assert that it succeeds."""
        payload = await self.tenant.mutate(field, selection, key=self.token, **{"id": self.key, **input})
        assert payload["errors"] == []
        return payload

    async def change(self, change: str, day: str) -> None:
        """Change the expiry date as the worker, by one of the mutations that can."""
        version = (await self.row()).latest_version_id
        issuing: dict[str, Any] = {"issuing": {"expiryDate": day}}
        match change:
            case "credentialVersionEdit":
                payload = await self.mutate(change, "version { id }", id=version, expiryDate=day)
                assert payload["version"]["id"] == (await self.row()).latest_version_id
            case "credentialVersionAdd":
                await self.mutate(change, "version { id }", expiryDate=day)
            case "credentialsUpdate":
                payload = await self.tenant.mutate(
                    change, "succeeded", key=self.token, updates=[{"id": self.key, **issuing}]
                )
                assert payload == {"succeeded": 1, "errors": []}
            case "credentialReplace":
                identification = {"displayName": "Ticket", "credentialType": CODE, "category": "CERTIFICATION"}
                identification |= {"referenceNumber": "T-1"}
                status = {"status": (await self.row()).status.value, "verifiable": False}
                await self.mutate(change, identification=identification, verification=status, **issuing)
            case _:
                await self.mutate(change, **issuing)

    async def row(self) -> Any:
        """Return the credential's row."""
        return await actions.credential_row(self.tenant, self.key)

    async def versions(self) -> list[tuple[str, str]]:
        """Return each version's expiry date and approval."""
        rows = await actions.version_rows(self.tenant, self.key)
        return [(str(row.expiry_date), row.approval.value) for row in rows]

    async def effective(self) -> int | None:
        """Return the number of the version in force."""
        rows = {row.id: row.number for row in await actions.version_rows(self.tenant, self.key)}
        return rows.get((await self.row()).effective_version_id)


CHANGES = (
    "credentialUpdate",
    "credentialReplace",
    "credentialsUpdate",
    "credentialVersionEdit",
    "credentialVersionAdd",
)


async def new_holder(tenant: Tenant, issuer: Issuer, roles: tuple[str, ...] = ("WORKER",), **content: Any) -> Holder:
    """Return a worker who holds a credential that staff made active."""
    worker = await tenant.add_worker()
    await actions.add_type(tenant, CODE, **content)
    issuing, verification = {"expiryDate": OLD}, {"status": "ACTIVE", "verifiable": False}
    key = await actions.add_ticket(tenant, worker, CODE, issuing=issuing, verification=verification)
    claims = {"organization": tenant.id, "roles": list(roles), "worker": worker}
    return Holder(tenant, worker, issuer.token("ES256", claims), key)


@pytest.fixture
async def holder(oidc_tenant: Tenant, issuer: Issuer) -> Holder:
    """Provide a holder of a credential that was made while approvals were off; they are on since."""
    holder = await new_holder(oidc_tenant, issuer)
    await actions.update_settings(oidc_tenant, approvalsEnabled=True)
    assert await holder.versions() == [(OLD, "NOT_REQUIRED")]
    return holder


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_what_counts_waits_in_a_version_of_its_own(holder: Holder, change: str) -> None:
    await holder.change(change, NEW)
    assert await holder.versions() == [(OLD, "NOT_REQUIRED"), (NEW, "PENDING")]
    assert (await holder.effective(), (await holder.row()).status) == (1, "ACTIVE")
    assert (await actions.event_kinds(holder.tenant, holder.key))[-1] == "credential.versionAdded"
    # A version that does not count yet is edited in place.
    if change != "credentialVersionAdd":
        await holder.change(change, LATER)
        assert await holder.versions() == [(OLD, "NOT_REQUIRED"), (LATER, "PENDING")]
        assert (await actions.event_kinds(holder.tenant, holder.key))[-1] == "credential.updated"
    queue = (await holder.tenant.execute("{ reviewQueue { nodes { id } } }")).data["reviewQueue"]["nodes"]
    assert holder.key in [node["id"] for node in queue]
    await mutation_payload(holder.tenant, "credentialApprove", id=holder.key)
    assert await holder.effective() == 2


async def test_an_approved_version_is_not_taken_back_by_its_holder(holder: Holder) -> None:
    await mutation_payload(holder.tenant, "credentialApprove", id=holder.key)
    await holder.change("credentialVersionEdit", NEW)
    assert await holder.versions() == [(OLD, "APPROVED"), (NEW, "PENDING")]
    await mutation_payload(holder.tenant, "credentialReject", id=holder.key)
    assert (await holder.effective(), (await holder.row()).status) == (1, "ACTIVE")


async def test_what_is_not_a_fact_of_the_version_changes_at_once(holder: Holder) -> None:
    await holder.mutate("credentialUpdate", identification={"displayName": "Mine"})
    assert await holder.versions() == [(OLD, "NOT_REQUIRED")]


async def test_files_of_what_counts_stay(holder: Holder) -> None:
    await holder.tenant.mutate("credentialApprove", actions.CREDENTIAL, id=holder.key)
    front = await files.upload_file(holder.tenant, holder.key)
    await mutation_payload(holder.tenant, "credentialApprove", id=holder.key)
    back = await files.upload_file(holder.tenant, holder.key, "BACK", key=holder.token)
    assert await holder.versions() == [(OLD, "APPROVED"), (OLD, "PENDING")]
    shown = await actions.query_credential(
        holder.tenant,
        holder.key,
        "versions(orderBy: [{field: NUMBER}]) { nodes { attachments { nodes { id side } } } }",
    )
    old, new = [[node["side"] for node in row["attachments"]["nodes"]] for row in shown["versions"]["nodes"]]
    assert (old, new) == (["FRONT"], ["FRONT", "BACK"])
    await mutation_payload(holder.tenant, "credentialApprove", id=holder.key)
    await holder.mutate("attachmentDelete", "deletedId", id=back)
    assert await holder.versions() == [(OLD, "APPROVED"), (OLD, "APPROVED"), (OLD, "PENDING")]
    assert (await files.query_attachment(holder.tenant, front))["status"] == "ATTACHED"
    assert (await files.query_attachment(holder.tenant, back))["status"] == "ATTACHED"


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_counts_at_once_where_nobody_confirms(oidc_tenant: Tenant, issuer: Issuer, change: str) -> None:
    holder = await new_holder(oidc_tenant, issuer)
    await holder.change(change, NEW)
    assert (await holder.versions())[-1] == (NEW, "NOT_REQUIRED")
    assert len(await holder.versions()) == (2 if change == "credentialVersionAdd" else 1)
    # Approvals that are switched on later ask for a decision.
    await actions.update_settings(oidc_tenant, approvalsEnabled=True)
    assert (await holder.versions())[-1] == (NEW, "PENDING")
    stands = change == "credentialVersionAdd"
    assert await holder.effective() == (1 if stands else None)
    assert (await holder.row()).status == ("ACTIVE" if stands else "PENDING")
    await mutation_payload(oidc_tenant, "credentialApprove", id=holder.key)
    before = await oidc_tenant.rows()
    await actions.update_settings(oidc_tenant, resubmitOnReject=True)
    await actions.update_settings(oidc_tenant, resubmitOnReject=False)
    assert (await oidc_tenant.rows())["credential_versions"] == before["credential_versions"]


async def test_what_staff_entered_needs_no_decision_later(oidc_tenant: Tenant, issuer: Issuer) -> None:
    holder = await new_holder(oidc_tenant, issuer)
    await holder.change("credentialUpdate", NEW)
    await mutation_payload(oidc_tenant, "credentialUpdate", id=holder.key, issuing={"expiryDate": LATER})
    await actions.update_settings(oidc_tenant, approvalsEnabled=True)
    assert await holder.versions() == [(LATER, "NOT_REQUIRED")]


async def test_a_reviewer_is_a_holder_of_their_own(oidc_tenant: Tenant, issuer: Issuer) -> None:
    holder = await new_holder(oidc_tenant, issuer, ("REVIEWER", "WORKER"))
    await actions.update_settings(oidc_tenant, approvalsEnabled=True)
    await holder.change("credentialUpdate", NEW)
    assert await holder.versions() == [(OLD, "NOT_REQUIRED"), (NEW, "PENDING")]
    await actions.update_settings(oidc_tenant, selfReviewAllowed=True)
    await holder.mutate("credentialApprove")
    await holder.change("credentialUpdate", LATER)
    assert (await holder.versions())[-1] == (LATER, ApprovalStatus.PENDING)
    assert len(await holder.versions()) == 2


async def test_staff_change_what_counts_in_place(holder: Holder) -> None:
    await mutation_payload(holder.tenant, "credentialUpdate", id=holder.key, issuing={"expiryDate": NEW})
    assert await holder.versions() == [(NEW, "NOT_REQUIRED")]


@pytest.mark.parametrize("by_version", [False, True], ids=["submitted", "added and submitted"])
@pytest.mark.parametrize("approvals", [True, False])
async def test_a_rejected_submission_is_not_overruled_by_its_worker(
    oidc_tenant: Tenant, issuer: Issuer, *, approvals: bool, by_version: bool
) -> None:
    """The type needs no approval, so that the first submission counts at once; but a reviewer rejected it."""
    await actions.update_settings(oidc_tenant, approvalsEnabled=approvals, resubmitOnReject=True)
    worker = await oidc_tenant.add_worker()
    key = await actions.add_requested(oidc_tenant, CODE, worker, approvalRequired=False)
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})
    holder, intake = Holder(oidc_tenant, worker, token, key), "credential { intake { status } }"
    payload = await holder.mutate("credentialSubmit", intake, referenceNumber="T-1")
    assert payload["credential"]["intake"]["status"] == "COMPLETED"
    await mutation_payload(oidc_tenant, "credentialReject", id=key)
    if by_version:
        await holder.mutate("credentialVersionAdd", "version { id }", expiryDate=NEW)
    payload = await holder.mutate("credentialSubmit", intake, expiryDate=NEW)
    assert payload["credential"]["intake"]["status"] == ("SUBMITTED" if approvals else "COMPLETED")
    assert (await holder.versions())[-1] == (NEW, "PENDING" if approvals else "NOT_REQUIRED")
    assert (await holder.row()).status == ("PENDING" if approvals else "ACTIVE")
    assert await holder.effective() == (None if approvals else 2)
    if approvals:
        await mutation_payload(oidc_tenant, "credentialApprove", id=key)
        assert (await holder.row()).intake == "COMPLETED"


@pytest.mark.parametrize("roles", [("WORKER",), ("REVIEWER", "WORKER")])
@pytest.mark.parametrize("approvals", [True, False])
async def test_what_people_add_about_themselves_is_asked_of_a_reviewer(
    oidc_tenant: Tenant, issuer: Issuer, *, approvals: bool, roles: tuple[str, ...]
) -> None:
    """The type needs no approval. Without a decision the credential would wait for nobody."""
    await actions.update_settings(oidc_tenant, approvalsEnabled=approvals)
    await actions.add_type(oidc_tenant, CODE, approvalRequired=False)
    worker = await oidc_tenant.add_worker()
    token = issuer.token("ES256", {"organization": oidc_tenant.id, "roles": list(roles), "worker": worker})
    identification = {"credentialType": CODE, "category": "CERTIFICATION", "referenceNumber": "T-1"}
    input = credential_input(worker, identification=identification)
    payload = await mutation_payload(oidc_tenant, "credentialCreate", key=token, **input)
    holder = Holder(oidc_tenant, worker, token, payload["credential"]["id"])
    assert [approval for _, approval in await holder.versions()] == ["PENDING" if approvals else "NOT_REQUIRED"]
    queue = (await oidc_tenant.execute("{ reviewQueue { nodes { id } } }")).data["reviewQueue"]["nodes"]
    assert [node["id"] for node in queue] == ([holder.key] if approvals else [])
    staff = await mutation_payload(oidc_tenant, "credentialCreate", **input)
    rows = await actions.version_rows(oidc_tenant, staff["credential"]["id"])
    assert [row.approval for row in rows] == ["NOT_REQUIRED"]
