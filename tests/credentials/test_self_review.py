"""People and decisions about themselves: refused, unless the organization allows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.credentials import actions
from tests.credentials.actions import mutation_payload
from tests.oidc import Issuer
from tests.service import Tenant, credential_input, error_paths

PERMISSIONS = "viewerCanApprove viewerCanReject"
ALLOWED, REFUSED = dict.fromkeys(PERMISSIONS.split(), True), dict.fromkeys(PERMISSIONS.split(), False)
BULK = "results { status errors { code path } } succeeded"


@dataclass(frozen=True)
class Reviewer:
    """A person who reviews, and is a worker of the organization; and a colleague."""

    tenant: Tenant
    worker: str
    colleague: str
    token: str
    own: str
    other: str
    """Credentials of the reviewer and of the colleague, which wait for a decision."""

    async def mutate(self, field: str, selection: str = actions.CREDENTIAL, **input: Any) -> Any:
        """Run a mutation as the reviewer."""
        return await self.tenant.mutate(field, selection, key=self.token, **input)

    async def refused(self, field: str, selection: str = actions.CREDENTIAL, **input: Any) -> list[tuple[str, str]]:
        """Run a mutation as the reviewer, assert that it changes nothing, and return its (code, path) pairs."""
        return await actions.mutate_refused(self.tenant, field, selection, key=self.token, **input)

    async def permissions(self, key: str) -> Any:
        """Return the decisions that a credential allows the reviewer."""
        text = f"query ($id: ID!) {{ credential(by: {{id: $id}}) {{ {PERMISSIONS} }} }}"
        return (await self.tenant.execute(text, {"id": key}, key=self.token)).data["credential"]


@pytest.fixture
async def reviewer(oidc_tenant: Tenant, issuer: Issuer) -> Reviewer:
    await actions.update_settings(oidc_tenant, approvalsEnabled=True, selfReviewAllowed=False)
    worker, colleague = [await oidc_tenant.add_worker(name) for name in ("Ray Viewer", "Col League")]
    claims = {"organization": oidc_tenant.id, "roles": ["ADMIN", "WORKER"], "worker": worker}
    code = f"TICKET_{worker[-6:].upper()}"
    await actions.add_type(oidc_tenant, code)
    own, other = [await actions.add_ticket(oidc_tenant, owner, code) for owner in (worker, colleague)]
    return Reviewer(oidc_tenant, worker, colleague, issuer.token("ES256", claims), own, other)


@pytest.mark.parametrize("mutation", ["credentialApprove", "credentialReject"])
async def test_a_decision_about_ones_own_credential_is_refused(reviewer: Reviewer, mutation: str) -> None:
    assert await reviewer.permissions(reviewer.own) == REFUSED
    assert await reviewer.permissions(reviewer.other) == ALLOWED
    assert await reviewer.refused(mutation, id=reviewer.own) == [("SELF_REVIEW", "id")]
    version = (await actions.credential_row(reviewer.tenant, reviewer.own)).latest_version_id
    assert await reviewer.refused(mutation, id=reviewer.own, version=version) == [("SELF_REVIEW", "id")]
    assert (await reviewer.mutate(mutation, id=reviewer.other))["errors"] == []


async def test_a_credential_shared_with_an_applicant_is_ones_own(reviewer: Reviewer) -> None:
    applicant = actions.owner_input(await actions.add_applicant(reviewer.tenant))
    await mutation_payload(reviewer.tenant, "credentialLink", "status", id=reviewer.own, to=applicant)
    assert await reviewer.refused("credentialApprove", id=reviewer.own) == [("SELF_REVIEW", "id")]


@pytest.mark.parametrize("mutation", ["credentialsApprove", "credentialsReject"])
async def test_a_bulk_decision_skips_ones_own_credential(reviewer: Reviewer, mutation: str) -> None:
    payload = await reviewer.mutate(mutation, BULK, ids=[reviewer.own, reviewer.other])
    own, other = payload["results"]
    assert own == {"status": "SKIPPED", "errors": [{"code": "SELF_REVIEW", "path": ["ids", "0"]}]}
    assert other == {"status": "DECIDED", "errors": []}
    assert (await actions.version_rows(reviewer.tenant, reviewer.own))[0].approval == "PENDING"


@pytest.mark.parametrize("facts", [{"status": "ACTIVE"}, {"eligibility": "MAY_ENGAGE"}])
async def test_the_status_of_ones_own_credential_is_for_others_to_state(
    reviewer: Reviewer, facts: dict[str, Any]
) -> None:
    path = f"verification.{next(iter(facts))}"
    assert await reviewer.refused("credentialUpdate", id=reviewer.own, verification=facts) == [("SELF_REVIEW", path)]
    row = [{"id": reviewer.own, "verification": facts}]
    payload = await reviewer.mutate("credentialsUpdate", "results { errors { code } }", updates=row)
    assert payload["results"] == [{"errors": [{"code": "SELF_REVIEW"}]}]
    input = credential_input(reviewer.worker, verification={"status": "PENDING", **facts})
    assert await reviewer.refused("credentialCreate", **input) == [("SELF_REVIEW", path)]
    same = {"status": "PENDING", "verifiable": False}
    assert (await reviewer.mutate("credentialUpdate", id=reviewer.own, verification=same))["errors"] == []
    assert (await reviewer.mutate("credentialUpdate", id=reviewer.other, verification=facts))["errors"] == []


async def test_a_check_of_ones_own_credential_is_for_others_to_resolve(reviewer: Reviewer) -> None:
    for worker, codes in ((reviewer.worker, ["SELF_REVIEW"]), (reviewer.colleague, [])):
        key = await reviewer.tenant.add_credential(worker)
        attempt = (await mutation_payload(reviewer.tenant, "credentialVerify", "attempt { id outcome }", id=key))[
            "attempt"
        ]
        assert attempt["outcome"] == "REVIEW_REQUIRED"
        input = {"id": attempt["id"], "eligibility": "MAY_ENGAGE"}
        before = await reviewer.tenant.rows()
        payload = await reviewer.mutate("verificationResolve", "attempt { outcome }", **input)
        assert [code for code, _ in error_paths(payload)] == codes
        assert (await reviewer.tenant.rows() == before) == bool(codes)


async def test_exemptions_of_oneself_are_for_others_to_decide(reviewer: Reviewer) -> None:
    code = (await actions.credential_row(reviewer.tenant, reviewer.own)).type_code
    grant = {"requirement": {"credentialType": code}, "reason": "On leave"}
    selection = "exemption { id viewerCanRevoke }"

    async def granted(by: Callable[..., Any], worker: str) -> str:
        payload = await by("exemptionGrant", selection, worker={"id": worker}, **grant)
        assert payload["errors"] == []
        return str(payload["exemption"]["id"])

    own = {"worker": {"id": reviewer.worker}, **grant}
    assert await reviewer.refused("exemptionGrant", selection, **own) == [("SELF_REVIEW", "worker")]
    exemption = await granted(reviewer.tenant.mutate, reviewer.worker)
    assert await reviewer.refused("exemptionRevoke", selection, id=exemption) == [("SELF_REVIEW", "id")]
    text = "query ($id: ID!) { exemption(id: $id) { viewerCanRevoke } }"
    shown = await reviewer.tenant.execute(text, {"id": exemption}, key=reviewer.token)
    assert shown.data == {"exemption": {"viewerCanRevoke": False}}
    exemption = await granted(reviewer.mutate, reviewer.colleague)
    assert (await reviewer.mutate("exemptionRevoke", selection, id=exemption))["errors"] == []


async def test_the_organization_may_allow_it(reviewer: Reviewer) -> None:
    await actions.update_settings(reviewer.tenant, selfReviewAllowed=True)
    assert await reviewer.permissions(reviewer.own) == ALLOWED
    assert (await reviewer.mutate("credentialApprove", id=reviewer.own))["errors"] == []
    facts = {"status": "SUSPENDED"}
    assert (await reviewer.mutate("credentialUpdate", id=reviewer.own, verification=facts))["errors"] == []


async def test_a_reviewers_approval_in_another_name_is_not_undone(reviewer: Reviewer) -> None:
    """A key has no worker: programs decide about anybody."""
    await mutation_payload(reviewer.tenant, "credentialApprove", id=reviewer.own)
    assert await reviewer.refused("credentialReject", id=reviewer.own) == [("SELF_REVIEW", "id")]


async def test_a_worker_alone_still_cannot_decide_where_it_is_allowed(reviewer: Reviewer, issuer: Issuer) -> None:
    await actions.update_settings(reviewer.tenant, selfReviewAllowed=True)
    claims = {"organization": reviewer.tenant.id, "roles": ["WORKER"], "worker": reviewer.worker}
    token = issuer.token("ES256", claims)
    scope = await actions.mutate_forbidden(reviewer.tenant, "credentialApprove", token, id=reviewer.own)
    assert scope == "CREDENTIALS_REVIEW"


OWNED = "status credential { id }"


async def test_nobody_takes_back_a_credential_that_they_decided_about_elsewhere(reviewer: Reviewer) -> None:
    me, colleague, refused = reviewer.worker, reviewer.colleague, [("SELF_REVIEW", "to")]
    applicant = await actions.add_applicant(reviewer.tenant)

    # By way of a colleague.
    away = await reviewer.mutate("credentialTransfer", OWNED, id=reviewer.own, **actions.transfer_input(me, colleague))
    assert away["status"] == "TRANSFERRED"
    assert (await reviewer.mutate("credentialApprove", id=reviewer.own))["errors"] == []
    back = actions.transfer_input(colleague, me)
    assert await reviewer.refused("credentialTransfer", OWNED, id=reviewer.own, **back) == refused

    # By way of an applicant, who may be oneself.
    key = await actions.add_ticket(reviewer.tenant, reviewer.worker, await type_code(reviewer))
    assert (await reviewer.mutate("credentialLink", OWNED, id=key, to=actions.owner_input(applicant)))[
        "status"
    ] == "LINKED"
    assert (await reviewer.mutate("credentialUnlink", OWNED, id=key, ownerType="WORKER"))["status"] == "UNLINKED"
    assert (await reviewer.mutate("credentialApprove", id=key))["errors"] == []
    assert await reviewer.refused("credentialLink", OWNED, id=key, to=actions.owner_input(me)) == refused
    hire = actions.transfer_input(applicant, me)
    assert await reviewer.refused("credentialTransfer", OWNED, id=key, **hire) == refused

    # Somebody else may give it.
    payload = await mutation_payload(reviewer.tenant, "credentialTransfer", "status", id=key, **hire)
    assert payload["status"] == "TRANSFERRED"


@pytest.mark.parametrize("mutation", ["credentialsLink", "credentialsTransfer"])
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "all"])
async def test_a_bulk_change_gives_nobody_their_own_credential(
    reviewer: Reviewer, mutation: str, *, is_named: bool
) -> None:
    applicant = await actions.add_applicant(reviewer.tenant)
    key = await actions.add_applicant_credential(reviewer.tenant, applicant)
    named = {"credentialIds": [key]} if is_named else {}
    owners = actions.transfer_input(applicant, reviewer.worker)
    payload = await reviewer.mutate(mutation, "results { status errors { code path } }", **named, **owners)
    [result] = payload["results"]
    assert result == {"status": "SKIPPED", "errors": [{"code": "SELF_REVIEW", "path": ["to"]}]}
    row = await actions.credential_row(reviewer.tenant, key)
    assert (row.worker_id, row.applicant_id) == (None, applicant)


async def test_what_one_holds_already_is_no_gift(reviewer: Reviewer) -> None:
    me = actions.owner_input(reviewer.worker)
    assert (await reviewer.mutate("credentialLink", OWNED, id=reviewer.own, to=me))["status"] == "NOOP"
    again = actions.transfer_input(reviewer.worker, reviewer.worker)
    assert (await reviewer.mutate("credentialTransfer", OWNED, id=reviewer.own, **again))["status"] == "NOOP"


async def test_the_organization_may_allow_gifts_to_oneself(reviewer: Reviewer) -> None:
    await actions.update_settings(reviewer.tenant, selfReviewAllowed=True)
    owners = actions.transfer_input(reviewer.colleague, reviewer.worker)
    assert (await reviewer.mutate("credentialTransfer", OWNED, id=reviewer.other, **owners))["status"] == "TRANSFERRED"


async def type_code(reviewer: Reviewer) -> str:
    """Return the code of the type of the reviewer's credential."""
    return (await actions.credential_row(reviewer.tenant, reviewer.own)).type_code
