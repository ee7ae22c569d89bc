"""Status changes pushed by registries: signatures, effects and invalid pushes."""

import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from app.credentials.verification.tables import VerificationOutcome, VerificationTrigger
from app.db.database import Database
from app.http.registry_push import MAX_BODY_BYTES
from app.settings import Settings
from tests import checks as harness
from tests import registry
from tests.checks import VerificationHarness
from tests.databases import on_sqlite
from tests.registry import FakeRegistry

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER = "whsec_" + "B" * 32


@pytest.fixture
async def checks(
    database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[VerificationHarness]:
    """An organization with a registry that may push."""
    monkeypatch.setenv("PUSH_SECRET", SECRET)
    async with harness.open_harness(database, settings, tmp_path, fake, push_secret="PUSH_SECRET") as opened:
        yield opened


@pytest.fixture(scope="module")
async def closed(
    database: Database, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[VerificationHarness]:
    """A shared organization with a registry that may push, for pushes that change nothing."""
    folder = tmp_path_factory.mktemp("closed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUSH_SECRET", SECRET)
        async with (
            registry.running_registry() as fake,
            harness.open_harness(database, settings, folder, fake, push_secret="PUSH_SECRET") as opened,
        ):
            yield opened


@pytest.fixture
def number() -> str:
    """A reference number that no other test uses."""
    return f"WWC{secrets.randbelow(10**8):08}"


def headers(body: str, secret: str = SECRET, **replaced: str) -> dict[str, str]:
    """Return the headers that sign a body now, as a new message."""
    now, message = datetime.now(UTC), f"msg_{secrets.token_hex(8)}"
    signed = Webhook(secret).sign(message, now, body)
    sent = {"webhook-id": message, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signed}
    return {**sent, **{name.replace("_", "-"): value for name, value in replaced.items()}}


async def post(
    checks: VerificationHarness, body: str | bytes, sent: dict[str, str], name: str | None = None
) -> httpx.Response:
    """Post to the push endpoint of a registry."""
    path = f"/registries/{name or checks.source}/push"
    return await checks.tenant.service.client.post(path, content=body, headers=sent)


async def push(checks: VerificationHarness, number: str, status: str = "REVOKED", **more: Any) -> int:
    """Push a signed status change, and return the number of credentials it applied to."""
    body = json.dumps({"referenceNumber": number, "status": status, **more})
    response = await post(checks, body, headers(body))
    assert response.status_code == 202
    return int(response.json()["taken"])


async def test_the_same_message_counts_once(checks: VerificationHarness, number: str) -> None:
    key = await checks.add(number)
    await checks.verify(key)
    revoked, restored = (json.dumps({"referenceNumber": number, "status": status}) for status in ("REVOKED", "CURRENT"))
    sent = headers(revoked)
    for _ in range(2):
        assert (await post(checks, revoked, sent)).status_code == 202
    assert len(await checks.attempts(key)) == 2
    assert (await post(checks, restored, headers(restored))).status_code == 202
    assert (await post(checks, revoked, sent)).status_code == 202
    assert (await checks.credential(key)).status == "ACTIVE"
    assert len(await checks.attempts(key)) == 3


async def test_a_signed_report_is_written_as_a_check(
    checks: VerificationHarness, number: str, fake: FakeRegistry
) -> None:
    key = await checks.add(number)
    await checks.verify(key)
    assert await push(checks, number, more="of no interest") == 1
    _, attempt = await checks.attempts(key)
    assert (attempt.trigger, attempt.outcome, attempt.raw_status) == (
        VerificationTrigger.PUSH,
        VerificationOutcome.COMPLETED,
        "REVOKED",
    )
    assert (attempt.requested_by_kind, attempt.requested_by, attempt.latency_ms) == ("SYSTEM", "verification", None)
    row = await checks.credential(key)
    assert (row.status, row.eligibility, row.status_detail) == ("REVOKED", "MAY_NOT_ENGAGE", "CANCELLED")
    event = (await checks.events(key))[-1]
    assert (event.correlation_id, event.actor_name) == (attempt.correlation_id, "Verification")
    assert event.changes["verification.eligibility"] == {"from": "MAY_ENGAGE", "to": "MAY_NOT_ENGAGE"}
    assert len(fake.received) == 1


async def test_a_report_is_written_for_each_organization_that_holds_the_number(
    checks: VerificationHarness, number: str
) -> None:
    organizations = [checks, await checks.create_another(), await checks.create_another("Third")]
    keys = [await organization.add(number) for organization in organizations]
    twice = await checks.add(number)
    other = await checks.add(f"{number}x")
    for organization, key in zip([*organizations, checks, checks], [*keys, twice, other], strict=True):
        await organization.verify(key)
    assert await push(checks, number) == 4
    for organization, key in zip([*organizations, checks], [*keys, twice], strict=True):
        assert [attempt.trigger for attempt in await organization.attempts(key)] == [
            VerificationTrigger.ON_CREATE,
            VerificationTrigger.PUSH,
        ]
        assert (await organization.credential(key)).eligibility == "MAY_NOT_ENGAGE"
    assert len(await checks.attempts(other)) == 1


async def test_a_report_is_about_credentials_in_use_only(checks: VerificationHarness, number: str) -> None:
    archived, deleted = [await checks.add(number) for _ in range(2)]
    plain = await checks.add(number, verification={"status": "ACTIVE", "verifiable": False})
    elsewhere = await checks.add(number, code="WWCC_NSW")
    for mutation, key in (("credentialArchive", archived), ("credentialDelete", deleted)):
        assert (await checks.tenant.mutate(mutation, "credential { id }", id=key))["errors"] == []
    before = await checks.tenant.rows()
    assert await push(checks, number) == 0
    assert await checks.tenant.rows() == before
    assert (await checks.credential(plain)).eligibility == (await checks.credential(elsewhere)).eligibility


async def test_an_organization_in_sandbox_mode_hears_nothing_of_real_registries(
    checks: VerificationHarness, number: str
) -> None:
    sandbox = await checks.create_another(sandbox=True)
    await sandbox.add(number)
    assert await push(checks, number) == 0


async def test_a_report_takes_an_expiry_date_along(checks: VerificationHarness, number: str) -> None:
    key = await checks.add(number)
    assert await push(checks, number, "CURRENT", expiryDate="2031-05-31") == 1
    assert str((await checks.credential(key)).expiry_date) == "2031-05-31"


async def test_a_report_that_is_not_understood_waits_for_a_person(checks: VerificationHarness, number: str) -> None:
    key = await checks.add(number)
    await push(checks, number, "odd 雪")
    attempt = (await checks.attempts(key))[-1]
    assert (attempt.outcome, attempt.raw_status) == (VerificationOutcome.REVIEW_REQUIRED, "odd 雪")
    assert attempt.problems == ["The registry said something that is not known here."]


async def test_a_report_settles_a_check_that_is_still_to_be_made(
    checks: VerificationHarness, number: str, fake: FakeRegistry
) -> None:
    created = await checks.create(number)
    key = created["credential"]["id"]
    await push(checks, number)
    (attempt,) = await checks.attempts(key)
    assert (attempt.trigger, attempt.outcome) == (VerificationTrigger.ON_CREATE, VerificationOutcome.COMPLETED)
    assert [event.correlation_id for event in await checks.events(key)] == [created["correlationId"]]
    assert (await checks.verify(key))["cached"] is True
    assert fake.received == []


async def test_a_number_that_nobody_holds_is_taken_and_changes_nothing(
    checks: VerificationHarness, number: str
) -> None:
    before = await checks.tenant.rows()
    assert await push(checks, number) == 0
    assert await checks.tenant.rows() == before


def headers_at(minutes: int) -> dict[str, str]:
    """Return the headers that sign an empty object headers_at another time."""
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    signed = Webhook(SECRET).sign("msg_1", then, "{}")
    return headers("{}", webhook_timestamp=str(int(then.timestamp())), webhook_signature=signed)


@on_sqlite
@pytest.mark.parametrize(
    "sign",
    [
        dict,
        lambda: headers("{}", ANOTHER),
        lambda: headers("{ }"),
        lambda: headers("{}", webhook_id="msg_2"),
        lambda: headers("{}", webhook_timestamp="nan"),
        lambda: headers("{}", webhook_timestamp="soon"),
        lambda: headers("{}", webhook_signature=""),
        lambda: headers("{}", webhook_signature="v1"),
        lambda: headers("{}", webhook_signature="v1,a"),
        lambda: headers("{}", webhook_signature="v1,"),
        lambda: headers("{}", webhook_signature="v2,AAAA"),
        lambda: headers("{}", webhook_signature="v1,a,b"),
        lambda: headers_at(-301),
        lambda: headers_at(302),
    ],
)
async def test_what_is_not_signed_is_not_taken(closed: VerificationHarness, sign: Callable[[], dict[str, str]]) -> None:
    before = await closed.tenant.rows()
    response = await post(closed, "{}", sign())
    assert (response.status_code, response.json()) == (401, {"error": "the signature is not valid"})
    assert await closed.tenant.rows() == before


async def test_a_report_that_was_tampered_with_is_not_taken(checks: VerificationHarness, number: str) -> None:
    await checks.add(number)
    body = json.dumps({"referenceNumber": number, "status": "REVOKED"})
    response = await post(checks, body.replace("REVOKED", "CURRENT"), headers(body))
    assert response.status_code == 401
    assert (await post(checks, b"\xff\xfe", headers(body))).status_code == 401


@on_sqlite
@pytest.mark.parametrize("name", ["nowhere", "manual", "sandbox", "nsw-ocg"])
async def test_an_unknown_registry_may_not_push(closed: VerificationHarness, name: str) -> None:
    assert (await post(closed, "{}", headers("{}"), name)).status_code == 404


async def test_a_registry_without_a_secret_may_not_push(
    database: Database, settings: Settings, tmp_path: Path, fake: FakeRegistry
) -> None:
    async with harness.open_harness(database, settings, tmp_path, fake) as checks:
        assert (await post(checks, "{}", headers("{}"))).status_code == 404


@on_sqlite
async def test_reports_are_posted(closed: VerificationHarness) -> None:
    response = await closed.tenant.service.client.get(f"/registries/{closed.source}/push")
    assert response.status_code == 405


@on_sqlite
@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "{}",
        '{"status": "CURRENT"}',
        '{"referenceNumber": "1"}',
        '{"referenceNumber": "", "status": "CURRENT"}',
        '{"referenceNumber": 1, "status": "CURRENT"}',
        '{"referenceNumber": "1", "status": ""}',
        '{"referenceNumber": "1", "status": null}',
        '{"referenceNumber": "1\\u0000", "status": "CURRENT"}',
        '{"referenceNumber": "1", "status": "\\u0000"}',
        '{"referenceNumber": "1", "status": "CURRENT", "expiryDate": "soon"}',
        '{"referenceNumber": "1", "status": "CURRENT", "expiryDate": "2026-02-30"}',
        json.dumps({"referenceNumber": "x" * 101, "status": "CURRENT"}),
        json.dumps({"referenceNumber": "1", "status": "x" * 201}),
    ],
)
async def test_a_signed_report_that_says_nothing_is_refused(closed: VerificationHarness, body: str) -> None:
    response = await post(closed, body, headers(body))
    assert response.status_code == 400
    assert response.json() == {"error": "send referenceNumber, status and, if known, expiryDate"}


async def test_a_report_that_is_too_large_is_refused(checks: VerificationHarness, number: str) -> None:
    body = json.dumps({"referenceNumber": number, "status": "CURRENT"})
    largest, larger = body.ljust(MAX_BODY_BYTES), body.ljust(MAX_BODY_BYTES + 1)
    assert (await post(checks, largest, headers(largest))).status_code == 202
    assert (await post(checks, larger, headers(larger))).status_code == 413
