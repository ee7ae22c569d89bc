"""The number of statements of a nested page: the same for fifty workers as for five."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.credential_types.tables import CredentialCategory
from app.credentials import creation, version_sync
from app.credentials.tables import ApprovalStatus, VerificationStatus
from app.workers import editing, people
from tests.calls import run_query
from tests.service import Service, Tenant
from tests.statement_counter import recorded_statements

WORKERS, CREDENTIALS, VERSIONS = 50, 2, 2
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
class LargeTenant:
    """An organization with many workers, each with credentials that have versions."""

    tenant: Tenant

    async def statements(self, selection: str, **arguments: Any) -> tuple[int, Any]:
        """Return the number of statements of a page of workers, and the page."""
        with recorded_statements() as statements:
            answer = await run_query(self.tenant, "workers", selection, **arguments)
        return len(statements), answer.data["workers"]


@pytest.fixture(scope="module")
async def large_tenant(service: Service) -> LargeTenant:
    tenant = await Tenant.create(service, "Crowd", types=frozenset({"WWCC_NSW"}))
    actor = tenant.actor
    async with service.database.writing("test") as session:
        manager: str | None = None
        for number in range(WORKERS):
            input = {"identity": {"displayName": f"Worker {number:02}"}, "manager": {"id": manager}}
            worker = await editing.create(people.WORKER, session, actor, input)
            await session.flush()  # the credential's creation looks the worker up
            manager = manager or worker.id
            for _ in range(CREDENTIALS):
                credential = (await creation.create(session, actor, _credential(worker.id))).credential
                await session.flush()
                for version in range(2, VERSIONS + 1):
                    version_sync.append(session, actor, credential, version, ApprovalStatus.NOT_REQUIRED, {})
    await run_query(tenant, "viewer", "id")  # records the use of the key, which is written once a minute
    return LargeTenant(tenant)


def _credential(worker: str) -> dict[str, Any]:
    return {
        "identification": {
            "displayName": "WWCC",
            "credentialType": "WWCC_NSW",
            "category": CredentialCategory.SCREENING,
            "referenceNumber": "WWC1234567E",
        },
        "verification": {"status": VerificationStatus.ACTIVE},
        "owners": {"worker": {"id": worker}},
    }


async def test_nested_page_takes_at_most_five_statements(large_tenant: LargeTenant) -> None:
    few, _ = await large_tenant.statements(NESTED, first=5)
    many, page = await large_tenant.statements(NESTED, first=WORKERS)
    assert few == many
    assert many <= 5
    assert len(page["nodes"]) == WORKERS
    for worker in page["nodes"]:
        credentials = worker["credentials"]["nodes"]
        assert len(credentials) == CREDENTIALS
        for credential in credentials:
            assert [version["number"] for version in credential["versions"]["nodes"]] == [2, 1]


async def test_no_edge_takes_more_statements_for_more_rows(large_tenant: LargeTenant) -> None:
    few, _ = await large_tenant.statements(WIDE, first=5)
    many, page = await large_tenant.statements(WIDE, first=WORKERS)
    assert many <= few  # a small page also prefetches edges that turn out to be empty
    assert page["totalCount"] == {"count": WORKERS}
    assert page["nodes"][0]["reports"]["totalCount"] == {"count": WORKERS - 1}


async def test_count_is_read_only_when_selected(large_tenant: LargeTenant) -> None:
    without, _ = await large_tenant.statements("nodes { id }", first=5)
    counting, _ = await large_tenant.statements("nodes { id } totalCount { count }", first=5)
    assert counting == without + 1


async def test_later_pages_take_no_more_statements(large_tenant: LargeTenant) -> None:
    first, page = await large_tenant.statements(f"{NESTED} pageInfo {{ endCursor }}", first=5)
    second, _ = await large_tenant.statements(NESTED, first=5, after=page["pageInfo"]["endCursor"])
    assert second == first


async def test_settled_summary_takes_two_statements(large_tenant: LargeTenant) -> None:
    await run_query(large_tenant.tenant, "complianceSummary", "settled")  # settles the changes made by the fixture
    with recorded_statements() as statements:
        answer = await run_query(large_tenant.tenant, "complianceSummary", "settled total")
    assert answer.data["complianceSummary"] == {"settled": True, "total": WORKERS * CREDENTIALS}
    assert len(statements) == 2
