"""Roll-ups: summary, matrix, gaps, clearance and forecast, in each scope and on any day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from app.access import ALL_SCOPES, ORGANIZATION_WIDE_SCOPES, Scope
from tests import calls
from tests.compliance import recount
from tests.compliance.organization import CPR, FIRST_AID, START, DatedOrganization, noon
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

    organization: DatedOrganization
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    async def query(self, name: str, selection: str, **arguments: Any) -> Any:
        """Query a roll-up."""
        answer = await calls.run_query(self.organization.tenant, name, selection, **arguments)
        return answer.data[name]

    async def summary(self, **arguments: Any) -> dict[str, Any]:
        """Return the summary with its counts as mappings."""
        result = await self.query("complianceSummary", SUMMARY, **arguments)
        return {
            name: {row["value"]: row["count"] for row in value} if isinstance(value, list) else value
            for name, value in result.items()
        }


@pytest.fixture(scope="module")
async def shared_crew(service: Service, session_clock: SettableClock) -> Crew:
    """Create the crew that tests read and never change."""
    with session_clock.stopped(noon(0)):
        return await create_crew(await DatedOrganization.create(service, "Looked at", session_clock))


@pytest.fixture
def shared(shared_crew: Crew, clock: SettableClock) -> Crew:
    """Return the crew that tests never change, on its first day."""
    clock.set(noon(0))
    return shared_crew


@pytest.fixture
async def crew(organization: DatedOrganization) -> Crew:
    """Create a crew for one test."""
    return await create_crew(organization)


async def create_crew(organization: DatedOrganization) -> Crew:
    """Create a crew: Alice has both certificates, Bob a first aid that expires, Carol nothing."""
    crew = Crew(organization)
    crew.ids["site"] = await organization.unit("Site")
    crew.ids["ward"] = await organization.unit("Ward", crew["site"])
    crew.ids["elsewhere"] = await organization.unit("Elsewhere")
    for name, unit in (("Alice", "ward"), ("Bob", "elsewhere"), ("Carol", "ward")):
        crew.ids[name] = await organization.tenant.add_worker(name, employment={"orgUnit": crew[unit]})
    applicant = await calls.mutate_ok(
        organization.tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Dave"}
    )
    crew.ids["Dave"] = applicant["id"]
    crew.ids["nurse"] = await organization.position("Nurse")
    crew.ids["cook"] = await organization.position("Cook")
    await organization.assign(crew["nurse"], crew["Alice"])
    crew.ids["first aid"] = await organization.rule(FIRST_AID, name="A first aid", autoRequest=False)
    crew.ids["cpr"] = await organization.rule(
        CPR, name="B resuscitation", scope="POSITION", position=crew["nurse"], autoRequest=False
    )
    crew.ids["optional"] = await organization.rule("WWCC_NSW", name="C check", level="OPTIONAL", autoRequest=False)
    crew.ids["Alice's"] = await organization.credential(crew["Alice"], FIRST_AID)
    crew.ids["Alice's CPR"] = await organization.credential(crew["Alice"], CPR, START + timedelta(days=90))
    crew.ids["Bob's"] = await organization.credential(crew["Bob"], FIRST_AID, START + timedelta(days=40))
    await organization.credential(crew["Dave"], CPR, owners={"worker": None, "applicant": {"id": crew["Dave"]}})
    return crew


async def test_the_summary_of_the_organization(shared: Crew) -> None:
    assert await shared.summary() == {
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


async def test_the_summary_in_each_scope(shared: Crew) -> None:
    standings: list[tuple[dict[str, Any], int, dict[str, int]]] = [
        ({"orgUnit": shared["site"]}, 2, {"COMPLIANT": 1, "NON_COMPLIANT": 1}),
        ({"orgUnit": shared["ward"]}, 2, {"COMPLIANT": 1, "NON_COMPLIANT": 1}),
        ({"orgUnit": shared["elsewhere"]}, 1, {"COMPLIANT": 1}),
        ({"position": shared["nurse"]}, 2, {"COMPLIANT": 1}),
        ({"position": shared["cook"]}, 0, {}),
        ({"owner": {"type": "WORKER", "id": shared["Bob"]}}, 1, {"COMPLIANT": 1}),
        ({"owner": {"type": "APPLICANT", "id": shared["Dave"]}}, 1, {}),
    ]
    for day in (None, START, START + timedelta(days=1)):
        for scope, total, standing in standings:
            result = await shared.summary(**scope, **({} if day is None else {"asOf": str(day)}))
            assert (result["total"], result["byStanding"]) == (total, standing), (scope, day)


async def test_the_summary_on_other_days(crew: Crew) -> None:
    crew.organization.advance_to(1)
    assert (await crew.summary(asOf="2026-03-01"))["total"] == 0
    first_day = await crew.summary(asOf="2026-03-02")
    soon = await crew.summary(asOf=str(START + timedelta(days=20)))
    assert soon["byStanding"] == {"COMPLIANT": 1, "AT_RISK": 1, "NON_COMPLIANT": 1}
    assert soon["byValidity"] == {"NO_EXPIRY": 2, "VALID": 1, "EXPIRING_SOON": 1}
    later = await crew.summary(asOf=str(START + timedelta(days=100)))
    assert later["byStanding"] == {"NON_COMPLIANT": 3}
    assert later["byValidity"] == {"NO_EXPIRY": 2, "EXPIRED": 2}
    crew.organization.advance_to(100)
    await calls.mutate_ok(crew.organization.tenant, "credentialArchive", "credential { id }", id=crew["Alice's"])
    today = await crew.summary()
    assert (today["total"], today["byStanding"]) == (3, {"NON_COMPLIANT": 3})
    assert await crew.summary(asOf="2026-03-02") == first_day
    for scope in ({"orgUnit": crew["site"]}, {"position": crew["nurse"]}):
        assert (await crew.summary(asOf="2026-03-02", **scope))["byStanding"]["COMPLIANT"] == 1
    owner = {"type": "APPLICANT", "id": crew["Dave"]}
    assert (await crew.summary(asOf="2026-03-02", owner=owner))["total"] == 1


async def test_a_summary_reports_unsettled_changes(crew: Crew) -> None:
    await crew.summary()
    names = [f"Worker {number:03}" for number in range(210)]
    rows = [{"identity": {"displayName": name}, "source": {"externalId": name}} for name in names]
    for at in (0, 105):
        await calls.mutate(crew.organization.tenant, "workersUpsert", "total", rows=rows[at : at + 105])
    await calls.mutate_ok(crew.organization.tenant, "organizationUpdate", "organization { id }", expiringSoonDays=31)
    assert (await crew.summary())["settled"] is False
    result = await crew.summary()
    assert (result["settled"], result["byStanding"]["NON_COMPLIANT"]) == (True, 211)


async def test_workers_are_filtered_by_standing(crew: Crew) -> None:
    async def names(**where: Any) -> list[str]:
        rows = await calls.query_nodes(crew.organization.tenant, "workers", "identity { displayName }", where=where)
        return [row["identity"]["displayName"] for row in rows]

    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Carol"]
    assert await names(standing={"in": ["COMPLIANT", "AT_RISK"]}) == ["Alice", "Bob"]
    crew.organization.advance_to(41)
    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Bob", "Carol"]
    assert await names(OR=[{"standing": {"eq": "COMPLIANT"}}, {"displayName": {"eq": "carol"}}]) == ["Alice", "Carol"]
    await crew.organization.credential(crew["Carol"])
    assert await names(standing={"eq": "NON_COMPLIANT"}) == ["Bob"]
    text = "{ orgUnits { nodes { name workers(where: {standing: {eq: COMPLIANT}}) { totalCount { count } } } } }"
    units = (await crew.organization.tenant.execute(text)).data["orgUnits"]["nodes"]
    assert {unit["name"]: unit["workers"]["totalCount"]["count"] for unit in units} == {
        "Site": 0,
        "Ward": 2,
        "Elsewhere": 0,
    }


async def test_the_standing_filter_requires_its_scope(shared: Crew) -> None:
    key = await shared.organization.tenant.create_key(*(ALL_SCOPES - {Scope.COMPLIANCE_READ}))
    where: dict[str, Any] = {"NOT": {"standing": {"eq": "COMPLIANT"}}}
    answer = await calls.run_query(shared.organization.tenant, "workers", "nodes { id }", key=key, where=where)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.errors[0]["extensions"]["scope"] == "COMPLIANCE_READ"
    text = "{ orgUnits { nodes { workers(where: {standing: {eq: COMPLIANT}}) { nodes { id } } } } }"
    assert set((await shared.organization.tenant.execute(text, key=key)).codes) == {"FORBIDDEN"}


MATRIX = """asOf rules { name } totalCount { count } pageInfo { endCursor hasNextPage }
  nodes { worker { identity { displayName } } standing cells { status rule { name } } } edges { cursor }"""


async def test_the_matrix(shared: Crew) -> None:
    page = await shared.query("complianceMatrix", MATRIX, first=2)
    assert page["asOf"] == "2026-03-02"
    assert [rule["name"] for rule in page["rules"]] == ["A first aid", "B resuscitation", "C check"]
    assert page["totalCount"] == {"count": 3}
    rows = {row["worker"]["identity"]["displayName"]: row for row in page["nodes"]}
    assert {name: [cell and cell["status"] for cell in row["cells"]] for name, row in rows.items()} == {
        "Alice": ["SATISFIED", "SATISFIED", "MISSING"],
        "Bob": ["SATISFIED", None, "MISSING"],
    }
    assert {name: row["standing"] for name, row in rows.items()} == {"Alice": "COMPLIANT", "Bob": "COMPLIANT"}
    rest = await shared.query("complianceMatrix", MATRIX, first=2, after=page["pageInfo"]["endCursor"])
    assert [row["worker"]["identity"]["displayName"] for row in rest["nodes"]] == ["Carol"]
    assert rest["rules"] == page["rules"]
    later = await shared.query(
        "complianceMatrix", MATRIX, asOf="2026-04-12", where={"position": {"in": [shared["nurse"]]}}
    )
    assert later["asOf"] == "2026-04-12"
    assert [row["standing"] for row in later["nodes"]] == ["COMPLIANT"]
    in_site = await shared.query("complianceMatrix", MATRIX, where={"orgUnit": {"in": [shared["site"]]}})
    assert [row["worker"]["identity"]["displayName"] for row in in_site["nodes"]] == ["Alice", "Carol"]


async def test_the_columns_of_the_matrix_are_those_of_the_whole_list(crew: Crew) -> None:
    async def columns(**arguments: Any) -> list[str]:
        """Return the columns, which must be the same on every page, and to which every row must be aligned."""
        pages: list[list[str]] = []
        after, more = None, True
        while more:
            page = await crew.query("complianceMatrix", MATRIX, first=1, after=after, **arguments)
            as_of = arguments.get("asOf", page["asOf"])
            names = [rule["name"] for rule in page["rules"]]
            for row in page["nodes"]:
                pairs = zip(row["cells"], names, strict=True)
                assert all(cell is None or cell["rule"]["name"] == name for cell, name in pairs)
                by = {"id": crew[row["worker"]["identity"]["displayName"]]}
                evaluated = await crew.query("worker", f'compliance(asOf: "{as_of}") {{ rule {{ name }} }}', by=by)
                # No cell is left out for want of a column.
                shown = {cell["rule"]["name"] for cell in row["cells"] if cell is not None}
                assert shown == {cell["rule"]["name"] for cell in evaluated["compliance"] or []}
            pages.append(names)
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert all(page == pages[0] for page in pages)
        return pages[0]

    tenant = crew.organization.tenant
    await crew.organization.rule(name="D of Bob", scope="WORKER", worker=crew["Bob"])
    everything = ["A first aid", "B resuscitation", "C check", "D of Bob"]
    assert await columns() == everything
    assert await columns(where={"id": {"eq": crew["Bob"]}}) == ["A first aid", "C check", "D of Bob"]
    assert await columns(where={"id": {"eq": crew["Alice"]}}) == everything[:3]
    assert await columns(where={"displayName": {"eq": "nobody"}}) == []
    assert await columns(search="Carol") == ["A first aid", "C check"]
    carol = {"id": {"eq": crew["Carol"]}}
    crew.organization.clock.set(noon(3))
    await calls.mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", id=crew["first aid"])
    assert await columns(where=carol) == ["C check"]
    assert await columns(where=carol, asOf=str(START)) == everything[:3]
    assert await columns(where=carol, asOf=str(START - timedelta(days=1))) == []


BY_RULE = "totalCount { count } nodes { rule { name } workers missing expired ineligible }"
BY_WORKER = "totalCount { count } nodes { worker { identity { displayName } } gaps { status rule { name } } }"


async def test_gaps_by_rule_and_by_worker(crew: Crew) -> None:
    async def gaps(**arguments: Any) -> tuple[Any, Any]:
        rules = await crew.query("gapsByRule", BY_RULE, **arguments)
        workers = await crew.query("gapsByWorker", BY_WORKER, **arguments)
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
    crew.organization.advance_to(100)
    assert await gaps() == later
    await calls.mutate_ok(
        crew.organization.tenant,
        "credentialUpdate",
        "credential { id }",
        id=crew["Alice's"],
        verification={"status": "SUSPENDED"},
    )
    await calls.mutate_ok(crew.organization.tenant, "requirementRuleDelete", "requirementRule { id }", id=crew["cpr"])
    result = await gaps()
    assert result[0] == {"A first aid": (3, 1, 1, 1)}
    assert result[1]["Alice"] == {"A first aid": "INELIGIBLE"}
    crew.organization.advance_to(101)
    assert await gaps(asOf=str(START)) == now


CLEARANCE = """asOf cleared standing reasons { code message rule { name } credential { id } changesOn }
  blocking { rule { name } status } cells { rule { name } } worker { id } position { name } orgUnit { name }"""


async def test_clearance(crew: Crew) -> None:
    async def clear(name: str, **arguments: Any) -> Any:
        return await crew.query("clearance", CLEARANCE, worker={"id": crew[name]}, **arguments)

    alice = await clear("Alice")
    assert (alice["cleared"], alice["standing"], alice["reasons"]) == (True, "COMPLIANT", [])
    assert len(alice["cells"]) == 3
    bob = await clear("Bob", position=crew["nurse"])
    assert (bob["cleared"], bob["position"], bob["asOf"]) == (False, {"name": "Nurse"}, "2026-03-02")
    assert bob["blocking"] == [{"rule": {"name": "B resuscitation"}, "status": "MISSING"}]
    missing = {"code": "MISSING", "message": "Nothing was provided; it is asked since 2026-03-02.", "credential": None}
    assert bob["reasons"] == [{**missing, "rule": {"name": "B resuscitation"}, "changesOn": None}]
    assert (await clear("Bob", position=crew["cook"]))["cleared"] is True
    [expired] = (await clear("Bob", position=crew["cook"], asOf=str(START + timedelta(days=41))))["reasons"]
    assert (expired["code"], expired["message"]) == ("EXPIRED", "It expired on 2026-04-11.")
    assert (expired["rule"]["name"][:1], expired["credential"]["id"][:5]) == ("A", "cred_")
    await crew.organization.rule("WWCC_NSW", name="D of site", scope="ORG_UNIT", orgUnit=crew["site"], graceDays=5)
    in_site = await clear("Bob", orgUnit=crew["ward"])
    assert (in_site["cleared"], in_site["standing"], in_site["orgUnit"]) == (True, "AT_RISK", {"name": "Ward"})
    assert {"rule": {"name": "D of site"}} in in_site["cells"]
    assert {"rule": {"name": "D of site"}} not in (await clear("Bob"))["cells"]
    await calls.mutate_ok(
        crew.organization.tenant,
        "workerUpdate",
        "worker { id }",
        worker={"id": crew["Alice"]},
        employment={"status": "TERMINATED"},
    )
    gone = await clear("Alice")
    assert (gone["cleared"], gone["standing"], gone["cells"]) == (False, None, [])
    message = "They are not at work in the organization on that day."
    nothing = {"rule": None, "credential": None, "changesOn": None}
    assert gone["reasons"] == [{"code": "NOT_AT_WORK", "message": message, **nothing}]
    crew.organization.advance_to(3)
    assert (await clear("Bob", position=crew["nurse"], asOf=str(START)))["cleared"] is False


FORECAST = """asOf spans { startsOn endsOn total turningNonCompliant workers { identity { displayName } }
  byType { count credentialType { code } } }"""


async def test_the_forecast(crew: Crew) -> None:
    async def spans(**arguments: Any) -> list[tuple[str, str, dict[str, int], list[str]]]:
        result = await crew.query("expiryForecast", FORECAST, **arguments)
        return [
            (
                span["startsOn"],
                span["endsOn"],
                {row["credentialType"]["code"]: row["count"] for row in span["byType"]},
                [row["identity"]["displayName"] for row in span["workers"]],
            )
            for span in result["spans"]
        ]

    months = await spans(by="MONTH", endsOn="2026-06-15")
    expected = [
        ("2026-03-02", "2026-03-31", {}, []),
        ("2026-04-01", "2026-04-30", {FIRST_AID: 1}, ["Bob"]),
        ("2026-05-01", "2026-05-31", {CPR: 1}, []),
        ("2026-06-01", "2026-06-15", {}, ["Alice"]),
    ]
    assert months == expected
    weeks = await spans(by="WEEK", startsOn="2026-04-08", endsOn="2026-04-21")
    assert weeks == [
        ("2026-04-08", "2026-04-12", {FIRST_AID: 1}, ["Bob"]),
        ("2026-04-13", "2026-04-19", {}, []),
        ("2026-04-20", "2026-04-21", {}, []),
    ]
    assert [span[2] for span in await spans(by="MONTH", type=[CPR], endsOn="2026-05-31")] == [{}, {}, {CPR: 1}]
    assert len(await spans(by="WEEK")) == 6
    for scope, names in (
        ({"orgUnit": crew["site"]}, ["Alice"]),
        ({"position": crew["nurse"]}, ["Alice"]),
        ({"owner": {"type": "WORKER", "id": crew["Bob"]}}, ["Bob"]),
        ({"owner": {"type": "APPLICANT", "id": crew["Dave"]}}, []),
    ):
        result = await spans(by="MONTH", endsOn="2026-06-15", **scope)
        assert [name for span in result for name in span[3]] == names
        ahead = await spans(by="MONTH", asOf=str(START + timedelta(days=1)), endsOn="2026-06-15", **scope)
        assert [span[2:] for span in ahead] == [span[2:] for span in result]
    crew.organization.advance_to(10)
    await calls.mutate_ok(crew.organization.tenant, "credentialDelete", "credential { id }", id=crew["Bob's"])
    assert await spans(by="MONTH", asOf=str(START), endsOn="2026-06-15") == expected
    assert [span[2] for span in await spans(by="MONTH", endsOn="2026-06-15")] == [{}, {}, {CPR: 1}, {}]


ROLLUPS: dict[str, tuple[str, dict[str, Any]]] = {
    "complianceSummary": ("total", {}),
    "gapsByRule": ("totalCount { count }", {}),
    "gapsByWorker": ("totalCount { count }", {}),
    "expiryForecast": ("asOf", {"by": "WEEK"}),
}
NARROWED_ROLLUPS = {**ROLLUPS, "clearance": ("cleared", {})}


async def assert_rollup_refused(
    organization: DatedOrganization, name: str, code: str, *path: str, key: Any = None, **arguments: Any
) -> None:
    """Assert that a roll-up is refused and returns no data."""
    selection, required = {**NARROWED_ROLLUPS, "complianceMatrix": ("totalCount { count }", {})}[name]
    answer = await calls.run_query(organization.tenant, name, selection, key=key, **{**required, **arguments})
    assert answer.codes == [code], answer.body
    assert answer.errors[0]["extensions"].get("inputPath", []) == list(path)
    assert answer.body["data"] == {name: None}


@on_sqlite
@pytest.mark.parametrize("name", [*ROLLUPS, "complianceMatrix"])
@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1)])
async def test_a_day_out_of_range_is_refused(shared: Crew, name: str, day: date) -> None:
    await assert_rollup_refused(shared.organization, name, "INVALID", "asOf", asOf=str(day))


async def test_unknown_and_foreign_ids_are_not_found(shared: Crew, other_organization: DatedOrganization) -> None:
    foreign_ids = {
        "orgUnit": await other_organization.unit(),
        "position": await other_organization.position(),
        "worker": await other_organization.tenant.add_worker(),
    }
    for name in NARROWED_ROLLUPS:
        arguments = {"worker": {"id": shared["Carol"]}} if name == "clearance" else {}
        for argument in ("orgUnit", "position"):
            for key in (UNKNOWN[argument], foreign_ids[argument]):
                await assert_rollup_refused(
                    shared.organization, name, "NOT_FOUND", argument, **{**arguments, argument: key}
                )
        for key in (f"wkr_{calls.UNKNOWN_ID}", foreign_ids["worker"]):
            if name == "clearance":
                await assert_rollup_refused(shared.organization, name, "NOT_FOUND", "worker", "id", worker={"id": key})
            else:
                await assert_rollup_refused(
                    shared.organization, name, "NOT_FOUND", "owner", "id", owner={"type": "WORKER", "id": key}
                )


@on_sqlite
@pytest.mark.parametrize("name", ROLLUPS)
async def test_two_scopes_are_refused(shared: Crew, name: str) -> None:
    await assert_rollup_refused(
        shared.organization, name, "INVALID", "position", orgUnit=shared["site"], position=shared["nurse"]
    )


@on_sqlite
@pytest.mark.parametrize("name", NARROWED_ROLLUPS)
async def test_an_id_of_another_type_is_refused(shared: Crew, name: str) -> None:
    arguments = {"worker": {"id": shared["Carol"]}} if name == "clearance" else {}
    await assert_rollup_refused(shared.organization, name, "INVALID", "orgUnit", **arguments, orgUnit=shared["Carol"])


async def test_a_forecast_ends_at_the_last_day_allowed(shared: Crew) -> None:
    result = await shared.query("expiryForecast", FORECAST, by="MONTH", startsOn="2199-11-20")
    assert [(span["startsOn"], span["endsOn"]) for span in result["spans"]] == [
        *[("2199-11-20", "2199-11-30"), ("2199-12-01", "2199-12-31")],
    ]


async def test_an_invalid_forecast_is_refused(shared: Crew) -> None:
    where: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        ("INVALID", ("startsOn",), {"startsOn": "2026-03-01"}),
        ("INVALID", ("startsOn",), {"startsOn": "2300-01-01"}),
        ("INVALID", ("endsOn",), {"endsOn": "2026-03-01"}),
        ("INVALID", ("endsOn",), {"endsOn": "2300-01-01"}),
        ("TOO_MANY", ("endsOn",), {"endsOn": "2027-12-31"}),
        ("NOT_FOUND", ("type", "1"), {"type": [CPR, "NO_SUCH"]}),
    ]
    for code, path, arguments in where:
        await assert_rollup_refused(shared.organization, "expiryForecast", code, *path, **arguments)


@on_sqlite
async def test_the_scope_is_required(shared: Crew) -> None:
    key = await shared.organization.tenant.create_key(*(ALL_SCOPES - {Scope.COMPLIANCE_READ}))
    for name in [*NARROWED_ROLLUPS, "complianceMatrix"]:
        worker = {"worker": {"id": shared["Carol"]}} if name == "clearance" else {}
        await assert_rollup_refused(shared.organization, name, "FORBIDDEN", key=key, **worker)


async def test_a_restricted_key_sees_its_unit_only(shared: Crew) -> None:
    tenant = shared.organization.tenant
    key = await tenant.create_key(*(ALL_SCOPES - ORGANIZATION_WIDE_SCOPES), org_unit=shared["elsewhere"])
    for as_of in ({}, {"asOf": str(START)}, {"asOf": str(START + timedelta(days=1))}):
        result = (await calls.run_query(tenant, "complianceSummary", SUMMARY, key=key, **as_of)).data[
            "complianceSummary"
        ]
        assert (result["total"], result["byStanding"]) == (1, [{"value": "COMPLIANT", "count": 1}])
        position = {**as_of, "position": shared["nurse"]}
        result = (await calls.run_query(tenant, "complianceSummary", SUMMARY, key=key, **position)).data[
            "complianceSummary"
        ]
        assert (result["total"], result["byStanding"]) == (0, [])
        later = {"asOf": str(START + timedelta(days=41))}
        gaps = await calls.query_nodes(tenant, "gapsByWorker", "worker { id }", key=key, **later)
        assert [row["worker"]["id"] for row in gaps] == [shared["Bob"]]
    rows = await calls.query_nodes(tenant, "complianceMatrix", "worker { id }", key=key)
    assert [row["worker"]["id"] for row in rows] == [shared["Bob"]]
    for name, argument in (("complianceSummary", "orgUnit"), ("gapsByRule", "orgUnit"), ("expiryForecast", "orgUnit")):
        await assert_rollup_refused(shared.organization, name, "NOT_FOUND", argument, key=key, orgUnit=shared["site"])
    await assert_rollup_refused(
        shared.organization, "clearance", "NOT_FOUND", "worker", "id", key=key, worker={"id": shared["Alice"]}
    )
    owner = {"type": "WORKER", "id": shared["Alice"]}
    await assert_rollup_refused(
        shared.organization, "complianceSummary", "NOT_FOUND", "owner", "id", key=key, owner=owner
    )


async def test_kept_counts_match_a_recount_at_the_end(shared: Crew) -> None:
    database = shared.organization.tenant.service.database
    await recount.settle_all(database, shared.organization.tenant.id)
    await recount.assert_matches_recount(database, shared.organization.tenant.id)
