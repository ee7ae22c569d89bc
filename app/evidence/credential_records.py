"""How an evidence pack tells of credentials, as they were when the day ended: versions, decisions, checks and files."""

from collections.abc import Mapping
from operator import attrgetter

from app.compliance.evaluation.snapshots import KeptCredential
from app.credentials import fields as credential_fields
from app.credentials import permissions, validity
from app.credentials.files.tables import Attachment
from app.credentials.tables import NEVER, CredentialVersion
from app.credentials.verification.tables import Outcome, VerificationAttempt
from app.events.event_kinds import EventKind
from app.evidence.serialization import Told
from app.evidence.worker_records import Records

DECISIONS = (EventKind.CREDENTIAL_APPROVED, EventKind.CREDENTIAL_REJECTED)
VERSION_PATHS = {
    "referenceNumber": ("reference_number", "identification.referenceNumber"),
    "issuingAuthority": ("issuing_authority", "issuing.issuingAuthority"),
    "issueDate": ("issue_date", "issuing.issueDate"),
    "expiryDate": ("expiry_date", "issuing.expiryDate"),
}
"""A version's facts: the column of each, and its name where the ledger tells of the whole credential."""


def tell(records: Records, paths: Mapping[str, str]) -> list[Told]:
    """Every credential of the worker with all that belongs to it; `paths` say where the bytes of files lie."""
    return [_credential(records, kept, paths) for kept in sorted(records.gathered.credentials, key=attrgetter("id"))]


def _credential(records: Records, kept: KeptCredential, paths: Mapping[str, str]) -> Told:
    day, frame, kind = records.frame.day, records.frame, records.types[kept.credential_type_id]
    expires = None if kept.expires_on == NEVER else kept.expires_on
    return {
        "id": kept.id,
        "credentialType": {"code": kind.code, "name": kind.name},
        "category": kept.category,
        "jurisdiction": kept.jurisdiction,
        "owners": {"worker": kept.worker_id, "applicant": kept.applicant_id},
        "approval": kept.latest_approval,
        "validity": validity.on(day, kept.valid_from, expires, frame.soon(kept.credential_type_id)),
        "effectiveVersion": kept.effective_version_id,
        "archivedAt": kept.archived_at,
        "deletedAt": kept.deleted_at,
        **_stated(records, kept),
        "versions": [_version(records, version, paths) for version in records.versions[kept.id]],
        "verifications": [_attempt(records, attempt) for attempt in records.attempts[kept.id]],
    }


def _stated(records: Records, kept: KeptCredential) -> Told:
    """What only the row says of a credential; of one that was purged since, there is only what is kept."""
    verification: Told = {"status": kept.status, "eligibility": kept.eligibility}
    row, past = records.credentials.get(kept.id), records.past
    if row is None:
        return {"purged": True, "intake": {"status": kept.intake}, "verification": verification}
    submitted = past.last(row.id, EventKind.CREDENTIAL_SUBMITTED)
    checks = [at for one in records.attempts[row.id] if (at := past.since(one.finished_at))]
    return {
        "displayName": past.was(row.id, row.display_name, "identification.displayName"),
        "intake": {
            "status": kept.intake,
            "requestedAt": row.requested_at,
            "submittedAt": past.since(row.submitted_at) or (submitted and submitted.occurred_at),
            "dueAt": row.due_on,
            "request": row.request_id,
            "rule": row.rule_id,
        },
        "verification": {
            **verification,
            "statusDetail": past.was(row.id, row.status_detail, "verification.statusDetail"),
            "isVerifiable": past.was(row.id, row.is_verifiable, "verification.isVerifiable"),
            "lastCheckedAt": max(checks, default=None),
        },
        "createdAt": row.created_at,
    }


def _version(records: Records, row: CredentialVersion, paths: Mapping[str, str]) -> Told:
    past, subject, number = records.past, row.credential_id, row.number
    facts = {
        name: past.was(subject, getattr(row, column), name, path, number=number)
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


def _approval(records: Records, row: CredentialVersion) -> Told:
    """What was decided of a version, by whom and why."""
    past, subject = records.past, row.credential_id
    status, reason, notes = (
        past.was(subject, getattr(row, column), path, number=row.number)
        for path, column in credential_fields.DECISION.items()
    )
    told = {"status": status, "decidedBy": None, "decidedAt": None, "reason": reason, "notes": notes}
    if status not in permissions.DECIDED:
        return told
    decision = past.last(subject, *DECISIONS, number=row.number)
    if decision is not None:
        return {
            **told,
            "decidedBy": {"id": decision.actor_id, "name": decision.actor_name},
            "decidedAt": decision.occurred_at,
        }
    # What was loaded was decided elsewhere.
    return {**told, "decidedBy": {"id": row.decided_by, "name": None}, "decidedAt": row.decided_at}


def _attachment(row: Attachment, paths: Mapping[str, str]) -> Told:
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


def _attempt(records: Records, row: VerificationAttempt) -> Told:
    told: Told = {
        "id": row.id,
        "source": row.source,
        "trigger": row.trigger,
        "correlationId": row.correlation_id,
        "requestedBy": {"id": row.requested_by, "name": row.requested_by_name},
        "requestedAt": row.requested_at,
    }
    if not records.past.covers(row.finished_at):
        return {**told, "outcome": Outcome.PENDING}
    return {**told, **_finding(row), **_resolution(records, row)}


def _finding(row: VerificationAttempt) -> Told:
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


def _resolution(records: Records, row: VerificationAttempt) -> Told:
    """How a person settled a check; where that was later, it waited for one."""
    if row.outcome is not Outcome.RESOLVED:
        return {}
    if row.resolved_at is not None and not records.past.covers(row.resolved_at):
        before = records.past.before(row.credential_id, row.resolved_at)
        return {
            "outcome": Outcome.REVIEW_REQUIRED,
            "eligibility": before.get("verification.eligibility", row.eligibility),
            "statusDetail": before.get("verification.statusDetail", row.status_detail),
        }
    return {
        "resolvedBy": row.resolved_by,
        "resolvedAt": row.resolved_at,
        "reason": row.reason,
        "notes": row.notes,
    }
