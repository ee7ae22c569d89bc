"""The roll-ups: the summary, the matrix, the gaps, clearance and the forecast, in each scope and on any day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from app.access import ALL_SCOPES, ORGANIZATION_WIDE_SCOPES, Scope
from tests import calls
from tests.compliance import recount
from tests.compliance.organization import CPR, FIRST_AID, START, Asked, noon
from tests.conftest import SettableClock
from tests.databases import on_sqlite
from tests.service import Service

COUNTS = "value count"
SUMMARY = f"""asOf settled total byStatus {{ {COUNTS} }} byCategory {{ {COUNTS} }} byJurisdiction {{ {COUNTS} }}
  byEligibility {{ {COUNTS} }} byValidity {{ {COUNTS} }} byStanding {{ {COUNTS} }}"""
UNKNOWN = {"orgUnit": f"unit_{calls.UNKNOWN_ID}", "position": f"pos_{calls.UNKNOWN_ID}"}


@dataclass
class Crew:
    """Three workers in two units, one of them in a position, and an applicant."""

    asked: Asked
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    async def look(self, name: str, selection: str, **arguments: Any) -> Any:
        """Ask for a roll-up."""
        answer = await calls.run_query(self.asked.tenant, name, selection, **arguments)
        return answer.data[name]

    async def summary(self, **arguments: Any) -> dict[str, Any]:
        """The summary, its counts as plain mappings."""
        found = await self.look("complianceSummary", SUMMARY, **arguments)
        return {
            name: {row["value"]: row["count"] for row in value} if isinstance(value, list) else value
            for name, value in found.items()
        }


@pytest.fixture(scope="module")
async def looked_at(service: Service, session_clock: SettableClock) -> Crew:
    """A crew that many tests look at and none changes."""
    with session_clock.stopped(noon(0)):
        return await gathered(await Asked.found(service, "Looked at", session_clock))


@pytest.fixture
def seen(looked_at: Crew, clock: SettableClock) -> Crew:
    """The crew that none changes, on its first day."""
    clock.set(noon(0))
    return looked_at


@pytest.fixture
async def crew(asked: Asked) -> Crew:
    """A crew that only this test knows."""
    return await gathered(asked)


async def gathered(asked: Asked) -> Crew:
    """Alice has both certificates, Bob a first aid that expires, Carol nothing."""
    crew = Crew(asked)
    crew.ids["site"] = await asked.unit("Site")
    crew.ids["ward"] = await asked.unit("Ward", crew["site"])
    crew.ids["elsewhere"] = await asked.unit("Elsewhere")
    for name, unit in (("Alice", "ward"), ("Bob", "elsewhere"), ("Carol", "ward")):
        crew.ids[name] = await asked.tenant.add_worker(name, employment={"orgUnit": crew[unit]})
    applicant = await calls.mutate_ok(
        asked.tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Dave"}
    )
    crew.ids["Dave"] = applicant["id"]
    crew.ids["nurse"] = await asked.position("Nurse")
    crew.ids["cook"] = await asked.position("Cook")
    await asked.assign(crew["nurse"], crew["Alice"])
    crew.ids["first aid"] = await asked.rule(FIRST_AID, name="A first aid", autoRequest=False)
    crew.ids["cpr"] = await asked.rule(
        CPR, name="B resuscitation", scope="POSITION", position=crew["nurse"], autoRequest=False
    )
    crew.ids["optional"] = await asked.rule("WWCC_NSW", name="C check", level="OPTIONAL", autoRequest=False)
    crew.ids["Alice's"] = await asked.credential(crew["Alice"], FIRST_AID)
    crew.ids["Alice's CPR"] = await asked.credential(crew["Alice"], CPR, START + timedelta(days=90))
    crew.ids["Bob's"] = await asked.credential(crew["Bob"], FIRST_AID, START + timedelta(days=40))
    await asked.credential(crew["Dave"], CPR, owners={"worker": None, "applicant": {"id": crew["Dave"]}})
    return crew


async def test_the_summary_of_the_organization(seen: Crew) -> None:
    assert await seen.summary() == {
        "asOf": "2026-03-02",
        "settled": True,
        "total": 4,
        "byStatus": {"ACTIVE": 4},
        "byCategory": {"CERTIFICATION": 4},
        "byJurisdiction": {"AU": 4},
        "byEligibility": {"MAY_ENGAGE": 4},
        "byValidity": {"NO_EXPIRY": 2, "VALID": 2},
        "byStanding": {"COMPLIANT": 2, "NON_COMPLIANT": 1},
    }


async def test_the_summary_in_each_scope(seen: Crew) -> None:
    standings: list[tuple[dict[str, Any], int, dict[str, int]]] = [
        ({"orgUnit": seen["site"]}, 2, {"COMPLIANT": 1, "NON_COMPLIANT": 1}),
        ({"orgUnit": seen["ward"]}, 2, {"COMPLIANT": 1, "NON_COMPLIANT": 1}),
        ({"orgUnit": seen["elsewhere"]}, 1, {"COMPLIANT": 1}),
        ({"position": seen["nurse"]}, 2, {"COMPLIANT": 1}),
        ({"position": seen["cook"]}, 0, {}),
        ({"owner": {"type": "WORKER", "id": seen["Bob"]}}, 1, {"COMPLIANT": 1}),
        ({"owner": {"type": "APPLICANT", "id": seen["Dave"]}}, 1, {}),
    ]
    for day in (None, START, START + timedelta(days=1)):
        for scope, total, standing in standings:
            found = await seen.summary(**scope, **({} if day is None else {"asOf": str(day)}))
            assert (found["total"], found["byStanding"]) == (total, standing), (scope, day)


async def test_the_summary_on_other_days(crew: Crew) -> None:
    crew.asked.go(1)
    assert (await crew.summary(asOf="2026-03-01"))["total"] == 0
    then = await crew.summary(asOf="2026-03-02")
    soon = await crew.summary(asOf=str(START + timedelta(days=20)))
    assert soon["byStanding"] == {"COMPLIANT": 1, "AT_RISK": 1, "NON_COMPLIANT": 1}
    assert soon["byValidity"] == {"NO_EXPIRY": 2, "VALID": 1, "EXPIRING_SOON": 1}
    later = await crew.summary(asOf=str(START + timedelta(days=100)))
    assert later["byStanding"] == {"NON_COMPLIANT": 3}
    assert later["byValidity"] == {"NO_EXPIRY": 2, "EXPIRED": 2}
    crew.asked.go(100)
    await calls.mutate_ok(crew.asked.tenant, "credentialArchive", "credential { id }", id=crew["Alice's"])
    today = await crew.summary()
    assert (today["total"], today["byStanding"]) == (3, {"NON_COMPLIANT": 3})
    assert await crew.summary(asOf="2026-03-02") == then
    for scope in ({"orgUnit": crew["site"]}, {"position": crew["nurse"]}):
        assert (await crew.summary(asOf="2026-03-02", **scope))["byStanding"]["COMPLIANT"] == 1
    owner = {"type": "APPLICANT", "id": crew["Dave"]}
    assert (await crew.summary(asOf="2026-03-02", owner=owner))["total"] == 1


async def test_a_roll_up_tells_when_not_all_is_settled(crew: Crew) -> None:
    await crew.summary()
    names = [f"Worker {number:03}" for number in range(210)]
    rows = [{"identity": {"displayName": name}, "source": {"externalId": name}} for name in names]
    for at in (0, 105):
        await calls.mutate(crew.asked.tenant, "workersUpsert", "total", rows=rows[at : at + 105])
    await calls.mutate_ok(crew.asked.tenant, "organizationUpdate", "organization { id }", expiringSoonDays=31)
    assert (await crew.summary())["settled"] is False
    found = await crew.summary()
    assert (found["settled"], found["byStanding"]["NON_COMPLIANT"]) == (True, 211)


async def test_workers_by_their_standing(crew: Crew) -> None:
    async def names(**where: Any) -> list[str]:
        rows = await calls.query_nodes(crew.asked.tenant, "workers", "identity { displayName }", where=where)
        return [row["identity"]["displayName"] for row in rows]

    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Carol"]
    assert await names(standing={"in": ["COMPLIANT", "AT_RISK"]}) == ["Alice", "Bob"]
    crew.asked.go(41)
    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Bob", "Carol"]
    assert await names(OR=[{"standing": {"eq": "COMPLIANT"}}, {"displayName": {"eq": "carol"}}]) == ["Alice", "Carol"]
    await crew.asked.credential(crew["Carol"])
    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Bob"]
    text = "{ orgUnits { nodes { name workers(where: {standing: {eq: COMPLIANT}}) { totalCount { count } } } } }"
    units = (await crew.asked.tenant.execute(text)).data["orgUnits"]["nodes"]
    assert {unit["name"]: unit["workers"]["totalCount"]["count"] for unit in units} == {
        "Site": 0,
        "Ward": 2,
        "Elsewhere": 0,
    }


async def test_who_stands_where_is_for_those_who_may_know(seen: Crew) -> None:
    key = await seen.asked.tenant.create_key(*(ALL_SCOPES - {Scope.COMPLIANCE_READ}))
    where: dict[str, Any] = {"NOT": {"standing": {"eq": "COMPLIANT"}}}
    answer = await calls.run_query(seen.asked.tenant, "workers", "nodes { id }", key=key, where=where)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["scope"] == "compliance:read"
    text = "{ orgUnits { nodes { workers(where: {standing: {eq: COMPLIANT}}) { nodes { id } } } } }"
    assert set((await seen.asked.tenant.execute(text, key=key)).codes) == {"FORBIDDEN"}


MATRIX = """asOf rules { name } totalCount { count } pageInfo { endCursor hasNextPage }
  nodes { worker { identity { displayName } } standing cells { status rule { name } } } edges { cursor }"""


async def test_the_matrix(seen: Crew) -> None:
    page = await seen.look("complianceMatrix", MATRIX, first=2)
    assert page["asOf"] == "2026-03-02"
    assert [rule["name"] for rule in page["rules"]] == ["A first aid", "B resuscitation", "C check"]
    assert page["totalCount"] == {"count": 3}
    rows = {row["worker"]["identity"]["displayName"]: row for row in page["nodes"]}
    cells = {name: {cell["rule"]["name"]: cell["status"] for cell in row["cells"]} for name, row in rows.items()}
    assert cells == {
        "Alice": {"A first aid": "SATISFIED", "B resuscitation": "SATISFIED", "C check": "MISSING"},
        "Bob": {"A first aid": "SATISFIED", "C check": "MISSING"},
    }
    assert {name: row["standing"] for name, row in rows.items()} == {"Alice": "COMPLIANT", "Bob": "COMPLIANT"}
    rest = await seen.look("complianceMatrix", MATRIX, first=2, after=page["pageInfo"]["endCursor"])
    assert [row["worker"]["identity"]["displayName"] for row in rest["nodes"]] == ["Carol"]
    assert [rule["name"] for rule in rest["rules"]] == ["A first aid", "C check"]
    later = await seen.look("complianceMatrix", MATRIX, asOf="2026-04-12", where={"position": {"in": [seen["nurse"]]}})
    assert later["asOf"] == "2026-04-12"
    assert [row["standing"] for row in later["nodes"]] == ["COMPLIANT"]
    there = await seen.look("complianceMatrix", MATRIX, where={"orgUnit": {"in": [seen["site"]]}})
    assert [row["worker"]["identity"]["displayName"] for row in there["nodes"]] == ["Alice", "Carol"]


BY_RULE = "totalCount { count } nodes { rule { name } workers missing expired ineligible }"
BY_WORKER = "totalCount { count } nodes { worker { identity { displayName } } gaps { status rule { name } } }"


async def test_gaps_by_rule_and_by_worker(crew: Crew) -> None:
    async def gaps(**arguments: Any) -> tuple[Any, Any]:
        rules = await crew.look("gapsByRule", BY_RULE, **arguments)
        workers = await crew.look("gapsByWorker", BY_WORKER, **arguments)
        assert rules["totalCount"]["count"] == len(rules["nodes"])
        assert workers["totalCount"]["count"] == len(workers["nodes"])
        by_rule = {
            row["rule"]["name"]: (row["workers"], row["missing"], row["expired"], row["ineligible"])
            for row in rules["nodes"]
        }
        by_worker = {
            row["worker"]["identity"]["displayName"]: {gap["rule"]["name"]: gap["status"] for gap in row["gaps"]}
            for row in workers["nodes"]
        }
        return by_rule, by_worker

    now = ({"A first aid": (1, 1, 0, 0)}, {"Carol": {"A first aid": "MISSING"}})
    assert await gaps() == now
    assert await gaps(orgUnit=crew["site"]) == now
    assert await gaps(orgUnit=crew["elsewhere"]) == ({}, {})
    assert await gaps(position=crew["nurse"]) == ({}, {})
    assert await gaps(owner={"type": "WORKER", "id": crew["Carol"]}) == now
    assert await gaps(owner={"type": "APPLICANT", "id": crew["Dave"]}) == ({}, {})
    later = (
        {"A first aid": (2, 1, 1, 0), "B resuscitation": (1, 0, 1, 0)},
        {
            "Alice": {"B resuscitation": "EXPIRED"},
            "Bob": {"A first aid": "EXPIRED"},
            "Carol": {"A first aid": "MISSING"},
        },
    )
    assert await gaps(asOf=str(START + timedelta(days=100))) == later
    assert await gaps(asOf=str(START - timedelta(days=1))) == ({}, {})
    crew.asked.go(100)
    assert await gaps() == later
    await calls.mutate_ok(
        crew.asked.tenant,
        "credentialUpdate",
        "credential { id }",
        id=crew["Alice's"],
        verification={"status": "SUSPENDED"},
    )
    await calls.mutate_ok(crew.asked.tenant, "requirementRuleDelete", "requirementRule { id }", id=crew["cpr"])
    found = await gaps()
    assert found[0] == {"A first aid": (3, 1, 1, 1)}
    assert found[1]["Alice"] == {"A first aid": "INELIGIBLE"}
    crew.asked.go(101)
    assert await gaps(asOf=str(START)) == now


CLEARANCE = """day cleared standing reasons blocking { rule { name } status } cells { rule { name } }
  worker { id } position { name } orgUnit { name }"""


async def test_clearance(crew: Crew) -> None:
    async def clear(name: str, **arguments: Any) -> Any:
        return await crew.look("clearance", CLEARANCE, worker={"id": crew[name]}, **arguments)

    alice = await clear("Alice")
    assert (alice["cleared"], alice["standing"], alice["reasons"]) == (True, "COMPLIANT", [])
    assert len(alice["cells"]) == 3
    bob = await clear("Bob", position=crew["nurse"])
    assert (bob["cleared"], bob["position"], bob["day"]) == (False, {"name": "Nurse"}, "2026-03-02")
    assert bob["blocking"] == [{"rule": {"name": "B resuscitation"}, "status": "MISSING"}]
    assert bob["reasons"] == ["Nothing was provided; it is asked since 2026-03-02."]
    assert (await clear("Bob", position=crew["cook"]))["cleared"] is True
    assert (await clear("Bob", position=crew["cook"], on=str(START + timedelta(days=41))))["reasons"] == [
        "It expired on 2026-04-11."
    ]
    await crew.asked.rule("WWCC_NSW", name="D of site", scope="ORG_UNIT", orgUnit=crew["site"], graceDays=5)
    there = await clear("Bob", orgUnit=crew["ward"])
    assert (there["cleared"], there["standing"], there["orgUnit"]) == (True, "AT_RISK", {"name": "Ward"})
    assert {"rule": {"name": "D of site"}} in there["cells"]
    assert {"rule": {"name": "D of site"}} not in (await clear("Bob"))["cells"]
    await calls.mutate_ok(
        crew.asked.tenant,
        "workerUpdate",
        "worker { id }",
        worker={"id": crew["Alice"]},
        employment={"status": "TERMINATED"},
    )
    gone = await clear("Alice")
    assert (gone["cleared"], gone["standing"], gone["cells"]) == (False, None, [])
    assert gone["reasons"] == ["They are not at work in the organization on that day."]
    crew.asked.go(3)
    assert (await clear("Bob", position=crew["nurse"], on=str(START)))["cleared"] is False


FORECAST = """asOf spans { from to total turningNonCompliant workers { identity { displayName } }
  byType { count credentialType { code } } }"""


async def test_the_forecast(crew: Crew) -> None:
    async def spans(**arguments: Any) -> list[tuple[str, str, dict[str, int], list[str]]]:
        found = await crew.look("expiryForecast", FORECAST, **arguments)
        return [
            (
                span["from"],
                span["to"],
                {row["credentialType"]["code"]: row["count"] for row in span["byType"]},
                [row["identity"]["displayName"] for row in span["workers"]],
            )
            for span in found["spans"]
        ]

    months = await spans(by="MONTH", to="2026-06-15")
    expected = [
        ("2026-03-02", "2026-03-31", {}, []),
        ("2026-04-01", "2026-04-30", {FIRST_AID: 1}, ["Bob"]),
        ("2026-05-01", "2026-05-31", {CPR: 1}, []),
        ("2026-06-01", "2026-06-15", {}, ["Alice"]),
    ]
    assert months == expected
    weeks = await spans(by="WEEK", **{"from": "2026-04-08"}, to="2026-04-21")
    assert weeks == [
        ("2026-04-08", "2026-04-12", {FIRST_AID: 1}, ["Bob"]),
        ("2026-04-13", "2026-04-19", {}, []),
        ("2026-04-20", "2026-04-21", {}, []),
    ]
    assert [span[2] for span in await spans(by="MONTH", type=[CPR], to="2026-05-31")] == [{}, {}, {CPR: 1}]
    assert len(await spans(by="WEEK")) == 6
    for scope, who in (
        ({"orgUnit": crew["site"]}, ["Alice"]),
        ({"position": crew["nurse"]}, ["Alice"]),
        ({"owner": {"type": "WORKER", "id": crew["Bob"]}}, ["Bob"]),
        ({"owner": {"type": "APPLICANT", "id": crew["Dave"]}}, []),
    ):
        found = await spans(by="MONTH", to="2026-06-15", **scope)
        assert [name for span in found for name in span[3]] == who
        ahead = await spans(by="MONTH", asOf=str(START + timedelta(days=1)), to="2026-06-15", **scope)
        assert [span[2:] for span in ahead] == [span[2:] for span in found]
    crew.asked.go(10)
    await calls.mutate_ok(crew.asked.tenant, "credentialDelete", "credential { id }", id=crew["Bob's"])
    assert await spans(by="MONTH", asOf=str(START), to="2026-06-15") == expected
    assert [span[2] for span in await spans(by="MONTH", to="2026-06-15")] == [{}, {}, {CPR: 1}, {}]


ROLLUPS: dict[str, tuple[str, dict[str, Any]]] = {
    "complianceSummary": ("total", {}),
    "gapsByRule": ("totalCount { count }", {}),
    "gapsByWorker": ("totalCount { count }", {}),
    "expiryForecast": ("asOf", {"by": "WEEK"}),
}
NAMING = {**ROLLUPS, "clearance": ("cleared", {})}


async def refused(asked: Asked, name: str, code: str, *path: str, key: Any = None, **arguments: Any) -> None:
    """A roll-up is refused, and tells nothing."""
    selection, needed = {**NAMING, "complianceMatrix": ("totalCount { count }", {})}[name]
    answer = await calls.run_query(asked.tenant, name, selection, key=key, **{**needed, **arguments})
    assert answer.codes == [code], answer.body
    assert answer.errors[0]["extensions"].get("inputPath", []) == list(path)
    assert answer.body["data"] == {name: None}


@on_sqlite
@pytest.mark.parametrize("name", [*ROLLUPS, "complianceMatrix"])
@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1)])
async def test_an_unlikely_day_is_refused(seen: Crew, name: str, day: date) -> None:
    await refused(seen.asked, name, "INVALID", "asOf", asOf=str(day))


async def test_what_is_not_there_and_what_is_a_stranger_s_is_not_found(seen: Crew, other: Asked) -> None:
    theirs = {
        "orgUnit": await other.unit(),
        "position": await other.position(),
        "worker": await other.tenant.add_worker(),
    }
    for name in NAMING:
        mine = {"worker": {"id": seen["Carol"]}} if name == "clearance" else {}
        for argument in ("orgUnit", "position"):
            for key in (UNKNOWN[argument], theirs[argument]):
                await refused(seen.asked, name, "NOT_FOUND", argument, **{**mine, argument: key})
        for key in (f"wkr_{calls.UNKNOWN_ID}", theirs["worker"]):
            if name == "clearance":
                await refused(seen.asked, name, "NOT_FOUND", "worker", "id", worker={"id": key})
            else:
                await refused(seen.asked, name, "NOT_FOUND", "owner", "id", owner={"type": "WORKER", "id": key})


@on_sqlite
@pytest.mark.parametrize("name", ROLLUPS)
async def test_one_scope_at_most(seen: Crew, name: str) -> None:
    await refused(seen.asked, name, "INVALID", "position", orgUnit=seen["site"], position=seen["nurse"])


@on_sqlite
@pytest.mark.parametrize("name", NAMING)
async def test_an_id_of_another_kind_is_refused(seen: Crew, name: str) -> None:
    mine = {"worker": {"id": seen["Carol"]}} if name == "clearance" else {}
    await refused(seen.asked, name, "INVALID", "orgUnit", **mine, orgUnit=seen["Carol"])


async def test_a_forecast_ends_with_the_calendar(seen: Crew) -> None:
    found = await seen.look("expiryForecast", FORECAST, by="MONTH", **{"from": "2199-11-20"})
    assert [(span["from"], span["to"]) for span in found["spans"]] == [
        *[("2199-11-20", "2199-11-30"), ("2199-12-01", "2199-12-31")],
    ]


async def test_what_a_forecast_refuses(seen: Crew) -> None:
    where: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        ("INVALID", ("from",), {"from": "2026-03-01"}),
        ("INVALID", ("from",), {"from": "2300-01-01"}),
        ("INVALID", ("to",), {"to": "2026-03-01"}),
        ("INVALID", ("to",), {"to": "2300-01-01"}),
        ("TOO_MANY", ("to",), {"to": "2027-12-31"}),
        ("NOT_FOUND", ("type", "1"), {"type": [CPR, "NO_SUCH"]}),
    ]
    for code, path, arguments in where:
        await refused(seen.asked, "expiryForecast", code, *path, **arguments)


@on_sqlite
async def test_the_scope_is_needed(seen: Crew) -> None:
    key = await seen.asked.tenant.create_key(*(ALL_SCOPES - {Scope.COMPLIANCE_READ}))
    for name in [*NAMING, "complianceMatrix"]:
        worker = {"worker": {"id": seen["Carol"]}} if name == "clearance" else {}
        await refused(seen.asked, name, "FORBIDDEN", key=key, **worker)


async def test_a_restricted_key_sees_its_unit_only(seen: Crew) -> None:
    tenant = seen.asked.tenant
    key = await tenant.create_key(*(ALL_SCOPES - ORGANIZATION_WIDE_SCOPES), org_unit=seen["elsewhere"])
    for as_of in ({}, {"asOf": str(START)}, {"asOf": str(START + timedelta(days=1))}):
        found = (await calls.run_query(tenant, "complianceSummary", SUMMARY, key=key, **as_of)).data[
            "complianceSummary"
        ]
        assert (found["total"], found["byStanding"]) == (1, [{"value": "COMPLIANT", "count": 1}])
        position = {**as_of, "position": seen["nurse"]}
        found = (await calls.run_query(tenant, "complianceSummary", SUMMARY, key=key, **position)).data[
            "complianceSummary"
        ]
        assert (found["total"], found["byStanding"]) == (0, [])
        later = {"asOf": str(START + timedelta(days=41))}
        gaps = await calls.query_nodes(tenant, "gapsByWorker", "worker { id }", key=key, **later)
        assert [row["worker"]["id"] for row in gaps] == [seen["Bob"]]
    rows = await calls.query_nodes(tenant, "complianceMatrix", "worker { id }", key=key)
    assert [row["worker"]["id"] for row in rows] == [seen["Bob"]]
    for name, argument in (("complianceSummary", "orgUnit"), ("gapsByRule", "orgUnit"), ("expiryForecast", "orgUnit")):
        await refused(seen.asked, name, "NOT_FOUND", argument, key=key, orgUnit=seen["site"])
    await refused(seen.asked, "clearance", "NOT_FOUND", "worker", "id", key=key, worker={"id": seen["Alice"]})
    owner = {"type": "WORKER", "id": seen["Alice"]}
    await refused(seen.asked, "complianceSummary", "NOT_FOUND", "owner", "id", key=key, owner=owner)


async def test_all_is_settled_in_the_end(seen: Crew) -> None:
    database = seen.asked.tenant.service.database
    await recount.settle_all(database, seen.asked.tenant.id)
    await recount.assert_right(database, seen.asked.tenant.id)
