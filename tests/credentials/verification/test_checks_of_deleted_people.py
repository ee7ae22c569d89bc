"""No registry is asked about the credentials of deleted people."""

from datetime import timedelta

from app.credentials.verification.tables import VerificationOutcome
from tests.calls import mutate_ok
from tests.checks import VerificationHarness
from tests.conftest import SettableClock
from tests.registry import FakeRegistry


async def test_no_registry_is_asked_about_a_deleted_worker(
    checks: VerificationHarness, fake: FakeRegistry, clock: SettableClock
) -> None:
    key = await checks.add_checked()
    pending = await checks.add("N2")
    asked = len(fake.received)
    for credential in (key, pending):
        worker = (await checks.credential(credential)).worker_id
        await mutate_ok(checks.tenant, "workerDelete", "worker { id }", worker={"id": worker})
        assert (await checks.credential(credential)).next_check_at is None
    await checks.run_jobs()
    clock.advance(timedelta(days=30))
    await checks.run_jobs()
    assert len(fake.received) == asked
    [attempt] = await checks.attempts(pending)
    assert attempt.outcome is VerificationOutcome.ERROR
    assert attempt.error_message == "the owner of the credential was deleted before the check"
    for credential in (key, pending):
        worker = (await checks.credential(credential)).worker_id
        await mutate_ok(checks.tenant, "workerUndelete", "worker { id }", worker={"id": worker})
    clock.advance(timedelta(days=8))
    await checks.run_jobs()
    assert len(fake.received) == asked + 2


async def test_a_registry_is_asked_for_the_owner_who_lives(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    applicant = await mutate_ok(
        checks.tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Robin Vale"}
    )
    to = {"type": "APPLICANT", "id": applicant["id"]}
    await mutate_ok(checks.tenant, "credentialLink", "status", id=key, to=to)
    worker = (await checks.credential(key)).worker_id
    await mutate_ok(checks.tenant, "workerDelete", "worker { id }", worker={"id": worker})
    asked = len(fake.received)
    payload = await checks.verify(key, forceRefresh=True)
    assert (payload["attempt"]["outcome"], len(fake.received)) == ("COMPLETED", asked + 1)
