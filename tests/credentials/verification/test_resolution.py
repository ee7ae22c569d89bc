"""Resolving checks that need a review."""

from typing import Any

import pytest

from app.access import Scope
from tests.checks import VERIFY_PAYLOAD, VerificationHarness
from tests.registry import FakeRegistry, Reply, json_reply
from tests.service import Tenant, error_paths

RESOLVED = "attempt { id outcome eligibility rawStatus resolution { resolvedBy reason notes } }"


@pytest.fixture
async def key(checks: VerificationHarness, fake: FakeRegistry) -> str:
    """Provide a credential whose check needs a review."""
    fake.reply_with(json_reply("HELD"))
    return await checks.add_checked()


async def waiting(checks: VerificationHarness, key: str) -> str:
    """Provide the id of a credential's last attempt."""
    return (await checks.attempts(key))[-1].id


async def refused(
    checks: VerificationHarness, attempt: str, tenant: Tenant | None = None, **input: Any
) -> list[tuple[str, str]]:
    """Resolve a check, assert that it is refused and changes nothing, and return the (code, path) pairs."""
    before = await checks.tenant.rows()
    input = {"eligibility": "MAY_ENGAGE", **input}
    payload = await (tenant or checks.tenant).mutate("verificationResolve", RESOLVED, id=attempt, **input)
    assert payload["attempt"] is None
    assert await checks.tenant.rows() == before
    return error_paths(payload)


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        ("MAY_ENGAGE", ("ACTIVE", "MAY_ENGAGE", "VALID")),
        ("MAY_NOT_ENGAGE", ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")),
    ],
)
async def test_a_check_is_resolved_either_way(
    checks: VerificationHarness, key: str, decision: str, status: tuple[str, str, str]
) -> None:
    attempt = await waiting(checks, key)
    words = {"reason": "Called the office", "notes": "Spoke to Kim"}
    payload = await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility=decision, **words)
    assert payload["errors"] == []
    resolution = payload["attempt"].pop("resolution")
    assert resolution.pop("resolvedBy").startswith("key_")
    assert resolution == words
    assert payload["attempt"] == {"id": attempt, "outcome": "RESOLVED", "eligibility": decision, "rawStatus": "HELD"}
    row = await checks.credential(key)
    assert (row.status, row.eligibility, row.status_detail) == status


async def test_the_decision_is_recorded_with_the_checks_correlation_id(checks: VerificationHarness, key: str) -> None:
    attempt = await waiting(checks, key)
    await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility="MAY_NOT_ENGAGE")
    verified, resolved = await checks.events(key)
    assert resolved.correlation_id == verified.correlation_id
    assert resolved.changes["verification.eligibility"] == {"from": "REVIEW_REQUIRED", "to": "MAY_NOT_ENGAGE"}
    assert resolved.actor_name == "Owner"


async def test_a_resolved_check_is_reused_for_a_day(checks: VerificationHarness, key: str, fake: FakeRegistry) -> None:
    attempt = await waiting(checks, key)
    await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility="MAY_ENGAGE")
    payload = await checks.verify(key)
    assert (payload["cached"], payload["eligibility"], payload["attempt"]["outcome"]) == (
        True,
        "MAY_ENGAGE",
        "RESOLVED",
    )
    assert len(fake.received) == 1


@pytest.mark.parametrize("decision", ["REVIEW_REQUIRED", "IN_PROGRESS", "ERROR"])
async def test_a_resolution_must_be_one_of_two_eligibilities(
    checks: VerificationHarness, key: str, decision: str
) -> None:
    attempt = await waiting(checks, key)
    assert await refused(checks, attempt, eligibility=decision) == [("INVALID", "eligibility")]


@pytest.mark.parametrize("words", [{"reason": "x" * 501}, {"notes": "x" * 4_001}])
async def test_comments_that_are_too_long_are_refused(
    checks: VerificationHarness, key: str, words: dict[str, Any]
) -> None:
    attempt = await waiting(checks, key)
    assert await refused(checks, attempt, **words) == [("INVALID", next(iter(words)))]


async def test_a_check_without_need_for_review_is_not_resolvable(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    pending = await checks.add()
    assert await refused(checks, await waiting(checks, pending)) == [("NOT_RESOLVABLE", "id")]
    await checks.run_jobs()
    assert await refused(checks, await waiting(checks, pending)) == [("NOT_RESOLVABLE", "id")]
    fake.reply_with(Reply(status=500))
    await checks.verify(pending, forceRefresh=True)
    assert await refused(checks, await waiting(checks, pending)) == [("NOT_RESOLVABLE", "id")]


async def test_a_check_is_resolved_once(checks: VerificationHarness, key: str) -> None:
    attempt = await waiting(checks, key)
    await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility="MAY_ENGAGE")
    assert await refused(checks, attempt, eligibility="MAY_NOT_ENGAGE") == [("NOT_RESOLVABLE", "id")]


@pytest.mark.parametrize("word", ["CURRENT", "LAPSED", "HELD"])
async def test_a_check_that_a_newer_one_supersedes_is_not_resolvable(
    checks: VerificationHarness, key: str, fake: FakeRegistry, word: str
) -> None:
    attempt = await waiting(checks, key)
    fake.reply_with(json_reply(word))
    await checks.verify(key, forceRefresh=True)
    assert await refused(checks, attempt) == [("NOT_RESOLVABLE", "id")]


async def test_a_check_that_a_review_supersedes_is_not_resolvable(checks: VerificationHarness, key: str) -> None:
    attempt = await waiting(checks, key)
    approved = await checks.tenant.mutate("credentialApprove", "credential { id }", id=key)
    assert approved["errors"] == []
    assert await refused(checks, attempt, eligibility="MAY_NOT_ENGAGE") == [("NOT_RESOLVABLE", "id")]


async def test_a_registry_that_fails_afterwards_supersedes_nothing(
    checks: VerificationHarness, key: str, fake: FakeRegistry
) -> None:
    attempt = await waiting(checks, key)
    fake.reply_with(Reply(status=500))
    await checks.verify(key, forceRefresh=True)
    payload = await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility="MAY_ENGAGE")
    assert payload["errors"] == []
    assert (await checks.credential(key)).eligibility == "MAY_ENGAGE"


@pytest.mark.parametrize(("mutation", "code"), [("credentialArchive", "ARCHIVED"), ("credentialDelete", "DELETED")])
async def test_checks_of_archived_and_deleted_credentials_are_not_resolvable(
    checks: VerificationHarness, key: str, mutation: str, code: str
) -> None:
    attempt = await waiting(checks, key)
    assert (await checks.tenant.mutate(mutation, "credential { id }", id=key))["errors"] == []
    assert await refused(checks, attempt) == [(code, "id")]


async def test_another_tenants_check_is_not_found(checks: VerificationHarness, key: str) -> None:
    attempt = await waiting(checks, key)
    assert await refused(checks, attempt, (await checks.create_another()).tenant) == [("NOT_FOUND", "id")]
    assert await refused(checks, key) == [("INVALID", "id")]


async def test_resolving_requires_the_review_scope(checks: VerificationHarness, key: str) -> None:
    attempt = await waiting(checks, key)
    limited = await checks.tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_VERIFY)
    input = f'input: {{ id: "{attempt}", eligibility: MAY_ENGAGE }}'
    answer = await checks.tenant.execute(f"mutation {{ verificationResolve({input}) {{ {RESOLVED} }} }}", key=limited)
    assert (answer.codes, answer.errors[0]["extensions"]["scope"]) == (["FORBIDDEN"], "CREDENTIALS_REVIEW")


async def test_checks_that_need_a_review_are_in_the_review_queue(checks: VerificationHarness, key: str) -> None:
    queue = "{ reviewQueue { nodes { id } } }"
    assert (await checks.tenant.execute(queue)).data["reviewQueue"]["nodes"] == [{"id": key}]
    attempt = await waiting(checks, key)
    await checks.tenant.mutate("verificationResolve", RESOLVED, id=attempt, eligibility="MAY_ENGAGE")
    assert (await checks.tenant.execute(queue)).data["reviewQueue"]["nodes"] == []
    assert (await checks.tenant.mutate("credentialVerify", VERIFY_PAYLOAD, id=key))["cached"] is True
