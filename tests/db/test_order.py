"""The events and the history of a row have the order in which it was written, with many writers at once."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import app
from app.core.fields import json_value
from tests import calls
from tests.service import Tenant

STATUSES = ("ACTIVE", "ON_LEAVE", "INACTIVE", "PENDING")
LOCK = "with_for_update"
ROOT = Path(str(app.__file__)).parent


async def load_past(
    tenant: Tenant, table: str, key: str
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Return a row, the values of its last history entry, and its events in the order of their instants."""
    rows = await tenant.rows()
    [row] = [row for row in rows[table] if row["id"] == key]
    entries = [entry for entry in rows["history"] if entry["row_id"] == key]
    events = [event for event in rows["events"] if event["subject_id"] == key]
    last = max(entries, key=lambda entry: (entry["recorded_at"], entry["id"]))
    return row, last["values"], sorted(events, key=lambda event: (event["occurred_at"], event["id"]))


async def assert_in_order(tenant: Tenant, table: str, key: str, column: str, path: str) -> None:
    row, last_values, events = await load_past(tenant, table, key)
    assert last_values[column] == json_value(row[column])
    changes = [event["changes"][path] for event in events if path in event["changes"]]
    assert [change["from"] for change in changes[1:]] == [change["to"] for change in changes[:-1]]
    assert changes[-1]["to"] == json_value(row[column])


async def test_concurrent_changes_of_a_worker_are_in_order(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    for _ in range(10):
        await asyncio.gather(
            *(
                calls.mutate(tenant, "workerUpdate", worker={"id": worker}, employment={"status": status})
                for status in STATUSES
            )
        )
        await assert_in_order(tenant, "workers", worker, "status", "employment.status")


async def test_a_change_and_a_check_of_a_credential_are_in_order(tenant: Tenant) -> None:
    sandboxed = await Tenant.create(tenant.service, "In the sandbox", sandbox=True)
    key = await sandboxed.add_credential(await sandboxed.add_worker())
    for _ in range(15):
        update = calls.mutate(sandboxed, "credentialUpdate", id=key, verification={"status": "SUSPENDED"})
        await asyncio.gather(update, calls.mutate(sandboxed, "credentialVerify", id=key, forceRefresh=True))
        await assert_in_order(sandboxed, "credentials", key, "status", "verification.status")


def test_rows_are_locked_only_where_the_clock_is_read_again() -> None:
    locking = [
        str(file.relative_to(ROOT))
        for file in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if getattr(node, "attr", None) == LOCK or getattr(node, "arg", None) == LOCK
    ]
    assert locking == ["db/row_access.py", "db/row_access.py", "db/session.py"]
