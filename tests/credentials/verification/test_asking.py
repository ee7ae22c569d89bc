"""Asking for a check: what is answered, what is served from before, and who may not ask."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from tests.checks import ANSWER, Checks
from tests.conftest import SettableClock
from tests.registry import FakeRegistry, Reply, says
from tests.service import Tenant, paths

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def refused(checks: Checks, key: str, tenant: Tenant | None = None, **given: Any) -> list[tuple[str, str]]:
    """The (code, path) pairs of a call that is refused, and changes nothing."""
    before = await checks.tenant.rows()
    payload = await (tenant or checks.tenant).change("credentialVerify", ANSWER, id=key, **given)
    assert {payload[name] for name in ("eligibility", "correlationId", "attempt", "credential")} == {None}
    assert await checks.tenant.rows() == before
    return paths(payload)


async def test_a_check_tells_what_the_registry_found(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.checked()
    fake.answers(says("LAPSED", remarks=["Since May"]))
    payload = await checks.verify(key, forceRefresh=True)
    attempt = payload["attempt"]
    assert attempt.pop("latencyMs") >= 0
    assert attempt.pop("id").startswith("vrf_")
    assert attempt.pop("correlationId") == payload.pop("correlationId")
    assert attempt == {
        "trigger": "MANUAL",
        "outcome": "COMPLETED",
        "source": checks.source,
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
    standing = {"status": "EXPIRED", "eligibility": "MAY_NOT_ENGAGE", "statusDetail": "EXPIRED"}
    assert payload["credential"]["verification"] == standing
    assert (payload["cached"], payload["expiryDate"]) == (False, "2029-05-01")


async def test_the_registry_is_asked_about_the_number_and_its_holder(checks: Checks, fake: FakeRegistry) -> None:
    await checks.checked("WWC/7")
    assert [asked.target for asked in fake.asked] == ["/licences/WWC%2F7"]


async def test_an_answer_of_the_last_day_is_served_again(
    checks: Checks, fake: FakeRegistry, clock: SettableClock
) -> None:
    clock.set(NOON)
    key = await checks.checked()
    clock.advance(timedelta(hours=23, minutes=59))
    payload = await checks.verify(key)
    assert (payload["cached"], payload["eligibility"], payload["attempt"]["trigger"]) == (
        True,
        "MAY_ENGAGE",
        "ON_CREATE",
    )
    assert (len(fake.asked), len(await checks.facts(key))) == (1, 1)
    clock.advance(timedelta(minutes=1))
    payload = await checks.verify(key)
    assert (payload["cached"], payload["attempt"]["trigger"], len(fake.asked)) == (False, "MANUAL", 2)


async def test_a_refresh_can_be_forced(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.checked()
    for times in (2, 3):
        assert (await checks.verify(key, forceRefresh=True))["cached"] is False
        assert len(fake.asked) == times


async def test_a_failed_check_is_not_served_again(checks: Checks, fake: FakeRegistry) -> None:
    fake.answers(Reply(status=500))
    key = await checks.checked()
    fake.answers(says())
    payload = await checks.verify(key)
    assert (payload["cached"], payload["eligibility"]) == (False, "MAY_ENGAGE")


async def test_an_answer_about_an_earlier_number_is_not_served(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.checked("N1")
    identification = {"referenceNumber": "N2"}
    payload = await checks.tenant.change("credentialUpdate", "credential { id }", id=key, identification=identification)
    assert payload["errors"] == []
    assert (await checks.verify(key))["cached"] is False
    assert [asked.target for asked in fake.asked] == ["/licences/N1", "/licences/N2"]


async def test_a_number_that_changes_while_it_is_asked_about_is_asked_about_again(
    checks: Checks, fake: FakeRegistry
) -> None:
    key = await checks.checked("N1")

    async def change(_asked: object) -> Reply:
        given: dict[str, Any] = {"id": key, "identification": {"referenceNumber": "N2"}}
        assert (await checks.tenant.change("credentialUpdate", "credential { id }", **given))["errors"] == []
        fake.answers(says("LAPSED"))
        return says()

    fake.does(change)
    await checks.verify(key, forceRefresh=True)
    await checks.turn()
    assert [asked.target for asked in fake.asked] == ["/licences/N1", "/licences/N1", "/licences/N2"]
    assert (await checks.row(key)).raw_status == "LAPSED"


async def test_a_correlation_id_is_echoed_and_recorded(checks: Checks) -> None:
    key = await checks.checked()
    payload = await checks.verify(key, forceRefresh=True, correlationId="order-7")
    assert (payload["correlationId"], payload["attempt"]["correlationId"]) == ("order-7", "order-7")
    assert [event.correlation_id for event in await checks.facts(key)][-1] == "order-7"


async def test_a_correlation_id_is_made_up_when_none_is_given(checks: Checks) -> None:
    key = await checks.checked()
    made = [(await checks.verify(key, forceRefresh=True))["correlationId"] for _ in range(2)]
    assert len(set(made)) == 2
    assert [event.correlation_id for event in await checks.facts(key)][1:] == made


@pytest.mark.parametrize("given", ["", "x" * 101])
async def test_a_correlation_id_that_does_not_fit_is_refused(checks: Checks, given: str) -> None:
    key = await checks.checked()
    assert await refused(checks, key, correlationId=given) == [("INVALID", "correlationId")]


async def test_creating_a_credential_starts_its_first_check(checks: Checks, fake: FakeRegistry) -> None:
    created = await checks.create()
    key, correlation = created["credential"]["id"], created["correlationId"]
    (pending,) = await checks.attempts(key)
    assert (pending.outcome, pending.trigger, pending.correlation_id) == ("PENDING", "ON_CREATE", correlation)
    assert fake.asked == []
    await checks.turn()
    (done,) = await checks.attempts(key)
    assert (done.outcome, (await checks.row(key)).eligibility) == ("COMPLETED", "MAY_ENGAGE")
    assert [event.correlation_id for event in await checks.facts(key)] == [correlation]


async def test_a_call_before_the_first_check_makes_that_check(checks: Checks, fake: FakeRegistry) -> None:
    created = await checks.create()
    payload = await checks.verify(created["credential"]["id"])
    assert payload["correlationId"] == created["correlationId"]
    await checks.turn()
    assert len(fake.asked) == 1


async def test_what_no_registry_verifies_is_not_verifiable(checks: Checks) -> None:
    created = await checks.create(verification={"status": "ACTIVE", "isVerifiable": False})
    assert created["correlationId"] is None
    assert await checks.attempts(created["credential"]["id"]) == []
    assert await refused(checks, created["credential"]["id"]) == [("NOT_VERIFIABLE", "id")]


@pytest.mark.parametrize(("mutation", "code"), [("credentialArchive", "ARCHIVED"), ("credentialDelete", "DELETED")])
async def test_what_is_put_away_is_not_verified(checks: Checks, mutation: str, code: str) -> None:
    key = await checks.checked()
    assert (await checks.tenant.change(mutation, "credential { id }", id=key))["errors"] == []
    assert await refused(checks, key) == [(code, "id")]


async def test_another_organization_finds_no_credential_to_verify(checks: Checks) -> None:
    key = await checks.checked()
    stranger = await checks.another()
    assert await refused(checks, key, stranger.tenant) == [("NOT_FOUND", "id")]


async def test_an_id_of_another_kind_is_refused(checks: Checks) -> None:
    assert await refused(checks, await checks.tenant.add_worker()) == [("INVALID", "id")]


async def test_verifying_takes_the_scope(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.checked()
    limited = await checks.tenant.key_with(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_REVIEW)
    text = f'mutation {{ credentialVerify(input: {{ id: "{key}" }}) {{ correlationId }} }}'
    answer = await checks.tenant.ask(text, key=limited)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["scope"] == "credentials:verify"
    assert len(fake.asked) == 1
