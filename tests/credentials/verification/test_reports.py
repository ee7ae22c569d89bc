"""Verification facts that callers state about credentials that a registry verifies."""

from typing import Any

import pytest

from app.access import Scope
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.registry import FakeRegistry, json_reply
from tests.service import credential_input, error_paths

UPDATE, REPLACE, BULK, CREATE = "credentialUpdate", "credentialReplace", "credentialsUpdate", "credentialCreate"
FACTS: list[dict[str, Any]] = [{"status": "ACTIVE"}, {"eligibility": "MAY_ENGAGE"}, {"verifiable": False}]
REPORTED = """verifications(where: {trigger: {eq: REPORTED}}) { nodes {
    outcome registry adapter rawStatus reportedStatus eligibility latencyMs requestedBy { kind name } } }"""


async def writer(checks: VerificationHarness, *more: Scope) -> str:
    """Return a key that may write credentials, with further scopes."""
    return await checks.tenant.create_key(Scope.WORKERS_READ, Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, *more)


def path_of(facts: dict[str, Any]) -> str:
    return f"verification.{next(iter(facts))}"


@pytest.fixture
async def lapsed(checks: VerificationHarness, fake: FakeRegistry) -> str:
    """Provide a credential that its registry found expired."""
    fake.reply_with(json_reply("LAPSED"))
    key = await checks.add_checked()
    assert (await checks.credential(key)).status == "EXPIRED"
    return key


@pytest.mark.parametrize("facts", FACTS)
async def test_a_registrys_finding_is_not_overruled_by_a_writer(
    checks: VerificationHarness, lapsed: str, facts: dict[str, Any]
) -> None:
    key, refused = await writer(checks), [("NOT_PERMITTED", path_of(facts))]
    assert await actions.mutate_refused(checks.tenant, UPDATE, key=key, id=lapsed, verification=facts) == refused
    before = await checks.tenant.rows()
    rows = [{"id": lapsed, "verification": facts}]
    payload = await checks.tenant.mutate(BULK, "results { errors { code path } }", key=key, updates=rows)
    [error] = payload["results"][0]["errors"]
    assert error == {"code": "NOT_PERMITTED", "path": ["updates", "0", *path_of(facts).split(".")]}
    assert (await checks.tenant.rows())["credentials"] == before["credentials"]
    replacement = credential_input("", verification={"status": "EXPIRED", "eligibility": "MAY_NOT_ENGAGE", **facts})
    replacement["identification"] = {**replacement["identification"], "credentialType": "CHECKED"}
    replacement = {name: replacement[name] for name in ("identification", "verification")}
    assert await actions.mutate_refused(checks.tenant, REPLACE, key=key, id=lapsed, **replacement) == refused


async def test_clearing_a_finding_is_stating_one(checks: VerificationHarness, lapsed: str) -> None:
    facts = {"eligibility": None}
    refused = await actions.mutate_refused(
        checks.tenant, UPDATE, key=await writer(checks), id=lapsed, verification=facts
    )
    assert refused == [("NOT_PERMITTED", "verification.eligibility")]


async def test_stating_what_is_known_changes_nothing(checks: VerificationHarness, lapsed: str) -> None:
    known = {"status": "EXPIRED", "eligibility": "MAY_NOT_ENGAGE", "verifiable": True}
    key = await writer(checks)
    before = await checks.tenant.rows()
    payload = await checks.tenant.mutate(UPDATE, actions.CREDENTIAL, key=key, id=lapsed, verification=known)
    assert payload["errors"] == []
    assert await checks.tenant.rows() == before


@pytest.mark.parametrize("facts", FACTS)
async def test_a_credential_is_created_as_pending_only(checks: VerificationHarness, facts: dict[str, Any]) -> None:
    key, worker = await writer(checks), await checks.tenant.add_worker()
    identification = {"credentialType": "CHECKED", "referenceNumber": "N1"}
    verification = {"status": "PENDING", **facts}
    input = credential_input(worker, identification=identification, verification=verification)
    refused = await actions.mutate_refused(checks.tenant, CREATE, key=key, **input)
    assert refused == [("NOT_PERMITTED", path_of(facts))]
    input["verification"] = {"status": "PENDING"}
    payload = await checks.tenant.mutate(CREATE, f"credential {{ {REPORTED} }}", key=key, **input)
    assert (payload["errors"], payload["credential"]["verifications"]["nodes"]) == ([], [])


async def test_a_report_is_recorded_and_is_no_answer_of_the_registry(
    checks: VerificationHarness, lapsed: str, fake: FakeRegistry, clock: SettableClock
) -> None:
    before = await checks.credential(lapsed)
    key = await writer(checks, Scope.CREDENTIALS_VERIFY)
    facts = {"status": "ACTIVE", "eligibility": "MAY_ENGAGE"}
    selection = f"credential {{ verification {{ status lastVerifiedAt nextCheckAt }} {REPORTED} }}"
    payload = await checks.tenant.mutate(UPDATE, selection, key=key, id=lapsed, verification=facts)
    assert payload["errors"] == []
    [attempt] = payload["credential"]["verifications"]["nodes"]
    assert attempt == {
        "outcome": "COMPLETED",
        "registry": "reported",
        "adapter": None,
        "rawStatus": None,
        "reportedStatus": "ACTIVE",
        "eligibility": "MAY_ENGAGE",
        "latencyMs": None,
        "requestedBy": {"kind": "SERVICE", "name": attempt["requestedBy"]["name"]},
    }
    after = await checks.credential(lapsed)
    assert (after.last_verified_at, after.next_check_at) == (before.last_verified_at, before.next_check_at)
    # A call returns the registry's own finding, if that is recent, and a check overwrites the report.
    verified = await checks.verify(lapsed)
    assert (verified["cached"], verified["attempt"]["registry"]) == (True, checks.source)
    verified = await checks.verify(lapsed, forceRefresh=True)
    assert (verified["cached"], verified["credential"]["verification"]["status"]) == (False, "EXPIRED")


async def test_a_report_at_creation_is_recorded_and_checked(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(json_reply("LAPSED"))
    created = await checks.create(verification={"status": "ACTIVE"})
    key = created["credential"]["id"]
    assert sorted(row.trigger for row in await checks.attempts(key)) == ["ON_CREATE", "REPORTED"]
    await checks.run_jobs()
    assert (await checks.credential(key)).status == "EXPIRED"


async def test_a_type_without_a_registry_takes_the_word_of_a_writer(checks: VerificationHarness) -> None:
    await actions.add_type(checks.tenant)
    key = await actions.add_ticket(checks.tenant, await checks.tenant.add_worker())
    facts = {"status": "ACTIVE", "eligibility": "MAY_ENGAGE"}
    payload = await checks.tenant.mutate(
        UPDATE, f"credential {{ {REPORTED} }}", key=await writer(checks), id=key, verification=facts
    )
    assert (error_paths(payload), payload["credential"]["verifications"]["nodes"]) == ([], [])


@pytest.mark.parametrize("scopes", [(), (Scope.CREDENTIALS_VERIFY,)], ids=["writer", "verifier"])
@pytest.mark.parametrize("mutation", [UPDATE, REPLACE, BULK])
async def test_correcting_a_rejected_credential_states_no_finding(
    checks: VerificationHarness, mutation: str, scopes: tuple[Scope, ...]
) -> None:
    """The status that follows from the correction is the service's own: nobody reported it."""
    credential = await checks.add_checked()
    await actions.mutation_payload(checks.tenant, "credentialReject", id=credential)
    known = {"status": "REVOKED", "eligibility": "MAY_NOT_ENGAGE"}
    input: dict[str, Any] = {"id": credential, "issuing": {"expiryDate": "2031-01-01"}}
    if mutation == REPLACE:
        content = credential_input("", identification={"credentialType": "CHECKED"}, verification=known, **input)
        input |= {name: content[name] for name in ("identification", "verification")}
    input, selection = ({"updates": [input]}, "succeeded") if mutation == BULK else (input, actions.CREDENTIAL)
    payload = await checks.tenant.mutate(mutation, selection, key=await writer(checks, *scopes), **input)
    assert (payload["errors"], payload.get("succeeded", 1)) == ([], 1)
    assert (await checks.credential(credential)).status == "PENDING"
    assert [row.trigger for row in await checks.attempts(credential)] == ["ON_CREATE"]
