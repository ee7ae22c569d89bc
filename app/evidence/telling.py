"""How an evidence pack tells of each record: by the names of the graph, as it was when the day ended."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from app.compliance.facts import Cell
from app.compliance.kept import KeptCredential
from app.core.fields import Fields
from app.credentials import fields as credential_fields
from app.credentials import states, validity
from app.credentials.attachment_tables import Attachment
from app.credentials.tables import NEVER, CredentialVersion, Outcome, VerificationAttempt
from app.events.kinds import EventKind
from app.events.tables import Event
from app.evidence.records import Records
from app.workers import fields as worker_fields

Told = dict[str, Any]
DECISIONS = (EventKind.CREDENTIAL_APPROVED, EventKind.CREDENTIAL_REJECTED)
VERSION_PATHS = {
    "referenceNumber": ("reference_number", "identification.referenceNumber"),
    "issuingAuthority": ("issuing_authority", "issuing.issuingAuthority"),
    "issueDate": ("issue_date", "issuing.issueDate"),
    "expiryDate": ("expiry_date", "issuing.expiryDate"),
}
"""A version's facts: the column of each, and its name where the ledger tells of the whole credential."""


def worker(records: Records) -> Told:
    """The worker, where they were placed, what they were asked for and let off."""
    row, past, kept = records.worker, records.past, records.gathered.worker
    return {
        "id": row.id,
        **_nested(_was(records, worker_fields.WORKER, row)),
        "createdAt": row.created_at,
        "deletedAt": kept.deleted_at,
        "orgUnits": [{"id": key, "name": records.units[key].name} for key in records.frame.above(kept.org_unit_id)],
        "assignments": [
            {
                "position": {"id": post.position_id, "name": records.positions[post.position_id].name},
                "from": post.from_date,
                "to": post.to_date,
            }
            for post in sorted(records.gathered.posts, key=attrgetter("from_date", "position_id"))
        ],
        "requests": [
            {
                "id": request.id,
                "credentialType": records.types[request.credential_type_id].code,
                "credential": request.credential_id,
                "rule": request.rule_id,
                "raisedBy": request.raised_by,
                "message": request.message,
                "guidance": request.guidance,
                "createdAt": request.created_at,
                "closedAt": past.since(request.closed_at),
            }
            for request in records.requests
        ],
        "exemptions": [
            {
                "id": row.id,
                "rule": row.rule_id,
                "credentialType": row.credential_type_id and records.types[row.credential_type_id].code,
                "reason": row.reason,
                "from": row.from_date,
                "to": row.to_date,
                "approver": {"id": row.approved_by, "name": row.approved_by_name},
                "createdAt": row.created_at,
                "revokedAt": past.since(row.revoked_at),
            }
            for row in records.exemptions
        ],
    }


def compliance(records: Records) -> Told:
    """Where the worker stood on the day, and why: a cell for each rule."""
    judged = records.judged
    return {
        "asOf": records.frame.day,
        "standing": judged and judged.standing,
        "cells": [_cell(records, cell) for cell in judged.cells] if judged else [],
    }


def _cell(records: Records, cell: Cell) -> Told:
    rule = cell.rule
    return {
        "rule": {
            "id": rule.id,
            "name": records.rules[rule.id].name,
            "scope": rule.scope,
            "level": rule.level,
            "severity": rule.severity,
            "credentialTypes": [records.types[key].code for key in rule.alternatives],
            "minimum": rule.minimum,
            "graceDays": rule.grace_days,
            "effectiveFrom": rule.effective_from,
            "effectiveTo": rule.effective_to,
        },
        "status": cell.status,
        "reason": cell.reason,
        "credential": cell.credential_id,
        "exemption": cell.exemption_id,
        "wanted": [records.types[key].code for key in cell.wanted],
    }


def credentials(records: Records, paths: Mapping[str, str]) -> list[Told]:
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
        "versions": [
            _version(records, version, paths) for version in records.versions if version.credential_id == kept.id
        ],
        "verifications": [
            _attempt(records, attempt) for attempt in records.attempts if attempt.credential_id == kept.id
        ],
    }


def _stated(records: Records, kept: KeptCredential) -> Told:
    """What only the row says of a credential; of one that was purged since, there is only what is kept."""
    verification: Told = {"status": kept.status, "eligibility": kept.eligibility}
    row, past = records.credentials.get(kept.id), records.past
    if row is None:
        return {"purged": True, "intake": {"status": kept.intake}, "verification": verification}
    submitted = past.last(row.id, [EventKind.CREDENTIAL_SUBMITTED])
    checks = [at for one in records.attempts if one.credential_id == row.id and (at := past.since(one.finished_at))]
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
            for change in records.changes
            if change.version_id == row.id
        ],
        "attachments": [_attachment(file, paths) for file in records.attachments if file.version_id == row.id],
    }


def _approval(records: Records, row: CredentialVersion) -> Told:
    """What was decided of a version, by whom and why."""
    past, subject = records.past, row.credential_id
    status, reason, notes = (
        past.was(subject, getattr(row, column), path, number=row.number)
        for path, column in credential_fields.DECISION.items()
    )
    decided_by, decided_at = row.decided_by, past.since(row.decided_at)
    if status not in states.DECIDED:
        decided_by = decided_at = None
    elif decided_at is None and (decision := past.last(subject, DECISIONS, row.number)) is not None:
        decided_by, decided_at = decision.actor_id, decision.occurred_at
    return {"status": status, "decidedBy": decided_by, "decidedAt": decided_at, "reason": reason, "notes": notes}


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
    """How a person settled a check, unless that was later: then it waited for one."""
    before = records.past.taken_back(row.credential_id, row.correlation_id)
    if row.outcome is Outcome.RESOLVED and before:
        return {
            "outcome": Outcome.REVIEW_REQUIRED,
            "eligibility": before.get("verification.eligibility", row.eligibility),
            "statusDetail": before.get("verification.statusDetail", row.status_detail),
        }
    return {"resolvedBy": row.resolved_by, "reason": row.reason, "notes": row.notes} if row.resolved_by else {}


def event(row: Event) -> Told:
    """An entry of the ledger."""
    return {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject_id,
        "worker": row.worker_id,
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name},
        "changes": row.changes,
        "occurredAt": row.occurred_at,
        "requestId": row.request_id,
        "correlationId": row.correlation_id,
    }


def _was(records: Records, fields: Fields, row: Any) -> dict[str, Any]:
    """What could be written of a row, as it was, by the names that people write."""
    return {field.name: records.past.was(row.id, getattr(row, field.column), field.name) for field in fields.all}


def _nested(values: Mapping[str, Any]) -> Told:
    """Values by their paths, as groups."""
    found: Told = {}
    for path, value in values.items():
        group, _, name = path.rpartition(".")
        (found.setdefault(group, {}) if group else found)[name] = value
    return found
