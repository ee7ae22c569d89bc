"""Filters of no conditions: an empty OR matches nothing, in every list, and an empty AND everything."""

from typing import Any

import pytest

from tests.architecture.shapes import FieldEntry, roots
from tests.calls import mutate_ok, run_query
from tests.service import Service, Tenant

LISTS = [entry for entry in roots("Query") if entry.is_list and entry.where_type]


@pytest.fixture(scope="module")
async def stocked(service: Service) -> Tenant:
    """Create an organization with a row in most lists; no test changes it."""
    tenant = await Tenant.create(service, "Stocked")
    await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM")
    await mutate_ok(tenant, "positionCreate", "position { id }", name="Nurse")
    await mutate_ok(tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Sam"})
    content = {"name": "Rule", "scope": "ALL_WORKERS", "alternatives": ["NPI"], "autoRequest": True}
    await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **content)
    await tenant.add_credential(await tenant.add_worker())
    return tenant


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_an_empty_or_matches_nothing(stocked: Tenant, entry: FieldEntry) -> None:
    async def count(where: dict[str, Any]) -> int:
        answer = await run_query(stocked, entry.name, "nodes { __typename }", where=where)
        return len(answer.data[entry.name]["nodes"])

    everything = await count({})
    assert await count({"OR": []}) == 0
    assert await count({"AND": []}) == await count({"NOT": {"OR": []}}) == await count({"OR": [{}]}) == everything
    assert await count({"NOT": {"AND": []}}) == await count({"AND": [{"OR": []}]}) == 0
    assert await count({"OR": [{"OR": []}, {"AND": []}]}) == everything
