"""The handler's only mutation: the approval of a credential in one hand-written transaction.

It writes what the service writes: the version, the credential with its past, the event, the idempotency key, and a mark
of each owner whose standing may have changed.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from app.core import ids
from scripts.benchmark.peers.keys import Caller

REASON = "Sighted the original"

_CLAIM_KEY = """
    INSERT INTO idempotency_keys (organization_id, actor_id, id, digest, outcome, created_at)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT DO NOTHING RETURNING id
"""
_LOCK = """
    SELECT c.worker_id, c.applicant_id, c.archived_at, c.deleted_at, c.status AS "verification.status",
           c.eligibility AS "verification.eligibility", c.status_detail AS "verification.statusDetail",
           c.intake AS "intake.status", v.approval AS "approval.status", v.reason AS "approval.reason",
           v.notes AS "approval.notes", v.id AS version_id, v.number, v.issue_date, v.expiry_date
    FROM credentials c
    JOIN credential_versions v ON v.organization_id = c.organization_id AND v.id = c.latest_version_id
    WHERE c.organization_id = $1 AND c.id = $2 FOR UPDATE OF c
"""
_DECIDE = """
    UPDATE credential_versions
    SET approval = 'APPROVED', decided_by = $3, decided_at = $4, reason = $5, notes = NULL
    WHERE organization_id = $1 AND id = $2
"""
_SETTLE = """
    UPDATE credentials
    SET status = 'ACTIVE', eligibility = 'MAY_ENGAGE', status_detail = 'VALID', latest_approval = 'APPROVED',
        effective_version_id = $3, valid_from = $4, expires_on = coalesce($5, 'infinity'::date),
        intake = CASE WHEN intake = 'SUBMITTED' THEN 'COMPLETED' ELSE intake END,
        revision = revision + 1, updated_at = $6
    WHERE organization_id = $1 AND id = $2 RETURNING revision
"""
_RECORD = """
    INSERT INTO events (organization_id, id, kind, subject_id, worker_id, actor_kind, actor_id, actor_name, changes,
                        occurred_at, request_id)
    VALUES ($1, $2, 'credential.approved', $3, $4, 'SERVICE', $5, $6, $7::jsonb, $8, $9)
"""
_KEEP = """
    INSERT INTO history (organization_id, id, kind, row_id, worker_id, recorded_at, "values")
    SELECT organization_id, $3, 'credentials', id, worker_id, updated_at, jsonb_build_object(
        'worker_id', worker_id, 'applicant_id', applicant_id, 'credential_type_id', credential_type_id,
        'category', category, 'jurisdiction', jurisdiction, 'intake', intake, 'status', status,
        'eligibility', eligibility, 'latest_approval', latest_approval, 'effective_version_id', effective_version_id,
        'valid_from', valid_from, 'expires_on', least(expires_on, '9999-12-31'), 'periods', periods,
        'archived_at', archived_at, 'deleted_at', deleted_at)
    FROM credentials WHERE organization_id = $1 AND id = $2
"""
_MARK = "INSERT INTO unsettled (organization_id, id, owner_id) VALUES ($1, $2, $3)"


class Refused(Exception):
    """The reason why a credential is not approved."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def approve(connection: Any, caller: Caller, asked: dict[str, str]) -> dict[str, Any]:
    """Approve a credential's latest version; return the payload. A refusal rolls everything back."""
    try:
        async with connection.transaction():
            payload = await _approve(connection, caller, asked["id"], asked["key"])
    except Refused as refusal:
        error = {"code": refusal.code, "message": str(refusal), "path": ["id"]}
        payload = {"credential": None, "errors": [error]}
    return {"credentialApprove": payload}


async def _approve(connection: Any, caller: Caller, key: str, once: str) -> dict[str, Any]:
    tenant, now = caller.organization_id, datetime.now(UTC)
    digest = hashlib.sha256(orjson.dumps(["credentialApprove", {"id": key, "reason": REASON}])).hexdigest()
    outcome = orjson.dumps({"record": "credentials", "id": key}).decode()
    if await connection.fetchval(_CLAIM_KEY, tenant, caller.key_id, once, digest, outcome, now) is None:
        raise Refused("IDEMPOTENCY_MISMATCH", "this idempotencyKey was used")
    row = await connection.fetchrow(_LOCK, tenant, key)
    if row is None:
        raise Refused("NOT_FOUND", f"id: there is no credential {key}")
    if row["deleted_at"] or row["archived_at"] or row["intake.status"] not in ("DIRECT", "SUBMITTED", "COMPLETED"):
        raise Refused("NOT_REVIEWABLE", "nobody can decide about it")
    if row["approval.status"] == "APPROVED":
        raise Refused("ALREADY_APPROVED", "the version is already approved")
    version = row["version_id"]
    await connection.execute(_DECIDE, tenant, version, caller.key_id, now, REASON)
    revision = await connection.fetchval(_SETTLE, tenant, key, version, row["issue_date"], row["expiry_date"], now)
    await connection.execute(
        _RECORD,
        *(tenant, ids.new("evt"), key, row["worker_id"], caller.key_id, caller.name),
        *(orjson.dumps(_changes(row)).decode(), now, ids.new("req")),
    )
    await connection.execute(_KEEP, tenant, key, ids.new("hist"))
    owners = [row[slot] for slot in ("worker_id", "applicant_id") if row[slot] is not None]
    await connection.executemany(_MARK, [(tenant, ids.new("uns"), owner) for owner in owners])
    return {
        "credential": {
            "id": key,
            "verification": {"status": "ACTIVE", "eligibility": "MAY_ENGAGE", "statusDetail": "VALID"},
            "latestVersion": {
                "id": version,
                "number": row["number"],
                "approval": {"status": "APPROVED", "reason": REASON},
            },
            "revision": revision,
        },
        "errors": [],
    }


def _changes(row: Any) -> dict[str, Any]:
    """Return the changes of the decision, as the event records them."""
    after = {
        "verification.status": "ACTIVE",
        "verification.eligibility": "MAY_ENGAGE",
        "verification.statusDetail": "VALID",
        "intake.status": "COMPLETED" if row["intake.status"] == "SUBMITTED" else row["intake.status"],
        "approval.status": "APPROVED",
        "approval.reason": REASON,
        "approval.notes": None,
    }
    changes = {name: {"from": row[name], "to": value} for name, value in after.items() if row[name] != value}
    return changes | {"number": {"from": row["number"], "to": row["number"]}}
