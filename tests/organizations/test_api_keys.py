"""API keys: creating, listing, rotating, revoking and expiring them, and responses to invalid tokens."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from tests.calls import (
    UNKNOWN_ID,
    assert_forbidden,
    assert_refused,
    event_rows,
    mutate,
    mutate_ok,
    query_nodes,
    run_query,
    stored_rows,
)
from tests.conftest import SettableClock
from tests.service import GraphQLResponse, Tenant, ids_of

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
KEY = "apiKey { id name scopes createdBy createdAt expiresAt revokedAt lastUsedAt previousExpiresAt orgUnit { id } }"
READ = ["WORKERS_READ"]


async def issue(tenant: Tenant, **content: Any) -> tuple[str, str]:
    """Create a key and return its id and token."""
    input = {"name": "Reader", "scopes": READ, **content}
    payload = await mutate(tenant, "apiKeyCreate", "apiKey { id } token", **input)
    assert payload["errors"] == []
    return payload["apiKey"]["id"], payload["token"]


async def use(tenant: Tenant, token: str) -> GraphQLResponse:
    return await tenant.execute("{ viewer { id name kind scopes organization { id } } }", key=token)


def assert_unauthenticated(answer: GraphQLResponse, message: str) -> None:
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.errors[0]["message"] == message
    assert "data" not in answer.body
    challenge = f'Bearer realm="credgraph", error="invalid_token", error_description="{message}"'
    assert answer.headers["www-authenticate"] == challenge


async def test_a_token_is_shown_once_and_stored_as_a_hash(tenant: Tenant) -> None:
    payload = await mutate(tenant, "apiKeyCreate", f"{KEY} token", name=" Reader ", scopes=[*READ, *READ])
    key, token = payload["apiKey"], payload["token"]
    assert re.fullmatch(r"cgk_[0-9A-Za-z]{32}_[0-9A-Za-z]{43}", token)
    assert key["id"].removeprefix("key_") in token
    assert tenant.id.removeprefix("org_") in token
    assert (key["name"], key["scopes"], key["expiresAt"], key["revokedAt"]) == ("Reader", READ, None, None)
    assert key["createdBy"].startswith("key_")
    assert token.rpartition("_")[2] not in str(await tenant.rows())
    viewer = (await use(tenant, token)).data["viewer"]
    assert viewer == {
        "id": key["id"],
        "name": "Reader",
        "kind": "SERVICE",
        "scopes": READ,
        "organization": {"id": tenant.id},
    }
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["subject_id"]) == ("apiKey.created", key["id"])


async def test_missing_and_invalid_input_is_refused(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    valid = {"name": "Reader", "scopes": READ}
    cases: list[tuple[tuple[str, str], dict[str, Any], str]] = [
        (("REQUIRED", "name"), {"name": None}, "name is required"),
        (("REQUIRED", "name"), {"name": " "}, "name is required"),
        (("INVALID", "name"), {"name": "x" * 201}, "name is longer than 200 characters"),
        (("REQUIRED", "scopes"), {"scopes": None}, "scopes is required"),
        (("REQUIRED", "scopes"), {"scopes": []}, "scopes is required"),
        (("INVALID", "expiresAt"), {"expiresAt": "2026-03-14T09:00:00Z"}, "expiresAt is not in the future"),
        (("INVALID", "expiresAt"), {"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt is not in the future"),
        (
            ("INVALID", "scopes"),
            {"scopes": ["SELF_CREDENTIALS"]},
            "scopes: SELF_CREDENTIALS is for people who are linked to a worker, not for keys",
        ),
        (
            ("NOT_FOUND", "orgUnit"),
            {"orgUnit": f"unit_{UNKNOWN_ID}"},
            f"orgUnit: there is no org unit unit_{UNKNOWN_ID}",
        ),
        (("INVALID", "orgUnit"), {"orgUnit": "x"}, "orgUnit is not the id of an org unit (unit_…)"),
    ]
    for expected, invalid, message in cases:
        (error,) = await assert_refused(tenant, "apiKeyCreate", expected, **{**valid, **invalid})
        if "orgUnit" not in invalid:
            assert error["message"] == message


async def test_nobody_grants_a_scope_that_they_do_not_hold(tenant: Tenant) -> None:
    manager = await tenant.create_key(Scope.KEYS_MANAGE, Scope.WORKERS_READ)
    scopes = ["WORKERS_READ", "WORKERS_WRITE", "AUDIT_READ"]
    not_permitted = ("NOT_PERMITTED", "scopes")
    (error,) = await assert_refused(tenant, "apiKeyCreate", not_permitted, key=manager, name="More", scopes=scopes)
    assert error["__typename"] == "NotPermittedError"
    assert error["message"] == "scopes: you cannot grant a scope that you do not hold: AUDIT_READ, WORKERS_WRITE"
    key, _ = await issue(tenant, scopes=scopes)
    await assert_refused(tenant, "apiKeyRotate", not_permitted, key=manager, id=key)
    payload = await mutate(tenant, "apiKeyCreate", "token", key=manager, name="Same", scopes=READ)
    assert payload["errors"] == []


@pytest.mark.parametrize("field", ["apiKeyRotate", "apiKeyRevoke"])
async def test_nobody_ends_or_renews_a_key_with_more_scopes(tenant: Tenant, field: str) -> None:
    manager = await tenant.create_key(Scope.KEYS_MANAGE, Scope.WORKERS_READ)
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="North", type="SITE"))["id"]
    for content in ({"scopes": [*READ, "WORKERS_WRITE"]}, {"scopes": ["WORKERS_WRITE"], "orgUnit": unit}):
        key, token = await issue(tenant, **content)
        (error,) = await assert_refused(tenant, field, ("NOT_PERMITTED", "scopes"), key=manager, id=key)
        assert error["message"] == ("scopes: you cannot manage a key with a scope that you do not hold: WORKERS_WRITE")
        assert (await use(tenant, token)).status == 200
    # A revoked key is no exception, and says nothing.
    await mutate_ok(tenant, "apiKeyRevoke", "apiKey { id }", id=key)
    expected = ("KEY_ENDED", "id") if field == "apiKeyRotate" else ("NOT_PERMITTED", "scopes")
    await assert_refused(tenant, field, expected, key=manager, id=key)


@pytest.mark.parametrize("field", ["apiKeyRotate", "apiKeyRevoke"])
async def test_a_key_of_equal_or_fewer_scopes_is_managed(tenant: Tenant, field: str) -> None:
    key, manager = await issue(tenant, scopes=["KEYS_MANAGE", *READ])
    fewer, _ = await issue(tenant)
    for managed in (fewer, key):  # the last is the key itself
        await mutate_ok(tenant, field, "apiKey { id }", key=manager, id=managed)


async def test_keys_are_listed_and_filtered(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    (owner,) = ids_of(await query_nodes(tenant, "apiKeys", "id"))
    clock.advance(timedelta(days=365))
    expiry = (clock() + timedelta(minutes=1)).isoformat()
    first, _ = await issue(tenant, name="alpha 1", expiresAt=expiry)
    clock.advance(timedelta(seconds=1))
    second, _ = await issue(tenant, name="Beta_2")
    clock.advance(timedelta(minutes=2))
    await mutate_ok(tenant, "apiKeyRevoke", "apiKey { id }", id=second)
    clock.advance(timedelta(days=365 * 30))
    cases: list[tuple[list[str], dict[str, Any]]] = [
        ([first, second], {"orderBy": [{"field": "NAME"}], "where": {"name": {"contains": "a"}}}),
        ([second], {"where": {"name": {"contains": "_"}}}),
        ([first], {"where": {"name": {"startsWith": "ALPHA"}}}),
        ([owner], {"where": {"active": True}}),
        ([first, second], {"where": {"active": False}, "orderBy": [{"field": "CREATED_AT"}]}),
        ([first, second], {"where": {"NOT": {"active": True}}, "orderBy": [{"field": "CREATED_AT"}]}),
    ]
    for expected, arguments in cases:
        assert ids_of(await query_nodes(tenant, "apiKeys", "id", **arguments)) == expected
    all_keys = ids_of(await query_nodes(tenant, "apiKeys", "id"))
    assert [key for key in all_keys if key != owner] == [second, first]


async def test_the_use_of_a_key_is_recorded_once_a_minute(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    key, token = await issue(tenant)

    async def last_used() -> str | None:
        answer = await run_query(tenant, "apiKey", "lastUsedAt", id=key)
        used_at: str | None = answer.data["apiKey"]["lastUsedAt"]
        return used_at

    assert await last_used() is None
    await use(tenant, token)
    assert await last_used() == "2026-03-14T09:00:00Z"
    clock.advance(timedelta(seconds=59))
    await use(tenant, token)
    assert await last_used() == "2026-03-14T09:00:00Z"
    clock.advance(timedelta(seconds=1))
    await use(tenant, token)
    assert await last_used() == "2026-03-14T09:01:00Z"


async def test_a_key_works_until_it_expires(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    key, token = await issue(tenant, expiresAt="2026-03-14T20:00:00+10:00")
    api_key = (await run_query(tenant, "apiKey", "expiresAt", id=key)).data["apiKey"]
    assert api_key == {"expiresAt": "2026-03-14T10:00:00Z"}
    clock.set(NOW + timedelta(hours=1) - timedelta(microseconds=1))
    assert (await use(tenant, token)).status == 200
    clock.set(NOW + timedelta(hours=1))
    assert_unauthenticated(await use(tenant, token), "the API key is expired")
    (error,) = await assert_refused(tenant, "apiKeyRotate", ("KEY_ENDED", "id"), id=key)
    assert (error["__typename"], error["message"]) == ("StateError", "the key is expired")


async def test_revoking_a_key_ends_both_secrets_at_once(tenant: Tenant) -> None:
    key, first = await issue(tenant)
    second = (await mutate(tenant, "apiKeyRotate", "token", id=key, overlapMinutes=60))["token"]
    revoked = await mutate_ok(tenant, "apiKeyRevoke", "apiKey { id revokedAt }", id=key)
    assert revoked["revokedAt"] is not None
    for token in (first, second):
        assert_unauthenticated(await use(tenant, token), "the API key is revoked")
    await assert_refused(tenant, "apiKeyRotate", ("KEY_ENDED", "id"), id=key)
    before = await stored_rows(tenant)
    assert await mutate_ok(tenant, "apiKeyRevoke", "apiKey { id revokedAt }", id=key) == revoked
    assert await stored_rows(tenant) == before
    assert [event["kind"] for event in await event_rows(tenant)][-3:] == [
        "apiKey.created",
        "apiKey.rotated",
        "apiKey.revoked",
    ]


async def test_the_previous_secret_is_valid_for_the_overlap(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(NOW)
    key, first = await issue(tenant)
    rotated = await mutate(tenant, "apiKeyRotate", f"{KEY} token", id=key, overlapMinutes=30)
    second = rotated["token"]
    assert second != first
    assert rotated["apiKey"]["previousExpiresAt"] == "2026-03-14T09:30:00Z"
    clock.set(NOW + timedelta(minutes=30) - timedelta(microseconds=1))
    assert [(await use(tenant, token)).status for token in (first, second)] == [200, 200]
    clock.set(NOW + timedelta(minutes=30))
    assert_unauthenticated(await use(tenant, first), "the API key is not valid")
    assert (await use(tenant, second)).status == 200


async def test_without_an_overlap_the_previous_secret_ends_at_once(tenant: Tenant) -> None:
    key, first = await issue(tenant)
    for overlap in ({}, {"overlapMinutes": None}, {"overlapMinutes": 0}):
        rotated = await mutate(tenant, "apiKeyRotate", f"{KEY} token", id=key, **overlap)
        assert rotated["apiKey"]["previousExpiresAt"] is None
        assert_unauthenticated(await use(tenant, first), "the API key is not valid")
        first = rotated["token"]
        assert (await use(tenant, first)).status == 200


async def test_an_overlap_is_at_most_a_day(tenant: Tenant) -> None:
    key, _ = await issue(tenant)
    for minutes in (-1, 1_441, 2_147_483_647):
        (error,) = await assert_refused(
            tenant, "apiKeyRotate", ("INVALID", "overlapMinutes"), id=key, overlapMinutes=minutes
        )
        assert error["message"] == "overlapMinutes is not between 0 and 1440"
    payload = await mutate(tenant, "apiKeyRotate", "token", id=key, overlapMinutes=1_440)
    assert payload["errors"] == []


async def test_unknown_and_malformed_tokens_are_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    public, _, secret = tenant.key.rpartition("_")
    changed = "A" if secret[0] != "A" else "B"
    other_public = other_tenant.key.rpartition("_")[0]
    unknown = f"cgk_{UNKNOWN_ID}{UNKNOWN_ID}_{secret}"
    for token in (f"{public}_{changed}{secret[1:]}", f"{other_public}_{secret}", unknown):
        assert_unauthenticated(await use(tenant, token), "the API key is not valid")
    for token in ("cgk_", "cgk_x", public, tenant.key + "x", tenant.key[:-1], "eyJhbGciOiJub25lIn0.e30."):
        assert_unauthenticated(await use(tenant, token), "the API key is malformed")
    for header in ("", "Bearer", "Basic b3duZXI6c2VjcmV0", tenant.key, f"Bearer {tenant.key} more"):
        answer = await tenant.service.execute("{ viewer { id } }", Authorization=header)
        assert_unauthenticated(answer, "the Authorization header is not of the form: Bearer TOKEN")


async def test_a_request_without_a_token_gets_a_challenge(tenant: Tenant) -> None:
    answer = await tenant.service.execute("{ viewer { id } }")
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == 'Bearer realm="credgraph"'


async def test_the_scheme_bearer_is_case_insensitive(tenant: Tenant) -> None:
    for header in (f"bearer {tenant.key}", f"BEARER   {tenant.key}"):
        assert (await tenant.service.execute("{ viewer { id } }", Authorization=header)).status == 200


async def test_another_tenants_key_does_not_exist(tenant: Tenant, other_tenant: Tenant) -> None:
    key, token = await issue(tenant)
    before = await stored_rows(tenant)
    for field in ("apiKeyRotate", "apiKeyRevoke"):
        for theirs in (key, f"key_{UNKNOWN_ID}"):
            await assert_refused(other_tenant, field, ("NOT_FOUND", "id"), id=theirs)
    assert await stored_rows(tenant) == before
    assert (await run_query(other_tenant, "apiKey", "id", id=key)).data["apiKey"] is None
    assert key not in ids_of(await query_nodes(other_tenant, "apiKeys", "id"))
    assert (await use(tenant, token)).status == 200


@pytest.mark.parametrize("field", ["apiKeyCreate", "apiKeyRotate", "apiKeyRevoke"])
async def test_managing_keys_requires_its_scope(tenant: Tenant, field: str) -> None:
    key, _ = await issue(tenant)
    input = {"name": "Mine", "scopes": READ} if field == "apiKeyCreate" else {"id": key}
    await assert_forbidden(
        tenant, field, Scope.WORKERS_READ, Scope.ORGANIZATION_MANAGE, required_scope=Scope.KEYS_MANAGE, **input
    )
