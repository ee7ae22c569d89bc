"""Assertions that a credential's rows are consistent with each other and with its events."""

from typing import Any

from app.credentials.tables import EFFECTIVE_APPROVALS, NEVER, ApprovalStatus, Credential, OwnerType
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.workers.fields import owner_text
from app.workers.tables import Applicant, Worker
from tests.credentials import actions
from tests.service import Tenant

FACTS = ("reference_number", "issuing_authority", "issue_date", "expiry_date")
LIFECYCLE_CHANGES = {
    EventKind.CREDENTIAL_ARCHIVED: ("archived", True),
    EventKind.CREDENTIAL_RESTORED: ("archived", False),
    EventKind.CREDENTIAL_DELETED: ("deleted", True),
    EventKind.CREDENTIAL_UNDELETED: ("deleted", False),
}
DECISIONS = {
    EventKind.CREDENTIAL_APPROVED: ApprovalStatus.APPROVED,
    EventKind.CREDENTIAL_REJECTED: ApprovalStatus.REJECTED,
}
DATES = {"issueDate", "expiryDate", "issuing.issueDate", "issuing.expiryDate"}


async def assert_matches_events(
    tenant: Tenant, key: str, *, first: ApprovalStatus, owners: tuple[str | None, str | None]
) -> None:
    """Assert that a credential matches its events, and that its versions and its own columns are consistent.

    `first` is the approval with which its versions start, `owners` its first worker and applicant.
    """
    events = await actions.events_of(tenant, key)
    credential = await actions.credential_row(tenant, key)
    replayed = _replay(events, first, owners)
    assert (credential.worker_id, credential.applicant_id) == (replayed["owners.worker"], replayed["owners.applicant"])
    assert (credential.archived_at is not None, credential.deleted_at is not None) == (
        replayed["archived"],
        replayed["deleted"],
    )
    assert [version.approval for version in await actions.version_rows(tenant, key)] == replayed["approvals"]
    assert credential.revision == len(events)
    await assert_consistent(tenant, credential)


def _replay(events: list[Event], first: ApprovalStatus, owners: tuple[str | None, str | None]) -> dict[str, Any]:
    replayed: dict[str, Any] = {"archived": False, "deleted": False, "approvals": [first]}
    replayed["owners.worker"], replayed["owners.applicant"] = owners
    assert events[0].kind is EventKind.CREDENTIAL_ADDED
    for event in events[1:]:
        approvals: list[ApprovalStatus] = replayed["approvals"]
        if event.kind in LIFECYCLE_CHANGES:
            name, value = LIFECYCLE_CHANGES[event.kind]
            assert replayed[name] is not value
            replayed[name] = value
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
                assert replayed[name] == event.changes[name]["from"]
                replayed[name] = event.changes[name]["to"]
    return replayed


async def assert_consistent(tenant: Tenant, credential: Credential) -> None:
    """Assert that a credential and its versions are consistent: no change is half written."""
    history = await actions.version_rows(tenant, credential.id)
    latest = history[-1]
    effective = next((version for version in reversed(history) if version.approval in EFFECTIVE_APPROVALS), None)
    assert [version.number for version in history] == list(range(1, len(history) + 1))
    assert (credential.latest_version_id, credential.latest_approval) == (latest.id, latest.approval)
    assert credential.effective_version_id == (effective.id if effective else None)
    assert [getattr(credential, name) for name in FACTS] == [getattr(latest, name) for name in FACTS]
    counted = effective or latest
    assert (credential.valid_from, credential.expires_on) == (counted.issue_date, counted.expiry_date or NEVER)
    assert credential.worker_id or credential.applicant_id
    assert (credential.worker_text, credential.applicant_text) == await _owner_texts(tenant, credential)
    assert credential.living_owner is await _living_owner(tenant, credential)


async def _owner_texts(tenant: Tenant, credential: Credential) -> tuple[str, ...]:
    """Return the texts of the owners by which a credential is searched."""
    owners: tuple[tuple[type[Worker | Applicant], str | None], ...] = (
        (Worker, credential.worker_id),
        (Applicant, credential.applicant_id),
    )
    async with tenant.service.database.reading("test") as session:
        return tuple(
            [owner_text(await session.get_row(table, (tenant.id, key))) if key else "" for table, key in owners]
        )


async def _living_owner(tenant: Tenant, credential: Credential) -> OwnerType | None:
    """Return the type of the first owner who is not deleted."""
    owners: dict[OwnerType, tuple[type[Worker | Applicant], str | None]] = {
        OwnerType.WORKER: (Worker, credential.worker_id),
        OwnerType.APPLICANT: (Applicant, credential.applicant_id),
    }
    async with tenant.service.database.reading("test") as session:
        for owner_type, (table, key) in owners.items():
            if key is not None and (await session.get_row(table, (tenant.id, key))).deleted_at is None:
                return owner_type
    return None


async def assert_purged(tenant: Tenant, key: str) -> None:
    """Assert that only the events of a credential are left, and that the last is its purge."""
    rows = await tenant.rows()
    assert key not in {row["id"] for row in rows["credentials"]}
    for table in ("credential_versions", "verification_attempts", "attachments"):
        assert key not in {row["credential_id"] for row in rows[table]}
    versions = {row["id"] for row in rows["credential_versions"]}
    assert {row["version_id"] for row in rows["credential_version_changes"]} <= versions
    kinds = await actions.event_kinds(tenant, key)
    assert (kinds[-1], kinds.count("credential.purged")) == ("credential.purged", 1)
