"""The list of credentials: every filter, free text, sorts and pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.calls import UNKNOWN_ID, mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.service import Service, Tenant
from tests.statement_counter import recorded_statements

START = datetime(2026, 3, 14, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
async def credentials_by_name(service: Service, session_clock: SettableClock) -> tuple[Tenant, dict[str, str]]:
    """Provide seven credentials of three people, with ids by name. Tests must not change them."""
    tenant = await Tenant.create(service, "Shelf")
    with session_clock.stopped(START):
        ids = {
            "jo": await tenant.add_worker("Jo", source={"externalId": "W-1", "sourceSystem": "hr"}),
            "kim": await tenant.add_worker("Kim", source={"externalId": "W-1", "sourceSystem": "payroll"}),
        }
        sam = {"identity": {"displayName": "Sam"}, "source": {"externalId": "A-1"}}
        ids["sam"] = (await mutate_ok(tenant, "applicantCreate", "applicant { id }", **sam))["id"]
        vic = {"credentialType": "WWCC_VIC", "category": "SCREENING", "referenceNumber": "1234567A-01"}
        passport = {"credentialType": "PASSPORT", "category": "GOVERNMENT_ID", "referenceNumber": "PA1234567"}
        npi = {"credentialType": "NPI", "category": "LICENCE", "referenceNumber": "1234567890"}
        people: dict[str, Any] = {"worker": {"id": ids["jo"]}}
        rows: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
            ("nsw", {}, {"expiryDate": "2029-05-01"}, {"status": "ACTIVE", "eligibility": "MAY_ENGAGE"}, people),
            ("Nsw old", {}, {"expiryDate": "2025-05-01"}, {"status": "EXPIRED"}, people),
            ("vic", vic, {"expiryDate": "2026-04-01"}, {"status": "ACTIVE"}, people),
            ("passport 50%", passport, {"expiryDate": "2029-05-01"}, {}, {"worker": {"id": ids["kim"]}}),
            (
                "npi",
                npi,
                {"issueDate": None, "expiryDate": None, "jurisdiction": None},
                {"status": "REVOKED", "eligibility": "MAY_NOT_ENGAGE"},
                {"worker": None, "applicant": {"id": ids["sam"]}},
            ),
            ("future", {}, {"issueDate": "2027-01-01", "expiryDate": "2029-05-01"}, {}, people),
        ]
        for number, (name, identification, issuing, verification, owners) in enumerate(rows):
            session_clock.set(START + timedelta(minutes=number))
            ids[name] = await tenant.add_credential(
                ids["jo"],
                identification={"displayName": name, **identification},
                issuing=issuing,
                verification=verification,
                owners=owners,
            )
        ids["gone"] = await tenant.add_credential(ids["jo"], identification={"displayName": "gone"})
        await mutate_ok(tenant, "credentialDelete", "credential { id }", id=ids["gone"])
    return tenant, ids


@pytest.fixture
def today(clock: SettableClock) -> None:
    """Set the clock to 14 March 2026."""
    clock.set(START)


ALL = ["future", "npi", "passport 50%", "vic", "Nsw old", "nsw"]


async def names(tenant: Tenant, **arguments: Any) -> list[str]:
    nodes = await query_nodes(tenant, "credentials", "identification { displayName }", **arguments)
    return [credential["identification"]["displayName"] for credential in nodes]


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, ALL),
        ({"type": {"eq": "WWCC_NSW"}}, ["future", "Nsw old", "nsw"]),
        ({"type": {"in": ["NPI", "WWCC_VIC", "NONE"]}}, ["npi", "vic"]),
        ({"type": {"notIn": ["WWCC_NSW", "NPI"]}}, ["passport 50%", "vic"]),
        ({"type": {"eq": "wwcc_nsw"}}, []),
        ({"category": {"eq": "GOVERNMENT_ID"}}, ["passport 50%"]),
        ({"category": {"in": ["LICENCE", "GOVERNMENT_ID"]}}, ["npi", "passport 50%"]),
        ({"category": {"notIn": ["SCREENING"]}}, ["npi", "passport 50%"]),
        ({"jurisdiction": {"eq": "NSW"}}, ["future", "Nsw old", "nsw"]),
        ({"jurisdiction": {"notIn": ["NSW", "US"]}}, ["passport 50%", "vic"]),
        ({"NOT": {"jurisdiction": {"eq": "NSW"}}}, ["npi", "passport 50%", "vic"]),
        ({"referenceNumber": {"eq": "PA1234567"}}, ["passport 50%"]),
        ({"referenceNumber": {"in": ["1234567890", "1234567A-01"]}}, ["npi", "vic"]),
        ({"status": {"eq": "ACTIVE"}}, ["vic", "nsw"]),
        ({"status": {"in": ["EXPIRED", "REVOKED"]}}, ["npi", "Nsw old"]),
        ({"status": {"notIn": ["PENDING", "ACTIVE"]}}, ["npi", "Nsw old"]),
        ({"eligibility": {"eq": "MAY_ENGAGE"}}, ["nsw"]),
        ({"eligibility": {"notIn": ["MAY_ENGAGE"]}}, ALL[:-1]),
        ({"NOT": {"eligibility": {"eq": "MAY_ENGAGE"}}}, ALL[:-1]),
        ({"validity": {"eq": "VALID"}}, ["passport 50%", "nsw"]),
        ({"validity": {"eq": "EXPIRING_SOON"}}, ["vic"]),
        ({"validity": {"in": ["EXPIRED", "NO_EXPIRY"]}}, ["npi", "Nsw old"]),
        ({"validity": {"notIn": ["VALID", "EXPIRED"]}}, ["future", "npi", "vic"]),
        ({"approval": {"eq": "NOT_REQUIRED"}}, ALL),
        ({"approval": {"in": ["PENDING", "APPROVED", "REJECTED"]}}, []),
        ({"intake": {"eq": "DIRECT"}}, ALL),
        ({"intake": {"notIn": ["DIRECT"]}}, []),
        ({"expiryDate": {"lt": "2026-04-01"}}, ["Nsw old"]),
        ({"expiryDate": {"lt": "2026-04-02"}}, ["vic", "Nsw old"]),
        ({"expiryDate": {"lt": "2199-12-31"}}, ["future", "passport 50%", "vic", "Nsw old", "nsw"]),
        ({"expiryDate": {"lt": "9999-12-31"}}, ["future", "passport 50%", "vic", "Nsw old", "nsw"]),
        ({"updatedAt": {"gte": "2026-03-14T09:03:00Z"}}, ["future", "npi", "passport 50%"]),
        ({"updatedAt": {"lt": "2026-03-14T09:03:00Z"}}, ["vic", "Nsw old", "nsw"]),
        ({"updatedAt": {"gte": "2026-03-14", "lt": "2026-03-15"}}, ALL),
        ({"updatedAt": {"gte": "2026-03-15"}}, []),
        ({"createdAt": {"gt": "2026-03-14T09:03:00Z", "lte": "2026-03-14T09:04:00Z"}}, ["npi"]),
        ({"createdAt": {"isNull": True}}, []),
        ({"expiryDate": {"eq": "2026-04-01"}}, ["vic"]),
        ({"expiryDate": {"gt": "2026-04-01"}}, ["future", "passport 50%", "nsw"]),
        ({"expiryDate": {"gte": "2026-04-01", "lte": "2029-05-01"}}, ["future", "passport 50%", "vic", "nsw"]),
        ({"expiryDate": {"lte": "9999-12-31"}}, ["future", "passport 50%", "vic", "Nsw old", "nsw"]),
        ({"expiryDate": {"isNull": True}}, ["npi"]),
        ({"expiryDate": {"isNull": False}}, ["future", "passport 50%", "vic", "Nsw old", "nsw"]),
        ({"NOT": {"expiryDate": {"lt": "2029-01-01"}}}, ["future", "npi", "passport 50%", "nsw"]),
        ({"issueDate": {"gt": "2026-12-31"}}, ["future"]),
        ({"issueDate": {"isNull": True}}, ["npi"]),
        ({"NOT": {"issueDate": {"gt": "2026-12-31"}}}, ["npi", "passport 50%", "vic", "Nsw old", "nsw"]),
        ({"OR": [{"type": {"eq": "NPI"}}, {"status": {"eq": "ACTIVE"}}]}, ["npi", "vic", "nsw"]),
        ({"status": {"eq": "ACTIVE"}, "NOT": {"type": {"eq": "WWCC_VIC"}}}, ["nsw"]),
    ],
)
async def test_a_filter_finds_matching_credentials(
    credentials_by_name: tuple[Tenant, dict[str, str]], where: dict[str, Any], expected: list[str]
) -> None:
    assert await names(credentials_by_name[0], where=where) == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ({"type": "WORKER", "id": "jo"}, ["future", "vic", "Nsw old", "nsw"]),
        ({"type": "WORKER", "id": "kim"}, ["passport 50%"]),
        ({"type": "APPLICANT", "id": "sam"}, ["npi"]),
        ({"type": "APPLICANT", "externalId": "A-1"}, ["npi"]),
        ({"type": "WORKER", "externalId": "W-1", "sourceSystem": "payroll"}, ["passport 50%"]),
        ({"type": "WORKER", "externalId": "A-1"}, []),
        ({"type": "WORKER", "externalId": "nobody"}, []),
        ({"type": "WORKER", "id": "sam"}, []),
        ({"type": "WORKER", "id": f"wkr_{UNKNOWN_ID}"}, []),
    ],
)
async def test_the_owner_filter_finds_the_owners_credentials(
    credentials_by_name: tuple[Tenant, dict[str, str]], owner: dict[str, str], expected: list[str]
) -> None:
    tenant, ids = credentials_by_name
    if "id" in owner:
        owner = {**owner, "id": ids.get(owner["id"], owner["id"])}
    assert await names(tenant, where={"owner": owner}) == expected
    assert await names(tenant, where={"AND": [{"owner": owner}]}) == expected


async def test_the_negated_owner_filter_finds_other_owners_credentials(
    credentials_by_name: tuple[Tenant, dict[str, str]],
) -> None:
    tenant, ids = credentials_by_name
    for owner, expected in (
        ({"type": "WORKER", "id": ids["kim"]}, [name for name in ALL if name != "passport 50%"]),
        ({"type": "APPLICANT", "externalId": "A-1"}, [name for name in ALL if name != "npi"]),
        ({"type": "WORKER", "externalId": "nobody"}, ALL),
    ):
        assert await names(tenant, where={"NOT": {"owner": owner}}) == expected


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        ({"type": "WORKER", "externalId": "W-1"}, "AMBIGUOUS_OWNER"),
        ({"type": "WORKER"}, "INVALID"),
        ({"type": "WORKER", "sourceSystem": "hr"}, "INVALID"),
        ({"type": "WORKER", "id": f"wkr_{UNKNOWN_ID}", "externalId": "W-1"}, "INVALID"),
    ],
)
async def test_an_owner_is_one_person_named_in_one_way(
    credentials_by_name: tuple[Tenant, dict[str, str]], owner: dict[str, str], code: str
) -> None:
    for where in ({"owner": owner}, {"NOT": {"OR": [{"owner": owner}]}}):
        answer = await run_query(credentials_by_name[0], "credentials", "nodes { id }", where=where)
        assert (answer.body["data"], answer.codes) == ({"credentials": None}, [code])


async def test_too_many_owners_are_refused_before_any_is_looked_up(
    credentials_by_name: tuple[Tenant, dict[str, str]],
) -> None:
    tenant, _ = credentials_by_name
    owners = [{"owner": {"type": "WORKER", "externalId": f"nobody {number}"}} for number in range(251)]
    with recorded_statements() as statements:
        answer = await run_query(tenant, "credentials", "nodes { id }", where={"OR": owners})
    assert answer.codes == ["TOO_MANY"]
    assert len(statements) <= 3


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("NSW", ["future", "Nsw old", "nsw"]),
        ("old nsw", ["Nsw old"]),
        ("pa123", ["passport 50%"]),
        ("wwcc_", ["future", "vic", "Nsw old", "nsw"]),
        ("50%", ["passport 50%"]),
        ("%", ["passport 50%"]),
        ("1234567a-01", ["vic"]),
        ("nobody", []),
    ],
)
async def test_free_text_finds_names_numbers_and_types(
    credentials_by_name: tuple[Tenant, dict[str, str]], search: str, expected: list[str]
) -> None:
    assert await names(credentials_by_name[0], search=search) == expected


async def test_deleted_credentials_are_included_on_request(credentials_by_name: tuple[Tenant, dict[str, str]]) -> None:
    assert await names(credentials_by_name[0], includeDeleted=True) == ["gone", *ALL]
    assert await names(credentials_by_name[0], search="gone", includeDeleted=True) == ["gone"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], ALL),
        ([("UPDATED_AT", "ASC")], ALL[::-1]),
        ([("UPDATED_AT", "DESC")], ALL),
        ([("CREATED_AT", "ASC")], ALL[::-1]),
        ([("CREATED_AT", "DESC")], ALL),
        ([("DISPLAY_NAME", "ASC")], ["future", "npi", "nsw", "Nsw old", "passport 50%", "vic"]),
        ([("DISPLAY_NAME", "DESC")], ["vic", "passport 50%", "Nsw old", "nsw", "npi", "future"]),
        ([("EXPIRY_DATE", "ASC")], ["Nsw old", "vic", "nsw", "passport 50%", "future", "npi"]),
        ([("EXPIRY_DATE", "DESC")], ["npi", "future", "passport 50%", "nsw", "vic", "Nsw old"]),
        (
            [("EXPIRY_DATE", "DESC"), ("DISPLAY_NAME", "ASC")],
            ["npi", "future", "nsw", "passport 50%", "vic", "Nsw old"],
        ),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
async def test_every_sort_is_paged_in_both_directions(
    credentials_by_name: tuple[Tenant, dict[str, str]],
    order: list[tuple[str, str]],
    expected: list[str],
    backwards: bool,
) -> None:
    keys = [{"field": name, "direction": direction} for name, direction in order]
    assert await names(credentials_by_name[0], orderBy=keys) == expected
    walked: list[str] = []
    cursor: dict[str, Any] = {}
    while len(walked) < len(expected):
        page = {"last" if backwards else "first": 2, **cursor, "orderBy": keys}
        selection = "nodes { identification { displayName } } pageInfo { startCursor endCursor }"
        connection = (await run_query(credentials_by_name[0], "credentials", selection, **page)).data["credentials"]
        here = [node["identification"]["displayName"] for node in connection["nodes"]]
        assert len(here) == 2
        walked = [*here, *walked] if backwards else [*walked, *here]
        info = connection["pageInfo"]
        cursor = {"before": info["startCursor"]} if backwards else {"after": info["endCursor"]}
    assert walked == expected


async def test_credentials_are_counted(credentials_by_name: tuple[Tenant, dict[str, str]]) -> None:
    tenant, ids = credentials_by_name
    for arguments, count in (({}, 6), ({"includeDeleted": True}, 7), ({"where": {"type": {"eq": "NPI"}}}, 1)):
        answer = await run_query(tenant, "credentials", "totalCount { count precision }", **arguments)
        assert answer.data["credentials"]["totalCount"] == {"count": count, "precision": "EXACT"}
    selection = 'credentials(where: {type: {eq: "WWCC_NSW"}}) { totalCount { count } }'
    answer = await run_query(tenant, "worker", selection, by={"id": ids["jo"]})
    assert answer.data["worker"]["credentials"]["totalCount"] == {"count": 3}


async def test_people_list_only_their_own_credentials(credentials_by_name: tuple[Tenant, dict[str, str]]) -> None:
    tenant, ids = credentials_by_name
    selection = (
        "id credentials(first: 2, orderBy: [{field: DISPLAY_NAME}]) "
        "{ nodes { identification { displayName } } pageInfo { hasNextPage } }"
    )
    for field, name, expected, more in (
        ("worker", "jo", ["future", "nsw"], True),
        ("worker", "kim", ["passport 50%"], False),
        ("applicant", "sam", ["npi"], False),
    ):
        listed = (await run_query(tenant, field, selection, by={"id": ids[name]})).data[field]["credentials"]
        assert [node["identification"]["displayName"] for node in listed["nodes"]] == expected
        assert listed["pageInfo"]["hasNextPage"] is more


async def test_another_tenant_sees_no_credentials(
    credentials_by_name: tuple[Tenant, dict[str, str]], other_tenant: Tenant
) -> None:
    _, ids = credentials_by_name
    assert await names(other_tenant, includeDeleted=True) == []
    assert await names(other_tenant, where={"id": {"in": [ids["nsw"]]}}) == []
    assert await names(other_tenant, where={"owner": {"type": "WORKER", "id": ids["jo"]}}) == []
    assert (await run_query(other_tenant, "credential", "id", by={"id": ids["nsw"]})).data["credential"] is None


async def test_people_do_not_hold_what_was_only_requested(tenant: Tenant) -> None:
    await actions.update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    worker = await tenant.add_worker()
    requested, returned = [await actions.add_requested(tenant, f"TICKET_{number}", worker) for number in range(2)]
    await actions.mutation_payload(tenant, "credentialSubmit", id=returned, referenceNumber="T-1")
    await actions.mutation_payload(tenant, "credentialReject", id=returned)
    held = await tenant.add_credential(worker)
    everything = {requested, returned, held}
    for arguments, expected in (("", {returned, held}), ("(includeRequested: true)", everything)):
        selection = f"credentials{arguments} {{ nodes {{ id }} totalCount {{ count }} }}"
        shown = (await run_query(tenant, "worker", selection, by={"id": worker})).data["worker"]["credentials"]
        assert ({node["id"] for node in shown["nodes"]}, shown["totalCount"]["count"]) == (expected, len(expected))
    # What an organization lists are its records, whoever has provided them.
    listed = (await run_query(tenant, "credentials", "nodes { id }")).data["credentials"]["nodes"]
    assert {node["id"] for node in listed} == everything
