"""Requesting many checks in one call: each is accepted or refused by itself, and run by the job loop."""

from typing import Any

import pytest

from app.access import Scope
from app.credentials.verification.tables import VerificationOutcome, VerificationTrigger
from tests.checks import VerificationHarness
from tests.registry import FakeRegistry, json_reply
from tests.service import error_paths

REQUESTED = """
    results { credentialId status correlationId attempt { id outcome trigger correlationId } errors { code path } }
    total succeeded failed
"""


async def ask(checks: VerificationHarness, *keys: str, **input: Any) -> Any:
    """Request checks of credentials, assert that the call succeeds, and return the payload."""
    payload = await checks.tenant.mutate("credentialsVerify", REQUESTED, ids=list(keys), **input)
    assert payload.pop("errors") == []
    return payload


async def test_checks_are_accepted_and_then_run_by_the_loop(checks: VerificationHarness, fake: FakeRegistry) -> None:
    keys = [await checks.add_checked(f"N{number}") for number in range(3)]
    fake.received.clear()
    payload = await ask(checks, *keys)
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (3, 3, 0)
    assert [result["credentialId"] for result in payload["results"]] == keys
    for result in payload["results"]:
        assert (result["status"], result["errors"]) == ("ACCEPTED", [])
        assert result["attempt"]["outcome"] == "PENDING"
        assert result["attempt"]["correlationId"] == result["correlationId"]
    assert fake.received == []
    fake.reply_with(json_reply("LAPSED"))
    await checks.run_jobs()
    for key, result in zip(keys, payload["results"], strict=True):
        _, attempt = await checks.attempts(key)
        assert (attempt.outcome, attempt.trigger) == (VerificationOutcome.COMPLETED, VerificationTrigger.MANUAL)
        assert (await checks.credential(key)).eligibility == "MAY_NOT_ENGAGE"
        assert (await checks.events(key))[-1].correlation_id == result["correlationId"]


async def test_refused_checks_do_not_affect_the_others(checks: VerificationHarness) -> None:
    good, archived, deleted = [await checks.add_checked(f"N{number}") for number in range(3)]
    plain = await checks.add(verification={"status": "ACTIVE", "verifiable": False})
    for mutation, key in (("credentialArchive", archived), ("credentialDelete", deleted)):
        assert (await checks.tenant.mutate(mutation, "credential { id }", id=key))["errors"] == []
    foreign = await (await checks.create_another()).add()
    payload = await ask(checks, archived, deleted, plain, foreign, "cred_0000000000000000", "nonsense", good)
    assert (payload["total"], payload["succeeded"], payload["failed"]) == (7, 1, 6)
    *refused, accepted = payload["results"]
    assert accepted["status"] == "ACCEPTED"
    assert {(result["status"], result["correlationId"], result["attempt"]) for result in refused} == {
        ("SKIPPED", None, None)
    }
    assert [pair for result in refused for pair in error_paths(result)] == [
        ("ARCHIVED", "ids.0"),
        ("DELETED", "ids.1"),
        ("NOT_VERIFIABLE", "ids.2"),
        ("NOT_FOUND", "ids.3"),
        ("NOT_FOUND", "ids.4"),
        ("INVALID", "ids.5"),
    ]


async def test_the_same_credential_twice_is_checked_once(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    results = (await ask(checks, key, key))["results"]
    assert [error_paths(result) for result in results] == [[], [("INVALID", "ids.1")]]
    await checks.run_jobs()
    assert len(fake.received) == 2


async def test_a_pending_check_is_returned(checks: VerificationHarness) -> None:
    created = await checks.create()
    (result,) = (await ask(checks, created["credential"]["id"]))["results"]
    assert result["correlationId"] == created["correlationId"]
    assert result["attempt"]["trigger"] == "ON_CREATE"


async def test_an_empty_list_requests_no_checks(checks: VerificationHarness) -> None:
    assert await ask(checks) == {"results": [], "total": 0, "succeeded": 0, "failed": 0}


async def test_five_hundred_is_the_most(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    payload = await ask(checks, *[key] * 500)
    assert (payload["succeeded"], payload["failed"]) == (1, 499)
    before = await checks.tenant.rows()
    payload = await checks.tenant.mutate("credentialsVerify", REQUESTED, ids=[key] * 501)
    assert [(error["code"], error["limit"]) for error in payload["errors"]] == [("TOO_MANY", 500)]
    assert payload["results"] is None
    assert await checks.tenant.rows() == before


async def test_a_repeated_call_returns_the_first_outcome(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    first, again = [await ask(checks, key, "nonsense", idempotencyKey="once") for _ in range(2)]
    assert first == again
    assert len(await checks.attempts(key)) == 2


@pytest.mark.parametrize("scope", [Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_REVIEW])
async def test_requesting_checks_requires_the_scope(checks: VerificationHarness, scope: Scope) -> None:
    key = await checks.add_checked()
    limited = await checks.tenant.create_key(Scope.CREDENTIALS_READ, scope)
    text = f'mutation {{ credentialsVerify(input: {{ ids: ["{key}"] }}) {{ total }} }}'
    assert (await checks.tenant.execute(text, key=limited)).codes == ["FORBIDDEN"]
