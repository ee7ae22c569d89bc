"""Workers and their own credentials: allowed changes, and the verification status that only others may set."""

from typing import Any

import pytest

from tests.credentials import actions
from tests.credentials.actions import mutation_payload
from tests.oidc import Issuer
from tests.service import Tenant, credential_input, error_paths

SHOWN = "credential { id verification { status eligibility verifiable } }"


@pytest.fixture
async def worker(oidc_tenant: Tenant) -> str:
    return await oidc_tenant.add_worker()


@pytest.fixture
def token(oidc_tenant: Tenant, issuer: Issuer, worker: str) -> str:
    """Provide a token of the worker."""
    return issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})


@pytest.mark.parametrize(
    ("verification", "path"),
    [
        ({"status": "ACTIVE"}, "verification.status"),
        ({"status": "PENDING", "eligibility": "MAY_ENGAGE"}, "verification.eligibility"),
        ({"status": "PENDING", "verifiable": False}, "verification.verifiable"),
    ],
)
async def test_a_worker_cannot_set_the_verification_on_creation(
    oidc_tenant: Tenant, worker: str, token: str, verification: dict[str, Any], path: str
) -> None:
    before = await oidc_tenant.rows()
    payload = await oidc_tenant.mutate(
        "credentialCreate", SHOWN, key=token, **credential_input(worker, verification=verification)
    )
    assert (payload["credential"], error_paths(payload)) == (None, [("NOT_PERMITTED", path)])
    assert await oidc_tenant.rows() == before


@pytest.mark.parametrize("verification", [{"status": "ACTIVE"}, {"eligibility": "MAY_ENGAGE"}, {"verifiable": False}])
async def test_a_worker_cannot_set_the_verification_on_update(
    oidc_tenant: Tenant, worker: str, token: str, verification: dict[str, Any]
) -> None:
    payload = await oidc_tenant.mutate("credentialCreate", SHOWN, key=token, **credential_input(worker))
    key = payload["credential"]["id"]
    before = await oidc_tenant.rows()
    payload = await oidc_tenant.mutate("credentialUpdate", SHOWN, key=token, id=key, verification=verification)
    assert error_paths(payload) == [("NOT_PERMITTED", f"verification.{next(iter(verification))}")]
    assert await oidc_tenant.rows() == before
    same = {"status": "PENDING", "verifiable": True}
    assert (await oidc_tenant.mutate("credentialUpdate", SHOWN, key=token, id=key, verification=same))["errors"] == []


async def test_a_replayed_call_does_not_show_a_credential_that_changed_owner(
    oidc_tenant: Tenant, worker: str, token: str
) -> None:
    payload = await oidc_tenant.mutate("credentialCreate", SHOWN, key=token, **credential_input(worker))
    key = payload["credential"]["id"]
    named = {"id": key, "identification": {"displayName": "Mine"}, "idempotencyKey": "once"}
    selection = "credential { identification { displayName referenceNumber } }"
    first = await oidc_tenant.mutate("credentialUpdate", selection, key=token, **named)
    assert first["credential"]["identification"]["displayName"] == "Mine"
    other = await oidc_tenant.add_worker("Kim Somebody")
    await mutation_payload(oidc_tenant, "credentialTransfer", id=key, **actions.transfer_input(worker, other))
    await mutation_payload(oidc_tenant, "credentialUpdate", id=key, identification={"referenceNumber": "WWC7654321A"})
    before = await oidc_tenant.rows()
    again = await oidc_tenant.mutate("credentialUpdate", selection, key=token, **named)
    assert again == {"credential": None, "errors": []}
    assert await oidc_tenant.rows() == before
