"""What a credential's dates mean on a day: the pure function, the graph, and the database agree."""

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
async def home(service: Service) -> Tenant:
    """An organization far from UTC."""
    return await Tenant.create(service, "Auckland Health", "Pacific/Auckland")


async def add(home: Tenant, code: str, days: int | None) -> str:
    """A credential until the 14th of June 2026, of a new type with these expiring-soon days."""
    kind = {"code": code, "name": code, "category": "LICENSE", "expiringSoonDays": days}
    await mutate_ok(home, "credentialTypeCreate", "credentialType { id }", **kind)
    worker = await home.add_worker()
    identification = {"credentialType": code, "category": "LICENSE"}
    issuing = {"issueDate": "2026-03-14", "expiryDate": "2026-06-14"}
    return await home.add_credential(worker, identification=identification, issuing=issuing)


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
    home: Tenant, clock: SettableClock, days: int | None, instant: str, expected: str
) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    one = await add(home, f"T_{days}_{at:%Y%m%d%H%M}".upper(), days)
    clock.set(at)
    found = await run_query(home, "credential", "validity latestVersion { validity }", id=one)
    assert found.data["credential"] == {"validity": expected, "latestVersion": {"validity": expected}}
    for value in Validity:
        where = {"id": {"eq": one}, "validity": {"eq": value.value}}
        assert ids_of(await query_nodes(home, "credentials", "id", where=where)) == ([one] if value == expected else [])


async def test_the_organizations_days_count_where_the_type_has_none(home: Tenant, clock: SettableClock) -> None:
    clock.set(datetime(2026, 6, 1, 1, tzinfo=UTC))
    plain, own = await add(home, "PLAIN", None), await add(home, "OWN", 5)

    async def both() -> list[str]:
        found = await home.execute(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Credential { validity } } }", {"ids": [plain, own]}
        )
        values = [one["validity"] for one in found.data["nodes"]]
        where = {"id": {"in": [plain, own]}, "validity": {"eq": "EXPIRING_SOON"}}
        listed = set(ids_of(await query_nodes(home, "credentials", "id", where=where)))
        assert listed == {key for key, value in zip([plain, own], values, strict=True) if value == "EXPIRING_SOON"}
        return values

    assert await both() == ["EXPIRING_SOON", "VALID"]
    await mutate_ok(home, "organizationUpdate", "organization { id }", expiringSoonDays=12)
    assert await both() == ["VALID", "VALID"]
    await mutate_ok(home, "organizationUpdate", "organization { id }", expiringSoonDays=13)
    assert await both() == ["EXPIRING_SOON", "VALID"]
    await mutate_ok(home, "organizationUpdate", "organization { id }", expiringSoonDays=30)


async def test_validities_are_filtered_by_every_operator(home: Tenant, clock: SettableClock) -> None:
    clock.set(datetime(2026, 3, 20, tzinfo=UTC))
    one = await add(home, "OPERATORS", None)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"eq": "VALID"}, [one]),
        ({"in": ["VALID", "EXPIRED"]}, [one]),
        ({"in": ["EXPIRED"]}, []),
        ({"in": []}, []),
        ({"notIn": ["VALID"]}, []),
        ({"notIn": []}, [one]),
        ({"notIn": ["EXPIRED", "NO_EXPIRY"]}, [one]),
        ({"in": ["VALID", "EXPIRED"], "notIn": ["VALID"]}, []),
        ({}, [one]),
    ]
    for operators, found in cases:
        where: dict[str, Any] = {"id": {"eq": one}, "validity": operators}
        assert ids_of(await query_nodes(home, "credentials", "id", where=where)) == found
    where = {"id": {"eq": one}, "NOT": {"validity": {"eq": "EXPIRED"}}}
    assert ids_of(await query_nodes(home, "credentials", "id", where=where)) == [one]


@property_settings.queries
@given(issued=DATES, expires=DATES, soon=st.integers(0, 120), own=st.none() | st.integers(0, 120))
async def test_the_database_says_what_the_pure_function_says(
    measured: tuple[Tenant, str], issued: date | None, expires: date | None, soon: int, own: int | None
) -> None:
    tenant, one = measured
    expected = validity.validity_on(TODAY, issued, expires, soon if own is None else own)
    async with tenant.service.database.writing("test") as session:
        session.now = NOON
        credential = await session.get_row(Credential, (tenant.id, one))
        kind = await session.get_row(CredentialType, (tenant.id, credential.credential_type_id))
        credential.valid_from, credential.expires_on = issued, expires or NEVER
        kind.expiring_soon_days = own
        await session.flush()
        actor = replace(tenant.actor, expiring_soon_days=soon)
        found = [
            value
            for value in Validity
            if (await queries.listing.page(session, actor, PageRequest(where={"validity": {"eq": value}}))).rows
        ]
    assert found == [expected]


@pytest.fixture(scope="module")
async def measured(service: Service) -> tuple[Tenant, str]:
    """An organization with one credential, whose dates each example sets."""
    tenant = await Tenant.create(service, "Measured")
    return tenant, await tenant.add_credential(await tenant.add_worker())
