"""The list of workers: every filter, search, and combinations of conditions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.calls import mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.service import Service, Tenant

HR = "hr"
# In Sydney, 14 March 2026 begins at 13:00 UTC on 13 March.
STAFF: list[tuple[str, str, dict[str, Any]]] = [
    (
        "2026-03-13T12:59:59.999999+00:00",
        "Ada Lovelace",
        {
            "identity": {"firstName": "Ada", "lastName": "Lovelace"},
            "contact": {"workEmail": "ada@harbour.test", "personalEmail": "countess@home.test"},
            "source": {"externalId": "A-1", "sourceSystem": HR},
            "employment": {"jobTitle": "Registered Nurse", "team": "Blue", "department": "Surgery"},
        },
    ),
    (
        "2026-03-13T13:00:00+00:00",
        "alan turing",
        {
            "identity": {"firstName": "Alan", "middleName": "Mathison", "lastName": "Turing"},
            "contact": {"workEmail": "ALAN@harbour.test"},
            "source": {"externalId": "A-2", "sourceSystem": HR},
            "employment": {
                "jobTitle": "Nurse Educator",
                "team": "Blue",
                "department": "Research",
                "status": "ON_LEAVE",
                "workerType": "CONTRACTOR",
            },
        },
    ),
    (
        "2026-03-14T09:00:00+00:00",
        "Zoë 100% Straße",
        {
            "identity": {"firstName": "Zoë", "lastName": "Straße"},
            "source": {"externalId": "a-1", "sourceSystem": "payroll"},
            "employment": {"jobTitle": "Éducatrice", "team": "Straße", "department": "blue", "status": "PENDING"},
        },
    ),
    (
        "2026-03-14T13:00:00+00:00",
        "under_score",
        {"source": {"externalId": "A_3"}, "employment": {"workerType": "VOLUNTEER", "status": "TERMINATED"}},
    ),
    ("2026-03-15T00:00:00+00:00", "back\\slash /100/", {"employment": {"workerType": "STUDENT"}}),
]


@pytest.fixture(scope="module")
async def staff(service: Service, session_clock: SettableClock) -> Tenant:
    """Create an organization in Sydney that no test changes."""
    tenant = await Tenant.create(service, "Harbour Health", "Australia/Sydney", types=frozenset())
    with session_clock.stopped():
        for at, name, content in STAFF:
            session_clock.set(datetime.fromisoformat(at))
            await tenant.add_worker(name, **content)
        session_clock.set(datetime(2026, 3, 15, tzinfo=UTC))
        gone = await tenant.add_worker("Gone Lovelace", employment={"team": "Blue"})
        await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": gone})
    return tenant


ADA, ALAN, ZOE, UNDER, BACK = (name for _, name, _ in STAFF)
EVERYONE = [ADA, ALAN, BACK, UNDER, ZOE]


async def names(tenant: Tenant, **arguments: Any) -> list[str]:
    found = await query_nodes(tenant, "workers", "identity { displayName }", **arguments)
    return [worker["identity"]["displayName"] for worker in found]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", EVERYONE),
        ("   ", EVERYONE),
        ("love", [ADA]),
        ("LOVELACE", [ADA]),
        ("ace ada", [ADA]),
        ("ada  turing", []),
        ("nurse", [ADA, ALAN]),
        ("NURSE blue", []),
        ("nurse harbour", [ADA, ALAN]),
        ("countess@home", [ADA]),
        ("alan@HARBOUR.test", [ALAN]),
        ("mathison", [ALAN]),
        ("a-1", [ADA, ZOE]),
        ("ZOË", [ZOE]),
        ("zoe\u0308", [ZOE]),
        ("STRASSE", [ZOE]),
        ("straße", [ZOE]),
        ("éducatrice", [ZOE]),
        ("ÉDUCATRICE", [ZOE]),
        ("%", [ZOE]),
        ("100%", [ZOE]),
        ("0%S", []),
        ("_", [UNDER]),
        ("a_3", [UNDER]),
        ("\\", [BACK]),
        ("/", [BACK]),
        ("/100/", [BACK]),
        ("100", [BACK, ZOE]),
        ("gone", []),
        ("'; DROP TABLE workers; --", []),
        ("a d a l o v e lovelace", [ADA]),
        ("a d a l o v e c turing", []),
    ],
)
async def test_search_matches_every_word_anywhere(staff: Tenant, search: str, found: list[str]) -> None:
    assert await names(staff, search=search) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, EVERYONE),
        ({"displayName": {"eq": "ADA lovelace"}}, [ADA]),
        ({"displayName": {"eq": "ada"}}, []),
        ({"displayName": {"in": ["Alan Turing", " Under_Score ", "nobody"]}}, [ALAN, UNDER]),
        ({"displayName": {"contains": "A"}}, [ADA, ALAN, BACK, ZOE]),
        ({"displayName": {"contains": "%"}}, [ZOE]),
        ({"displayName": {"contains": "r_s"}}, [UNDER]),
        ({"displayName": {"contains": "k\\s"}}, [BACK]),
        ({"displayName": {"startsWith": "A", "contains": "TUR"}}, [ALAN]),
        ({"displayName": {"startsWith": "_"}}, []),
        ({"displayName": {"in": []}}, []),
        ({"firstName": {"eq": "zoë"}}, [ZOE]),
        ({"lastName": {"startsWith": "STRASS"}}, [ZOE]),
        ({"email": {"eq": "alan@harbour.TEST"}}, [ALAN]),
        ({"email": {"contains": "@HARBOUR."}}, [ADA, ALAN]),
        ({"externalId": {"eq": "A-1"}}, [ADA]),
        ({"externalId": {"in": ["A-1", "a-1"]}}, [ADA, ZOE]),
        ({"externalId": {"notIn": ["A-1", "A-2"]}}, [BACK, UNDER, ZOE]),
        ({"sourceSystem": {"eq": "hr"}}, [ADA, ALAN]),
        ({"sourceSystem": {"notIn": ["hr"]}}, [BACK, UNDER, ZOE]),
        ({"invitationState": {"eq": "CREATED"}}, EVERYONE),
        ({"invitationState": {"in": ["ACCEPTED", "PENDING"]}}, []),
        ({"invitationState": {"notIn": ["CREATED"]}}, []),
        ({"employmentStatus": {"eq": "ACTIVE"}}, [ADA, BACK]),
        ({"employmentStatus": {"in": ["PENDING", "TERMINATED"]}}, [UNDER, ZOE]),
        ({"employmentStatus": {"notIn": ["ACTIVE", "ON_LEAVE"]}}, [UNDER, ZOE]),
        ({"workerType": {"eq": "VOLUNTEER"}}, [UNDER]),
        ({"workerType": {"in": ["STUDENT", "CONTRACTOR"]}}, [ALAN, BACK]),
        ({"jobTitle": {"eq": "registered nurse"}}, [ADA]),
        ({"jobTitle": {"contains": "NURSE"}}, [ADA, ALAN]),
        ({"jobTitle": {"startsWith": "nurse"}}, [ALAN]),
        ({"jobTitle": {"eq": "éducatrice"}}, [ZOE]),
        ({"jobTitle": {"contains": "ÉDUC"}}, [ALAN, ZOE]),
        ({"team": {"eq": "blue"}}, [ADA, ALAN]),
        ({"team": {"eq": "straße"}}, [ZOE]),
        ({"department": {"in": ["BLUE", "surgery"]}}, [ADA, ZOE]),
        ({"updatedAt": {"gte": "2026-03-13T13:00:00Z"}}, [ALAN, BACK, UNDER, ZOE]),
        ({"updatedAt": {"gte": "2026-03-13T13:00:00.000001Z"}}, [BACK, UNDER, ZOE]),
        ({"updatedAt": {"gte": "2026-03-14"}}, [ALAN, BACK, UNDER, ZOE]),
        ({"updatedAt": {"gte": "2026-03-15"}}, [BACK, UNDER]),
        ({"updatedAt": {"lt": "2026-03-14"}}, [ADA]),
        ({"updatedAt": {"lt": "2026-03-13T13:00:00Z"}}, [ADA]),
        ({"updatedAt": {"lt": "2026-03-14T00:00:00.000001+11:00"}}, [ADA, ALAN]),
        ({"updatedAt": {"lt": "2026-03-15"}}, [ADA, ALAN, ZOE]),
        ({"updatedAt": {"gte": "2026-03-14", "lt": "2026-03-15"}}, [ALAN, ZOE]),
        ({"team": {"eq": "blue"}, "department": {"eq": "research"}}, [ALAN]),
        ({"AND": []}, EVERYONE),
        ({"AND": [{"team": {"eq": "blue"}}, {"jobTitle": {"contains": "educator"}}]}, [ALAN]),
        ({"OR": [{"team": {"eq": "blue"}}, {"workerType": {"eq": "STUDENT"}}]}, [ADA, ALAN, BACK]),
        ({"OR": [{"workerType": {"eq": "STUDENT"}}, {}]}, EVERYONE),
        ({"team": {"eq": "blue"}, "OR": [{"firstName": {"eq": "ada"}}, {"firstName": {"eq": "zoë"}}]}, [ADA]),
        ({"NOT": {"displayName": {"contains": "a"}}}, [UNDER]),
        ({"NOT": {"NOT": {"displayName": {"contains": "a"}}}}, [ADA, ALAN, BACK, ZOE]),
        ({"NOT": {}}, []),
        ({"NOT": {"OR": [{"firstName": {"eq": "ada"}}, {"firstName": {"eq": "alan"}}]}}, [BACK, UNDER, ZOE]),
    ],
)
async def test_filters(staff: Tenant, where: dict[str, Any], found: list[str]) -> None:
    assert await names(staff, where=where) == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"team": {"eq": "blue"}}, [BACK, UNDER, ZOE]),
        ({"jobTitle": {"contains": "nurse"}}, [BACK, UNDER, ZOE]),
        ({"externalId": {"eq": "A-1"}}, [ALAN, BACK, UNDER, ZOE]),
        ({"externalId": {"in": ["A-1", "A-2"]}}, [BACK, UNDER, ZOE]),
        ({"externalId": {"notIn": ["A-1"]}}, [ADA]),
        ({"team": {"eq": "blue"}, "department": {"eq": "research"}}, [ADA, BACK, UNDER, ZOE]),
        ({"OR": [{"team": {"eq": "blue"}}, {"workerType": {"eq": "STUDENT"}}]}, [UNDER, ZOE]),
        ({"orgUnit": {"in": ["unit_0000000000000000"]}}, EVERYONE),
    ],
)
async def test_not_matches_rows_without_a_value_too(staff: Tenant, where: dict[str, Any], found: list[str]) -> None:
    assert await names(staff, where={"NOT": where}) == found


async def test_deleted_workers_are_filtered_too(staff: Tenant) -> None:
    where = {"team": {"eq": "blue"}}
    assert await names(staff, where=where, includeDeleted=True) == [ADA, ALAN, "Gone Lovelace"]
    assert await names(staff, search="lovelace", includeDeleted=True) == [ADA, "Gone Lovelace"]


async def test_filters_by_id_do_not_match_foreign_workers(staff: Tenant, other_tenant: Tenant) -> None:
    foreign_id = await other_tenant.add_worker("Ada Lovelace")
    ids = {
        worker["identity"]["displayName"]: worker["id"]
        for worker in await query_nodes(staff, "workers", "id identity { displayName }")
    }
    assert await names(staff, where={"id": {"in": [foreign_id, ids[ADA], ids[ZOE]]}}) == [ADA, ZOE]
    assert await names(staff, where={"id": {"eq": foreign_id}}) == []
    assert await names(other_tenant, where={"displayName": {"startsWith": "a"}}) == ["Ada Lovelace"]


def nested(depth: int, word: str) -> dict[str, Any]:
    """Return a filter nested to a depth."""
    where: dict[str, Any] = {"displayName": {"startsWith": "ada"}}
    for _ in range(depth - 1):
        where = {word: where if word == "NOT" else [where]}
    return where


@pytest.mark.parametrize("word", ["AND", "OR", "NOT"])
async def test_filters_nest_up_to_four_levels(staff: Tenant, word: str) -> None:
    assert await names(staff, where=nested(3, word)) == [ADA]
    assert len(await names(staff, where=nested(4, word))) == (4 if word == "NOT" else 1)
    answer = await run_query(staff, "workers", "nodes { id }", where=nested(5, word))
    assert (answer.body["data"], answer.codes) == ({"workers": None}, ["INVALID"])
    path = ".".join(["where", *([word] if word == "NOT" else [word, "0"]) * 4])
    assert answer.errors[0]["message"] == f"{path} is nested deeper than 4 levels"


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"AND": [{}] * 251}, "where.AND"),
        ({"OR": [{}] * 251}, "where.OR"),
        ({"id": {"in": ["wkr_0"] * 251}}, "where.id.in"),
        ({"displayName": {"in": ["x"] * 251}}, "where.displayName.in"),
        ({"NOT": {"externalId": {"notIn": ["x"] * 251}}}, "where.NOT.externalId.notIn"),
        ({"orgUnit": {"in": ["unit_0"] * 251}}, "where.orgUnit.in"),
    ],
)
async def test_a_filter_list_has_up_to_250_items(staff: Tenant, where: dict[str, Any], path: str) -> None:
    answer = await run_query(staff, "workers", "nodes { id }", where=where)
    assert (answer.body["data"], answer.codes) == ({"workers": None}, ["TOO_MANY"])
    assert answer.errors[0]["message"] == f"{path} holds more than 250 items"
    assert answer.errors[0]["extensions"]["limit"] == 250


async def test_lists_of_250_are_answered(staff: Tenant) -> None:
    many = ["x"] * 249
    assert await names(staff, where={"displayName": {"in": [*many, "under_score"]}}) == [UNDER]
    conditions: list[dict[str, Any]] = [{"displayName": {"eq": name}} for name in [*many, "under_score"]]
    assert await names(staff, where={"OR": conditions}) == [UNDER]


async def test_a_filter_with_too_many_values_is_refused(staff: Tenant) -> None:
    names_of = [f"x{number}" for number in range(250)]
    answer = await run_query(staff, "workers", "nodes { id }", where={"OR": [{"displayName": {"in": names_of}}] * 250})
    assert "INTERNAL" not in answer.codes


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"team": None}, "where.team"),
        ({"AND": None}, "where.AND"),
        ({"NOT": {"OR": None}}, "where.NOT.OR"),
        ({"team": {"eq": None}}, "where.team.eq"),
        ({"updatedAt": {"gte": None}}, "where.updatedAt.gte"),
    ],
)
async def test_null_is_not_a_condition(staff: Tenant, where: dict[str, Any], path: str) -> None:
    answer = await run_query(staff, "workers", "nodes { id }", where=where)
    assert (answer.body["data"], answer.codes) == ({"workers": None}, ["INVALID"])
    assert answer.errors[0]["message"] == f"{path} must not be null; leave it out instead"


@pytest.mark.parametrize(
    "moment",
    ["2026-03-14T09:00:00", "2026-13-01", "yesterday", "2026-W11-6", "20260314", "", "2026-3-14", 1_773_000_000],
)
async def test_a_moment_needs_an_offset_or_is_a_day(staff: Tenant, moment: object) -> None:
    answer = await run_query(staff, "workers", "nodes { id }", where={"updatedAt": {"gte": moment}})
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "9999-12-31")])
async def test_the_first_and_last_day_of_the_calendar_are_accepted(staff: Tenant, first: str, last: str) -> None:
    assert await names(staff, where={"updatedAt": {"gte": first}}) == EVERYONE
    assert await names(staff, where={"updatedAt": {"lt": last}}) == EVERYONE
    assert await names(staff, where={"updatedAt": {"gte": last}}) == []


@pytest.mark.parametrize("argument", ["search", "where"])
async def test_a_null_character_matches_nothing(staff: Tenant, argument: str) -> None:
    value = r'search: "\u{0}"' if argument == "search" else r'where: {displayName: {eq: "\u{0}"}}'
    answer = await staff.execute(f"{{ workers({value}) {{ nodes {{ id }} }} }}")
    assert "INTERNAL" not in answer.codes


async def test_a_unit_filter_includes_the_subtree_by_default(tenant: Tenant) -> None:
    units: dict[str, str] = {}
    for name, parent in (("North", None), ("Ward", "North"), ("Night", "Ward"), ("South", None)):
        content = {"name": name, "type": "SITE", "parent": units.get(parent or "")}
        units[name] = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", **content))["id"]
        await tenant.add_worker(f"of {name}", employment={"orgUnit": units[name]})
    await tenant.add_worker("of nowhere")

    async def within(*names_: str, **more: Any) -> list[str]:
        where = {"orgUnit": {"in": [units[name] for name in names_], **more}}
        return [name.removeprefix("of ") for name in await names(tenant, where=where)]

    assert await within("North") == ["Night", "North", "Ward"]
    assert await within("North", includeSubtree=True) == ["Night", "North", "Ward"]
    assert await within("North", includeSubtree=False) == ["North"]
    assert await within("Ward", "South") == ["Night", "South", "Ward"]
    assert await within("Ward", "Night", includeSubtree=False) == ["Night", "Ward"]
    assert await within() == []
    others = {"NOT": {"orgUnit": {"in": [units["North"]]}}}
    assert await names(tenant, where=others) == ["of nowhere", "of South"]
    unit = (
        await run_query(tenant, "orgUnit", "workers { nodes { identity { displayName } } }", by={"id": units["Ward"]})
    ).data
    assert unit["orgUnit"]["workers"]["nodes"] == [{"identity": {"displayName": "of Ward"}}]


async def test_a_foreign_unit_matches_nobody(tenant: Tenant, other_tenant: Tenant) -> None:
    unit = (await mutate_ok(other_tenant, "orgUnitCreate", "orgUnit { id }", name="Theirs", type="SITE"))["id"]
    await other_tenant.add_worker("Theirs", employment={"orgUnit": unit})
    assert await names(tenant, where={"orgUnit": {"in": [unit]}}) == []
