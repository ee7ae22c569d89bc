"""What the ledger says that a credential must look like, and whether it does."""

from typing import Any

from app.credentials.tables import NEVER, Approval, Credential
from app.credentials.version_sync import EFFECTIVE_APPROVALS
from app.events.event_kinds import EventKind
from app.events.tables import Event
from tests.credentials import life
from tests.service import Tenant

FACTS = ("reference_number", "issuing_authority", "issue_date", "expiry_date")
MARKS = {
    EventKind.CREDENTIAL_ARCHIVED: ("archived", True),
    EventKind.CREDENTIAL_RESTORED: ("archived", False),
    EventKind.CREDENTIAL_DELETED: ("deleted", True),
    EventKind.CREDENTIAL_UNDELETED: ("deleted", False),
}
DECISIONS = {
    EventKind.CREDENTIAL_APPROVED: Approval.APPROVED,
    EventKind.CREDENTIAL_REJECTED: Approval.REJECTED,
}
DATES = {"issueDate", "expiryDate", "issuing.issueDate", "issuing.expiryDate"}


async def agree(tenant: Tenant, key: str, *, first: Approval, owners: tuple[str | None, str | None]) -> None:
    """Assert that a credential is what its events say, and that its versions and its own columns agree.

    `first` is the approval that its versions begin with, `owners` the worker and applicant that it began with.
    """
    events = await life.ledger(tenant, key)
    found = await life.row(tenant, key)
    said = _replayed(events, first, owners)
    assert (found.worker_id, found.applicant_id) == (said["owners.worker"], said["owners.applicant"])
    assert (found.archived_at is not None, found.deleted_at is not None) == (said["archived"], said["deleted"])
    assert [version.approval for version in await life.history(tenant, key)] == said["approvals"]
    assert found.revision == len(events)
    await whole(tenant, found)


def _replayed(events: list[Event], first: Approval, owners: tuple[str | None, str | None]) -> dict[str, Any]:
    said: dict[str, Any] = {"archived": False, "deleted": False, "approvals": [first]}
    said["owners.worker"], said["owners.applicant"] = owners
    assert events[0].kind is EventKind.CREDENTIAL_ADDED
    for event in events[1:]:
        approvals: list[Approval] = said["approvals"]
        if event.kind in MARKS:
            name, value = MARKS[event.kind]
            assert said[name] is not value
            said[name] = value
        elif event.kind in DECISIONS:
            number = event.changes["number"]["to"]
            assert approvals[number - 1] is not DECISIONS[event.kind]
            approvals[number - 1] = DECISIONS[event.kind]
        elif event.kind is EventKind.CREDENTIAL_VERSION_ADDED:
            approvals.append(first)
            assert event.changes["number"] == {"from": len(approvals) - 1, "to": len(approvals)}
        elif DATES & event.changes.keys() and approvals[-1] in DECISIONS.values():
            approvals[-1] = first
        for name in ("owners.worker", "owners.applicant"):
            if name in event.changes:
                assert said[name] == event.changes[name]["from"]
                said[name] = event.changes[name]["to"]
    return said


async def whole(tenant: Tenant, found: Credential) -> None:
    """Assert that a credential and its versions agree: no change is half written."""
    history = await life.history(tenant, found.id)
    latest = history[-1]
    effective = next((version for version in reversed(history) if version.approval in EFFECTIVE_APPROVALS), None)
    assert [version.number for version in history] == list(range(1, len(history) + 1))
    assert (found.latest_version_id, found.latest_approval) == (latest.id, latest.approval)
    assert found.effective_version_id == (effective.id if effective else None)
    assert [getattr(found, name) for name in FACTS] == [getattr(latest, name) for name in FACTS]
    counted = effective or latest
    assert (found.valid_from, found.expires_on) == (counted.issue_date, counted.expiry_date or NEVER)
    assert found.worker_id or found.applicant_id


async def gone(tenant: Tenant, key: str) -> None:
    """Assert that nothing of a credential is left but its events, of which the last is its purge."""
    rows = await tenant.rows()
    assert key not in {row["id"] for row in rows["credentials"]}
    for table in ("credential_versions", "verification_attempts", "attachments"):
        assert key not in {row["credential_id"] for row in rows[table]}
    versions = {row["id"] for row in rows["credential_versions"]}
    assert {row["version_id"] for row in rows["credential_version_changes"]} <= versions
    kinds = await life.facts(tenant, key)
    assert (kinds[-1], kinds.count("credential.purged")) == ("credential.purged", 1)
