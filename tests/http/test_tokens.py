"""Tokens of an OIDC issuer: the actors they authenticate, and refused ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from app.access import ROLES, Role, Scope
from app.settings import Settings
from tests.calls import assert_refused, mutate_ok
from tests.databases import on_sqlite
from tests.oidc import (
    AUDIENCE,
    KEY_GENERATORS,
    VIEWER_QUERY,
    Issuer,
    assert_token_refused,
    owner_claims,
    service_trusting_issuer,
    with_default_claims,
)
from tests.service import Tenant


@pytest.mark.parametrize("kid", KEY_GENERATORS)
async def test_a_token_of_each_algorithm_makes_a_person(oidc_tenant: Tenant, issuer: Issuer, kid: str) -> None:
    answer = await oidc_tenant.execute(VIEWER_QUERY, key=issuer.token(kid, owner_claims(oidc_tenant, name="Sam Lee")))
    assert answer.data["viewer"] == {
        "kind": "PERSON",
        "id": "auth0|7",
        "name": "Sam Lee",
        "roles": ["OWNER"],
        "scopes": [scope.name for scope in sorted(ROLES[Role.OWNER])],
        "organization": {"id": oidc_tenant.id},
        "worker": None,
    }


async def test_a_key_works_beside_tokens(oidc_tenant: Tenant) -> None:
    assert (await oidc_tenant.execute(VIEWER_QUERY)).data["viewer"]["kind"] == "SERVICE"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (["auditor"], ["AUDITOR"]),
        ("REVIEWER AUDITOR", ["REVIEWER", "AUDITOR"]),
        (["unknown", "ADMIN", 5, None, "ADMIN"], ["ADMIN"]),
    ],
)
async def test_roles_become_scopes(shared_oidc_tenant: Tenant, issuer: Issuer, roles: Any, expected: list[str]) -> None:
    viewer = (
        await shared_oidc_tenant.execute(
            VIEWER_QUERY, key=issuer.token("ES256", owner_claims(shared_oidc_tenant, roles=roles))
        )
    ).data["viewer"]
    assert viewer["roles"] == expected
    scopes = set().union(*(ROLES[Role(name)] for name in expected))
    assert viewer["scopes"] == [scope.name for scope in sorted(scopes)]


@on_sqlite
@pytest.mark.parametrize("roles", [None, [], "", ["unknown"], "unknown", 5, True, {"OWNER": {}}, [["OWNER"]]])
async def test_a_token_without_a_role_is_refused(shared_oidc_tenant: Tenant, issuer: Issuer, roles: Any) -> None:
    answer = await shared_oidc_tenant.execute(
        VIEWER_QUERY, key=issuer.token("ES256", owner_claims(shared_oidc_tenant, roles=roles))
    )
    assert_token_refused(answer, "the token gives no role here")


@pytest.mark.parametrize("organization", [None, "", "org_unknown", "somebody else", 5, "' OR 1=1 --"])
async def test_a_token_of_an_unknown_organization_is_refused(
    shared_oidc_tenant: Tenant, issuer: Issuer, organization: Any
) -> None:
    answer = await shared_oidc_tenant.execute(
        VIEWER_QUERY, key=issuer.token("ES256", owner_claims(shared_oidc_tenant, organization=organization))
    )
    assert_token_refused(answer, "the token names no organization of this service")


@on_sqlite
@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"organization": ["a"]}, "the token's claim organization is not text"),
        ({"organization": "org\0"}, "the token's claim organization is not text"),
        ({"worker": "w\0"}, "the token's claim worker is not text"),
        ({"worker": {"id": "w"}}, "the token's claim worker is not text"),
        ({"worker": "w", "source_system": ["hr"]}, "the token's claim source_system is not text"),
        ({"sub": "s\0"}, "the token's claim sub is not text"),
        ({"name": "half \ud800"}, "the token's claim name is not text"),
        ({"sub": ""}, "the token names no subject"),
        ({"sub": "s" * 256}, "the token names no subject"),
        ({"name": ["a"]}, "the token's claim name is not text"),
    ],
)
async def test_claims_of_the_wrong_kind_are_refused(
    shared_oidc_tenant: Tenant, issuer: Issuer, claims: dict[str, Any], message: str
) -> None:
    assert_token_refused(
        await shared_oidc_tenant.execute(
            VIEWER_QUERY, key=issuer.token("ES256", owner_claims(shared_oidc_tenant, **claims))
        ),
        message,
    )


NOW = datetime.now(UTC)


@on_sqlite
@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"iss": "https://other.test/"}, "the token is not valid"),
        ({"iss": None}, "the token is not valid"),
        ({"aud": "other"}, "the token is not valid"),
        ({"aud": None}, "the token is not valid"),
        ({"aud": ["other", "another"]}, "the token is not valid"),
        ({"sub": None}, "the token is not valid"),
        ({"exp": None}, "the token is not valid"),
        ({"exp": NOW - timedelta(hours=1)}, "the token has expired"),
        ({"nbf": NOW + timedelta(hours=1)}, "the token is not valid"),
        ({"iat": NOW + timedelta(hours=1)}, "the token is not valid"),
    ],
)
async def test_a_token_for_others_or_another_time_is_refused(
    shared_oidc_tenant: Tenant, issuer: Issuer, claims: dict[str, Any], message: str
) -> None:
    assert_token_refused(
        await shared_oidc_tenant.execute(
            VIEWER_QUERY, key=issuer.token("RS256", owner_claims(shared_oidc_tenant, **claims))
        ),
        message,
    )


async def test_one_of_several_audiences_is_enough(shared_oidc_tenant: Tenant, issuer: Issuer) -> None:
    token = issuer.token("ES256", owner_claims(shared_oidc_tenant, aud=["other", AUDIENCE]))
    assert (await shared_oidc_tenant.execute(VIEWER_QUERY, key=token)).status == 200


@on_sqlite
@pytest.mark.parametrize("header", [{}, {"kid": "unknown"}, {"kid": ""}])
async def test_a_token_that_names_none_of_the_keys_is_refused(
    shared_oidc_tenant: Tenant, issuer: Issuer, header: dict[str, Any]
) -> None:
    token = jwt.encode(with_default_claims(owner_claims(shared_oidc_tenant)), issuer.keys["ES256"][1], "ES256", header)
    assert_token_refused(await shared_oidc_tenant.execute(VIEWER_QUERY, key=token), "the token is not valid")


async def test_an_issuers_only_key_needs_no_name(tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    single = Issuer.with_keys("ES256")
    file = tmp_path / "jwks.json"
    file.write_bytes(single.jwks())
    token = jwt.encode(with_default_claims(owner_claims(tenant)), single.keys["ES256"][1], "ES256")
    async with service_trusting_issuer(tenant, settings, str(file)) as service:
        assert (await service.execute(VIEWER_QUERY, key=token)).status == 200


async def test_claims_have_names_of_the_installations_choice(
    tenant: Tenant, settings: Settings, issuer: Issuer, jwks: Path
) -> None:
    names = {f"jwt_{name}_claim": f"https://c.test/{name}" for name in ("organization", "roles", "name")}
    claims = {
        "https://c.test/organization": tenant.id,
        "https://c.test/roles": "AUDITOR",
        "https://c.test/name": "Sam",
        "roles": "OWNER",
    }
    async with service_trusting_issuer(tenant, settings, str(jwks), **names) as service:
        viewer = (await service.execute(VIEWER_QUERY, key=issuer.token("EdDSA", claims))).data["viewer"]
    assert (viewer["name"], viewer["roles"]) == ("Sam", ["AUDITOR"])


async def test_a_person_without_a_name_is_called_by_their_subject(oidc_tenant: Tenant, issuer: Issuer) -> None:
    viewer = (await oidc_tenant.execute(VIEWER_QUERY, key=issuer.token("EdDSA", owner_claims(oidc_tenant)))).data[
        "viewer"
    ]
    assert viewer["name"] == "auth0|7"


async def test_without_an_issuer_no_token_is_accepted(tenant: Tenant, issuer: Issuer) -> None:
    assert_token_refused(
        await tenant.execute(VIEWER_QUERY, key=issuer.token("ES256", owner_claims(tenant))), "the API key is malformed"
    )


async def test_a_worker_is_known_by_id_or_external_id(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker = await oidc_tenant.add_worker(source={"externalId": "E 7", "sourceSystem": "hr"})
    numbered = await oidc_tenant.add_worker(source={"externalId": "1234", "sourceSystem": "hr"})
    for claim, expected in ((worker, worker), ("E 7", worker), (1234, numbered)):
        token = issuer.token("ES256", owner_claims(oidc_tenant, roles=["WORKER"], worker=claim))
        viewer = (await oidc_tenant.execute(VIEWER_QUERY, key=token)).data["viewer"]
        assert (viewer["worker"], viewer["scopes"]) == ({"id": expected}, ["SELF_CREDENTIALS"])


async def test_a_token_may_name_the_source_system(
    oidc_tenant: Tenant, issuer: Issuer, settings: Settings, jwks: Path
) -> None:
    workers = {
        system: await oidc_tenant.add_worker(source={"externalId": "E-7", "sourceSystem": system})
        for system in ("hr", "payroll", "")
    }
    claims = owner_claims(oidc_tenant, roles=["WORKER"], worker="E-7")
    for system in ("hr", "payroll", " hr "):
        token = issuer.token("ES256", {**claims, "source_system": system})
        viewer = (await oidc_tenant.execute(VIEWER_QUERY, key=token)).data["viewer"]
        assert viewer["worker"] == {"id": workers[system.strip()]}
    by_id = issuer.token("ES256", {**claims, "worker": workers["payroll"], "source_system": "hr"})
    viewer = (await oidc_tenant.execute(VIEWER_QUERY, key=by_id)).data["viewer"]
    assert viewer["worker"] == {"id": workers["payroll"]}
    unclear = "the token names no single worker of the organization"
    for values in ({}, {"source_system": ""}, {"source_system": "crm"}, {"source_system": "HR"}):
        answer = await oidc_tenant.execute(VIEWER_QUERY, key=issuer.token("ES256", {**claims, **values}))
        assert_token_refused(answer, unclear)
    named = {"jwt_source_system_claim": "https://c.test/system"}
    async with service_trusting_issuer(oidc_tenant, settings, str(jwks), **named) as service:
        token = issuer.token("ES256", {**claims, "https://c.test/system": "hr", "source_system": "payroll"})
        viewer = (await service.execute(VIEWER_QUERY, key=token)).data["viewer"]
        assert viewer["worker"] == {"id": workers["hr"]}


async def test_a_key_of_one_unit_cannot_take_the_token_of_another_units_worker(
    oidc_tenant: Tenant, issuer: Issuer
) -> None:
    units = [
        (await mutate_ok(oidc_tenant, "orgUnitCreate", "orgUnit { id }", name=name, type="SITE"))["id"]
        for name in ("North", "South")
    ]
    outsider = await oidc_tenant.add_worker(
        source={"externalId": "E-1", "sourceSystem": "hr"}, employment={"orgUnit": units[1]}
    )
    key = await oidc_tenant.create_key(Scope.WORKERS_READ, Scope.WORKERS_WRITE, org_unit=units[0])
    content = {"identity": {"displayName": "X"}, "employment": {"orgUnit": units[0]}}
    for system in ("hr", "other", None):
        source = {"externalId": "E-1", "sourceSystem": system}
        taken = ("TAKEN", "source.externalId")
        await assert_refused(oidc_tenant, "workerCreate", taken, key=key, **content, source=source)
    token = issuer.token("ES256", owner_claims(oidc_tenant, roles=["WORKER"], worker="E-1"))
    viewer = (await oidc_tenant.execute(VIEWER_QUERY, key=token)).data["viewer"]
    assert viewer["worker"] == {"id": outsider}


async def test_a_worker_sees_only_themselves(oidc_tenant: Tenant, issuer: Issuer) -> None:
    worker, other = await oidc_tenant.add_worker(), await oidc_tenant.add_worker()
    token = issuer.token("ES256", owner_claims(oidc_tenant, roles=["WORKER"], worker=worker))
    answer = await oidc_tenant.execute(
        f'{{ mine: node(id: "{worker}") {{ id }} other: node(id: "{other}") {{ id }} }}', key=token
    )
    assert answer.data == {"mine": {"id": worker}, "other": None}


async def test_a_worker_who_is_not_one_is_refused(oidc_tenant: Tenant, other_tenant: Tenant, issuer: Issuer) -> None:
    deleted = await oidc_tenant.add_worker(source={"externalId": "gone", "sourceSystem": "hr"})
    removal = f'mutation {{ workerDelete(input: {{worker: {{id: "{deleted}"}}}}) {{ errors {{ code }} }} }}'
    assert (await oidc_tenant.execute(removal)).data == {"workerDelete": {"errors": []}}
    for system in ("hr", "payroll"):
        await oidc_tenant.add_worker(source={"externalId": "twice", "sourceSystem": system})
    foreign = await other_tenant.add_worker(source={"externalId": "foreign", "sourceSystem": "hr"})
    for claim in ("unknown", deleted, "gone", "twice", foreign, "foreign", "wkr_0000000000000000"):
        token = issuer.token("ES256", owner_claims(oidc_tenant, worker=claim))
        assert_token_refused(
            await oidc_tenant.execute(VIEWER_QUERY, key=token), "the token names no single worker of the organization"
        )


async def test_a_token_speaks_for_its_own_organization_only(
    oidc_tenant: Tenant, other_tenant: Tenant, issuer: Issuer
) -> None:
    worker = await other_tenant.add_worker()
    query = f'{{ node(id: "{worker}") {{ id }} viewer {{ organization {{ id }} }} }}'
    answer = await oidc_tenant.execute(query, key=issuer.token("ES256", owner_claims(oidc_tenant)))
    assert answer.data == {"node": None, "viewer": {"organization": {"id": oidc_tenant.id}}}
