"""Requirement rules: what they hold, what is refused, how they are listed, and who sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.compliance import rules
from app.compliance.tables import RequirementRule
from app.core import ids
from tests import calls
from tests.calls import UNKNOWN_ID, assert_refused, mutate_ok
from tests.compliance.life import add_position, add_rule, add_unit
from tests.conftest import SettableClock
from tests.service import Tenant

SHOWN = """
  name description scope position { name } orgUnit { name } worker { identity { displayName } }
  excluded { id } alternatives { code } minimum level severity graceDays effectiveFrom effectiveTo
  autoRequest requestMessage requestDueDays deleted revision viewerCanUpdate viewerCanDelete
"""
LEAST: dict[str, Any] = {"name": "Screening", "scope": "ALL_WORKERS", "alternatives": ["WWCC_NSW"]}
NEEDED = Scope.REQUIREMENTS_WRITE
TODAY = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """A day to count from."""
    clock.set(TODAY)


async def test_a_rule_says_what_it_was_given_and_the_rest_by_default(tenant: Tenant) -> None:
    found = await mutate_ok(tenant, "requirementRuleCreate", f"requirementRule {{ {SHOWN} }}", **LEAST)
    assert found == {
        "name": "Screening",
        "description": None,
        "scope": "ALL_WORKERS",
        "position": None,
        "orgUnit": None,
        "worker": None,
        "excluded": [],
        "alternatives": [{"code": "WWCC_NSW"}],
        "minimum": 1,
        "level": "MANDATORY",
        "severity": "CRITICAL",
        "graceDays": 0,
        "effectiveFrom": "2026-03-10",
        "effectiveTo": None,
        "autoRequest": True,
        "requestMessage": None,
        "requestDueDays": None,
        "deleted": False,
        "revision": 1,
        "viewerCanUpdate": True,
        "viewerCanDelete": True,
    }


async def test_a_rule_leads_to_what_it_names(tenant: Tenant) -> None:
    unit, position, worker = await add_unit(tenant), await add_position(tenant), await tenant.add_worker("Ada")
    excluded = [worker, unit, position]
    content = {**LEAST, "alternatives": ["WWCC_VIC", "NPI", "WWCC_VIC"], "excluded": excluded, "minimum": 2}
    selection = f"requirementRule {{ id {SHOWN} }}"
    found = await mutate_ok(
        tenant, "requirementRuleCreate", selection, **{**content, "scope": "POSITION", "position": position}
    )
    assert found["position"] == {"name": "Night nurse"}
    assert [row["id"] for row in found["excluded"]] == excluded
    assert [kind["code"] for kind in found["alternatives"]] == ["WWCC_VIC", "NPI"]
    changed = {"scope": "ORG_UNIT", "orgUnit": unit, "position": None, "excluded": None, "minimum": 1}
    found = await mutate_ok(tenant, "requirementRuleUpdate", selection, id=found["id"], **changed)
    assert (found["position"], found["orgUnit"], found["excluded"]) == (None, {"name": "Ward"}, [])
    assert [kind["code"] for kind in found["alternatives"]] == ["WWCC_VIC", "NPI"]
    changed = {"scope": "WORKER", "worker": worker, "orgUnit": None}
    found = await mutate_ok(tenant, "requirementRuleUpdate", selection, id=found["id"], **changed)
    assert (found["worker"], found["revision"]) == ({"identity": {"displayName": "Ada"}}, 3)
    event = [row for row in await calls.event_rows(tenant) if row["kind"].value == "requirement.changed"][-1]
    assert event["changes"]["worker"] == {"from": None, "to": worker}
    answer = await calls.run_query(tenant, "position", "rules { nodes { id } }", id=position)
    assert answer.data["position"]["rules"]["nodes"] == []


async def test_a_deleted_rule_leaves_the_lists_and_is_changed_no_more(tenant: Tenant) -> None:
    key = await add_rule(tenant)
    found = await mutate_ok(tenant, "requirementRuleDelete", f"requirementRule {{ {SHOWN} }}", id=key)
    assert (found["deleted"], found["viewerCanUpdate"], found["viewerCanDelete"]) == (True, False, False)
    await assert_refused(tenant, "requirementRuleDelete", ("DELETED", "id"), id=key)
    await assert_refused(tenant, "requirementRuleUpdate", ("DELETED", "id"), id=key, name="Other")
    assert await calls.query_nodes(tenant, "requirementRules", "id") == []
    assert await calls.query_nodes(tenant, "requirementRules", "id", includeDeleted=True) == [{"id": key}]


@pytest.fixture(scope="module")
async def ruled(shared_tenant: Tenant, session_clock: SettableClock) -> str:
    """The id of a rule, in an organization where passports are asked of nobody anymore."""
    with session_clock.stopped(TODAY):
        await mutate_ok(
            shared_tenant,
            "credentialTypeArchive",
            "credentialType { id }",
            id=await calls.credential_type_id(shared_tenant, "PASSPORT"),
        )
        return await add_rule(shared_tenant)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": " "}, ("REQUIRED", "name")),
        ({"scope": None}, ("REQUIRED", "scope")),
        ({"scope": "POSITION"}, ("REQUIRED", "position")),
        ({"scope": "ORG_UNIT"}, ("REQUIRED", "orgUnit")),
        ({"scope": "WORKER"}, ("REQUIRED", "worker")),
        ({"scope": "POSITION", "position": f"pos_{UNKNOWN_ID}"}, ("NOT_FOUND", "position")),
        ({"scope": "POSITION", "position": f"wkr_{UNKNOWN_ID}"}, ("INVALID", "position")),
        ({"scope": "WORKER", "worker": f"wkr_{UNKNOWN_ID}"}, ("NOT_FOUND", "worker")),
        ({"position": f"pos_{UNKNOWN_ID}"}, ("INVALID", "scope")),
        ({"excluded": ["nonsense"]}, ("INVALID", "excluded.0")),
        ({"excluded": [f"unit_{UNKNOWN_ID}"]}, ("NOT_FOUND", "excluded.0")),
        ({"excluded": [f"unit_{number:016}" for number in range(21)]}, ("INVALID", "excluded")),
        ({"alternatives": None}, ("REQUIRED", "alternatives")),
        ({"alternatives": []}, ("REQUIRED", "alternatives")),
        ({"alternatives": ["WWCC_NSW", "NO_SUCH"]}, ("NOT_FOUND", "alternatives.1")),
        ({"alternatives": ["PASSPORT"]}, ("TYPE_ARCHIVED", "alternatives.0")),
        ({"alternatives": [f"T{number}" for number in range(21)]}, ("INVALID", "alternatives")),
        ({"minimum": 2}, ("INVALID", "minimum")),
        ({"minimum": 0}, ("INVALID", "minimum")),
        ({"graceDays": -1}, ("INVALID", "graceDays")),
        ({"effectiveFrom": None}, ("REQUIRED", "effectiveFrom")),
        ({"effectiveFrom": "2026-03-10", "effectiveTo": "2026-03-09"}, ("INVALID", "effectiveTo")),
        ({"requestDueDays": 366}, ("INVALID", "requestDueDays")),
        ({"requestMessage": "m" * 2_001}, ("INVALID", "requestMessage")),
    ],
)
async def test_what_cannot_be_a_rule_is_refused(
    shared_tenant: Tenant, ruled: str, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    await assert_refused(shared_tenant, "requirementRuleCreate", expected, **{**LEAST, **given})
    await assert_refused(shared_tenant, "requirementRuleUpdate", expected, id=ruled, **given)


async def test_nothing_of_a_strangers_can_be_named(tenant: Tenant, other_tenant: Tenant) -> None:
    key, theirs = await add_rule(tenant), await add_rule(other_tenant)
    worker, position = await other_tenant.add_worker(), await add_position(other_tenant)
    named = {"scope": "WORKER", "worker": worker}
    await assert_refused(tenant, "requirementRuleCreate", ("NOT_FOUND", "worker"), **{**LEAST, **named})
    await assert_refused(tenant, "requirementRuleUpdate", ("NOT_FOUND", "excluded.0"), id=key, excluded=[position])
    for field in ("requirementRuleUpdate", "requirementRuleDelete"):
        await assert_refused(tenant, field, ("NOT_FOUND", "id"), id=theirs)
        await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=key, expectedRevision=4)
        await calls.assert_forbidden(tenant, field, *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, id=key)
    await calls.assert_forbidden(
        tenant, "requirementRuleCreate", *(ALL_SCOPES - {NEEDED}), required_scope=NEEDED, **LEAST
    )


async def test_what_is_out_of_use_is_not_asked_about(tenant: Tenant) -> None:
    position, worker = await add_position(tenant), await tenant.add_worker()
    await mutate_ok(tenant, "positionArchive", "position { id }", id=position)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    named: dict[str, Any] = {"scope": "POSITION", "position": position}
    await assert_refused(tenant, "requirementRuleCreate", ("ARCHIVED", "position"), **{**LEAST, **named})
    named = {"scope": "WORKER", "worker": worker}
    await assert_refused(tenant, "requirementRuleCreate", ("DELETED", "worker"), **{**LEAST, **named})


async def test_every_problem_is_told_at_once(tenant: Tenant) -> None:
    given = {**LEAST, "scope": "WORKER", "alternatives": ["NO_SUCH"], "minimum": 2, "excluded": ["nonsense"]}
    payload = await calls.mutate(tenant, "requirementRuleCreate", **given)
    assert [error["path"] for error in payload["errors"]] == [["worker"], ["excluded", "0"], ["alternatives", "0"]]


async def test_an_organization_has_a_number_of_rules(tenant: Tenant) -> None:
    first = await add_rule(tenant)
    async with tenant.service.database.writing("made") as session:
        one = await session.get_row(RequirementRule, (tenant.id, first))
        rest = range(rules.MAX_RULES - 1)
        session.add_all(RequirementRule(**one.model_dump() | {"id": ids.new("rule")}) for _ in rest)
    [error] = await assert_refused(tenant, "requirementRuleCreate", ("TOO_MANY", ""), **LEAST)
    assert error["limit"] == rules.MAX_RULES
    await mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", id=first)
    await add_rule(tenant)


async def test_rules_are_filtered_and_sorted(tenant: Tenant) -> None:
    unit, position, worker = await add_unit(tenant), await add_position(tenant), await tenant.add_worker()
    everybody = {"effectiveFrom": "2026-01-01", "effectiveTo": "2026-01-31", "severity": "WARNING"}
    await add_rule(tenant, "WWCC_NSW", "WWCC_VIC", name="b", **everybody)
    await add_rule(tenant, "NPI", name="A", scope="POSITION", position=position, level="OPTIONAL")
    await add_rule(tenant, "WWCC_VIC", name="c", scope="ORG_UNIT", orgUnit=unit, effectiveFrom="2026-02-01")
    await add_rule(tenant, "NPI", name="d", scope="WORKER", worker=worker, autoRequest=False)

    async def found(where: dict[str, Any] | None = None, **arguments: Any) -> str:
        given = arguments if where is None else {"where": where, **arguments}
        return "".join(node["name"] for node in await calls.query_nodes(tenant, "requirementRules", "name", **given))

    assert await found() == "Abcd"
    assert await found(orderBy=[{"field": "CREATED_AT", "direction": "DESC"}]) == "dcAb"
    assert await found({"scope": {"in": ["POSITION", "WORKER"]}}) == "Ad"
    assert await found({"position": {"eq": position}}) == "A"
    assert await found({"orgUnit": {"eq": unit}}) == "c"
    assert await found({"worker": {"in": [worker]}}) == "d"
    assert await found({"type": {"eq": "WWCC_VIC"}}) == "bc"
    assert await found({"type": {"in": ["WWCC_NSW", "NPI"]}}) == "Abd"
    assert await found({"level": {"eq": "OPTIONAL"}}) == "A"
    assert await found({"severity": {"eq": "WARNING"}}) == "b"
    assert await found({"autoRequest": False}) == "d"
    assert await found({"effectiveOn": "2026-01-31", "name": {"in": ["b", "c"]}}) == "b"
    assert await found({"effectiveOn": "2026-02-01", "name": {"in": ["b", "c"]}}) == "c"
    answer = await calls.run_query(tenant, "position", "rules { nodes { name } }", id=position)
    assert answer.data["position"]["rules"]["nodes"] == [{"name": "A"}]
