"""The HTTP adapter: its requests, and its reading of answers."""

import json
from datetime import date
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from app.registries.findings import Eligibility, Finding, StatusDetail
from app.registries.http import HttpAdapter, RegistryDescription
from app.registries.protocol import Misconfigured
from tests.registries.conftest import Ask
from tests.registry import FakeRegistry, Reply, json_reply


async def test_a_known_status_is_read_with_its_expiry_date_and_remarks(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(json_reply("CURRENT", expires="2030-06-30", remarks=["Drives a bus"]))
    assert await ask() == Finding(
        Eligibility.MAY_ENGAGE, StatusDetail.VALID, "CURRENT", date(2030, 6, 30), ["Drives a bus"]
    )


async def test_an_unknown_status_needs_a_review(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(json_reply("ODD", expires="2030-06-30", remarks=["Call us"]))
    finding = await ask()
    assert (finding.eligibility, finding.status_detail, finding.raw_status) == (
        Eligibility.REVIEW_REQUIRED,
        None,
        "ODD",
    )
    assert finding.problems == ["The registry said something that is not known here.", "Call us"]


@pytest.mark.parametrize(("raw", "status"), [(True, "true"), (False, "false"), (3, "3"), ("", "")])
async def test_a_status_may_be_a_boolean_or_a_number(fake: FakeRegistry, ask: Ask, raw: Any, status: str) -> None:
    fake.reply_with(json_reply(raw))
    finding = await ask(meanings={status: {"eligibility": "MAY_ENGAGE", "detail": "VALID"}})
    assert (finding.eligibility, finding.raw_status) == (Eligibility.MAY_ENGAGE, status)


async def test_status_date_and_remarks_are_found_deep_in_an_answer(fake: FakeRegistry, ask: Ask) -> None:
    answer = {"data": [{"state": {"code": "LAPSED"}, "until": "2020-01-31T00:00:00Z", "notes": ["a", 1]}]}
    fake.reply_with(Reply(json.dumps(answer).encode()))
    finding = await ask(status_at="data.0.state.code", expiry_at="data.0.until", problems_at="data.0.notes")
    assert finding == Finding(Eligibility.MAY_NOT_ENGAGE, StatusDetail.EXPIRED, "LAPSED", date(2020, 1, 31), ["a", "1"])


@pytest.mark.parametrize("expires", [{}, {"expires": None}, {"expires": ""}])
async def test_the_expiry_date_is_optional(fake: FakeRegistry, ask: Ask, expires: Any) -> None:
    fake.reply_with(json_reply("CURRENT", **expires))
    assert (await ask()).expiry_date is None


@pytest.mark.parametrize("remarks", [{}, {"remarks": None}, {"remarks": "one"}, {"remarks": {"a": 1}}])
async def test_remarks_that_are_not_a_list_are_ignored(fake: FakeRegistry, ask: Ask, remarks: Any) -> None:
    fake.reply_with(json_reply("CURRENT", **remarks))
    assert (await ask()).problems == []


async def test_remarks_are_bounded_in_number_and_length(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(json_reply("CURRENT", remarks=["x" * 9_000] * 90))
    assert (await ask()).problems == ["x" * 500] * 20


async def test_characters_that_no_column_can_store_are_replaced(fake: FakeRegistry, ask: Ask) -> None:
    body = rb'{"status": "A\u0000B\ud800", "remarks": ["\u0000", "\udfff"]}'
    fake.reply_with(Reply(body))
    finding = await ask()
    assert finding.raw_status == "A\ufffdB?"
    assert finding.problems[1:] == ["\ufffd", "?"]


async def test_a_status_that_is_too_long_is_cut(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(json_reply("W" * 5_000))
    assert (await ask()).raw_status == "W" * 200


async def test_a_404_is_a_finding(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(Reply(b'{"error": "no such licence"}', 404, {"Content-Type": "application/json"}))
    assert await ask() == Finding(Eligibility.MAY_NOT_ENGAGE, StatusDetail.NOT_FOUND, "404")


@pytest.mark.parametrize(
    ("number", "target"),
    [
        ("WWC 1/2", "/licences/WWC%201%2F2"),
        ("../../admin", "/licences/..%2F..%2Fadmin"),
        ("a?b=c&d#e", "/licences/a%3Fb%3Dc%26d%23e"),
        ("%2e%2e%2f", "/licences/%252e%252e%252f"),
        ("Zoë/雪", "/licences/Zo%C3%AB%2F%E9%9B%AA"),
        ("{lastName}", "/licences/%7BlastName%7D"),
        ("1\r\nX-Evil: 1", "/licences/1%0D%0AX-Evil%3A%201"),
        ("1.2", "/licences/1.2"),
    ],
)
async def test_a_reference_number_cannot_leave_its_placeholder_in_the_url(
    fake: FakeRegistry, ask: Ask, number: str, target: str
) -> None:
    await ask(number)
    assert [request.target for request in fake.received] == [target]
    assert "x-evil" not in fake.received[0].headers


@pytest.mark.parametrize("number", [None, "", ".", ".."])
async def test_a_number_that_would_change_the_path_is_not_requested(
    fake: FakeRegistry, ask: Ask, number: str | None
) -> None:
    finding = await ask(number)
    assert fake.received == []
    assert finding.eligibility is Eligibility.REVIEW_REQUIRED
    assert finding.problems == [f"The registry cannot be asked: referenceNumber is {number or 'missing'}."]


@pytest.mark.parametrize(
    "described", [{"url": "{0}/find?n={{referenceNumber}}"}, {"url": "{0}/find", "body": {"n": "{referenceNumber}"}}]
)
async def test_without_a_number_no_request_is_sent(fake: FakeRegistry, ask: Ask, described: dict[str, Any]) -> None:
    described = {**described, "url": described["url"].format(fake.url)}
    assert (await ask(None, **described)).problems == ["The registry cannot be asked: referenceNumber is missing."]
    assert fake.received == []


async def test_a_query_may_contain_facts_about_the_owner(fake: FakeRegistry, ask: Ask) -> None:
    holder = {"first_name": "Ann", "last_name": "O'Hara & Co", "birth_date": date(1990, 2, 3), "jurisdiction": None}
    url = f"{fake.url}/find?f={{firstName}}&l={{lastName}}&b={{birthDate}}&j={{jurisdiction}}&t={{typeCode}}"
    await ask("1", holder, url=url)
    assert fake.received[0].target == "/find?f=Ann&l=O%27Hara%20%26%20Co&b=1990-02-03&j=&t=WWCC_NSW"


async def test_a_body_is_filled_in_as_json(fake: FakeRegistry, ask: Ask) -> None:
    body = {"number": "{referenceNumber}", "who": ["{displayName}", 7, None], "query": "{ licence { status } {other} }"}
    await ask('1", "admin": "', {"display_name": "Ann\nLee"}, method="POST", url=f"{fake.url}/find", body=body)
    request = fake.received[0]
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    assert json.loads(request.body) == {
        "number": '1", "admin": "',
        "who": ["Ann\nLee", 7, None],
        "query": "{ licence { status } {other} }",
    }


async def test_headers_contain_secrets_from_the_environment(
    fake: FakeRegistry, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_KEY", "s3cret")
    await ask(headers={"Authorization": "Bearer {env:REGISTRY_KEY}", "X-Client": "{referenceNumber}"})
    headers = fake.received[0].headers
    assert (headers["authorization"], headers["x-client"]) == ("Bearer s3cret", "{referenceNumber}")
    assert (headers["accept"], headers["accept-encoding"]) == ("application/json", "identity")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "the variable REGISTRY_KEY is not set"),
        ("", "is not set"),
        ("a\nb", "characters that no header may contain"),
    ],
)
def test_a_missing_or_unusable_secret_is_refused_at_startup(
    fake: FakeRegistry, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, value: str | None, says: str
) -> None:
    monkeypatch.delenv("REGISTRY_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("REGISTRY_KEY", value)
    described = RegistryDescription.model_validate(fake.config(headers={"X-Key": "{env:REGISTRY_KEY}"}))
    with pytest.raises(Misconfigured, match=f"headers.X-Key: .*{says}"):
        HttpAdapter(described, client)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "https://registry.example/{number}"}, "unknown placeholder {number}"),
        ({"url": "ftp://registry.example/1"}, "https://"),
        ({"url": "registry.example/1"}, "https://"),
        ({"url": "https://"}, "https://"),
        ({"timeout_seconds": 0}, "greater than 0"),
        ({"timeout_seconds": 16}, "less than or equal to 15"),
        ({"method": "DELETE"}, "'GET' or 'POST'"),
        ({"meanings": {"DOWN": {"eligibility": "ERROR"}}}, "ERROR stands for no answer"),
        ({"meanings": {"UP": {"eligibility": "PERHAPS"}}}, "'MAY_ENGAGE'"),
        ({"retries": 99}, "Extra inputs are not permitted"),
    ],
)
def test_an_unusable_description_is_refused(fake: FakeRegistry, wrong: Any, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        RegistryDescription.model_validate(fake.config(**wrong))
