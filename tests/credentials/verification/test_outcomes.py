"""The effects of findings and failures on a credential."""

from typing import Any

import pytest

from app.registries import sandbox as sandbox_registry
from app.registries.findings import Eligibility
from tests.checks import VERIFY_PAYLOAD, VerificationHarness
from tests.registry import MEANINGS, FakeRegistry, Reply, json_reply

SANDBOX = "WWCC_NSW"
REVIEW = Eligibility.REVIEW_REQUIRED
STATUSES = {
    "X": "EXPIRED",
    "S": "SUSPENDED",
    "C": "REVOKED",
    "N": "PENDING",
    "A": "REVOKED",
    "K": "ACTIVE",
    "M": "PENDING",
    "P": "PENDING",
    "E": "ACTIVE",
    "Z": "ACTIVE",
}
"""The status of a credential by the last character of its sandbox number."""


async def test_every_ending_of_the_sandbox_is_tried() -> None:
    assert set(STATUSES) == {*sandbox_registry.FINDINGS, "E", "Z"}


@pytest.mark.parametrize("ending", STATUSES)
async def test_a_sandbox_number_ends_as_documented(sandbox: VerificationHarness, ending: str) -> None:
    key = await sandbox.add(f"WWC123456{ending}", code=SANDBOX)
    payload = await sandbox.verify(key)
    finding = sandbox_registry.FINDINGS.get(ending, sandbox_registry.VALID)
    assert (payload["eligibility"], payload["statusDetail"]) == (finding.eligibility, finding.status_detail)
    assert payload["credential"]["verification"] == {
        "status": STATUSES[ending],
        "eligibility": finding.eligibility,
        "statusDetail": finding.status_detail,
    }
    attempt = payload["attempt"]
    outcome = "REVIEW_REQUIRED" if finding.eligibility is REVIEW else "COMPLETED"
    assert (attempt["adapter"], attempt["outcome"]) == ("sandbox", outcome)
    assert (attempt["rawStatus"], attempt["problems"]) == (finding.raw_status, finding.problems)


async def test_a_sandbox_number_that_ends_in_u_finds_no_registry(sandbox: VerificationHarness) -> None:
    payload = await sandbox.verify(await sandbox.add("WWC123456U", code=SANDBOX))
    assert (payload["eligibility"], payload["statusDetail"]) == ("ERROR", "SOURCE_UNAVAILABLE")
    assert payload["errorMessage"] == "the sandbox registry does not answer for numbers that end in U"
    assert payload["attempt"]["outcome"] == "ERROR"


async def test_an_organization_in_sandbox_mode_asks_no_real_registry(
    sandbox: VerificationHarness, fake: FakeRegistry
) -> None:
    payload = await sandbox.verify(await sandbox.add("N1X"))
    assert (payload["attempt"]["rawStatus"], fake.received) == ("LAPSED", [])


async def test_checks_without_a_described_registry_need_a_review(checks: VerificationHarness) -> None:
    payload = await checks.verify(await checks.add("WWC1234567X", code=SANDBOX))
    assert (payload["eligibility"], payload["attempt"]["adapter"]) == ("REVIEW_REQUIRED", "manual")
    assert payload["attempt"]["problems"] == ["Check WWCC_NSW with its issuer by hand."]


@pytest.mark.parametrize(
    ("word", "status", "eligibility"),
    [
        ("CURRENT", "ACTIVE", "MAY_ENGAGE"),
        ("LAPSED", "EXPIRED", "MAY_NOT_ENGAGE"),
        ("REVOKED", "REVOKED", "MAY_NOT_ENGAGE"),
        ("HELD", "ACTIVE", "REVIEW_REQUIRED"),
        ("NOBODY KNOWS", "PENDING", "REVIEW_REQUIRED"),
    ],
)
async def test_a_registrys_status_sets_the_credentials_status(
    checks: VerificationHarness, fake: FakeRegistry, word: str, status: str, eligibility: str
) -> None:
    fake.reply_with(json_reply(word))
    payload = await checks.verify(await checks.add())
    detail = MEANINGS.get(word, {"detail": None})["detail"]
    expected = {"status": status, "eligibility": eligibility, "statusDetail": detail}
    assert payload["credential"]["verification"] == expected
    assert payload["attempt"]["rawStatus"] == word


async def test_a_number_that_is_not_found_may_not_engage(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(Reply(b"{}", 404))
    payload = await checks.verify(await checks.add())
    assert (payload["eligibility"], payload["statusDetail"]) == ("MAY_NOT_ENGAGE", "NOT_FOUND")


@pytest.mark.parametrize("word", ["CURRENT", "LAPSED", "HELD"])
async def test_an_unreachable_registry_keeps_earlier_findings(
    checks: VerificationHarness, fake: FakeRegistry, word: str
) -> None:
    fake.reply_with(json_reply(word, expires="2030-01-31"))
    known = (await checks.verify(await checks.add()))["credential"]
    fake.reply_with(Reply(status=503))
    payload = await checks.verify(known["id"], forceRefresh=True)
    assert (payload["eligibility"], payload["statusDetail"]) == ("ERROR", "SOURCE_UNAVAILABLE")
    assert payload["errorMessage"] == payload["attempt"]["errorMessage"] == "the registry answered 503"
    assert payload["attempt"]["outcome"] == "ERROR"
    assert payload["credential"] == known
    assert (await checks.events(known["id"]))[-1].changes == {}


async def test_an_unreachable_registry_without_earlier_findings_is_an_error(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    fake.reply_with(Reply(status=503))
    payload = await checks.verify(await checks.add())
    verification = {"status": "PENDING", "eligibility": "ERROR", "statusDetail": "SOURCE_UNAVAILABLE"}
    assert payload["credential"]["verification"] == verification
    assert len(fake.received) == 3


async def test_a_malicious_registry_only_causes_a_review(checks: VerificationHarness, fake: FakeRegistry) -> None:
    fake.reply_with(Reply(b'{"status": "\\u0000' + b"x" * 900 + b'", "remarks": ["\\u0000\\ud800"]}'))
    payload = await checks.verify(await checks.add())
    assert (payload["eligibility"], payload["attempt"]["rawStatus"]) == ("REVIEW_REQUIRED", "\ufffd" + "x" * 199)
    assert payload["attempt"]["problems"][1:] == ["\ufffd?"]


async def test_checks_are_listed_with_the_credential_the_latest_first(
    checks: VerificationHarness, fake: FakeRegistry
) -> None:
    key = await checks.add_checked()
    for word in ("LAPSED", "HELD"):
        fake.reply_with(json_reply(word))
        await checks.verify(key, forceRefresh=True)
    assert await raw_statuses(checks, key) == ["HELD", "LAPSED", "CURRENT"]
    assert await raw_statuses(checks, key, "first: 2") == ["HELD", "LAPSED"]
    assert await raw_statuses(checks, key, "where: { outcome: { eq: REVIEW_REQUIRED } }") == ["HELD"]
    assert await raw_statuses(checks, key, "where: { trigger: { eq: ON_CREATE } }") == ["CURRENT"]


async def raw_statuses(checks: VerificationHarness, key: str, arguments: str = "first: 10") -> list[str]:
    selection = f"verifications({arguments}) {{ nodes {{ rawStatus }} }}"
    text = f"query ($id: ID!) {{ credential(by: {{id: $id}}) {{ {selection} }} }}"
    attempts = (await checks.tenant.execute(text, {"id": key})).data["credential"]["verifications"]["nodes"]
    return [node["rawStatus"] for node in attempts]


async def test_the_health_of_registries_is_shown(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add_checked()
    fake.reply_with(Reply(status=500))
    await checks.verify(key, forceRefresh=True)
    before = await health(checks)
    assert (before["adapter"], before["state"]) == ("http", "CLOSED")
    assert (before["answeredLastDay"], before["failedLastDay"]) == (1, 1)
    assert before["lastAnsweredAt"] < before["lastFailedAt"]


async def test_a_repeatedly_failing_registry_is_shown_as_open(checks: VerificationHarness, fake: FakeRegistry) -> None:
    key = await checks.add()
    fake.reply_with(Reply(status=500))
    for _ in range(5):
        await checks.verify(key, forceRefresh=True)
    assert (await health(checks))["state"] == "OPEN"
    requests = len(fake.received)
    payload = await checks.verify(key, forceRefresh=True)
    assert payload["errorMessage"] == "the registry has failed repeatedly and is not asked for a while"
    assert len(fake.received) == requests


async def health(checks: VerificationHarness) -> dict[str, Any]:
    """Return the health of the organization's registry."""
    members = "name adapter state lastAnsweredAt lastFailedAt answeredLastDay failedLastDay"
    answer = await checks.tenant.execute(f"{{ registries {{ {members} }} }}")
    (registry,) = [row for row in answer.data["registries"] if row["name"] == checks.source]
    return dict(registry)


async def test_a_check_belongs_to_its_organization(checks: VerificationHarness) -> None:
    key = await checks.add_checked()
    (attempt,) = await checks.attempts(key)
    stranger = await checks.create_another()
    text = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await checks.tenant.execute(text, {"id": attempt.id})).data["node"] == {"id": attempt.id}
    assert (await stranger.tenant.execute(text, {"id": attempt.id})).data["node"] is None
    payload = await stranger.tenant.mutate("credentialVerify", VERIFY_PAYLOAD, id=key)
    assert payload["errors"][0]["code"] == "NOT_FOUND"
