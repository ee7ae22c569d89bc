"""The story of a row is told in the order in which it was written, however many write at once."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import app
from app.core.fields import plain
from tests import calls
from tests.service import Tenant

STATUSES = ("ACTIVE", "ON_LEAVE", "INACTIVE", "PENDING")
LOCKING = "with_for_update"
ROOT = Path(str(app.__file__)).parent


async def story(tenant: Tenant, table: str, key: str) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """A row, what was remembered of it last, and what the ledger says of it, in the order of its instants."""
    rows = await tenant.rows()
    [row] = [row for row in rows[table] if row["id"] == key]
    kept = [entry for entry in rows["history"] if entry["row_id"] == key]
    told = [event for event in rows["events"] if event["subject_id"] == key]
    last = max(kept, key=lambda entry: (entry["recorded_at"], entry["id"]))
    return row, last["values"], sorted(told, key=lambda event: (event["occurred_at"], event["id"]))


async def assert_in_order(tenant: Tenant, table: str, key: str, column: str, path: str) -> None:
    row, remembered, told = await story(tenant, table, key)
    assert remembered[column] == plain(row[column])
    changes = [event["changes"][path] for event in told if path in event["changes"]]
    assert [change["from"] for change in changes[1:]] == [change["to"] for change in changes[:-1]]
    assert changes[-1]["to"] == plain(row[column])


async def test_of_a_worker_whom_several_change_at_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    for _ in range(10):
        await asyncio.gather(
            *(
                calls.mutate(tenant, "workerUpdate", worker={"id": worker}, employment={"status": status})
                for status in STATUSES
            )
        )
        await assert_in_order(tenant, "workers", worker, "status", "employment.status")


async def test_of_a_credential_that_is_checked_while_it_is_changed(tenant: Tenant) -> None:
    sandboxed = await Tenant.create(tenant.service, "In the sandbox", sandbox=True)
    key = await sandboxed.add_credential(await sandboxed.add_worker())
    for _ in range(15):
        update = calls.mutate(sandboxed, "credentialUpdate", id=key, verification={"status": "SUSPENDED"})
        await asyncio.gather(update, calls.mutate(sandboxed, "credentialVerify", id=key, forceRefresh=True))
        await assert_in_order(sandboxed, "credentials", key, "status", "verification.status")


def test_whoever_locks_a_row_looks_at_the_clock_again() -> None:
    locking = [
        str(file.relative_to(ROOT))
        for file in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == LOCKING
    ]
    assert locking == ["core/claims.py", "core/database.py"]
