"""Requesting a check: results, reuse of recent findings, and refusals."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from tests.checks import VERIFY_PAYLOAD, VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, Reply, json_reply
from tests.service import Tenant, error_paths

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def refused(
    checks: VerificationHarness, key: str, tenant: Tenant | None = None, **input: Any
) -> list[tuple[str, str]]:
    """Request a check, assert that it is refused and changes nothing, and return the (code, path) pairs."""
    before = await checks.tenant.rows()
    payload = await (tenant or checks.tenant).mutate("credentialVerify", VERIFY_PAYLOAD, id=key, **input)
    assert {payload[name] for name in ("eligibility", "correlationId", "attempt", "credential")} == {None}
    assert await checks.tenant.rows() == before
    return error_paths(payload)


async def test_a_check_returns_the_registrys_finding(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    fake.reply_with(json_reply("LAPSED", remarks=["Since May"]))
    payload = await checks.verify(key, forceRefresh=True)
    attempt = payload["attempt"]
    assert attempt.pop("latencyMs") >= 0
    assert attempt.pop("id").startswith("vrf_")
    assert attempt.pop("correlationId") == payload.pop("correlationId")
    assert attempt == {
        "trigger": "MANUAL",
        "outcome": "COMPLETED",
        "registry": checks.source,
        "adapter": "http",
        "eligibility": "MAY_NOT_ENGAGE",
        "statusDetail": "EXPIRED",
        "rawStatus": "LAPSED",
        "expiryDate": None,
        "problems": ["Since May"],
        "errorMessage": None,
        "requestedBy": {"kind": "SERVICE", "name": "Owner"},
        "resolution": {"resolvedBy": None, "reason": None, "notes": None},
    }
    status = {"status": "EXPIRED", "eligibility": "MAY_NOT_ENGAGE", "statusDetail": "EXPIRED"}
    assert payload["credential"]["verification"] == status
    assert (payload["cached"], payload["expiryDate"]) == (False, "2029-05-01")


async def test_the_registry_is_asked_about_the_number_and_its_owner(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    await checks.add_checked("WWC/7")
    assert [request.target for request in fake.received] == ["/licences/WWC%2F7"]


async def test_a_finding_of_the_last_day_is_reused(
    checks: VerificationHarness, fake: FakeRegistry, clock: SettableClock
) -> None:
    clock.set(NOON)
    key = await checks.add_checked()
    clock.advance(timedelta(hours=23, minutes=59))
    payload = await checks.verify(key)
    assert (payload["cached"], payload["eligibility"], payload["attempt"]["trigger"]) == (
        True,
        "MAY_ENGAGE",
        "ON_CREATE",
    )
    assert (len(fake.received), len(await checks.events(key))) == (1, 1)
    clock.advance(timedelta(minutes=1))
    payload = await checks.verify(key)
    assert (payload["cached"], payload["attempt"]["trigger"], len(fake.received)) == (False, "MANUAL", 2)


async def test_a_refresh_can_be_forced(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    for times in (2, 3):
        assert (await checks.verify(key, forceRefresh=True))["cached"] is False
        assert len(fake.received) == times


async def test_a_failed_check_is_not_reused(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(Reply(status=500))
    key = await checks.add_checked()
    fake.reply_with(json_reply())
    payload = await checks.verify(key)
    assert (payload["cached"], payload["eligibility"]) == (False, "MAY_ENGAGE")


async def test_a_finding_about_an_earlier_number_is_not_reused(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked("N1")
    identification = {"referenceNumber": "N2"}
    payload = await checks.tenant.mutate("credentialUpdate", "credential { id }", id=key, identification=identification)
    assert payload["errors"] == []
    assert (await checks.verify(key))["cached"] is False
    assert [request.target for request in fake.received] == ["/licences/N1", "/licences/N2"]


async def test_a_number_that_changes_during_its_check_is_checked_again(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    key = await checks.add_checked("N1")

    async def change(_request: object) -> Reply:
        input: dict[str, Any] = {"id": key, "identification": {"referenceNumber": "N2"}}
        assert (await checks.tenant.mutate("credentialUpdate", "credential { id }", **input))["errors"] == []
        fake.reply_with(json_reply("LAPSED"))
        return json_reply()

    fake.handle_with(change)
    await checks.verify(key, forceRefresh=True)
    await checks.run_jobs()
    assert [request.target for request in fake.received] == ["/licences/N1", "/licences/N1", "/licences/N2"]
    assert (await checks.credential(key)).raw_status == "LAPSED"


async def test_a_correlation_id_is_echoed_and_recorded(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    payload = await checks.verify(key, forceRefresh=True, correlationId="order-7")
    assert (payload["correlationId"], payload["attempt"]["correlationId"]) == ("order-7", "order-7")
    assert [event.correlation_id for event in await checks.events(key)][-1] == "order-7"


async def test_a_correlation_id_is_generated_by_default(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    made = [(await checks.verify(key, forceRefresh=True))["correlationId"] for _ in range(2)]
    assert len(set(made)) == 2
    assert [event.correlation_id for event in await checks.events(key)][1:] == made


@pytest.mark.parametrize("input", ["", "x" * 101])
async def test_an_invalid_correlation_id_is_refused(checks: VerificationHarness, input: str) -> None:
    key = await checks.add_checked()
    assert await refused(checks, key, correlationId=input) == [("INVALID", "correlationId")]


async def test_creating_a_credential_starts_its_first_check(checks: VerificationHarness, fake: FakeRegistry) -> None:
    created = await checks.create()
    key, correlation = created["credential"]["id"], created["correlationId"]
    (pending,) = await checks.attempts(key)
    assert (pending.outcome, pending.trigger, pending.correlation_id) == ("PENDING", "ON_CREATE", correlation)
    assert fake.received == []
    await checks.run_jobs()
    (done,) = await checks.attempts(key)
    assert (done.outcome, (await checks.credential(key)).eligibility) == ("COMPLETED", "MAY_ENGAGE")
    assert [event.correlation_id for event in await checks.events(key)] == [correlation]


async def test_a_call_before_the_first_check_runs_that_check(checks: VerificationHarness, fake: FakeRegistry) -> None:
    created = await checks.create()
    payload = await checks.verify(created["credential"]["id"])
    assert payload["correlationId"] == created["correlationId"]
    await checks.run_jobs()
    assert len(fake.received) == 1


async def test_credentials_without_a_registry_are_not_verifiable(checks: VerificationHarness) -> None:
    created = await checks.create(verification={"status": "ACTIVE", "verifiable": False})
    assert created["correlationId"] is None
    assert [row.trigger for row in await checks.attempts(created["credential"]["id"])] == ["REPORTED"]
    assert await refused(checks, created["credential"]["id"]) == [("NOT_VERIFIABLE", "id")]


@pytest.mark.parametrize(("mutation", "code"), [("credentialArchive", "ARCHIVED"), ("credentialDelete", "DELETED")])
async def test_archived_and_deleted_credentials_are_not_verified(
    checks: VerificationHarness, mutation: str, code: str
) -> None:
    key = await checks.add_checked()
    assert (await checks.tenant.mutate(mutation, "credential { id }", id=key))["errors"] == []
    assert await refused(checks, key) == [(code, "id")]


async def test_another_organization_finds_no_credential_to_verify(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    stranger = await checks.create_another()
    assert await refused(checks, key, stranger.tenant) == [("NOT_FOUND", "id")]


async def test_an_id_of_another_type_is_refused(checks: VerificationHarness) -> None:
    assert await refused(checks, await checks.tenant.add_worker()) == [("INVALID", "id")]


async def test_verifying_requires_its_scope(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    limited = await checks.tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_REVIEW)
    text = f'mutation {{ credentialVerify(input: {{ id: "{key}" }}) {{ correlationId }} }}'
    answer = await checks.tenant.execute(text, key=limited)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["scope"] == "CREDENTIALS_VERIFY"
    assert len(fake.received) == 1
