"""Requests as the worker sees and answers them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from tests.calls import mutate, mutate_ok
from tests.compliance import requirement_calls
from tests.compliance.requirement_calls import add_position, add_rule, assign, requests
from tests.oidc import Issuer, service_trusting_issuer
from tests.service import Tenant, error_paths

MINE = """{ viewer { worker {
  id
  requests { nodes {
    id message credential { id intake { status rule { name } } } rule { name } credentialType { code }
    viewerCanCancel viewerCanRemind
  } totalCount { count } }
  credentials(where: {intake: {eq: REQUESTED}}, includeRequested: true) { nodes { id viewerCanSubmit } }
  assignments { nodes { position { name } } }
  exemptions { nodes { reason } }
} } }"""


@dataclass(frozen=True)
class Person:
    """A signed-in worker with no other role."""

    tenant: Tenant
    worker: str
    key: str

    async def ask(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """Run an operation as the worker."""
        return await self.tenant.execute(text, variables, key=self.key)


@pytest.fixture
async def ada(tenant: Tenant, settings: Settings, tmp_path: Path) -> AsyncIterator[Person]:
    """Create and sign in a worker."""
    issuer = Issuer.with_keys("EdDSA")
    (tmp_path / "jwks.json").write_bytes(issuer.jwks())
    worker = await tenant.add_worker("Ada")
    async with service_trusting_issuer(tenant, settings, str(tmp_path / "jwks.json")) as service:
        claims = {"organization": tenant.id, "roles": ["WORKER"], "worker": worker}
        yield Person(replace(tenant, service=service), worker, issuer.token("EdDSA", claims))


async def test_a_worker_sees_only_their_own_requests(tenant: Tenant, ada: Person) -> None:
    other = await tenant.add_worker("Ben")
    position = await add_position(tenant)
    await assign(tenant, position, ada.worker)
    await add_rule(tenant, name="For all", requestMessage="Please.")
    exempt = {"requirement": {"credentialType": "NPI"}, "reason": "Abroad."}
    await mutate_ok(tenant, "exemptionGrant", "exemption { id }", worker={"id": ada.worker}, **exempt)
    [own_request] = await requests(tenant, ada.worker)
    worker = (await ada.ask(MINE)).data["viewer"]["worker"]
    assert worker == {
        "id": ada.worker,
        "requests": {
            "nodes": [
                {
                    "id": own_request.id,
                    "message": "Please.",
                    "credential": {
                        "id": own_request.credential_id,
                        "intake": {"status": "REQUESTED", "rule": {"name": "For all"}},
                    },
                    "rule": {"name": "For all"},
                    "credentialType": {"code": "WWCC_NSW"},
                    "viewerCanCancel": False,
                    "viewerCanRemind": False,
                }
            ],
            "totalCount": {"count": 1},
        },
        "credentials": {"nodes": [{"id": own_request.credential_id, "viewerCanSubmit": True}]},
        "assignments": {"nodes": [{"position": {"name": "Night nurse"}}]},
        "exemptions": {"nodes": [{"reason": "Abroad."}]},
    }
    [other_request] = await requests(tenant, other)
    text = "query ($id: ID!) { node(id: $id) { id } }"
    for key in (other_request.id, other_request.credential_id, other):
        assert (await ada.ask(text, {"id": key})).data["node"] is None
    answer = await ada.ask("{ credentialRequests { nodes { id } } }")
    assert answer.data["credentialRequests"]["nodes"] == [{"id": own_request.id}]


async def test_a_worker_submits_only_their_own_credentials(tenant: Tenant, ada: Person) -> None:
    other = await tenant.add_worker("Ben")
    await add_rule(tenant)
    [own_request], [other_request] = await requests(tenant, ada.worker), await requests(tenant, other)
    number = {"referenceNumber": "WWC1234567E"}
    refused = await mutate(ada.tenant, "credentialSubmit", key=ada.key, id=other_request.credential_id, **number)
    assert error_paths(refused) == [("NOT_FOUND", "id")]
    selection = "credential { intake { status request { open } } }"
    payload = await mutate(
        ada.tenant, "credentialSubmit", selection, key=ada.key, id=own_request.credential_id, **number
    )
    assert payload["errors"] == []
    assert payload["credential"]["intake"] == {"status": "COMPLETED", "request": {"open": False}}
    assert await requirement_calls.requested_codes(tenant, ada.worker) == []
    [event] = [row for row in (await tenant.rows())["events"] if row["kind"].value == "credential.submitted"]
    assert event["actor_kind"].value == "PERSON"


@pytest.mark.parametrize(
    ("field", "input"),
    [
        ("credentialRequestsCreate", {"workers": [], "types": []}),
        ("credentialRequestCancel", {"id": "req_0000000000000000"}),
        ("credentialRequestRemind", {"id": "req_0000000000000000"}),
        ("exemptionGrant", {"worker": {"id": "w"}, "requirement": {"rule": "r"}}),
        ("positionAssign", {"position": "p", "workers": []}),
    ],
)
async def test_a_worker_cannot_use_compliance_mutations(ada: Person, field: str, input: dict[str, Any]) -> None:
    input_type = f"{field[0].upper()}{field[1:]}Input"
    text = f"mutation ($input: {input_type}!) {{ {field}(input: $input) {{ errors {{ code }} }} }}"
    assert (await ada.ask(text, {"input": input})).codes == ["FORBIDDEN"]


async def test_a_worker_cannot_list_rules(ada: Person) -> None:
    assert (await ada.ask("{ requirementRules { nodes { id } } }")).codes == ["FORBIDDEN"]
