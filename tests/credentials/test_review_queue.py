"""The review queue: credentials that wait for a person, longest waiting first."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.access import Scope
from app.credentials.tables import Credential, IntakeStatus
from tests.conftest import SettableClock
from tests.credentials import actions
from tests.credentials.actions import mutation_payload
from tests.service import Tenant, ids_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    await actions.add_type(tenant)
    await actions.update_settings(tenant, approvalsEnabled=True)
    return await tenant.add_worker()


@pytest.fixture
async def waiting(tenant: Tenant, worker: str, clock: SettableClock) -> list[str]:
    """Provide five tickets, oldest first; two have the same time."""
    keys = []
    with clock.stopped():
        for minutes in (4, 1, 3, 1, 2):
            clock.set(NOON + timedelta(minutes=minutes))
            keys.append((minutes, await actions.add_ticket(tenant, worker)))
    return [key for _, key in sorted(keys)]


async def queue(tenant: Tenant, arguments: str = "", *, key: str | None = None) -> Any:
    text = (
        f"{{ reviewQueue{arguments} {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }}"
    )
    answer = await tenant.execute(f"{text} totalCount {{ count }} }} }}", key=key)
    return answer.data["reviewQueue"]


async def queued(tenant: Tenant, arguments: str = "") -> Sequence[str]:
    return ids_of((await queue(tenant, arguments))["nodes"])


async def test_the_longest_waiting_comes_first(tenant: Tenant, waiting: list[str]) -> None:
    nodes = await queue(tenant)
    assert ids_of(nodes["nodes"]) == waiting
    assert nodes["totalCount"]["count"] == 5


async def test_the_queue_is_paged_in_both_directions(tenant: Tenant, waiting: list[str]) -> None:
    first = await queue(tenant, "(first: 2)")
    assert ids_of(first["nodes"]) == waiting[:2]
    assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (True, False)
    second = await queue(tenant, f'(first: 2, after: "{first["pageInfo"]["endCursor"]}")')
    assert ids_of(second["nodes"]) == waiting[2:4]
    third = await queue(tenant, f'(first: 2, after: "{second["pageInfo"]["endCursor"]}")')
    assert (ids_of(third["nodes"]), third["pageInfo"]["hasNextPage"]) == (waiting[4:], False)
    back = await queue(tenant, f'(last: 2, before: "{second["pageInfo"]["startCursor"]}")')
    assert (ids_of(back["nodes"]), back["pageInfo"]["hasPreviousPage"]) == (waiting[:2], False)
    assert await queued(tenant, "(last: 1)") == waiting[4:]


async def test_a_decision_between_two_pages_shifts_nothing(tenant: Tenant, waiting: list[str]) -> None:
    first = await queue(tenant, "(first: 2)")
    await mutation_payload(tenant, "credentialsApprove", "total", ids=waiting[:2])
    after = f'(first: 2, after: "{first["pageInfo"]["endCursor"]}")'
    assert await queued(tenant, after) == waiting[2:4]


async def test_a_cursor_of_another_list_or_tenant_is_refused(
    tenant: Tenant, other_tenant: Tenant, waiting: list[str]
) -> None:
    cursor = (await queue(tenant))["pageInfo"]["endCursor"]
    query = f'{{ reviewQueue(after: "{cursor}") {{ nodes {{ id }} }} }}'
    assert (await other_tenant.execute(query)).codes == ["BAD_CURSOR"]
    assert (await tenant.execute(query.replace("reviewQueue", "credentials"))).codes == ["BAD_CURSOR"]
    assert (await tenant.execute('{ reviewQueue(after: "x") { nodes { id } } }')).codes == ["BAD_CURSOR"]


async def test_decided_archived_and_deleted_credentials_leave_the_queue(tenant: Tenant, waiting: list[str]) -> None:
    approved, rejected, archived, deleted, left = waiting
    await mutation_payload(tenant, "credentialApprove", id=approved)
    await mutation_payload(tenant, "credentialReject", id=rejected)
    await mutation_payload(tenant, "credentialArchive", id=archived)
    await mutation_payload(tenant, "credentialDelete", id=deleted)
    assert await queued(tenant) == [left]
    await mutation_payload(tenant, "credentialUnarchive", id=archived)
    await mutation_payload(tenant, "credentialUndelete", id=deleted)
    assert await queued(tenant) == [archived, deleted, left]


async def test_a_new_version_waits_from_its_creation(tenant: Tenant, waiting: list[str]) -> None:
    oldest = waiting[0]
    await mutation_payload(tenant, "credentialApprove", id=oldest)
    assert await queued(tenant) == waiting[1:]
    await actions.add_version(tenant, oldest, expiryDate="2034-05-01")
    assert await queued(tenant) == [*waiting[1:], oldest]


async def test_versions_without_required_approval_are_not_queued(tenant: Tenant, worker: str) -> None:
    await tenant.add_credential(worker)
    assert await queued(tenant) == []
    await actions.update_settings(tenant, approvalsEnabled=False)
    await actions.add_ticket(tenant, worker)
    assert await queued(tenant) == []


async def test_a_check_that_needs_a_review_is_queued(tenant: Tenant, worker: str) -> None:
    key = await tenant.add_credential(worker)
    await mutation_payload(tenant, "credentialVerify", id=key)
    assert await queued(tenant) == [key]
    await mutation_payload(tenant, "credentialApprove", id=key)
    assert await queued(tenant) == []


async def test_an_unsubmitted_request_is_not_queued(tenant: Tenant, waiting: list[str]) -> None:
    requested, submitted, cancelled, *direct = waiting
    for key, intake in (
        (requested, IntakeStatus.REQUESTED),
        (submitted, IntakeStatus.SUBMITTED),
        (cancelled, IntakeStatus.CANCELLED),
    ):
        await actions.update_row(tenant, Credential, key, intake=intake)
    assert await queued(tenant) == [submitted, *direct]


async def test_the_queue_can_be_filtered(tenant: Tenant, waiting: list[str], worker: str) -> None:
    other = await tenant.add_worker("Another")
    key = await actions.add_ticket(tenant, other)
    assert await queued(tenant, f'(where: {{owner: {{type: WORKER, id: "{other}"}}}})') == [key]
    assert await queued(tenant, f'(where: {{owner: {{type: WORKER, id: "{worker}"}}}})') == waiting


async def test_the_queue_shows_nothing_of_another_tenant(other_tenant: Tenant, waiting: list[str]) -> None:
    assert waiting
    assert await queued(other_tenant) == []


async def test_the_queue_requires_the_review_scope(tenant: Tenant, waiting: list[str]) -> None:
    query = "{ reviewQueue { nodes { id } } }"
    reader = await tenant.create_key(Scope.CREDENTIALS_READ, Scope.CREDENTIALS_WRITE)
    assert (await tenant.execute(query, key=reader)).codes == ["FORBIDDEN"]
    reviewer = await tenant.create_key(Scope.CREDENTIALS_REVIEW)
    assert ids_of((await queue(tenant, key=reviewer))["nodes"]) == waiting
