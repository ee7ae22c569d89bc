"""The handler's reads: hand-written conversion of rows to answers in the service's shape."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from app.events.event_kinds import EventKind
from scripts.benchmark.peers import rollup, statements
from scripts.benchmark.peers.keys import Caller

THOUSAND = (
    "WWCC_NSW", "WWCC_VIC", "BLUE_CARD_QLD", "TEACHER_NSW", "AHPRA_REGISTRATION",
    "FIRST_AID", "CPR", "PASSPORT", "DRIVERS_LICENCE", "WHITE_CARD",
)  # fmt: skip

KINDS = {kind.value: kind.name for kind in EventKind}

Row = Any
Answer = dict[str, Any]


async def worker(connection: Any, caller: Caller, asked: Any) -> Answer:
    """Return one worker."""
    row = await connection.fetchrow(statements.WORKER, caller.organization_id, asked["id"])
    if row is None:
        return {"worker": None}
    return {
        "worker": {
            "id": row["id"],
            "identity": {
                "displayName": row["display_name"],
                "firstName": row["first_name"],
                "lastName": row["last_name"],
            },
            "contact": {"workEmail": row["work_email"], "phone": row["phone"]},
            "employment": {
                "jobTitle": row["job_title"],
                "workerType": row["worker_type"],
                "startDate": row["start_date"],
            },
            "revision": row["revision"],
            "updatedAt": row["updated_at"],
        }
    }


async def page(connection: Any, caller: Caller, _asked: Any) -> Answer:
    """Return fifty workers, each with ten credentials and their versions."""
    tenant = caller.organization_id
    workers = await connection.fetch(statements.WORKERS, tenant, 51)
    more, workers = len(workers) > 50, workers[:50]
    credentials = await connection.fetch(statements.CREDENTIALS_OF, tenant, [row["id"] for row in workers], 10)
    versions = await connection.fetch(statements.VERSIONS_OF, tenant, [row["id"] for row in credentials], 10)
    history: dict[str, list[Answer]] = defaultdict(list)
    for row in versions:
        history[row["credential_id"]].append(
            {
                "id": row["id"],
                "number": row["number"],
                "issueDate": row["issue_date"],
                "expiryDate": row["expiry_date"],
            }
        )
    held: dict[str, list[Answer]] = defaultdict(list)
    for row in credentials:
        held[row["worker_id"]].append(
            {
                "id": row["id"],
                "identification": {
                    "displayName": row["display_name"],
                    "category": row["category"],
                    "referenceNumber": row["reference_number"],
                },
                "verification": {"status": row["status"]},
                "versions": {"nodes": history[row["id"]]},
            }
        )
    nodes = [
        {
            "id": row["id"],
            "identity": {"displayName": row["display_name"]},
            "employment": {"jobTitle": row["job_title"]},
            "credentials": {"nodes": held[row["id"]]},
        }
        for row in workers
    ]
    return {"workers": {"nodes": nodes, "pageInfo": {"hasNextPage": more}}}


async def filtered(connection: Any, caller: Caller, asked: Any) -> Answer:
    """Return fifty active credentials of a type with their workers, ordered by expiry."""
    rows = await connection.fetch(statements.FILTERED, caller.organization_id, asked["type"], 51)
    nodes = [
        {
            "id": row["id"],
            "identification": {"displayName": row["display_name"], "referenceNumber": row["reference_number"]},
            "issuing": {"issueDate": row["issue_date"], "expiryDate": row["expiry_date"]},
            "verification": {"status": row["status"], "eligibility": row["eligibility"]},
            "owners": {"worker": _holder(row)},
        }
        for row in rows[:50]
    ]
    return {"credentials": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > 50}}}


async def thousand(connection: Any, caller: Caller, _asked: Any) -> Answer:
    """Return ten pages of a hundred credentials, each page of one type."""
    return {f"page{index}": await _hundred(connection, caller, code) for index, code in enumerate(THOUSAND)}


async def _hundred(connection: Any, caller: Caller, code: str) -> Answer:
    return {
        "nodes": [
            {
                "id": row["id"],
                "identification": {
                    "displayName": row["display_name"],
                    "category": row["category"],
                    "referenceNumber": row["reference_number"],
                },
                "issuing": {
                    "issuingAuthority": row["issuing_authority"],
                    "jurisdiction": row["jurisdiction"],
                    "issueDate": row["issue_date"],
                    "expiryDate": row["expiry_date"],
                },
                "verification": {"status": row["status"], "eligibility": row["eligibility"]},
                "revision": row["revision"],
                "updatedAt": row["updated_at"],
            }
            for row in await connection.fetch(statements.OF_TYPE, caller.organization_id, code, 100)
        ]
    }


async def dashboard(connection: Any, caller: Caller, asked: Any) -> Answer:
    """Return a reviewer's dashboard: counts, expiring credentials, the head of the queue and the latest events."""
    tenant = caller.organization_id
    span = (date.fromisoformat(asked["today"]), date.fromisoformat(asked["soon"]))
    counts = {
        name: {"totalCount": {"count": await connection.fetchval(statements.COUNT, tenant, name.upper())}}
        for name in ("pending", "suspended", "revoked")
    }
    expiring = await connection.fetch(statements.EXPIRING, tenant, *span)
    queue = await connection.fetch(statements.QUEUE, tenant, 5)
    activity = await connection.fetch(statements.ACTIVITY, tenant)
    return {
        **counts,
        "expiring": {
            "totalCount": {"count": await connection.fetchval(statements.EXPIRING_COUNT, tenant, *span)},
            "nodes": [
                {
                    "id": row["id"],
                    "identification": {"displayName": row["display_name"]},
                    "issuing": {"expiryDate": row["expiry_date"]},
                    "owners": {"worker": _holder(row)},
                }
                for row in expiring
            ],
        },
        "reviewQueue": {
            "nodes": [
                {
                    "id": row["id"],
                    "identification": {"displayName": row["display_name"]},
                    "latestVersion": {
                        "id": row["version_id"],
                        "number": row["number"],
                        "createdAt": row["version_created_at"],
                    },
                    "owners": {"worker": _holder(row)},
                }
                for row in queue
            ]
        },
        "activity": {"nodes": _events(activity)},
    }


async def profile(connection: Any, caller: Caller, asked: Any) -> Answer:
    """Return the data of a page about one worker."""
    tenant, key = caller.organization_id, asked["id"]
    row = await connection.fetchrow(statements.PROFILE, tenant, key)
    if row is None:
        return {"worker": None}
    credentials = await connection.fetch(statements.PROFILE_CREDENTIALS, tenant, key, caller.expiring_soon_days)
    activity = await connection.fetch(statements.WORKER_ACTIVITY, tenant, key)
    unit = {"id": row["unit_id"], "name": row["unit_name"]} if row["unit_id"] else None
    manager = {"id": row["manager_id"], "identity": {"displayName": row["manager_name"]}} if row["manager_id"] else None
    return {
        "worker": {
            "id": row["id"],
            "identity": {
                "displayName": row["display_name"],
                "firstName": row["first_name"],
                "lastName": row["last_name"],
                "birthDate": row["birth_date"],
            },
            "contact": {"workEmail": row["work_email"], "phone": row["phone"]},
            "employment": {
                "jobTitle": row["job_title"],
                "workerType": row["worker_type"],
                "startDate": row["start_date"],
                "team": row["team"],
                "department": row["department"],
                "orgUnit": unit,
            },
            "manager": {"worker": manager},
            "credentials": {"nodes": [_in_profile(credential) for credential in credentials]},
            "activity": {"nodes": _events(activity)},
            "revision": row["revision"],
        }
    }


def _in_profile(row: Row) -> Answer:
    return {
        "id": row["id"],
        "identification": {
            "displayName": row["display_name"],
            "category": row["category"],
            "referenceNumber": row["reference_number"],
        },
        "validity": row["validity"],
        "verification": {
            "status": row["status"],
            "eligibility": row["eligibility"],
            "statusDetail": row["status_detail"],
            "lastVerifiedAt": row["last_verified_at"],
        },
        "latestVersion": {
            "id": row["version_id"],
            "number": row["number"],
            "issueDate": row["version_issue_date"],
            "expiryDate": row["version_expiry_date"],
            "approval": {"status": row["approval"], "decidedAt": row["decided_at"]},
        },
    }


async def queue(connection: Any, caller: Caller, _asked: Any) -> Answer:
    """Return the credentials that wait for a reviewer, the oldest first."""
    tenant = caller.organization_id
    rows = await connection.fetch(statements.QUEUE, tenant, 26)
    return {
        "reviewQueue": {
            "totalCount": {"count": await connection.fetchval(statements.QUEUE_COUNT, tenant)},
            "nodes": [_waiting(row) for row in rows[:25]],
            "pageInfo": {"hasNextPage": len(rows) > 25},
        }
    }


def _waiting(row: Row) -> Answer:
    unit = {"id": row["unit_id"], "name": row["unit_name"]} if row["unit_id"] else None
    holder = _holder(row) | {"employment": {"jobTitle": row["job_title"], "orgUnit": unit}}
    return {
        "id": row["id"],
        "identification": {
            "displayName": row["display_name"],
            "category": row["category"],
            "referenceNumber": row["reference_number"],
            "credentialType": {"code": row["type_code"], "name": row["type_name"]},
        },
        "issuing": {
            "jurisdiction": row["jurisdiction"],
            "issueDate": row["issue_date"],
            "expiryDate": row["expiry_date"],
        },
        "verification": {"status": row["status"], "eligibility": row["eligibility"]},
        "latestVersion": {
            "id": row["version_id"],
            "number": row["number"],
            "createdBy": row["version_created_by"],
            "createdAt": row["version_created_at"],
            "approval": {"status": row["approval"]},
        },
        "owners": {"worker": holder},
        "revision": row["revision"],
    }


def _holder(row: Row) -> Answer:
    return {"id": row["worker_id"], "identity": {"displayName": row["worker_name"]}}


def _events(rows: Iterable[Row]) -> list[Answer]:
    return [
        {
            "id": row["id"],
            "kind": KINDS[row["kind"]],
            "subjectId": row["subject_id"],
            "occurredAt": row["occurred_at"],
            "actor": {"name": row["actor_name"]},
        }
        for row in rows
    ]


READS = (worker, page, filtered, thousand, dashboard, profile, queue, rollup.summary)
