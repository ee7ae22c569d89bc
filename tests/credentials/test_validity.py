"""The validity of dates on a day: the pure function, the graph and the SQL condition agree."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.credential_types.tables import CredentialType
from app.credentials import queries, validity
from app.credentials.tables import NEVER, Credential, Validity
from app.lists.page_request import PageRequest
from tests import property_settings
from tests.calls import mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.service import Service, Tenant, ids_of

TODAY = date(2026, 3, 14)
DATES = st.none() | st.integers(-100, 200).map(lambda days: TODAY + timedelta(days=days))
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("issued", "expires", "soon", "expected"),
    [
        (None, None, 30, "NO_EXPIRY"),
        ("2026-03-14", None, 30, "NO_EXPIRY"),
        ("2026-03-15", None, 30, "NOT_YET_VALID"),
        ("2026-03-15", "2026-03-15", 30, "NOT_YET_VALID"),
        ("2026-03-14", "2026-03-14", 30, "EXPIRING_SOON"),
        (None, "2026-03-13", 30, "EXPIRED"),
        (None, "2026-03-14", 0, "EXPIRING_SOON"),
        (None, "2026-03-15", 0, "VALID"),
        (None, "2026-04-13", 30, "EXPIRING_SOON"),
        (None, "2026-04-14", 30, "VALID"),
        (None, "2199-12-31", 365, "VALID"),
    ],
)
def test_each_side_of_every_boundary(issued: str | None, expires: str | None, soon: int, expected: str) -> None:
    first = date.fromisoformat(issued) if issued else None
    last = date.fromisoformat(expires) if expires else None
    assert validity.validity_on(TODAY, first, last, soon) == expected


@pytest.fixture(scope="module")
async def auckland(service: Service) -> Tenant:
    """Provide an organization far from UTC."""
    return await Tenant.create(service, "Auckland Health", "Pacific/Auckland")


async def add(auckland: Tenant, code: str, days: int | None) -> str:
    """Add a credential valid until 14 June 2026, of a new type with these expiring-soon days."""
    type_input = {"code": code, "name": code, "category": "LICENCE", "expiringSoonDays": days}
    await mutate_ok(auckland, "credentialTypeCreate", "credentialType { id }", **type_input)
    worker = await auckland.add_worker()
    identification = {"credentialType": code, "category": "LICENCE"}
    issuing = {"issueDate": "2026-03-14", "expiryDate": "2026-06-14"}
    return await auckland.add_credential(worker, identification=identification, issuing=issuing)


@pytest.mark.parametrize(
    ("days", "instant", "expected"),
    [
        # In Auckland the 14th of March begins at 11:00 UTC on the 13th (UTC+13), a day of winter at 12:00 (UTC+12).
        (None, "2026-03-13T10:59:59", "NOT_YET_VALID"),
        (None, "2026-03-13T11:00:00", "VALID"),
        (None, "2026-05-14T11:59:59", "VALID"),
        (None, "2026-05-14T12:00:00", "EXPIRING_SOON"),
        (None, "2026-06-14T11:59:59", "EXPIRING_SOON"),
        (None, "2026-06-14T12:00:00", "EXPIRED"),
        (10, "2026-06-03T11:59:59", "VALID"),
        (10, "2026-06-03T12:00:00", "EXPIRING_SOON"),
        (0, "2026-06-13T11:59:59", "VALID"),
        (0, "2026-06-13T12:00:00", "EXPIRING_SOON"),
        (90, "2026-03-15T10:59:59", "VALID"),
        (90, "2026-03-15T11:00:00", "EXPIRING_SOON"),
    ],
)
async def test_days_are_those_of_the_organizations_time_zone(
    auckland: Tenant, clock: SettableClock, days: int | None, instant: str, expected: str
) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    key = await add(auckland, f"T_{days}_{at:%Y%m%d%H%M}".upper(), days)
    clock.set(at)
    credential = await run_query(auckland, "credential", "validity latestVersion { validity }", by={"id": key})
    assert credential.data["credential"] == {"validity": expected, "latestVersion": {"validity": expected}}
    for value in Validity:
        where = {"id": {"eq": key}, "validity": {"eq": value.value}}
        assert ids_of(await query_nodes(auckland, "credentials", "id", where=where)) == (
            [key] if value == expected else []
        )


async def test_the_organizations_expiring_soon_days_are_the_default(auckland: Tenant, clock: SettableClock) -> None:
    clock.set(datetime(2026, 6, 1, 1, tzinfo=UTC))
    plain, own = await add(auckland, "PLAIN", None), await add(auckland, "OWN", 5)

    async def both() -> list[str]:
        answer = await auckland.execute(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Credential { validity } } }", {"ids": [plain, own]}
        )
        values = [node["validity"] for node in answer.data["nodes"]]
        where = {"id": {"in": [plain, own]}, "validity": {"eq": "EXPIRING_SOON"}}
        listed = set(ids_of(await query_nodes(auckland, "credentials", "id", where=where)))
        assert listed == {key for key, value in zip([plain, own], values, strict=True) if value == "EXPIRING_SOON"}
        return values

    assert await both() == ["EXPIRING_SOON", "VALID"]
    await mutate_ok(auckland, "organizationUpdate", "organization { id }", expiringSoonDays=12)
    assert await both() == ["VALID", "VALID"]
    await mutate_ok(auckland, "organizationUpdate", "organization { id }", expiringSoonDays=13)
    assert await both() == ["EXPIRING_SOON", "VALID"]
    await mutate_ok(auckland, "organizationUpdate", "organization { id }", expiringSoonDays=30)


async def test_validities_are_filtered_by_every_operator(auckland: Tenant, clock: SettableClock) -> None:
    clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    key = await add(auckland, "OPERATORS", None)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"eq": "VALID"}, [key]),
        ({"in": ["VALID", "EXPIRED"]}, [key]),
        ({"in": ["EXPIRED"]}, []),
        ({"in": []}, []),
        ({"notIn": ["VALID"]}, []),
        ({"notIn": []}, [key]),
        ({"notIn": ["EXPIRED", "NO_EXPIRY"]}, [key]),
        ({"in": ["VALID", "EXPIRED"], "notIn": ["VALID"]}, []),
        ({}, [key]),
    ]
    for operators, expected in cases:
        where: dict[str, Any] = {"id": {"eq": key}, "validity": operators}
        assert ids_of(await query_nodes(auckland, "credentials", "id", where=where)) == expected
    where = {"id": {"eq": key}, "NOT": {"validity": {"eq": "EXPIRED"}}}
    assert ids_of(await query_nodes(auckland, "credentials", "id", where=where)) == [key]


@property_settings.queries
@given(issued=DATES, expires=DATES, soon=st.integers(0, 120), own=st.none() | st.integers(0, 120))
async def test_the_sql_condition_matches_the_pure_function(
    dated_credential: tuple[Tenant, str], issued: date | None, expires: date | None, soon: int, own: int | None
) -> None:
    tenant, key = dated_credential
    expected = validity.validity_on(TODAY, issued, expires, soon if own is None else own)
    async with tenant.service.database.writing("test") as session:
        session.now = NOON
        credential = await session.get_row(Credential, (tenant.id, key))
        credential_type = await session.get_row(CredentialType, (tenant.id, credential.credential_type_id))
        credential.valid_from, credential.expires_on = issued, expires or NEVER
        credential_type.expiring_soon_days = own
        await session.flush()
        actor = replace(tenant.actor, expiring_soon_days=soon)
        matching = [
            value
            for value in Validity
            if (await queries.listing.page(session, actor, PageRequest(where={"validity": {"eq": value}}))).rows
        ]
    assert matching == [expected]


@pytest.fixture(scope="module")
async def dated_credential(service: Service) -> tuple[Tenant, str]:
    """Provide an organization with one credential; each example sets its dates."""
    tenant = await Tenant.create(service, "Measured")
    return tenant, await tenant.add_credential(await tenant.add_worker())
