"""JSON objects of an evidence pack: each record as it was at the end of the day, with the field names of the graph."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from app.compliance.evaluation.facts import Cell
from app.compliance.tables import CredentialRequest, Exemption
from app.core.fields import InputFields
from app.events.tables import Event
from app.evidence.worker_records import WorkerRecords
from app.organizations.tables import OrgUnit
from app.workers import fields as worker_fields
from app.workers.tables import Position

JsonObject = dict[str, Any]


def worker(records: WorkerRecords) -> JsonObject:
    """Return the worker with their units, assignments, requests and exemptions."""
    row, snapshot = records.worker, records.worker_on_day.worker
    return {
        "id": row.id,
        **_group_by_path(_field_values(records, worker_fields.WORKER, row)),
        "createdAt": row.created_at,
        "deletedAt": snapshot.deleted_at,
        "orgUnits": [_reference(records.units, key) for key in records.context.ancestors(snapshot.org_unit_id)],
        "assignments": [
            {
                "position": _reference(records.positions, assignment.position_id),
                "from": assignment.from_date,
                "to": assignment.to_date,
            }
            for assignment in sorted(records.worker_on_day.assignments, key=attrgetter("from_date", "position_id"))
        ],
        "requests": [_request(records, request) for request in records.requests],
        "exemptions": [_exemption(records, exemption) for exemption in records.exemptions],
    }


def _request(records: WorkerRecords, row: CredentialRequest) -> JsonObject:
    """Return a request; its status is None if the credential no longer belongs to the worker."""
    credential = records.credential_snapshots.get(row.credential_id)
    return {
        "id": row.id,
        "credentialType": records.credential_types[row.credential_type_id].code,
        "credential": row.credential_id,
        "status": credential and credential.intake,
        "rule": row.rule_id,
        "raisedBy": row.raised_by,
        "message": row.message,
        "guidance": row.guidance,
        "dueOn": row.due_on,
        "createdAt": row.created_at,
    }


def _exemption(records: WorkerRecords, row: Exemption) -> JsonObject:
    return {
        "id": row.id,
        "rule": row.rule_id,
        "credentialType": row.credential_type_id and records.credential_types[row.credential_type_id].code,
        "reason": row.reason,
        "from": row.from_date,
        "to": row.to_date,
        "approver": {"id": row.approved_by, "name": row.approved_by_name},
        "createdAt": row.created_at,
        "revokedAt": records.history.time_if_included(row.revoked_at),
    }


def _reference(rows: Mapping[str, Position] | Mapping[str, OrgUnit], key: str) -> JsonObject:
    """Return a row's id and name; the name of a unit deleted since is None."""
    return {"id": key, "name": rows[key].name if key in rows else None}


def compliance(records: WorkerRecords) -> JsonObject:
    """Return the worker's standing on the day, with a cell for each rule that explains it."""
    evaluation = records.evaluation
    return {
        "asOf": records.context.day,
        "standing": evaluation and evaluation.standing,
        "cells": [_cell(records, cell) for cell in evaluation.cells] if evaluation else [],
    }


def _cell(records: WorkerRecords, cell: Cell) -> JsonObject:
    rule = cell.rule
    return {
        "rule": {
            "id": rule.id,
            "name": records.rules[rule.id].name,
            "scope": rule.scope,
            "level": rule.level,
            "severity": rule.severity,
            "credentialTypes": [records.credential_types[key].code for key in rule.alternatives],
            "minimum": rule.minimum,
            "graceDays": rule.grace_days,
            "effectiveFrom": rule.effective_from,
            "effectiveTo": rule.effective_to,
        },
        "status": cell.status,
        "reason": cell.reason,
        "credential": cell.credential_id,
        "exemption": cell.exemption_id,
        "wanted": [records.credential_types[key].code for key in cell.wanted],
    }


def event(row: Event) -> JsonObject:
    """Return an entry of the event log."""
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


def _field_values(records: WorkerRecords, fields: InputFields, row: Any) -> dict[str, Any]:
    """Return the values of a row's input fields as they were, by the fields' paths."""
    return {field.name: records.history.value(row.id, getattr(row, field.column), field.name) for field in fields.all}


def _group_by_path(values: Mapping[str, Any]) -> JsonObject:
    """Return values with dotted paths as nested objects."""
    groups: JsonObject = {}
    for path, value in values.items():
        group, _, name = path.rpartition(".")
        (groups.setdefault(group, {}) if group else groups)[name] = value
    return groups
