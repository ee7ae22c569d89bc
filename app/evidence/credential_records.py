"""JSON objects of a pack's credentials as they were at the end of the day: versions, decisions, checks and files."""

from collections.abc import Mapping
from operator import attrgetter

from app.compliance.evaluation.snapshots import CredentialSnapshot
from app.compliance.rollups import counting
from app.credentials import fields as credential_fields
from app.credentials import permissions
from app.credentials.files.tables import Attachment
from app.credentials.tables import CredentialVersion
from app.credentials.verification.tables import VerificationAttempt, VerificationOutcome
from app.events.event_kinds import EventKind
from app.evidence.serialization import JsonObject
from app.evidence.worker_records import WorkerRecords

DECISION_EVENTS = (EventKind.CREDENTIAL_APPROVED, EventKind.CREDENTIAL_REJECTED)
VERSION_PATHS = {
    "referenceNumber": ("reference_number", "identification.referenceNumber"),
    "issuingAuthority": ("issuing_authority", "issuing.issuingAuthority"),
    "issueDate": ("issue_date", "issuing.issueDate"),
    "expiryDate": ("expiry_date", "issuing.expiryDate"),
}
"""The facts of a version: the column of each, and its name in events about the whole credential."""


def serialize(records: WorkerRecords, paths: Mapping[str, str]) -> list[JsonObject]:
    """Return the worker's credentials by id; `paths` has the path in the pack of each file by storage key."""
    return [
        _credential(records, snapshot, paths)
        for snapshot in sorted(records.worker_on_day.credentials, key=attrgetter("id"))
    ]


def _credential(records: WorkerRecords, snapshot: CredentialSnapshot, paths: Mapping[str, str]) -> JsonObject:
    context, credential_type = records.context, records.credential_types[snapshot.credential_type_id]
    return {
        "id": snapshot.id,
        "credentialType": {"code": credential_type.code, "name": credential_type.name},
        "category": snapshot.category,
        "jurisdiction": snapshot.jurisdiction,
        "owners": {"worker": snapshot.worker_id, "applicant": snapshot.applicant_id},
        "approval": snapshot.latest_approval,
        "validity": counting.validity_on(snapshot, context.day, context.soon_days_of(snapshot.credential_type_id)),
        "effectiveVersion": snapshot.on(context.day).version_id if snapshot.decided else None,
        "archivedAt": snapshot.archived_at,
        "deletedAt": snapshot.deleted_at,
        **_row_facts(records, snapshot),
        "versions": [_version(records, version, paths) for version in records.versions[snapshot.id]],
        "verifications": [_attempt(records, attempt) for attempt in records.attempts[snapshot.id]],
    }


def _row_facts(records: WorkerRecords, snapshot: CredentialSnapshot) -> JsonObject:
    """Return the facts that are only in the credential's row; those of a credential purged since are lost."""
    verification: JsonObject = {"status": snapshot.status, "eligibility": snapshot.eligibility}
    row, history = records.credentials.get(snapshot.id), records.history
    if row is None:
        return {"purged": True, "intake": {"status": snapshot.intake}, "verification": verification}
    submitted = history.last_event(row.id, EventKind.CREDENTIAL_SUBMITTED)
    finished = [at for attempt in records.attempts[row.id] if (at := history.time_if_included(attempt.finished_at))]
    return {
        "displayName": history.value(row.id, row.display_name, "identification.displayName"),
        "intake": {
            "status": snapshot.intake,
            "requestedAt": row.requested_at,
            "submittedAt": history.time_if_included(row.submitted_at) or (submitted and submitted.occurred_at),
            "dueAt": row.due_on,
            "request": row.request_id,
            "rule": row.rule_id,
        },
        "verification": {
            **verification,
            "statusDetail": history.value(row.id, row.status_detail, "verification.statusDetail"),
            "verifiable": history.value(row.id, row.is_verifiable, "verification.verifiable"),
            "lastCheckedAt": max(finished, default=None),
        },
        "createdAt": row.created_at,
    }


def _version(records: WorkerRecords, row: CredentialVersion, paths: Mapping[str, str]) -> JsonObject:
    history, subject, number = records.history, row.credential_id, row.number
    facts = {
        name: history.value(subject, getattr(row, column), name, path, number=number)
        for name, (column, path) in VERSION_PATHS.items()
    }
    return {
        "id": row.id,
        "number": number,
        **facts,
        "approval": _approval(records, row),
        "createdBy": row.created_by,
        "createdAt": row.created_at,
        "activity": [
            {
                "field": change.field,
                "before": change.before,
                "after": change.after,
                "changedBy": {"id": change.changed_by, "name": change.changed_by_name},
                "changedAt": change.changed_at,
            }
            for change in records.changes[row.id]
        ],
        "attachments": [_attachment(file, paths) for file in records.attachments[row.id]],
    }


def _approval(records: WorkerRecords, row: CredentialVersion) -> JsonObject:
    """Return the decision on a version: who made it, when and why."""
    history, subject = records.history, row.credential_id
    status, reason, notes = (
        history.value(subject, getattr(row, column), path, number=row.number)
        for path, column in credential_fields.DECISION_FIELDS.items()
    )
    undecided = {"status": status, "decidedBy": None, "decidedAt": None, "reason": reason, "notes": notes}
    if status not in permissions.DECIDED:
        return undecided
    decision = history.last_event(subject, *DECISION_EVENTS, number=row.number)
    if decision is not None:
        return {
            **undecided,
            "decidedBy": {"id": decision.actor_id, "name": decision.actor_name},
            "decidedAt": decision.occurred_at,
        }
    # There is no event for a version that was loaded with its decision.
    return {**undecided, "decidedBy": {"id": row.decided_by, "name": None}, "decidedAt": row.decided_at}


def _attachment(row: Attachment, paths: Mapping[str, str]) -> JsonObject:
    return {
        "id": row.id,
        "side": row.side,
        "fileName": row.file_name,
        "path": paths[str(row.storage_key)],
        "mediaType": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "uploadedAt": row.uploaded_at,
        "createdBy": {"id": row.created_by, "name": row.created_by_name},
    }


def _attempt(records: WorkerRecords, row: VerificationAttempt) -> JsonObject:
    attempt: JsonObject = {
        "id": row.id,
        "source": row.source,
        "trigger": row.trigger,
        "correlationId": row.correlation_id,
        "requestedBy": {"id": row.requested_by, "name": row.requested_by_name},
        "requestedAt": row.requested_at,
    }
    if not records.history.includes(row.finished_at):
        return {**attempt, "outcome": VerificationOutcome.PENDING}
    return {**attempt, **_finding(row), **_resolution(records, row)}


def _finding(row: VerificationAttempt) -> JsonObject:
    return {
        "finishedAt": row.finished_at,
        "outcome": row.outcome,
        "eligibility": row.eligibility,
        "statusDetail": row.status_detail,
        "rawStatus": row.raw_status,
        "expiryDate": row.expiry_date,
        "problems": row.problems,
        "errorMessage": row.error_message,
        "latencyMs": row.latency_ms,
    }


def _resolution(records: WorkerRecords, row: VerificationAttempt) -> JsonObject:
    """Return the resolution by a person; an attempt that was resolved later was waiting for review on the day."""
    if row.outcome is not VerificationOutcome.RESOLVED:
        return {}
    if row.resolved_at is not None and not records.history.includes(row.resolved_at):
        before = records.history.values_before(row.credential_id, row.resolved_at)
        return {
            "outcome": VerificationOutcome.REVIEW_REQUIRED,
            "eligibility": before.get("verification.eligibility", row.eligibility),
            "statusDetail": before.get("verification.statusDetail", row.status_detail),
        }
    return {
        "resolvedBy": row.resolved_by,
        "resolvedAt": row.resolved_at,
        "reason": row.reason,
        "notes": row.notes,
    }
