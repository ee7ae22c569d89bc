"""Checks that meet each other, or a purge: one registry's answer, and no half change."""

import asyncio
from typing import Any

from app.credentials.verification.tables import Outcome
from tests.checks import ANSWER, Checks
from tests.registry import Asked, FakeRegistry, Reply, says
from tests.service import Answer

TABLES = ("credentials", "credential_versions", "credential_version_changes", "verification_attempts")
VERIFY = f"mutation ($id: ID!) {{ credentialVerify(input: {{ id: $id }}) {{ {ANSWER} errors {{ code }} }} }}"


async def change(checks: Checks, field: str, key: str, **given: Any) -> list[str]:
    """Run a mutation about a credential; gives the codes of its refusals."""
    selection = "purgedId" if field == "credentialPurge" else "credential { id }"
    payload = await checks.tenant.change(field, selection, id=key, **given)
    return [error["code"] for error in payload["errors"]]


def codes(answer: Answer) -> list[str]:
    """The codes of a call's refusals, wherever they stand."""
    payload = (answer.body.get("data") or {}).get("credentialVerify") or {"errors": []}
    return [*answer.codes, *(error["code"] for error in payload["errors"])]


async def gone(checks: Checks, key: str) -> bool:
    """Whether nothing is left of a credential but its events."""
    rows = await checks.tenant.rows()
    return not any(row.get("credential_id", row["id"]) == key for table in TABLES for row in rows[table])


async def test_ten_calls_at_once_share_one_check(checks: Checks, fake: FakeRegistry) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def hold(_asked: Asked) -> Reply:
        asked.set()
        await go.wait()
        return says("LAPSED")

    fake.does(hold)
    key = await checks.add()
    calls = [asyncio.create_task(checks.verify(key, correlationId=f"call-{number}")) for number in range(10)]
    await asked.wait()
    go.set()
    payloads = await asyncio.gather(*calls)
    (attempt,) = await checks.attempts(key)
    assert {payload["attempt"]["id"] for payload in payloads} == {attempt.id}
    assert [payload["correlationId"] for payload in payloads] == [f"call-{number}" for number in range(10)]
    assert {payload["attempt"]["correlationId"] for payload in payloads} == {attempt.correlation_id}
    assert {payload["eligibility"] for payload in payloads} == {"MAY_NOT_ENGAGE"}
    assert (len(fake.asked), len(await checks.facts(key))) == (1, 1)


async def test_calls_and_the_job_loop_at_once_share_one_check(checks: Checks, fake: FakeRegistry) -> None:
    keys = [await checks.add(f"N{number}") for number in range(5)]
    await asyncio.gather(checks.turn(), *(checks.verify(key) for key in keys for _ in range(2)), checks.turn())
    assert len(fake.asked) == 5
    for key in keys:
        assert [attempt.outcome for attempt in await checks.attempts(key)] == [Outcome.COMPLETED]
        assert len(await checks.facts(key)) == 1


async def test_forced_refreshes_at_once_never_write_two_answers_of_one_check(
    checks: Checks, fake: FakeRegistry
) -> None:
    key = await checks.checked()
    payloads = await asyncio.gather(*(checks.verify(key, forceRefresh=True) for _ in range(10)))
    attempts = await checks.attempts(key)
    assert {payload["attempt"]["id"] for payload in payloads} == {attempt.id for attempt in attempts[1:]}
    assert len(fake.asked) == len(attempts) == len(await checks.facts(key))


async def test_a_credential_that_is_purged_while_its_registry_is_asked_stays_purged(
    checks: Checks, fake: FakeRegistry
) -> None:
    key = await checks.add()

    async def purge(_asked: Asked) -> Reply:
        assert await change(checks, "credentialArchive", key) == []
        assert await change(checks, "credentialPurge", key, confirm=True) == []
        return says()

    fake.does(purge)
    answer = await checks.tenant.ask(VERIFY, {"id": key})
    assert codes(answer) == ["NOT_FOUND"]
    assert await gone(checks, key)
    assert await checks.facts(key) == []
    assert len(await checks.facts(key, "credential.purged")) == 1


async def test_a_purge_while_a_registry_fails_is_no_failure_either(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.add()

    async def purge(_asked: Asked) -> Reply:
        await change(checks, "credentialArchive", key)
        await change(checks, "credentialPurge", key, confirm=True)
        return Reply(status=500)

    fake.does(purge)
    assert codes(await checks.tenant.ask(VERIFY, {"id": key})) == ["NOT_FOUND"]
    assert await gone(checks, key)


async def test_verify_and_purge_at_once_leave_one_winner(checks: Checks) -> None:
    for number in range(8):
        key = await checks.checked(f"N{number}")

        async def purge(key: str = key) -> list[str]:
            await change(checks, "credentialArchive", key)
            return await change(checks, "credentialPurge", key, confirm=True)

        force = VERIFY.replace("id: $id", "id: $id, forceRefresh: true")
        purging = asyncio.create_task(purge())
        answers = await asyncio.gather(*(checks.tenant.ask(force, {"id": key}) for _ in range(3)))
        assert await purging == []
        assert {code for answer in answers for code in codes(answer)} <= {"ARCHIVED", "NOT_FOUND"}
        assert await gone(checks, key)
        await checks.turn()


async def test_a_repeated_call_after_the_purge_is_answered_without_failure(checks: Checks) -> None:
    key = await checks.add()
    once = VERIFY.replace("id: $id", 'id: $id, idempotencyKey: "once"')
    assert codes(await checks.tenant.ask(once, {"id": key})) == []
    await change(checks, "credentialArchive", key)
    await change(checks, "credentialPurge", key, confirm=True)
    assert codes(await checks.tenant.ask(once, {"id": key})) == ["NOT_FOUND"]


async def test_a_repeated_call_gives_the_first_calls_check(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.checked()
    given = {"idempotencyKey": "once", "forceRefresh": True}
    first, again = [await checks.verify(key, **given) for _ in range(2)]
    assert first == again
    assert len(fake.asked) == 2


async def test_archiving_while_a_registry_is_asked_keeps_both(checks: Checks, fake: FakeRegistry) -> None:
    key = await checks.add()

    async def archive(_asked: Asked) -> Reply:
        assert await change(checks, "credentialArchive", key) == []
        return says("LAPSED")

    fake.does(archive)
    payload = await checks.verify(key)
    row = await checks.row(key)
    assert (payload["eligibility"], row.eligibility) == ("MAY_NOT_ENGAGE", "MAY_NOT_ENGAGE")
    assert row.archived_at is not None
    assert row.next_check_at is None
