"""Requirement rules: fields, refusals, lists and visibility."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.access import ALL_SCOPES, Scope
from app.compliance import rules
from app.compliance.tables import RequirementRule
from app.core import ids
from tests import calls
from tests.calls import UNKNOWN_ID, assert_refused, mutate_ok
from tests.compliance.requirement_calls import add_position, add_rule, add_unit
from tests.conftest import SettableClock
from tests.service import Tenant

SELECTION = """
  name description scope position { name } orgUnit { name } worker { identity { displayName } }
  excluded { id } alternatives { code } minimum level severity graceDays startsOn endsOn
  autoRequest requestMessage requestDueDays deleted deletedAt revision viewerCanUpdate viewerCanDelete viewerCanUndelete
"""
MINIMAL: dict[str, Any] = {"name": "Screening", "scope": "ALL_WORKERS", "alternatives": ["WWCC_NSW"]}
SCOPE = Scope.REQUIREMENTS_WRITE
TODAY = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(clock: SettableClock) -> None:
    """Set the clock to a fixed day."""
    clock.set(TODAY)


async def test_a_rule_has_defaults(tenant: Tenant) -> None:
    rule = await mutate_ok(tenant, "requirementRuleCreate", f"requirementRule {{ {SELECTION} }}", **MINIMAL)
    assert rule == {
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
        "startsOn": "2026-03-10",
        "endsOn": None,
        "autoRequest": True,
        "requestMessage": None,
        "requestDueDays": None,
        "deleted": False,
        "revision": 1,
        "viewerCanUpdate": True,
        "deletedAt": None,
        "viewerCanDelete": True,
        "viewerCanUndelete": False,
    }


async def test_a_rule_links_to_its_targets_and_types(tenant: Tenant) -> None:
    unit, position, worker = await add_unit(tenant), await add_position(tenant), await tenant.add_worker("Ada")
    excluded = [worker, unit, position]
    content = {**MINIMAL, "alternatives": ["WWCC_VIC", "NPI", "WWCC_VIC"], "excluded": excluded, "minimum": 2}
    selection = f"requirementRule {{ id {SELECTION} }}"
    rule = await mutate_ok(
        tenant, "requirementRuleCreate", selection, **{**content, "scope": "POSITION", "position": position}
    )
    assert rule["position"] == {"name": "Night nurse"}
    assert [row["id"] for row in rule["excluded"]] == excluded
    assert [credential_type["code"] for credential_type in rule["alternatives"]] == ["WWCC_VIC", "NPI"]
    changed = {"scope": "ORG_UNIT", "orgUnit": unit, "position": None, "excluded": None, "minimum": 1}
    rule = await mutate_ok(tenant, "requirementRuleUpdate", selection, id=rule["id"], **changed)
    assert (rule["position"], rule["orgUnit"], rule["excluded"]) == (None, {"name": "Ward"}, [])
    assert [credential_type["code"] for credential_type in rule["alternatives"]] == ["WWCC_VIC", "NPI"]
    changed = {"scope": "WORKER", "worker": worker, "orgUnit": None}
    rule = await mutate_ok(tenant, "requirementRuleUpdate", selection, id=rule["id"], **changed)
    assert (rule["worker"], rule["revision"]) == ({"identity": {"displayName": "Ada"}}, 3)
    event = [row for row in await calls.event_rows(tenant) if row["kind"].value == "requirement.changed"][-1]
    assert event["changes"]["worker"] == {"from": None, "to": worker}
    answer = await calls.run_query(tenant, "position", "rules { nodes { id } }", by={"id": position})
    assert answer.data["position"]["rules"]["nodes"] == []


async def test_a_deleted_rule_is_hidden_and_unchangeable(tenant: Tenant) -> None:
    rule_id = await add_rule(tenant)
    rule = await mutate_ok(tenant, "requirementRuleDelete", f"requirementRule {{ {SELECTION} }}", id=rule_id)
    assert (rule["deleted"], rule["viewerCanUpdate"], rule["viewerCanDelete"]) == (True, False, False)
    assert rule["viewerCanUndelete"] is True
    await assert_refused(tenant, "requirementRuleDelete", ("DELETED", "id"), id=rule_id)
    await assert_refused(tenant, "requirementRuleUpdate", ("DELETED", "id"), id=rule_id, name="Other")
    assert await calls.query_nodes(tenant, "requirementRules", "id") == []
    assert await calls.query_nodes(tenant, "requirementRules", "id", includeDeleted=True) == [{"id": rule_id}]
    rule = await mutate_ok(tenant, "requirementRuleUndelete", f"requirementRule {{ {SELECTION} }}", id=rule_id)
    assert (rule["deleted"], rule["deletedAt"], rule["viewerCanUndelete"]) == (False, None, False)
    await assert_refused(tenant, "requirementRuleUndelete", ("NOT_DELETED", "id"), id=rule_id)
    assert await calls.query_nodes(tenant, "requirementRules", "id") == [{"id": rule_id}]


@pytest.fixture(scope="module")
async def rule_in_shared_tenant(shared_tenant: Tenant, session_clock: SettableClock) -> str:
    """Return the id of a rule in an organization where the passport type is archived."""
    with session_clock.stopped(TODAY):
        await mutate_ok(
            shared_tenant,
            "credentialTypeArchive",
            "credentialType { id }",
            id=await calls.credential_type_id(shared_tenant, "PASSPORT"),
        )
        return await add_rule(shared_tenant)


@pytest.mark.parametrize(
    ("content", "expected"),
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
        ({"startsOn": None}, ("REQUIRED", "startsOn")),
        ({"startsOn": "2026-03-10", "endsOn": "2026-03-09"}, ("INVALID", "endsOn")),
        ({"requestDueDays": 366}, ("INVALID", "requestDueDays")),
        ({"requestMessage": "m" * 2_001}, ("INVALID", "requestMessage")),
    ],
)
async def test_an_invalid_rule_is_refused(
    shared_tenant: Tenant, rule_in_shared_tenant: str, content: dict[str, Any], expected: tuple[str, str]
) -> None:
    await assert_refused(shared_tenant, "requirementRuleCreate", expected, **{**MINIMAL, **content})
    await assert_refused(shared_tenant, "requirementRuleUpdate", expected, id=rule_in_shared_tenant, **content)


async def test_foreign_records_cannot_be_referenced(tenant: Tenant, other_tenant: Tenant) -> None:
    rule_id, foreign_rule = await add_rule(tenant), await add_rule(other_tenant)
    worker, position = await other_tenant.add_worker(), await add_position(other_tenant)
    named = {"scope": "WORKER", "worker": worker}
    await assert_refused(tenant, "requirementRuleCreate", ("NOT_FOUND", "worker"), **{**MINIMAL, **named})
    await assert_refused(tenant, "requirementRuleUpdate", ("NOT_FOUND", "excluded.0"), id=rule_id, excluded=[position])
    for field in ("requirementRuleUpdate", "requirementRuleDelete", "requirementRuleUndelete"):
        if field == "requirementRuleUndelete":
            await mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", id=rule_id)
        await assert_refused(tenant, field, ("NOT_FOUND", "id"), id=foreign_rule)
        await assert_refused(tenant, field, ("CONFLICT", "expectedRevision"), id=rule_id, expectedRevision=4)
        await calls.assert_forbidden(tenant, field, *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, id=rule_id)
    await calls.assert_forbidden(
        tenant, "requirementRuleCreate", *(ALL_SCOPES - {SCOPE}), required_scope=SCOPE, **MINIMAL
    )


async def test_archived_positions_and_deleted_workers_are_refused(tenant: Tenant) -> None:
    position, worker = await add_position(tenant), await tenant.add_worker()
    await mutate_ok(tenant, "positionArchive", "position { id }", id=position)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    named: dict[str, Any] = {"scope": "POSITION", "position": position}
    await assert_refused(tenant, "requirementRuleCreate", ("ARCHIVED", "position"), **{**MINIMAL, **named})
    named = {"scope": "WORKER", "worker": worker}
    await assert_refused(tenant, "requirementRuleCreate", ("DELETED", "worker"), **{**MINIMAL, **named})


async def test_all_errors_are_reported_together(tenant: Tenant) -> None:
    content = {**MINIMAL, "scope": "WORKER", "alternatives": ["NO_SUCH"], "minimum": 2, "excluded": ["nonsense"]}
    payload = await calls.mutate(tenant, "requirementRuleCreate", **content)
    assert [error["path"] for error in payload["errors"]] == [["worker"], ["excluded", "0"], ["alternatives", "0"]]


async def test_the_number_of_rules_is_limited(tenant: Tenant) -> None:
    first = await add_rule(tenant)
    async with tenant.service.database.writing("made") as session:
        first_rule = await session.get_row(RequirementRule, (tenant.id, first))
        rest = range(rules.MAX_RULES - 1)
        session.add_all(RequirementRule(**first_rule.model_dump() | {"id": ids.new("rule")}) for _ in rest)
    [error] = await assert_refused(tenant, "requirementRuleCreate", ("TOO_MANY", ""), **MINIMAL)
    assert error["limit"] == rules.MAX_RULES
    await mutate_ok(tenant, "requirementRuleDelete", "requirementRule { id }", id=first)
    await add_rule(tenant)
    await assert_refused(tenant, "requirementRuleUndelete", ("TOO_MANY", ""), id=first)


async def test_rules_are_filtered_and_sorted(tenant: Tenant) -> None:
    unit, position, worker = await add_unit(tenant), await add_position(tenant), await tenant.add_worker()
    everybody = {"startsOn": "2026-01-01", "endsOn": "2026-01-31", "severity": "WARNING"}
    await add_rule(tenant, "WWCC_NSW", "WWCC_VIC", name="b", **everybody)
    await add_rule(tenant, "NPI", name="A", scope="POSITION", position=position, level="OPTIONAL")
    await add_rule(tenant, "WWCC_VIC", name="c", scope="ORG_UNIT", orgUnit=unit, startsOn="2026-02-01")
    await add_rule(tenant, "NPI", name="d", scope="WORKER", worker=worker, autoRequest=False)

    async def names(where: dict[str, Any] | None = None, **arguments: Any) -> str:
        content = arguments if where is None else {"where": where, **arguments}
        return "".join(node["name"] for node in await calls.query_nodes(tenant, "requirementRules", "name", **content))

    assert await names() == "Abcd"
    assert await names(orderBy=[{"field": "CREATED_AT", "direction": "DESC"}]) == "dcAb"
    assert await names({"scope": {"in": ["POSITION", "WORKER"]}}) == "Ad"
    assert await names({"position": {"eq": position}}) == "A"
    assert await names({"orgUnit": {"eq": unit}}) == "c"
    assert await names({"worker": {"in": [worker]}}) == "d"
    assert await names({"type": {"eq": "WWCC_VIC"}}) == "bc"
    assert await names({"type": {"in": ["WWCC_NSW", "NPI"]}}) == "Abd"
    assert await names({"level": {"eq": "OPTIONAL"}}) == "A"
    assert await names({"severity": {"eq": "WARNING"}}) == "b"
    assert await names({"autoRequest": False}) == "d"
    assert await names({"asOf": "2026-01-31", "name": {"in": ["b", "c"]}}) == "b"
    assert await names({"asOf": "2026-02-01", "name": {"in": ["b", "c"]}}) == "c"
    answer = await calls.run_query(tenant, "position", "rules { nodes { name } }", by={"id": position})
    assert answer.data["position"]["rules"]["nodes"] == [{"name": "A"}]
