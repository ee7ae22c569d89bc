"""How an evidence pack tells of each record: by the names of the graph, as it was when the day ended."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from app.compliance.evaluation.facts import Cell
from app.compliance.tables import CredentialRequest
from app.core.fields import Fields
from app.events.tables import Event
from app.evidence.worker_records import Records
from app.organizations.tables import OrgUnit
from app.workers import fields as worker_fields
from app.workers.tables import Position

Told = dict[str, Any]


def worker(records: Records) -> Told:
    """The worker, where they were placed, what they were asked for and let off."""
    row, past, kept = records.worker, records.past, records.gathered.worker
    return {
        "id": row.id,
        **_nested(_was(records, worker_fields.WORKER, row)),
        "createdAt": row.created_at,
        "deletedAt": kept.deleted_at,
        "orgUnits": [_named(records.units, key) for key in records.frame.above(kept.org_unit_id)],
        "assignments": [
            {
                "position": _named(records.positions, post.position_id),
                "from": post.from_date,
                "to": post.to_date,
            }
            for post in sorted(records.gathered.posts, key=attrgetter("from_date", "position_id"))
        ],
        "requests": [_request(records, request) for request in records.requests],
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


def _request(records: Records, row: CredentialRequest) -> Told:
    """What they were asked for, and how far it was; that of one whose credential is no more theirs is not known."""
    credential = records.held.get(row.credential_id)
    return {
        "id": row.id,
        "credentialType": records.types[row.credential_type_id].code,
        "credential": row.credential_id,
        "status": credential and credential.intake,
        "rule": row.rule_id,
        "raisedBy": row.raised_by,
        "message": row.message,
        "guidance": row.guidance,
        "dueOn": row.due_on,
        "createdAt": row.created_at,
    }


def _named(rows: Mapping[str, Position] | Mapping[str, OrgUnit], key: str) -> Told:
    """A row by its id and its name; a unit that was deleted since has none."""
    return {"id": key, "name": rows[key].name if key in rows else None}


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
