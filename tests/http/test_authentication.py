"""Authentication by API key: accepted keys, refused ones, and the cache of actors."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access import Scope
from app.db.database import Database
from app.http.authentication import Authentication
from app.organizations import api_keys
from app.settings import Settings
from tests.conftest import SettableClock
from tests.databases import on_sqlite
from tests.oidc import assert_token_refused
from tests.service import GraphQLResponse, Service, Tenant
from tests.statement_counter import recorded_statements

VIEWER = "{ viewer { kind name } }"
AT = datetime(2030, 1, 1, tzinfo=UTC)
CREATE = 'mutation { workerCreate(input: {identity: {displayName: "A"}}) { worker { id } } }'


async def with_header(tenant: Tenant, header: str, query: str = VIEWER) -> GraphQLResponse:
    """Send a query with an unchanged Authorization header."""
    headers = [(b"Authorization", header.encode())]
    response = await tenant.service.client.post("/graphql", json={"query": query}, headers=headers)
    return GraphQLResponse(response.status_code, response.json(), response.headers)


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER   {}", "  Bearer {}  "])
async def test_a_key_is_a_bearer_token(shared_tenant: Tenant, header: str) -> None:
    answer = await with_header(shared_tenant, header.format(shared_tenant.key))
    assert answer.data == {"viewer": {"kind": "SERVICE", "name": "Owner"}}


@on_sqlite
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "{}", "Basic {}", "Token {}", "Bearer {} {}", "Bearer{}"])
async def test_a_header_of_another_form_is_refused(shared_tenant: Tenant, header: str) -> None:
    answer = await with_header(shared_tenant, header.format(shared_tenant.key, shared_tenant.key))
    assert_token_refused(answer, "the Authorization header is not of the form: Bearer TOKEN")


@on_sqlite
@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1],
        lambda key: key + "0",
        lambda key: key.replace("_", "-"),
        lambda key: key[:5] + "é" + key[6:],
        lambda key: "cgk_",
        lambda key: key[:-1] + "\u0660",
    ],
)
async def test_a_malformed_key_is_refused(shared_tenant: Tenant, change: type[str]) -> None:
    assert_token_refused(
        await with_header(shared_tenant, f"Bearer {change(shared_tenant.key)}"), "the API key is malformed"
    )


async def test_a_key_with_another_secret_or_name_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    public, _, secret = tenant.key.rpartition("_")
    for key in (
        f"{public}_{secret[::-1]}",
        f"{public[:-1]}{'0' if public[-1] != '0' else '1'}_{secret}",
        f"{other_tenant.key[:20]}{tenant.key[20:]}",
        f"{tenant.key[:20]}{other_tenant.key[20:]}",
        f"{other_tenant.key.rpartition('_')[0]}_{secret}",
    ):
        assert_token_refused(await tenant.execute(VIEWER, key=key), "the API key is not valid")


async def test_a_revoked_key_is_refused(tenant: Tenant) -> None:
    before = await tenant.rows()
    query = 'mutation { apiKeyCreate(input: {name: "Brief", scopes: [WORKERS_WRITE]}) { token apiKey { id } } }'
    created = (await tenant.execute(query)).data["apiKeyCreate"]
    assert (await tenant.execute(VIEWER, key=created["token"])).status == 200
    revoke = "mutation ($id: ID!) { apiKeyRevoke(input: {id: $id}) { errors { code } } }"
    assert (await tenant.execute(revoke, {"id": created["apiKey"]["id"]})).data == {"apiKeyRevoke": {"errors": []}}
    assert_token_refused(await tenant.execute(CREATE, key=created["token"]), "the API key is revoked")
    assert (await tenant.rows())["workers"] == before["workers"]


async def test_an_expired_key_is_refused(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(AT)
    expires = (AT + timedelta(hours=1)).isoformat()
    created = await tenant.mutate("apiKeyCreate", "token", name="A", scopes=["WORKERS_READ"], expiresAt=expires)
    key = created["token"]
    clock.set(AT + timedelta(minutes=59))
    assert (await tenant.execute(VIEWER, key=key)).status == 200
    clock.set(AT + timedelta(hours=1))
    assert_token_refused(await tenant.execute(VIEWER, key=key), "the API key is expired")


async def test_a_scope_that_is_not_held_is_a_fields_error(tenant: Tenant) -> None:
    key = await tenant.create_key(Scope.CREDENTIALS_READ)
    answer = await tenant.execute("{ viewer { kind } workers { nodes { id } } credentials { nodes { id } } }", key=key)
    assert answer.status == 200
    assert answer.body["data"] == {"viewer": {"kind": "SERVICE"}, "workers": None, "credentials": {"nodes": []}}
    (error,) = answer.errors
    assert (error["message"], error["path"]) == ("this needs the scope WORKERS_READ", ["workers"])
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["extensions"]["scope"] == "WORKERS_READ"


async def test_a_wrong_key_is_refused_even_where_none_is_needed(service: Service) -> None:
    assert_token_refused(await service.execute("{ __typename }", key="cgk_wrong"), "the API key is malformed")


async def test_the_use_of_a_key_is_noted_once_a_minute(tenant: Tenant, clock: SettableClock) -> None:
    query = "{ apiKeys { nodes { lastUsedAt } } }"
    noted = []
    for seconds in (0, 30, 59, 60, 61):
        clock.set(AT + timedelta(seconds=seconds))
        noted.append((await tenant.execute(query)).data["apiKeys"]["nodes"][0]["lastUsedAt"])
    assert noted == ["2030-01-01T00:00:00Z"] * 3 + ["2030-01-01T00:01:00Z"] * 2


VIEWER_ID = "{ viewer { id } }"


@pytest.fixture
def frozen_clock(clock: SettableClock) -> None:
    """Stop the clock, so that cached actors do not expire."""
    clock.set(AT)


@pytest.mark.usefixtures("frozen_clock")
async def test_whose_a_key_is_is_remembered(tenant: Tenant) -> None:
    await tenant.execute(VIEWER_ID)
    with recorded_statements() as statements:
        assert (await tenant.execute(VIEWER_ID)).status == 200
    assert statements == []


@pytest.mark.usefixtures("frozen_clock")
async def test_a_key_that_is_revoked_here_ends_at_once(tenant: Tenant) -> None:
    key = await tenant.create_key(Scope.WORKERS_READ)
    assert (await tenant.execute(VIEWER_ID, key=key)).status == 200
    payload = await tenant.mutate("apiKeyRevoke", "apiKey { id }", id=f"key_{key[20:36]}")
    assert payload["errors"] == []
    assert_token_refused(await tenant.execute(VIEWER_ID, key=key), "the API key is revoked")


@pytest.mark.usefixtures("frozen_clock")
async def test_a_secret_that_is_rotated_here_ends_at_once(tenant: Tenant) -> None:
    key = await tenant.create_key(Scope.WORKERS_READ)
    assert (await tenant.execute(VIEWER_ID, key=key)).status == 200
    token = (await tenant.mutate("apiKeyRotate", "token", id=f"key_{key[20:36]}"))["token"]
    assert_token_refused(await tenant.execute(VIEWER_ID, key=key), "the API key is not valid")
    assert (await tenant.execute(VIEWER_ID, key=token)).status == 200


@pytest.mark.usefixtures("frozen_clock")
async def test_settings_that_are_changed_here_hold_at_once(tenant: Tenant, settings: Settings) -> None:
    authentication = Authentication(tenant.service.database, None, settings.key_seconds)
    header = f"Bearer {tenant.key}"
    before = await authentication.authenticate(header, "req_test")
    assert await authentication.authenticate(header, "req_test") is before
    await tenant.mutate("organizationUpdate", "organization { id }", expiringSoonDays=7, approvalFinality="FINAL")
    actor = await authentication.authenticate(header, "req_test")
    assert actor is not None
    assert (actor.expiring_soon_days, actor.review_policy.decisions_are_final) == (7, True)


async def test_a_key_that_another_process_revokes_ends_within_seconds(
    tenant: Tenant, settings: Settings, clock: SettableClock
) -> None:
    clock.set(AT)
    key = await tenant.create_key(Scope.WORKERS_READ)
    assert (await tenant.execute(VIEWER_ID, key=key)).status == 200
    other = Database(tenant.service.database.url.render_as_string(hide_password=False), clock)
    async with other.writing("test") as session:
        await api_keys.revoke(session, tenant.actor, {"id": f"key_{key[20:36]}"})
    await other.close()
    clock.set(AT + timedelta(seconds=settings.key_seconds - 1))
    assert (await tenant.execute(VIEWER_ID, key=key)).status == 200
    clock.set(AT + timedelta(seconds=settings.key_seconds))
    assert_token_refused(await tenant.execute(VIEWER_ID, key=key), "the API key is revoked")
