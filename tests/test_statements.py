"""How many statements a nested page takes: no more for fifty workers than for five."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.credential_types.tables import Category
from app.credentials import creation, version_sync
from app.credentials.tables import Approval, VerificationStatus
from app.workers import editing, people
from tests.calls import run_query
from tests.service import Service, Tenant
from tests.statement_counter import recorded_statements

WORKERS, HELD, VERSIONS = 50, 2, 2
NESTED = """
  nodes {
    id
    credentials(first: 10) { nodes { id versions(first: 5) { nodes { id number } } } }
  }
"""
WIDE = """
  totalCount { count }
  nodes {
    manager { worker { id } }
    employment { orgUnit { id } }
    reports(first: 2) { nodes { id } totalCount { count } }
    activity(first: 2) { nodes { kind } }
    credentials(first: 10) {
      totalCount { count }
      nodes {
        validity
        identification { credentialType { code } }
        owners { worker { id } applicant { id } }
        latestVersion { number validity }
        effectiveVersion { number }
        versions(first: 5) { nodes { validity } totalCount { count } }
      }
    }
  }
"""


@dataclass(frozen=True)
class Crowd:
    """An organization of many workers, each with credentials and their versions."""

    tenant: Tenant

    async def statements(self, selection: str, **arguments: Any) -> tuple[int, Any]:
        """How many statements a page of workers takes, and the page."""
        with recorded_statements() as statements:
            answer = await run_query(self.tenant, "workers", selection, **arguments)
        return len(statements), answer.data["workers"]


@pytest.fixture(scope="module")
async def crowd(service: Service) -> Crowd:
    tenant = await Tenant.create(service, "Crowd", types=frozenset({"WWCC_NSW"}))
    actor = tenant.actor
    async with service.database.writing("test") as session:
        manager: str | None = None
        for number in range(WORKERS):
            given = {"identity": {"displayName": f"Worker {number:02}"}, "manager": {"id": manager}}
            worker = await editing.create(people.WORKER, session, actor, given)
            manager = manager or worker.id
            for _ in range(HELD):
                held = (await creation.create(session, actor, _credential(worker.id))).credential
                await session.flush()
                for version in range(2, VERSIONS + 1):
                    version_sync.append(session, actor, held, version, Approval.NOT_REQUIRED, {})
    await run_query(tenant, "viewer", "id")  # notes the key's use, which is written once a minute
    return Crowd(tenant)


def _credential(worker: str) -> dict[str, Any]:
    return {
        "identification": {
            "displayName": "WWCC",
            "credentialType": "WWCC_NSW",
            "category": Category.SCREENING,
            "referenceNumber": "WWC1234567E",
        },
        "verification": {"status": VerificationStatus.ACTIVE},
        "owners": {"worker": {"id": worker}},
    }


async def test_workers_with_credentials_with_versions_take_five_statements_at_most(crowd: Crowd) -> None:
    few, _ = await crowd.statements(NESTED, first=5)
    many, page = await crowd.statements(NESTED, first=WORKERS)
    assert few == many
    assert many <= 5
    assert len(page["nodes"]) == WORKERS
    for worker in page["nodes"]:
        held = worker["credentials"]["nodes"]
        assert len(held) == HELD
        for credential in held:
            assert [version["number"] for version in credential["versions"]["nodes"]] == [2, 1]


async def test_no_edge_takes_more_statements_for_more_rows(crowd: Crowd) -> None:
    few, _ = await crowd.statements(WIDE, first=5)
    many, page = await crowd.statements(WIDE, first=WORKERS)
    assert many <= few  # what follows from a few rows is read with them, even where it turns out to be nothing
    assert page["totalCount"] == {"count": WORKERS}
    assert page["nodes"][0]["reports"]["totalCount"] == {"count": WORKERS - 1}


async def test_a_count_is_made_only_when_it_is_selected(crowd: Crowd) -> None:
    without, _ = await crowd.statements("nodes { id }", first=5)
    counting, _ = await crowd.statements("nodes { id } totalCount { count }", first=5)
    assert counting == without + 1


async def test_pages_further_on_take_no_more_statements(crowd: Crowd) -> None:
    first, page = await crowd.statements(f"{NESTED} pageInfo {{ endCursor }}", first=5)
    second, _ = await crowd.statements(NESTED, first=5, after=page["pageInfo"]["endCursor"])
    assert second == first


async def test_a_kept_summary_takes_two_statements(crowd: Crowd) -> None:
    await run_query(crowd.tenant, "complianceSummary", "settled")  # settles first what the credentials changed
    with recorded_statements() as statements:
        answer = await run_query(crowd.tenant, "complianceSummary", "settled total")
    assert answer.data["complianceSummary"] == {"settled": True, "total": WORKERS * HELD}
    assert len(statements) == 2
