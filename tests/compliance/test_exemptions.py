"""Exemptions: grants, revocations, refusals and lists."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from tests import calls
from tests.calls import UNKNOWN_ID, assert_refused, mutate_ok
from tests.compliance.requirement_calls import add_rule
from tests.conftest import SettableClock
from tests.service import Tenant

SELECTION = """
  id worker { id } rule { id } credentialType { code } reason startsOn endsOn approver { id name }
  revoked revokedAt revision
  viewerCanRevoke
"""
SCOPE = Scope.REQUIREMENTS_WRITE
OF_TYPE = {"credentialType": "WWCC_NSW"}


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """Set the clock to a fixed day."""
    clock.set(datetime(2026, 3, 10, 9, tzinfo=UTC))


async def grant(tenant: Tenant, worker: str, **content: Any) -> Any:
    """Grant an exemption, from a credential type by default, and return it."""
    content = {"requirement": OF_TYPE, "reason": "On the way.", **content}
    return await mutate_ok(tenant, "exemptionGrant", f"exemption {{ {SELECTION} }}", worker={"id": worker}, **content)


async def test_an_exemption_records_its_approver(tenant: Tenant) -> None:
    worker, rule = await tenant.add_worker(), await add_rule(tenant)
    viewer = (await tenant.execute("{ viewer { id name } }")).data["viewer"]
    exemption = await grant(tenant, worker)
    del exemption["id"]
    assert exemption == {
        "worker": {"id": worker},
        "rule": None,
        "credentialType": {"code": "WWCC_NSW"},
        "reason": "On the way.",
        "startsOn": "2026-03-10",
        "endsOn": None,
        "approver": viewer,
        "revoked": False,
        "revokedAt": None,
        "revision": 1,
        "viewerCanRevoke": True,
    }
    exemption = await grant(tenant, worker, requirement={"rule": rule}, startsOn="2026-01-01", endsOn="2026-12-31")
    assert (exemption["rule"], exemption["credentialType"]) == ({"id": rule}, None)
    assert (exemption["startsOn"], exemption["endsOn"]) == ("2026-01-01", "2026-12-31")
    events = [row for row in await calls.event_rows(tenant) if row["kind"].value == "exemption.granted"]
    assert [row["worker_id"] for row in events] == [worker, worker]
    assert events[1]["changes"]["rule"] == {"from": None, "to": rule}


async def test_an_exemption_is_revoked_once(tenant: Tenant) -> None:
    key = (await grant(tenant, await tenant.add_worker()))["id"]
    await assert_refused(tenant, "exemptionRevoke", ("CONFLICT", "expectedRevision"), id=key, expectedRevision=3)
    exemption = await mutate_ok(tenant, "exemptionRevoke", f"exemption {{ {SELECTION} }}", id=key)
    assert (exemption["revoked"], exemption["revokedAt"], exemption["revision"]) == (True, "2026-03-10T09:00:00Z", 2)
    assert not exemption["viewerCanRevoke"]
    await assert_refused(tenant, "exemptionRevoke", ("ALREADY_REVOKED", "id"), id=key)
    assert (await calls.event_rows(tenant))[-1]["kind"].value == "exemption.revoked"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"reason": " "}, ("REQUIRED", "reason")),
        ({"reason": "r" * 2_001}, ("INVALID", "reason")),
        ({"endsOn": "2026-03-09"}, ("INVALID", "endsOn")),
        ({"worker": {"id": f"wkr_{UNKNOWN_ID}"}}, ("NOT_FOUND", "worker.id")),
        ({"worker": {"email": "nobody@work.test"}}, ("NOT_FOUND", "worker.email")),
        ({"requirement": {"rule": f"rule_{UNKNOWN_ID}"}}, ("NOT_FOUND", "requirement.rule")),
        ({"requirement": {"rule": f"wkr_{UNKNOWN_ID}"}}, ("INVALID", "requirement.rule")),
        ({"requirement": {"credentialType": "NO_SUCH"}}, ("NOT_FOUND", "requirement.credentialType")),
    ],
)
async def test_an_invalid_exemption_is_refused(
    shared_tenant: Tenant, someone: str, content: dict[str, Any], expected: tuple[str, str]
) -> None:
    base = {"worker": {"id": someone}, "requirement": OF_TYPE, "reason": "On the way."}
    await assert_refused(shared_tenant, "exemptionGrant", expected, **{**base, **content})


async def test_deleted_and_foreign_records_are_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    worker, gone, rule = await tenant.add_worker(), await tenant.add_worker("Gone"), await add_rule(tenant)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    await mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule)
    base: dict[str, Any] = {"worker": {"id": worker}, "requirement": {"rule": rule}, "reason": "On the way."}
    await assert_refused(tenant, "exemptionGrant", ("DELETED", "requirement.rule"), **base)
    await assert_refused(tenant, "exemptionGrant", ("DELETED", "worker"), **{**base, "worker": {"id": gone}})
    foreign_worker = await other_tenant.add_worker()
    key = (await grant(other_tenant, foreign_worker))["id"]
    await assert_refused(
        tenant, "exemptionGrant", ("NOT_FOUND", "worker.id"), **{**base, "worker": {"id": foreign_worker}}
    )
    await assert_refused(tenant, "exemptionRevoke", ("NOT_FOUND", "id"), id=key)
    await calls.assert_forbidden(tenant, "exemptionGrant", *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, **base)
    await calls.assert_forbidden(tenant, "exemptionRevoke", *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, id=key)


async def test_exemptions_are_filtered_and_sorted(tenant: Tenant) -> None:
    ada, ben, rule = await tenant.add_worker("Ada"), await tenant.add_worker("Ben"), await add_rule(tenant)
    await grant(tenant, ada, reason="a", startsOn="2026-01-01", endsOn="2026-01-31")
    await grant(tenant, ben, reason="b", requirement={"rule": rule})
    key = (await grant(tenant, ada, reason="c", requirement={"credentialType": "NPI"}))["id"]
    await mutate_ok(tenant, "exemptionRevoke", "exemption { id }", id=key)

    async def reasons(where: dict[str, Any], **arguments: Any) -> str:
        content = {"where": where, "orderBy": [{"field": "CREATED_AT"}], **arguments}
        return "".join(node["reason"] for node in await calls.query_nodes(tenant, "exemptions", "reason", **content))

    assert await reasons({}) == "abc"
    assert await reasons({}, orderBy=[{"field": "CREATED_AT", "direction": "DESC"}]) == "cba"
    assert await reasons({"worker": {"eq": ada}}) == "ac"
    assert await reasons({"rule": {"eq": rule}}) == "b"
    assert await reasons({"type": {"in": ["NPI", "WWCC_NSW"]}}) == "ac"
    assert await reasons({"asOf": "2026-01-31"}) == "a"
    assert await reasons({"asOf": "2026-03-10"}) == "b"
    assert await reasons({"revoked": True}) == "c"
    text = "query ($id: ID!) { worker(by: {id: $id}) { exemptions(where: {revoked: false}) { nodes { reason } } } }"
    answer = await tenant.execute(text, {"id": ada})
    assert answer.data["worker"]["exemptions"]["nodes"] == [{"reason": "a"}]
