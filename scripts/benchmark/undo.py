"""Putting the approved credentials back, so that every server changes the same rows from the same state."""

from typing import Any

import asyncpg

CHANGED = (
    "status", "eligibility", "status_detail", "latest_approval", "effective_version_id", "valid_from", "expires_on",
    "next_check_at", "intake", "revision", "last_updated",
)  # fmt: skip
"""The columns of a credential that a decision writes."""
VOLATILE = {"id", "digest", "occurred_at", "created_at", "decided_at", "last_updated", "request_id", "recorded_at"}
"""What two runs of the same change may differ in; the ids of credentials and versions are compared as `subject`."""

_SAVE = """
    CREATE SCHEMA IF NOT EXISTS bench;
    CREATE TABLE IF NOT EXISTS bench.saved AS SELECT * FROM credentials WHERE latest_approval = 'PENDING'
"""
_RESTORE = f"""
    UPDATE credentials c SET {", ".join(f"{name} = saved.{name}" for name in CHANGED)}
    FROM bench.saved WHERE c.organization_id = saved.organization_id AND c.id = saved.id
    AND c.revision <> saved.revision
"""
_REOPEN = """
    UPDATE credential_versions v
    SET approval = 'PENDING', decided_by = NULL, decided_at = NULL, reason = NULL, notes = NULL
    FROM bench.saved WHERE v.organization_id = saved.organization_id AND v.id = saved.latest_version_id
    AND v.approval <> 'PENDING'
"""
_FORGET = """
    DELETE FROM events WHERE kind = 'credential.approved';
    DELETE FROM idempotency_keys;
    DELETE FROM unsettled;
    DELETE FROM history USING bench.saved
    WHERE history.organization_id = saved.organization_id AND history.kind = 'credentials' AND history.row_id = saved.id
    AND history.recorded_at > saved.last_updated
"""
_TIDY = "VACUUM credentials, credential_versions, events, idempotency_keys, unsettled, history"
_WRITTEN = {
    "credential": "SELECT * FROM credentials WHERE id = $1",
    "version": "SELECT * FROM credential_versions WHERE credential_id = $1 ORDER BY number DESC LIMIT 1",
    "events": "SELECT * FROM events WHERE subject_id = $1 AND kind = 'credential.approved'",
    "keys": "SELECT * FROM idempotency_keys WHERE outcome->>'id' = $1",
    "marks": "SELECT m.* FROM unsettled m JOIN credentials c ON m.owner_id = c.worker_id WHERE c.id = $1",
    "past": "SELECT * FROM history WHERE row_id = $1 ORDER BY recorded_at DESC, id DESC LIMIT 1",
}


class Changes:
    """What approvals have changed in the database since the last time they were taken back."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def begin(self) -> None:
        """Keep the credentials that wait as they are; where that was done before, take back what a run left."""
        await self._run(_SAVE)
        await self.take_back()

    async def take_back(self) -> None:
        """Let them wait again."""
        await self._run(_RESTORE, _REOPEN, _FORGET, _TIDY)

    async def count(self) -> int:
        """How many approvals there were."""
        connection = await asyncpg.connect(self._url)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM events WHERE kind = 'credential.approved'"))
        finally:
            await connection.close()

    async def written(self, credential: str) -> dict[str, Any]:
        """The rows of a credential's approval, but for what is new each time."""
        connection = await asyncpg.connect(self._url)
        try:
            return {
                name: [_lasting(row) for row in await connection.fetch(statement, credential)]
                for name, statement in _WRITTEN.items()
            }
        finally:
            await connection.close()

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def _lasting(row: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in row.items() if name not in VOLATILE}
