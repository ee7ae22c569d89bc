"""What a worker may do with a credential of their own, and what is for others to say of it."""

from typing import Any

import pytest

from tests.credentials import life
from tests.credentials.life import done
from tests.oidc import Issuer
from tests.service import Tenant, credential_input, error_paths

SHOWN = "credential { id verification { status eligibility isVerifiable } }"


@pytest.fixture
async def worker(oidc_tenant: Tenant) -> str:
    return await oidc_tenant.add_worker()


@pytest.fixture
def token(oidc_tenant: Tenant, issuer: Issuer, worker: str) -> str:
    """The worker, signed in."""
    return issuer.token("ES256", {"organization": oidc_tenant.id, "roles": ["WORKER"], "worker": worker})


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"status": "ACTIVE"}, "verification.status"),
        ({"status": "PENDING", "eligibility": "MAY_ENGAGE"}, "verification.eligibility"),
        ({"status": "PENDING", "isVerifiable": False}, "verification.isVerifiable"),
    ],
)
async def test_whether_it_counts_is_not_for_them_to_say(
    oidc_tenant: Tenant, worker: str, token: str, told: dict[str, Any], path: str
) -> None:
    before = await oidc_tenant.rows()
    payload = await oidc_tenant.mutate(
        "credentialCreate", SHOWN, key=token, **credential_input(worker, verification=told)
    )
    assert (payload["credential"], error_paths(payload)) == (None, [("NOT_PERMITTED", path)])
    assert await oidc_tenant.rows() == before


@pytest.mark.parametrize("told", [{"status": "ACTIVE"}, {"eligibility": "MAY_ENGAGE"}, {"isVerifiable": False}])
async def test_nor_is_it_later(oidc_tenant: Tenant, worker: str, token: str, told: dict[str, Any]) -> None:
    payload = await oidc_tenant.mutate("credentialCreate", SHOWN, key=token, **credential_input(worker))
    key = payload["credential"]["id"]
    before = await oidc_tenant.rows()
    payload = await oidc_tenant.mutate("credentialUpdate", SHOWN, key=token, id=key, verification=told)
    assert error_paths(payload) == [("NOT_PERMITTED", f"verification.{next(iter(told))}")]
    assert await oidc_tenant.rows() == before
    same = {"status": "PENDING", "isVerifiable": True}
    assert (await oidc_tenant.mutate("credentialUpdate", SHOWN, key=token, id=key, verification=same))["errors"] == []


async def test_a_repeated_call_does_not_show_what_is_no_longer_theirs(
    oidc_tenant: Tenant, worker: str, token: str
) -> None:
    payload = await oidc_tenant.mutate("credentialCreate", SHOWN, key=token, **credential_input(worker))
    key = payload["credential"]["id"]
    named = {"id": key, "identification": {"displayName": "Mine"}, "idempotencyKey": "once"}
    asked = "credential { identification { displayName referenceNumber } }"
    first = await oidc_tenant.mutate("credentialUpdate", asked, key=token, **named)
    assert first["credential"]["identification"]["displayName"] == "Mine"
    other = await oidc_tenant.add_worker("Kim Somebody")
    await done(oidc_tenant, "credentialTransfer", id=key, **life.move(worker, other))
    await done(oidc_tenant, "credentialUpdate", id=key, identification={"referenceNumber": "WWC7654321A"})
    before = await oidc_tenant.rows()
    again = await oidc_tenant.mutate("credentialUpdate", asked, key=token, **named)
    assert again == {"credential": None, "errors": []}
    assert await oidc_tenant.rows() == before
